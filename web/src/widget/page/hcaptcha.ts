// The globals of hCaptcha.
import type { Options, Place } from "./place";
import { attributes, begin, bind, callback, element, Registry, setup } from "./registry";
import { newNonce } from "./place";
import { Widget } from "./widget";

/** What went wrong, in hCaptcha's words. */
export const hcaptchaError = (code: string): string => {
  if (code === "network") return "network-error";
  if (/^(busy|too-many)/.test(code)) return "rate-limited";
  if (/^(no-site|wrong-host|bad-)/.test(code)) return "invalid-data";
  return /^challenge-/.test(code) ? code : "challenge-error";
};

export function hcaptcha(place: Place): void {
  const reg = new Registry<string>(place, "hcaptcha");
  const page = window as unknown as Record<string, any>;

  const render = (at: HTMLElement | string, config?: Partial<ConfigRender>): string => {
    const el = element(at);
    if (!el) throw new Error(`[hCaptcha] render: invalid container '${String(at)}'.`);
    const old = reg.at(el);
    if (old?.widget.box.isConnected) {
      console.error("[hCaptcha] render: only one captcha is permitted per parent container.");
      return old.id;
    }
    if (old) reg.remove(old);
    const o: Options = config ? { ...config } : attributes(el);
    const id = newNonce().slice(0, 12);
    const button = /^(BUTTON|INPUT|A)$/.test(el.tagName);
    const compact = o.size === "compact";
    const failed = callback(o["error-callback"]);
    const on = (name: string) => callback(o[name]);
    const widget = new Widget(setup(place, "hcaptcha", button ? el.parentElement! : el, {
      ...o,
      theme: o.theme === "contrast" ? "dark" : o.theme,
    }, {
      token: (t) => on("callback")?.(t),
      expired: () => on("expired-callback")?.(),
      open: () => on("open-callback")?.(),
      shut: (by) => by === "visitor" && on("close-callback")?.(),
      timeout: () => on("chalexpired-callback")?.(),
      ...(failed && { error: (code: string) => failed(hcaptchaError(code)) }),
    }, {
      size: o.size === "invisible" || button ? "invisible" : compact ? "compact" : "normal",
      ...(compact ? { width: 164, height: 144 } : { width: 303 }),
      form: button ? el.parentElement : null,
      fields: ["g-recaptcha-response", "h-captcha-response"].map((name) => ({ tag: "textarea", name, id: `${name}-${id}` })),
    }));
    reg.add(id, el, o, widget);
    bind(el, () => widget.start("visitor"));
    return id;
  };

  const get = (id?: string) => {
    const entry = reg.find(id);
    if (!entry) throw new Error(id === undefined ? "[hCaptcha] no captcha was rendered: missing-captcha" : `[hCaptcha] no captcha has the id ${id}: invalid-captcha-id`);
    return entry;
  };

  const execute = (first?: string | ConfigExecute, second?: ConfigExecute): void | Promise<HCaptchaResponse> => {
    const [id, o] = typeof first === "object" ? [undefined, first] : [first, second];
    const entry = reg.find(id);
    if (!entry) {
      const why = id === undefined ? "missing-captcha" : "invalid-captcha-id";
      if (o?.async) return Promise.reject(why);
      throw new Error(`[hCaptcha] execute: ${why}`);
    }
    const run = entry.widget.run();
    if (o?.async) {
      return run.then((response) => ({ response, key: entry.widget.nonce }), (code: string) => Promise.reject(hcaptchaError(code)));
    }
  };

  const api: HCaptcha = {
    render,
    execute: execute as HCaptcha["execute"],
    reset: (id) => get(id).widget.reset(),
    close: (id) => get(id).widget.close(),
    remove: (id) => reg.remove(get(id)),
    getResponse: (id) => get(id).widget.token,
    getRespKey: (id) => {
      const { token, nonce } = get(id).widget;
      return token && nonce;
    },
    // Data of the paid product: taken, checked for the widget, and not needed.
    setData: (id: string | ConfigSetData) => void get(typeof id === "string" ? id : undefined),
  };
  page.hcaptcha = Object.assign(page.hcaptcha ?? {}, api);
  if (place.params.get("recaptchacompat") !== "off" && !page.grecaptcha?.render) {
    page.grecaptcha = Object.assign(page.grecaptcha ?? {}, api, { ready: (f: () => void) => f() });
  }
  begin(place, "h-captcha", (el) => void (reg.at(el) || render(el)), []);
}
