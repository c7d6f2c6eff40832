// The globals of reCAPTCHA v2 and v3.
import type { Options, Place } from "./place";
import { attributes, begin, callback, element, install, Registry, type Entry } from "./registry";

type API = ReCaptchaV2.ReCaptcha;

export function recaptcha(place: Place): void {
  const reg = new Registry<number>(place, "recaptcha", { normal: [304, 78], compact: [164, 144], invisible: [0, 0] });
  const byKey = new Map<string, Entry<number>>(); // v3: one hidden widget for each site key
  let count = 0;

  const make = (el: HTMLElement, o: Options): Entry<number> => {
    const id = count++;
    const failed = callback(o["error-callback"]);
    const name = "g-recaptcha-response";
    return reg.make(id, el, o, {
      token: (t) => callback(o.callback)?.(t),
      expired: () => callback(o["expired-callback"])?.(),
      ...(failed && { error: () => failed() }),
    }, [{ tag: "textarea", name, id: id ? `${name}-${id}` : name }]);
  };

  const render = (at: string | HTMLElement, params: ReCaptchaV2.Parameters = {}, inherit = false): number => {
    const el = element(at);
    if (!el) throw new Error("reCAPTCHA placeholder element must be an element or id");
    if (reg.live(el)) throw new Error("reCAPTCHA has already been rendered in this element");
    const o: Options = { ...(inherit && attributes(el)), ...params };
    if (!o.sitekey) throw new Error("Missing required parameters: sitekey");
    return make(el, o).id;
  };

  const get = (id?: number) => {
    const entry = reg.find(id);
    if (!entry) throw new Error(id === undefined ? "No reCAPTCHA clients exist." : `Invalid reCAPTCHA client id: ${id}`);
    return entry.widget;
  };

  const client = (sitekey: string) => {
    let entry = byKey.get(sitekey);
    if (!entry) byKey.set(sitekey, (entry = make(document.body, { sitekey, size: "invisible" })));
    return entry.widget;
  };

  const execute = (at?: number | string, o?: { action?: string }): Promise<string> =>
    typeof at === "string" ? client(at).run(o?.action ?? "") : get(at).run(o?.action);

  // What pages queue before the script is there.
  const waiting: (() => void)[] = (window as any).___grecaptcha_cfg?.fns?.splice(0) ?? [];
  const key = place.params.get("render");
  // It is there before the page needs it.
  if (key && key !== "explicit" && key !== "onload") waiting.unshift(() => client(key));
  const api: API = {
    ready: begin(place, "g-recaptcha", (el) => void (reg.at(el) || render(el, {}, true)), waiting),
    render,
    reset: (id) => get(id).reset(),
    getResponse: (id) => get(id).token,
    execute: execute as unknown as API["execute"],
  };
  install("grecaptcha", api).enterprise = { ...api };
}
