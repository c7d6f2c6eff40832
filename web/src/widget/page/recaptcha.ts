// The globals of reCAPTCHA v2 and v3.
import type { Options, Place } from "./place";
import { attributes, begin, bind, callback, element, fieldID, newNumber, Registry, setup } from "./registry";
import { Widget } from "./widget";

type API = ReCaptchaV2.ReCaptcha;

export function recaptcha(place: Place, global = "grecaptcha"): void {
  const reg = new Registry<number>(place, "recaptcha");
  const byKey = new Map<string, Widget>(); // v3: one hidden widget for each site key
  const page = window as unknown as Record<string, any>;
  let ready = false;

  const make = (container: HTMLElement, o: Options, form?: Element | null): Widget => {
    const n = newNumber();
    const invisible = o.size === "invisible" || !!form;
    const compact = o.size === "compact";
    const cb = callback(o.callback);
    const failed = callback(o["error-callback"]);
    return new Widget(setup(place, "recaptcha", container, o, {
      token: (t) => cb?.(t),
      expired: () => callback(o["expired-callback"])?.(),
      ...(failed && { error: () => failed() }),
    }, {
      size: invisible ? "invisible" : compact ? "compact" : "normal",
      ...(compact && { width: 164, height: 144 }),
      form,
      fields: [{ tag: "textarea", name: "g-recaptcha-response", id: fieldID("g-recaptcha-response", n) }],
    }));
  };

  const render = (at: string | HTMLElement, params: ReCaptchaV2.Parameters = {}, inherit = false): number => {
    const el = element(at);
    if (!el) throw new Error("reCAPTCHA placeholder element must be an element or id");
    const old = reg.at(el);
    if (old?.widget.box.isConnected) throw new Error("reCAPTCHA has already been rendered in this element");
    if (old) reg.remove(old);
    const o: Options = { ...(inherit && attributes(el)), ...params };
    if (!o.sitekey) throw new Error("Missing required parameters: sitekey");
    // Inside a button there is no place for a frame: it stands behind it.
    const button = /^(BUTTON|INPUT|A)$/.test(el.tagName);
    const around = button ? el.parentElement! : el;
    const widget = make(around, o, button ? around : null);
    const id = reg.all.length;
    reg.add(id, el, o, widget);
    bind(el, () => widget.start("visitor"));
    return id;
  };

  const get = (id?: number) => {
    const entry = reg.find(id);
    if (!entry) throw new Error(id === undefined ? "No reCAPTCHA clients exist." : `Invalid reCAPTCHA client id: ${id}`);
    return entry;
  };

  const execute = (at?: number | string, o?: { action?: string }): Promise<string> => {
    if (typeof at !== "string") return get(at).widget.run(o?.action);
    let widget = byKey.get(at);
    if (!widget) byKey.set(at, (widget = make(document.body, { sitekey: at, size: "invisible" })));
    return widget.run(o?.action ?? "");
  };

  const api: API = {
    ready: (f) => {
      if (ready) f();
      else waiting.push(f);
    },
    render,
    reset: (id) => get(id).widget.reset(),
    getResponse: (id) => get(id).widget.token,
    execute: execute as unknown as API["execute"],
  };
  // What pages queue before the script is there.
  const cfg = page.___grecaptcha_cfg;
  const waiting: (() => void)[] = cfg?.fns?.splice(0) ?? [];
  const target = Object.assign(page[global] ?? {}, api);
  target.enterprise = Object.assign(target.enterprise ?? {}, api);
  page[global] = target;

  const key = place.params.get("render");
  begin(place, "g-recaptcha", (el) => void (reg.at(el) || render(el, {}, true)), [
    () => {
      ready = true;
      if (key && key !== "explicit" && key !== "onload" && !byKey.has(key)) byKey.set(key, make(document.body, { sitekey: key, size: "invisible" }));
      waiting.splice(0).forEach((f) => f());
    },
  ]);
}
