// One widget on a page: its box, its frame, its fields, and what is said between
// the page and the frame.
import type { By, Contract, Init, ToFrame, ToPage } from "../wire";
import { make, newNonce, type Place } from "./place";

export interface Field {
  tag: "textarea" | "input";
  name: string;
  id: string;
}

export interface Setup {
  place: Place;
  contract: Contract;
  container: HTMLElement;
  sitekey: string;
  theme: Init["theme"];
  size: Init["size"];
  width: number; // of the box; 0 is as wide as there is room
  height: number;
  lang: string;
  tabindex: number;
  action: string;
  cdata: string;
  fields: Field[];
  /** Where the fields go, unless into the box. */
  form?: Element | null;
  /** Shown only when the visitor has something to do. */
  shy: boolean;
  on: Hooks;
}

export interface Hooks {
  token?(token: string): void;
  expired?(): void;
  error?(code: string, final: boolean): void;
  started?(): void;
  ask?(): void;
  open?(): void;
  shut?(by: "visitor" | "done"): void;
  timeout?(): void;
}

/** An execution that somebody waits for. */
interface Run {
  action: string;
  cdata: string;
  resolve(token: string): void;
  reject(why: string): void;
}

const byNonce = new Map<string, Widget>();

/** Whether the page had the focus, a pointer or a key. */
let touched = false;
for (const kind of ["pointerdown", "keydown", "touchstart", "focusin"]) {
  addEventListener(kind, () => (touched = true), { capture: true, once: true, passive: true });
}

addEventListener("message", (e: MessageEvent) => {
  const w = byNonce.get(e.data?.daero);
  // Frames of another page, and other frames of this one, cannot speak for it.
  if (w && e.source === w.frame.contentWindow && e.origin === new URL(w.setup.place.base).origin) w.heard(e.data as ToPage);
});

const korean = (lang: string) => /^ko\b/i.test(lang);
const modalZ = "2147483647";

export class Widget {
  readonly nonce = newNonce();
  readonly frame: HTMLIFrameElement;
  readonly box: HTMLElement;
  private readonly dialog: HTMLDialogElement;
  private readonly fields: HTMLElement[];
  private timer = 0;
  private ready = false;
  private queue: ToFrame[] = [];
  private height = 0;
  private opened: "" | "modal" | "place" = "";
  private hidden: boolean;
  private readonly runs: Run[] = [];
  token = "";
  expired = false;
  gone = false;

  constructor(readonly setup: Setup) {
    const s = setup;
    const name = korean(s.lang || navigator.language) ? "사람 확인" : "Human check";
    byNonce.set(this.nonce, this);
    this.hidden = s.size === "invisible" || s.shy;
    this.frame = make("iframe", { border: "0", width: "100%", height: "100%", display: "block", colorScheme: "normal", visibility: "inherit", borderRadius: "4px" }, {
      title: name,
      src: `${s.place.base}/daero/captcha/frame?k=${encodeURIComponent(s.sitekey)}&hl=${encodeURIComponent(s.lang)}#${this.nonce}`,
      referrerpolicy: "origin",
      scrolling: "auto",
      tabindex: String(s.tabindex),
    });
    // A dialog that is not open yet: opening it moves nothing, so the frame stays.
    this.dialog = make("dialog", {}, { "aria-label": name });
    this.dialog.append(this.frame);
    this.dialog.addEventListener("cancel", (e) => {
      e.preventDefault(); // the frame says when it is shut
      this.close();
    });
    this.dialog.addEventListener("click", (e) => e.target === this.dialog && this.opened === "modal" && this.close());
    this.box = make("div", { display: "block" }, { "data-daero-captcha": s.contract });
    this.fields = s.fields.map((f) => {
      const el = make(f.tag, { display: "none" }, { name: f.name, id: f.id, class: f.name });
      if (f.tag === "input") (el as HTMLInputElement).type = "hidden";
      else el.setAttribute("aria-hidden", "true");
      return el;
    });
    this.box.append(this.dialog);
    (s.form || this.box).append(...this.fields);
    this.lay();
    s.container.append(this.box);
    this.watch();
  }

  /** Says so when the frame never speaks: it was blocked, mostly by a policy. */
  private watch(): void {
    this.frame.addEventListener("load", () =>
      setTimeout(() => {
        if (this.ready || this.gone || !this.box.isConnected) return;
        console.error(`captcha: the frame of ${this.setup.place.base} did not load: is this page's host among the site's hosts, and that one in the page's frame-src?`);
        this.setup.on.error?.("network", false);
      }, 5000));
  }

  // --- sizes ---------------------------------------------------------------

  private lay(): void {
    const { width, height } = this.setup;
    const away = this.hidden && !this.opened;
    const put = (el: HTMLElement, style: Partial<CSSStyleDeclaration>) => Object.assign(el.style, style);
    const round = { borderRadius: "4px", overflow: "hidden" };
    const plain: Partial<CSSStyleDeclaration> = {
      display: "block", position: "static", margin: "0", padding: "0", border: "0", background: "none",
      width: "100%", height: "100%", maxWidth: "none", maxHeight: "none", inset: "auto", boxShadow: "none", visibility: away ? "hidden" : "visible", ...round,
    };
    // Out of the way, and out of the reach of Tab and of screen readers.
    put(this.box, away
      ? { position: "fixed", left: "0", bottom: "0", width: "1px", height: "1px", overflow: "hidden" }
      : { position: "relative", left: "", bottom: "", overflow: "visible" });
    if (this.opened === "modal") {
      put(this.dialog, {
        ...plain, position: "fixed", inset: "0", margin: "auto", width: "min(520px, calc(100vw - 16px))",
        height: `min(${this.height}px, calc(100vh - 16px))`, boxShadow: "0 0 0 200vmax rgba(0,0,0,.5)", overflow: "visible", zIndex: modalZ,
      });
      return;
    }
    put(this.dialog, plain);
    if (away) return;
    const room = this.room();
    put(this.box, {
      width: this.opened ? `${Math.min(room, 520)}px` : width ? `${width}px` : "100%",
      minWidth: width ? "" : "300px",
      height: `${Math.max(this.opened ? 0 : height, this.height)}px`,
    });
  }

  private room(): number {
    return this.setup.container.clientWidth;
  }

  /** Makes room for a question: in the page where there is enough, else above it. */
  private open(): void {
    if (!this.opened) {
      this.opened = !this.hidden && this.room() >= 480 ? "place" : "modal";
      this.lay();
      try {
        if (this.opened === "modal") this.dialog.showModal();
      } catch {
        // a browser without dialogs: fixed and above the rest is near enough
      }
      this.setup.on.open?.();
    }
    this.frame.focus();
    this.send({ do: "shown" });
  }

  private shut(by: "visitor" | "done"): void {
    if (!this.opened) return;
    this.opened = "";
    if (this.dialog.open) this.dialog.close();
    this.lay();
    this.setup.on.shut?.(by);
    if (by === "visitor") this.settle((r) => r.reject("challenge-closed"));
  }

  // --- what is said --------------------------------------------------------

  private send(m: ToFrame): void {
    if (this.ready) this.frame.contentWindow?.postMessage({ daero: this.nonce, ...m }, new URL(this.setup.place.base).origin);
    else this.queue.push(m);
  }

  heard(m: ToPage): void {
    const { on } = this.setup;
    switch (m.is) {
      case "hello": {
        const { contract, sitekey, theme, size, lang, tabindex } = this.setup;
        this.ready = true;
        this.send({ do: "init", contract, sitekey, theme, size, lang, tabindex });
        this.queue.splice(0).forEach((q) => this.send(q));
        break;
      }
      case "size":
        this.height = Math.min(Math.max(m.height, 0), 2000);
        this.lay();
        break;
      case "started":
        this.clear();
        on.started?.();
        break;
      case "ask":
        this.reveal();
        on.ask?.();
        break;
      case "open":
        this.open();
        break;
      case "shut":
        this.shut(m.by);
        break;
      case "token":
        this.take(m.token, m.expires);
        break;
      case "timeout":
        on.timeout?.();
        this.settle((r) => r.reject("challenge-expired"));
        break;
      case "error":
        this.failed(m.code, m.final);
    }
  }

  /** A shy widget comes out when the visitor is needed. */
  private reveal(): void {
    if (this.setup.size === "invisible") return;
    this.hidden = false;
    this.lay();
  }

  private failed(code: string, final: boolean): void {
    // What nobody hears of is shown, even by a widget that is not.
    if (this.setup.on.error) this.setup.on.error(code, final);
    else if (this.hidden) this.open();
    if (this.setup.shy) this.reveal();
    this.settle((r) => r.reject(code));
  }

  private take(token: string, seconds: number): void {
    this.set(token);
    this.expired = false;
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      this.set("");
      this.expired = true;
      this.send({ do: "expired" });
      this.setup.on.expired?.();
    }, seconds * 1000);
    if (this.setup.shy) {
      this.hidden = true;
      this.lay();
    }
    this.setup.on.token?.(token);
    this.settle((r) => r.resolve(token));
  }

  private set(token: string): void {
    this.token = token;
    for (const f of this.fields) (f as HTMLInputElement).value = token;
  }

  private clear(): void {
    clearTimeout(this.timer);
    this.expired = false;
    this.set("");
  }

  // --- what the contracts do with it ---------------------------------------

  start(by: By, action = this.setup.action, cdata = this.setup.cdata): void {
    this.clear();
    this.send({ do: "start", action, cdata, seen: touched || document.hasFocus(), by });
  }

  /** Runs once for every caller, one after the other: each gets its own token. */
  run(action = this.setup.action, cdata = this.setup.cdata): Promise<string> {
    const p = new Promise<string>((resolve, reject) => this.runs.push({ action, cdata, resolve, reject }));
    p.catch(() => {}); // who listens to callbacks alone hears of it there
    if (this.runs.length === 1) this.start("call", action, cdata);
    return p;
  }

  private settle(how: (r: Run) => void): void {
    const r = this.runs.shift();
    if (!r) return;
    how(r);
    const next = this.runs[0];
    if (next) setTimeout(() => this.start("call", next.action, next.cdata));
  }

  reset(): void {
    this.runs.splice(0).forEach((r) => r.reject("challenge-closed"));
    this.clear();
    this.shut("done");
    this.send({ do: "reset" });
  }

  /** Gives up a question that is open. */
  close(): void {
    if (!this.opened) return;
    this.shut("visitor");
    this.send({ do: "reset" });
  }

  reveals(): void {
    this.hidden = this.setup.size === "invisible";
    this.lay();
  }

  remove(): void {
    this.clear();
    this.gone = true;
    byNonce.delete(this.nonce);
    this.runs.splice(0).forEach((r) => r.reject("challenge-closed"));
    if (this.dialog.open) this.dialog.close();
    this.box.remove();
    this.fields.forEach((f) => f.remove());
  }
}
