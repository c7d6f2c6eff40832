// What is said. Each language has a script of its own, so that nobody loads what
// they do not read; a test holds that all say the same things with the same blanks.
import { en } from "./words/en";
import { ko, type Words } from "./words/ko";

export type { Words };

/** The language that is built, see build.mjs. */
declare const LANG: "ko" | "en";

export const words = (): Words => (LANG === "ko" ? ko : en);

/** Fills the blanks of a sentence. */
export const fill = (text: string, blanks: Record<string, string | number>): string =>
  text.replace(/\{(\w+)\}/g, (_, name: string) => String(blanks[name] ?? ""));

/** Seconds in words: "1 min 20 s". */
export function duration(w: Words, seconds: number): string {
  const m = Math.floor(seconds / 60);
  const s = seconds % 60;
  const parts = [];
  if (m) parts.push(fill(w.minutes, { n: m }));
  if (s || !m) parts.push(fill(w.seconds, { n: s }));
  return parts.join(" ");
}

/** What is said of an error's code. */
export function sayError(w: Words, code: string): string {
  switch (code) {
    case "network":
      return w.network;
    case "no-site":
      return w.site;
    case "wrong-host":
      return w.host;
    case "unsupported":
      return w.old;
    case "blocked":
      return w.blocked;
  }
  return /^bad-|cross-origin|too-large/.test(code) ? w.page : w.failed;
}
