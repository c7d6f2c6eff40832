// Our own global, daeroCaptcha: the same idea with fewer names.
import type { Options, Place } from "./place";
import { attributes, begin, bind, callback, element, Registry, setup } from "./registry";
import { newNonce } from "./place";
import { Widget } from "./widget";

/** Options, also as data-…: callbacks are functions or names of global ones. */
export interface DaeroOptions {
  sitekey?: string;
  theme?: "light" | "dark" | "auto";
  size?: "normal" | "compact" | "flexible" | "invisible";
  /** "press" waits for the visitor, "auto" begins at once. */
  start?: "press" | "auto";
  hl?: string;
  tabindex?: number;
  action?: string;
  cdata?: string;
  "field-name"?: string;
  callback?: string | ((token: string) => void);
  "expired-callback"?: string | (() => void);
  "error-callback"?: string | ((code: string) => void);
}

export interface DaeroCaptcha {
  ready(f: () => void): void;
  render(at: string | HTMLElement, options?: DaeroOptions): string;
  /** Resolves with a token, rejects with a code. */
  execute(at?: string | HTMLElement, options?: { action?: string; cdata?: string }): Promise<string>;
  reset(at?: string | HTMLElement): void;
  remove(at?: string | HTMLElement): void;
  getResponse(at?: string | HTMLElement): string;
  isExpired(at?: string | HTMLElement): boolean;
}

const sizes = {
  normal: { width: 304, height: 78 },
  flexible: { width: 0, height: 65 },
  compact: { width: 164, height: 144 },
  invisible: { width: 0, height: 0 },
};

export function native(place: Place): void {
  const reg = new Registry<string>(place, "daero");
  const page = window as unknown as { daeroCaptcha?: Partial<DaeroCaptcha> };
  const waiting: (() => void)[] = [];
  let ready = false;

  const render = (at: string | HTMLElement, options?: DaeroOptions): string => {
    const el = element(at);
    if (!el) throw new Error(`daeroCaptcha: there is no element ${String(at)}`);
    const old = reg.at(el);
    if (old?.widget.box.isConnected) return old.id;
    if (old) reg.remove(old);
    const o: Options = { ...attributes(el), ...options };
    if (!o.sitekey) throw new Error("daeroCaptcha: the site key is missing: set data-sitekey");
    const button = /^(BUTTON|INPUT|A)$/.test(el.tagName);
    const size = button ? "invisible" : (o.size as keyof typeof sizes) in sizes ? (o.size as keyof typeof sizes) : "normal";
    const id = newNonce().slice(0, 12);
    const failed = callback(o["error-callback"]);
    const widget = new Widget(setup(place, "daero", button ? el.parentElement! : el, { ...o, theme: o.theme ?? "auto", cData: o.cdata }, {
      token: (t) => callback(o.callback)?.(t),
      expired: () => {
        callback(o["expired-callback"])?.();
        if (o.start === "auto") widget.start("page");
      },
      ...(failed && { error: (code: string) => failed(code) }),
    }, {
      size,
      ...sizes[size],
      form: button ? el.parentElement : null,
      fields: [{ tag: "input", name: String(o["field-name"] || "daero-captcha-response"), id: "daero-captcha-" + id }],
    }));
    reg.add(id, el, o, widget);
    if (!bind(el, () => widget.start("visitor")) && o.start === "auto") widget.start("page");
    return id;
  };

  const get = (at?: string | HTMLElement) => {
    const e = reg.find(at);
    if (!e) throw new Error(`daeroCaptcha: there is no widget ${at ?? ""}`);
    return e;
  };

  const api: DaeroCaptcha = {
    ready: (f) => {
      if (ready) f();
      else waiting.push(f);
    },
    render,
    execute: (at, o) => get(at).widget.run(o?.action, o?.cdata),
    reset: (at) => get(at).widget.reset(),
    remove: (at) => reg.remove(get(at)),
    getResponse: (at) => get(at).widget.token,
    isExpired: (at) => get(at).widget.expired,
  };
  page.daeroCaptcha = Object.assign(page.daeroCaptcha ?? {}, api);
  begin(place, "daero-captcha", (el) => void (reg.at(el) || render(el)), [
    () => {
      ready = true;
      waiting.splice(0).forEach((f) => f());
    },
  ]);
}
