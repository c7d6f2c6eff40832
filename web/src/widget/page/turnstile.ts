// The globals of Turnstile.
import type { Options, Place } from "./place";
import { attributes, begin, callback, element, Registry, setup, type Entry } from "./registry";
import { newNonce } from "./place";
import { Widget } from "./widget";

type Params = Turnstile.RenderParameters;

/** What went wrong, in Turnstile's numbers. Families end in zeros. */
export const turnstileError = (code: string): string =>
  ({
    "no-site": "110100",
    "wrong-host": "110200",
    "bad-action": "110420",
    "bad-cdata": "110430",
    unsupported: "110500",
    network: "300010",
    unavailable: "300020",
  })[code] ?? "600010";

/** Options on elements are written with small letters: data-cdata. */
const tidy = (o: Options): Options => ({ ...o, cData: o.cData ?? o.cdata });

export function turnstile(place: Place): void {
  const reg = new Registry<string>(place, "turnstile");
  const page = window as unknown as Record<string, any>;
  const waiting: (() => void)[] = [];
  let ready = false;

  const sizes = {
    normal: { width: 300, height: 65 },
    flexible: { width: 0, height: 65 },
    compact: { width: 150, height: 140 },
  };

  const render = (at: string | HTMLElement, params?: Partial<Params>): string | undefined => {
    const el = element(at);
    if (!el) throw new Error(`[Turnstile] no container: ${String(at)}`);
    const old = reg.at(el);
    if (old?.widget.box.isConnected) {
      console.warn("[Turnstile] there is a widget in this container already");
      return old.id;
    }
    if (old) reg.remove(old);
    const o = tidy({ ...attributes(el), ...params });
    if (!o.sitekey) throw new Error("[Turnstile] missing parameter sitekey");
    const id = "cf-chl-widget-" + newNonce().slice(0, 8);
    const entry = reg.add(id, el, o, widgetOf(el, o, id, () => entry));
    const bad = checks(o);
    if (bad) setTimeout(() => complain(entry, bad));
    else if (o.execution !== "execute") entry.widget.start("page");
    return id;
  };

  const checks = (o: Options): string => {
    if (o.action && !/^[A-Za-z0-9_-]{1,32}$/.test(String(o.action))) return "bad-action";
    if (o.cData && new TextEncoder().encode(String(o.cData)).length > 255) return "bad-cdata";
    return "";
  };

  const complain = (e: Entry<string>, code: string) => {
    const n = turnstileError(code);
    if (!callback(e.options["error-callback"])?.(n)) console.error(`[Turnstile] error ${n} (${code})`);
  };

  const widgetOf = (el: HTMLElement, o: Options, id: string, entry: () => Entry<string>): Widget => {
    const size = (o.size as keyof typeof sizes) in sizes ? (o.size as keyof typeof sizes) : "normal";
    const on = (name: string) => callback(o[name]);
    const again = (after: number) => setTimeout(() => entry().widget.gone || entry().widget.start("page"), after);
    let asked = false;
    return new Widget(setup(place, "turnstile", el, {
      ...o,
      theme: o.theme ?? "auto",
      hl: o.language === "auto" ? "" : o.language,
    }, {
      token: (t) => {
        if (asked) on("after-interactive-callback")?.();
        asked = false;
        on("callback")?.(t);
      },
      ask: () => {
        asked = true;
        on("before-interactive-callback")?.();
      },
      expired: () => {
        on("expired-callback")?.();
        if ((o["refresh-expired"] ?? "auto") === "auto") again(0);
      },
      timeout: () => {
        on("timeout-callback")?.();
        if ((o["refresh-timeout"] ?? "auto") === "auto") again(0);
      },
      error: (code, final) => {
        if (code === "unsupported") on("unsupported-callback")?.();
        complain(entry(), code);
        if (!final && o.retry !== "never") again(Number(o["retry-interval"]) || 8000);
      },
    }, {
      size,
      ...sizes[size],
      shy: o.appearance === "interaction-only" || o.appearance === "execute",
      fields: String(o["response-field"]) === "false" ? [] : [{ tag: "input", name: String(o["response-field-name"] || "cf-turnstile-response"), id: id + "_response" }],
    }));
  };

  const get = (at?: string | HTMLElement) => {
    const entry = reg.find(at);
    if (!entry) console.warn(`[Turnstile] there is no widget ${at ?? ""}`);
    return entry;
  };

  const api: Turnstile.Turnstile = {
    ready: (f) => {
      if (ready) f();
      else waiting.push(f);
    },
    render: render as Turnstile.Turnstile["render"],
    execute: (at, params) => {
      const entry = reg.find(at) ?? (element(at) && reg.find(render(at, params && { execution: "execute", ...params })));
      if (!entry) return void get(at);
      const o = tidy({ ...entry.options, ...params });
      const bad = checks(o);
      if (bad) return complain(entry, bad);
      if (o.appearance === "execute") entry.widget.reveals();
      entry.widget.start("page", String(o.action ?? ""), String(o.cData ?? ""));
    },
    reset: (at) => {
      const e = get(at);
      e?.widget.reset();
      if (e && e.options.execution !== "execute") e.widget.start("page");
    },
    remove: (at) => {
      const e = get(at);
      if (e) reg.remove(e);
    },
    getResponse: (at) => reg.find(at)?.widget.token || undefined,
    isExpired: (at) => !!reg.find(at)?.widget.expired,
  };
  page.turnstile = Object.assign(page.turnstile ?? {}, api);
  begin(place, "cf-turnstile", (el) => void (reg.at(el) || render(el)), [
    () => {
      ready = true;
      waiting.splice(0).forEach((f) => f());
    },
  ]);
}
