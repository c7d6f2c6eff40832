// The widgets of a page, by id and by where they are.
import type { Contract } from "../wire";
import { attributes, callback, type Options, type Place } from "./place";
import { Widget, type Field, type Hooks, type Setup } from "./widget";

export interface Entry<ID> {
  id: ID;
  widget: Widget;
  at: HTMLElement;
  options: Options;
}

/** Width and height of a box by the names of sizes; 0 is as wide as there is room. */
export type Sizes = Record<string, [number, number]>;

export class Registry<ID> {
  readonly all: Entry<ID>[] = [];

  constructor(
    readonly place: Place,
    readonly contract: Contract,
    readonly sizes: Sizes,
  ) {}

  /** By id, by element or its selector; without either the first one. */
  find(by?: unknown): Entry<ID> | undefined {
    if (by === undefined || by === null) return this.all[0];
    return this.all.find((e) => e.id === by) ?? this.at(element(by));
  }

  at(el: unknown): Entry<ID> | undefined {
    return el ? this.all.find((e) => e.at === el) : undefined;
  }

  /** The widget of an element. One that the page took away is forgotten. */
  live(el: HTMLElement): Entry<ID> | undefined {
    const old = this.at(el);
    if (!old || old.widget.box.isConnected) return old;
    this.remove(old);
  }

  remove(entry: Entry<ID>): void {
    this.all.splice(this.all.indexOf(entry), 1);
    entry.widget.remove();
  }

  /** Makes a widget for an element, or one that starts when a button is pressed. */
  make(id: ID, at: HTMLElement, o: Options, on: Hooks, fields: Field[], more: Partial<Setup> = {}): Entry<ID> {
    const button = isButton(at);
    const size = button ? "invisible" : String(o.size) in this.sizes ? String(o.size) : "normal";
    const [width, height] = this.sizes[size] || [0, 0];
    const container = button ? at.parentElement! : at; // in a button is no place for a frame
    const widget = new Widget({
      place: this.place,
      contract: this.contract,
      container,
      sitekey: text(o.sitekey),
      theme: o.theme === "dark" || o.theme === "auto" ? o.theme : "light",
      size: size as Setup["size"],
      width,
      height,
      lang: text(o.hl || this.place.params.get("hl")),
      tabindex: Number(o.tabindex) || 0,
      action: text(o.action),
      cdata: text(o.cdata),
      fields,
      form: button ? container : null,
      shy: false,
      on,
      ...more,
    });
    const entry = { id, widget, at, options: o };
    this.all.push(entry);
    if (button) {
      at.addEventListener("click", (e) => {
        e.preventDefault();
        widget.start("visitor");
      });
    }
    return entry;
  }
}

export const isButton = (el: Element): boolean => /^(BUTTON|INPUT|A)$/.test(el.tagName);

/** An element, by itself, by id, or by selector. */
export function element(at: unknown): HTMLElement | null {
  if (typeof at !== "string") return at instanceof Element ? (at as HTMLElement) : null;
  try {
    return document.getElementById(at) || document.querySelector<HTMLElement>(at);
  } catch {
    return null; // no selector
  }
}

const text = (v: unknown): string => (v === undefined || v === null ? "" : String(v));

/** Adds to a global that the page may have begun already. */
export function install(name: string, api: object): any {
  const page = window as unknown as Record<string, any>;
  return (page[name] = Object.assign(page[name] ?? {}, api));
}

/**
 * When the page's elements are there: renders those of a class, unless the page
 * does that itself, and calls what the page wants called. Returns what queues
 * more of that.
 */
export function begin(place: Place, cls: string, render: (el: HTMLElement) => void, waiting: (() => void)[] = []): (f: () => void) => void {
  let ready = false;
  const go = () => {
    if ((place.params.get("render") || "onload") === "onload") {
      for (const el of document.querySelectorAll<HTMLElement>("." + cls)) {
        try {
          render(el);
        } catch (e) {
          console.error(e);
        }
      }
    }
    callback(place.params.get("onload"))?.();
    ready = true;
    waiting.splice(0).forEach((f) => f());
  };
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", go, { once: true });
  else setTimeout(go);
  return (f) => void (ready ? f() : waiting.push(f));
}

export { attributes, callback };
