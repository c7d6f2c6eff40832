// The globals of hCaptcha.
import { hcaptchaError } from "./errors";
import { newNonce, type Options, type Place } from "./place";
import { attributes, begin, callback, element, install, Registry } from "./registry";

export function hcaptcha(place: Place): void {
  const reg = new Registry<string>(place, "hcaptcha", { normal: [303, 78], compact: [164, 144], invisible: [0, 0] });

  const render = (at: HTMLElement | string, config?: Partial<ConfigRender>): string => {
    const el = element(at);
    if (!el) throw new Error(`[hCaptcha] render: invalid container '${String(at)}'.`);
    const old = reg.live(el);
    if (old) {
      console.error("[hCaptcha] render: only one captcha is permitted per parent container.");
      return old.id;
    }
    const o: Options = config ? { ...config } : attributes(el);
    if (o.theme === "contrast") o.theme = "dark";
    const id = newNonce().slice(0, 12);
    const failed = callback(o["error-callback"]);
    const call = (name: string, ...args: unknown[]) => callback(o[name])?.(...args);
    reg.make(id, el, o, {
      token: (t) => call("callback", t),
      expired: () => call("expired-callback"),
      open: () => call("open-callback"),
      shut: (by) => by === "visitor" && call("close-callback"),
      timeout: () => call("chalexpired-callback"),
      ...(failed && { error: (code: string) => failed(hcaptchaError(code)) }),
    }, ["g-recaptcha-response", "h-captcha-response"].map((name) => ({ tag: "textarea", name, id: `${name}-${id}` })));
    return id;
  };

  const missing = (id?: string) => (id === undefined ? "missing-captcha" : "invalid-captcha-id");
  const get = (id?: string) => {
    const entry = reg.find(id);
    if (!entry) throw new Error(`[hCaptcha] ${missing(id)}`);
    return entry;
  };

  const execute = (first?: string | ConfigExecute, second?: ConfigExecute): void | Promise<HCaptchaResponse> => {
    const [id, o] = typeof first === "object" ? [undefined, first] : [first, second];
    if (o?.async && !reg.find(id)) return Promise.reject(missing(id));
    const { widget } = get(id);
    const run = widget.run();
    if (o?.async) return run.then((response) => ({ response, key: widget.nonce }), (code: string) => Promise.reject(hcaptchaError(code)));
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
  install("hcaptcha", api);
  const ready = begin(place, "h-captcha", (el) => void (reg.at(el) || render(el)));
  if (place.params.get("recaptchacompat") !== "off" && !(window as any).grecaptcha?.render) install("grecaptcha", { ...api, ready });
}
