// Our own global, daeroCaptcha: the same idea with fewer names.
import { newNonce, type Options, type Place } from "./place";
import { attributes, begin, callback, element, install, isButton, Registry, type Entry } from "./registry";

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

export function native(place: Place): void {
  const reg = new Registry<string>(place, "daero", { normal: [304, 78], flexible: [0, 65], compact: [164, 144], invisible: [0, 0] });

  const render = (at: string | HTMLElement, options?: DaeroOptions): string => {
    const el = element(at);
    if (!el) throw new Error(`daeroCaptcha: there is no element ${String(at)}`);
    const old = reg.live(el);
    if (old) return old.id;
    const o: Options = { theme: "auto", ...attributes(el), ...options };
    if (!o.sitekey) throw new Error("daeroCaptcha: the site key is missing: set data-sitekey");
    const id = newNonce().slice(0, 12);
    const failed = callback(o["error-callback"]);
    const start = () => o.start === "auto" && !isButton(el) && entry.widget.start("page");
    const entry: Entry<string> = reg.make(id, el, o, {
      token: (t) => callback(o.callback)?.(t),
      expired: () => {
        callback(o["expired-callback"])?.();
        start();
      },
      ...(failed && { error: (code: string) => failed(code) }),
    }, [{ tag: "input", name: String(o["field-name"] || "daero-captcha-response"), id: "daero-captcha-" + id }]);
    start();
    return id;
  };

  const get = (at?: string | HTMLElement) => {
    const e = reg.find(at);
    if (!e) throw new Error(`daeroCaptcha: there is no widget ${at ?? ""}`);
    return e;
  };

  const api: DaeroCaptcha = {
    ready: begin(place, "daero-captcha", (el) => void (reg.at(el) || render(el))),
    render,
    execute: (at, o) => get(at).widget.run(o?.action, o?.cdata),
    reset: (at) => get(at).widget.reset(),
    remove: (at) => reg.remove(get(at)),
    getResponse: (at) => get(at).widget.token,
    isExpired: (at) => get(at).widget.expired,
  };
  install("daeroCaptcha", api);
}
