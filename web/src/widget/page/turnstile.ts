// The globals of Turnstile.
import { turnstileChecks, turnstileError } from "./errors";
import { newNonce, type Options, type Place } from "./place";
import { attributes, begin, callback, element, install, Registry, type Entry } from "./registry";

type Params = Turnstile.RenderParameters;

export function turnstile(place: Place): void {
  const reg = new Registry<string>(place, "turnstile", { normal: [300, 65], flexible: [0, 65], compact: [150, 140] });

  /** Options of an element and of a call, by one name each. */
  const options = (...all: (Options | undefined)[]): Options => {
    const o: Options = Object.assign({ theme: "auto" }, ...all);
    return { ...o, cdata: o.cData ?? o.cdata, hl: o.language === "auto" ? "" : o.language };
  };

  const render = (at: string | HTMLElement, params?: Partial<Params>): string | undefined => {
    const el = element(at);
    if (!el) throw new Error(`[Turnstile] no container: ${String(at)}`);
    const old = reg.live(el);
    if (old) {
      console.warn("[Turnstile] there is a widget in this container already");
      return old.id;
    }
    const o = options(attributes(el), params as Options);
    if (!o.sitekey) throw new Error("[Turnstile] missing parameter sitekey");
    const entry = make(el, o);
    const bad = turnstileChecks(o);
    if (bad) setTimeout(() => complain(o, bad));
    else if (o.execution !== "execute") entry.widget.start("page");
    return entry.id;
  };

  const complain = (o: Options, code: string) => {
    const n = turnstileError(code);
    if (!callback(o["error-callback"])?.(n)) console.error(`[Turnstile] error ${n} (${code})`);
  };

  const make = (el: HTMLElement, o: Options): Entry<string> => {
    const id = "cf-chl-widget-" + newNonce().slice(0, 8);
    const call = (name: string, ...args: unknown[]) => callback(o[name])?.(...args);
    const again = (after: number) => setTimeout(() => entry.widget.gone || entry.widget.start("page"), after);
    const auto = (name: string) => (o[name] ?? "auto") === "auto" && again(0);
    let asked = false;
    const entry: Entry<string> = reg.make(id, el, o, {
      token: (t) => {
        if (asked) call("after-interactive-callback");
        asked = false;
        call("callback", t);
      },
      ask: () => {
        asked = true;
        call("before-interactive-callback");
      },
      expired: () => {
        call("expired-callback");
        auto("refresh-expired");
      },
      timeout: () => {
        call("timeout-callback");
        auto("refresh-timeout");
      },
      error: (code, final) => {
        if (code === "unsupported") call("unsupported-callback");
        complain(o, code);
        if (!final && o.retry !== "never") again(Number(o["retry-interval"]) || 8000);
      },
    },
    String(o["response-field"]) === "false" ? [] : [{ tag: "input", name: String(o["response-field-name"] || "cf-turnstile-response"), id: id + "_response" }],
    { shy: o.appearance === "interaction-only" || o.appearance === "execute" });
    return entry;
  };

  const get = (at?: string | HTMLElement) => {
    const entry = reg.find(at);
    if (!entry) console.warn(`[Turnstile] there is no widget ${at ?? ""}`);
    return entry;
  };

  const api: Turnstile.Turnstile = {
    ready: begin(place, "cf-turnstile", (el) => void (reg.at(el) || render(el))),
    render: render as Turnstile.Turnstile["render"],
    execute: (at, params) => {
      if (!reg.find(at) && params && element(at)) render(at, { ...params, execution: "execute" });
      const entry = get(at);
      if (!entry) return;
      const o = options(entry.options, params as unknown as Options);
      const bad = turnstileChecks(o);
      if (bad) return complain(o, bad);
      if (o.appearance === "execute") entry.widget.reveals();
      entry.widget.start("page", String(o.action ?? ""), String(o.cdata ?? ""));
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
  install("turnstile", api);
}
