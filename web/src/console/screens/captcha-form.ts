// What a site's form holds, what is wrong with it, and what is sent.

export interface Policy {
  ask: string;
  level: number;
  work: string;
  bind_prefix: boolean;
  prefix_challenges: number;
  prefix_misses: number;
  prefix_audio: number;
  prefix_tokens: number;
  prefix_most: number;
  site_challenges: number;
}

export interface Site {
  key: string;
  name: string;
  hosts: string[];
  langs: string[];
  disabled: boolean;
  policy: Policy;
  secrets: { created: string; expires?: string }[];
  created: string;
  changed: string;
}

/** Budgets of a policy, in the order of the form. */
export const budgets = ["prefix_challenges", "prefix_misses", "prefix_audio", "prefix_tokens", "prefix_most", "site_challenges"] as const;

export interface Form {
  name: string;
  hosts: string; // one a line
  langs: string[];
  disabled: boolean;
  ask: string;
  level: number;
  work: number; // milliseconds
  bind_prefix: boolean;
  budgets: Record<(typeof budgets)[number], number>;
}

/** Milliseconds of a duration as Go writes it ("1.5s", "400ms", "1m0s"). */
export function milliseconds(text: string): number {
  const unit: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1, "µs": 0.001 };
  return [...text.matchAll(/([\d.]+)(h|ms|µs|m|s)/g)].reduce((sum, [, n, u]) => sum + Number(n) * (unit[u!] ?? 0), 0);
}

export const fresh: Form = {
  name: "", hosts: "", langs: ["ko", "en"], disabled: false, ask: "risk", level: 2, work: 400, bind_prefix: false,
  budgets: { prefix_challenges: 60, prefix_misses: 20, prefix_audio: 20, prefix_tokens: 60, prefix_most: 600, site_challenges: 60_000 },
};

export function formOf(site: Site): Form {
  const { policy } = site;
  return {
    name: site.name, hosts: site.hosts.join("\n"), langs: site.langs, disabled: site.disabled, ask: policy.ask, level: policy.level,
    work: milliseconds(policy.work), bind_prefix: policy.bind_prefix,
    budgets: Object.fromEntries(budgets.map((key) => [key, policy[key]])) as Form["budgets"],
  };
}

export const hostsOf = (text: string) => [...new Set(text.split(/[\s,]+/).filter((host) => host !== ""))];

/** What is wrong with a host, by the key of its words; "" for nothing. The gateway looks closer. */
export function hostMistake(host: string): string {
  if (host.startsWith("app:")) return "";
  if (/[/\\?#]|:\/\//.test(host)) return "captcha.mistake.scheme";
  const base = host.replace(/^\*\./, "");
  if (base.includes("*") || base.startsWith(".") || base.includes("..")) return "captcha.mistake.host";
  if (base !== host && !base.includes(".") && base !== "localhost") return "captcha.mistake.wild";
  return "";
}

/** Mistakes of a form, by field; values are keys of words. */
export function mistakes(form: Form): Record<string, string> {
  const found: Record<string, string> = {};
  const letters = [...form.name.trim()].length;
  if (letters === 0 || letters > 100) found.name = "captcha.mistake.name";
  const wrong = hostsOf(form.hosts).map(hostMistake).find((key) => key !== "");
  if (wrong) found.hosts = wrong;
  if (form.langs.length === 0) found.langs = "captcha.mistake.langs";
  if (!(form.work >= 50 && form.work <= 10_000)) found.work = "captcha.mistake.work";
  if (Object.values(form.budgets).some((n) => !(Number.isInteger(n) && n >= 1))) found.budgets = "captcha.mistake.budget";
  else if (form.budgets.prefix_most < form.budgets.prefix_tokens) found.budgets = "captcha.mistake.most";
  return found;
}

/** What is sent to add a site, or, with what it was, to change it: then only what is different. */
export function bodyOf(form: Form, was?: Site): Record<string, unknown> {
  const all: Record<string, unknown> = { name: form.name.trim(), hosts: hostsOf(form.hosts), langs: form.langs, disabled: form.disabled };
  const policy: Record<string, unknown> = { ask: form.ask, level: form.level, work: form.work + "ms", bind_prefix: form.bind_prefix, ...form.budgets };
  const old = was && formOf(was);
  const before: Record<string, unknown> = old ? { ...was, hosts: hostsOf(old.hosts) } : {};
  const rules: Record<string, unknown> = old ? { ...was!.policy, work: old.work + "ms" } : { ...fresh.budgets, ask: "risk", level: 2, work: "400ms", bind_prefix: false };
  const differ = (now: Record<string, unknown>, then: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(now).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(then[key])));
  const body = differ(all, before);
  if (!was && form.disabled === false) delete body.disabled;
  const changed = differ(policy, rules);
  if (Object.keys(changed).length > 0) body.policy = changed;
  if (was && Object.keys(body).length > 0) body.changed = was.changed;
  return body;
}

/** What a page needs to show a site's widget. */
export function snippet(key: string, base: string): string {
  const host = base || location.origin;
  return `<script src="${host}/daero/captcha/api.js" async defer></script>\n<form method="post" action="/send">\n  <div class="daero-captcha" data-sitekey="${key}"></div>\n  <button>Send</button>\n</form>`;
}

/** What its server asks. */
export const verify = (base: string) => `curl ${base || location.origin}/daero/captcha/siteverify \\\n  -d secret=$SECRET -d response=$TOKEN`;
