// What a site's form holds, and what is sent.
import type { Values } from "../ui/act";

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
  revision?: number;
}

/** Budgets of a policy, in the order of the form. */
export const budgets = ["prefix_challenges", "prefix_misses", "prefix_audio", "prefix_tokens", "prefix_most", "site_challenges"] as const;

export const langs = ["ko", "en"] as const;

/** Milliseconds of a duration as Go writes it ("1.5s", "400ms", "1m0s"). */
export function milliseconds(text: string): number {
  const unit: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1, "µs": 0.001 };
  return [...text.matchAll(/([\d.]+)(h|ms|µs|m|s)/g)].reduce((sum, [, n, u]) => sum + Number(n) * (unit[u!] ?? 0), 0);
}

/** A site that is new. */
export const fresh = {
  name: "", hosts: [] as string[], langs: ["ko", "en"],
  policy: { ask: "risk", level: 2, work: "400ms", bind_prefix: false, prefix_challenges: 60, prefix_misses: 20, prefix_audio: 20, prefix_tokens: 60, prefix_most: 600, site_challenges: 60_000 },
};

const on = (yes: boolean) => (yes ? "on" : "");

/** What the form begins with. */
export const valuesOf = ({ name, hosts, langs: spoken, policy: p }: typeof fresh): Values => ({
  name, hosts: hosts.join("\n"), ...Object.fromEntries(langs.map((l) => [l, on(spoken.includes(l))])),
  ask: p.ask, level: String(p.level), work: String(milliseconds(p.work)), bind_prefix: on(p.bind_prefix), ...Object.fromEntries(budgets.map((key) => [key, String(p[key])])),
});

export const hostsOf = (text: string) => [...new Set(text.split(/[\s,]+/).filter((host) => host !== ""))];

/** What is wrong with a host, by the key of its words; "" for nothing. The gateway looks closer. */
export function hostMistake(host: string): string {
  if (host.startsWith("app:")) return "";
  if (/[/\\?#]|:\/\//.test(host)) return "captcha.mistake.scheme";
  const base = host.replace(/^\*\./, "");
  if (base.includes("*") || base.startsWith(".") || base.includes("..")) return "captcha.mistake.host";
  return base !== host && !base.includes(".") && base !== "localhost" ? "captcha.mistake.wild" : "";
}

/** What is sent: of a site that is there only what is different. */
export function bodyOf(v: Values, was?: Site): Record<string, unknown> {
  const all = (v: Values): Record<string, unknown> => ({ name: v.name!.trim(), hosts: hostsOf(v.hosts!), langs: langs.filter((l) => v[l]) });
  const rules = (v: Values): Record<string, unknown> => ({ ask: v.ask, level: Number(v.level), work: v.work + "ms", bind_prefix: v.bind_prefix === "on", ...Object.fromEntries(budgets.map((key) => [key, Number(v[key])])) });
  const differ = (now: Record<string, unknown>, then: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(now).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(then[key])));
  const before = valuesOf(was ?? fresh);
  const policy = differ(rules(v), rules(before));
  return { ...(was ? differ(all(v), all(before)) : all(v)), ...(Object.keys(policy).length && { policy }) };
}

/** What a page needs to show a site's widget. */
export const snippet = (key: string, host: string) =>
  `<script src="${host}/daero/captcha/api.js" async defer></script>\n<form method="post" action="/send">\n  <div class="daero-captcha" data-sitekey="${key}"></div>\n  <button>Send</button>\n</form>`;

/** What its server asks. */
export const verify = (host: string) => `curl ${host}/daero/captcha/siteverify \\\n  -d secret=$SECRET -d response=$TOKEN`;
