// The widgets of a page, by id and by where they are.
import { attributes, callback, newNumber, type Options, type Place } from "./place";
import { Widget, type Hooks, type Setup } from "./widget";
import type { Contract } from "../wire";

export interface Entry<ID> {
  id: ID;
  widget: Widget;
  container: HTMLElement;
  options: Options;
}

export class Registry<ID> {
  readonly all: Entry<ID>[] = [];

  constructor(
    readonly place: Place,
    readonly contract: Contract,
  ) {}

  add(id: ID, container: HTMLElement, options: Options, widget: Widget): Entry<ID> {
    const entry = { id, widget, container, options };
    this.all.push(entry);
    return entry;
  }

  /** By id, by element or its selector; without either the first one. */
  find(by?: unknown): Entry<ID> | undefined {
    if (by === undefined || by === null) return this.all[0];
    return this.all.find((e) => e.id === by || e.container === by) ?? (typeof by === "string" ? this.at(element(by)) : undefined);
  }

  at(container: unknown): Entry<ID> | undefined {
    // Where a page's framework took a container away, its widget is gone.
    return this.all.find((e) => e.container === container);
  }

  remove(entry: Entry<ID>): void {
    this.all.splice(this.all.indexOf(entry), 1);
    entry.widget.remove();
  }
}

/** An element, by itself, by id, or by selector. */
export function element(at: unknown): HTMLElement | null {
  if (typeof at !== "string") return at instanceof Element ? (at as HTMLElement) : null;
  const byId = document.getElementById(at);
  if (byId) return byId;
  try {
    return document.querySelector<HTMLElement>(at);
  } catch {
    return null;
  }
}

const text = (v: unknown): string => (v === undefined || v === null ? "" : String(v));

/** What all contracts read alike from their options. */
export function setup(place: Place, contract: Contract, container: HTMLElement, o: Options, on: Hooks, more: Partial<Setup>): Setup {
  return {
    place,
    contract,
    container,
    sitekey: text(o.sitekey),
    theme: o.theme === "dark" || o.theme === "auto" ? o.theme : "light",
    size: "normal",
    width: 304,
    height: 78,
    lang: text(o.hl || place.params.get("hl")),
    tabindex: Number(o.tabindex) || 0,
    action: text(o.action),
    cdata: text(o.cData),
    fields: [],
    shy: false,
    on,
    ...more,
  };
}

/** The hidden textarea of the first widget has the plain name as its id. */
export const fieldID = (name: string, n: number): string => (n ? `${name}-${n}` : name);

/** A button that starts an invisible widget when it is pressed. */
export function bind(el: HTMLElement, start: () => void): boolean {
  if (!/^(BUTTON|INPUT|A)$/.test(el.tagName)) return false;
  el.addEventListener("click", (e) => {
    e.preventDefault();
    start();
  });
  return true;
}

/** Runs when the page's elements are there. */
export function whenParsed(then: () => void): void {
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", then, { once: true });
  else setTimeout(then);
}

/** Renders the elements of a class, then calls what the page wants called. */
export function begin(place: Place, cls: string, render: (el: HTMLElement) => void, readyFns: (() => void)[]): void {
  const { params } = place;
  whenParsed(() => {
    if ((params.get("render") || "onload") === "onload") {
      for (const el of document.querySelectorAll<HTMLElement>("." + cls)) {
        try {
          render(el);
        } catch (e) {
          console.error(e);
        }
      }
    }
    callback(params.get("onload"))?.();
    readyFns.forEach((f) => f());
  });
}

export { attributes, callback, newNumber };
