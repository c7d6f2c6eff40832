// Where the script came from, and what it finds on the page.
import type { Contract } from "../wire";

const paths: [RegExp, Contract][] = [
  [/\/recaptcha\/(api|enterprise)\.js$/, "recaptcha"],
  [/\/1\/(secure-)?api\.js$/, "hcaptcha"],
  [/\/turnstile\/v0\/api\.js$/, "turnstile"],
  [/\/daero\/captcha\/api\.js$/, "daero"],
];

export interface Place {
  contract: Contract;
  /** What stands before /daero/captcha/. */
  base: string;
  params: URLSearchParams;
}

/** Takes the script's own address apart. */
export function placeOf(src: string): Place | undefined {
  let url: URL;
  try {
    url = new URL(src);
  } catch {
    return;
  }
  for (const [path, contract] of paths) {
    if (path.test(url.pathname)) return { contract, base: url.origin + url.pathname.replace(path, ""), params: url.searchParams };
  }
}

/** The script that is running, or the last on the page that could be it. */
export function findPlace(doc: Document): Place | undefined {
  const own = placeOf((doc.currentScript as HTMLScriptElement | null)?.src || "");
  if (own) return own;
  return [...doc.scripts].reverse().map((s) => placeOf(s.src)).find((p) => p);
}

export type Options = Record<string, unknown>;

/** The options that stand on an element: data-error-callback as "error-callback". */
export function attributes(el: Element): Options {
  const o: Options = {};
  for (const a of Array.from(el.attributes)) if (a.name.startsWith("data-")) o[a.name.slice(5)] = a.value;
  return o;
}

/** A callback, given as a function or as the name of a global one. */
export function callback(given: unknown): ((...args: unknown[]) => unknown) | undefined {
  if (typeof given === "function") return given as () => unknown;
  if (typeof given !== "string" || !given) return;
  return (...args) => {
    // Names may have dots: "app.done".
    let owner: unknown;
    let f: unknown = window;
    for (const part of given.split(".")) [owner, f] = [f, (f as Options | undefined)?.[part]];
    if (typeof f === "function") return f.apply(owner, args);
    console.error(`captcha: there is no function ${given} on the page`);
  };
}

/**
 * Makes an element with styles that no policy of the page can mind, and none of
 * the page's own.
 */
export function make<K extends keyof HTMLElementTagNameMap>(tag: K, style: Partial<CSSStyleDeclaration>, attrs: Record<string, string> = {}): HTMLElementTagNameMap[K] {
  const el = document.createElement(tag);
  Object.assign(el.style, { all: "initial" }, style);
  for (const name in attrs) el.setAttribute(name, attrs[name]);
  return el;
}

/** A nonce of 128 bits, which nobody else on the page can guess. */
export const newNonce = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
