// Words of the screens. Keys are "screen.what"; blanks are {name}.
import type en from "./words/en.json";
import { prefs, type Lang } from "./prefs";

export type Key = keyof typeof en;
export type Blanks = Record<string, string | number>;
type Catalogue = Record<string, string>;

const loaded: Partial<Record<Lang, Catalogue>> = {};
const later = new Set<Lang>();

/** Loads a language: the words of the first screen, then those of the others. Only the language that is used is sent. */
export async function loadWords(lang: Lang): Promise<void> {
  if (loaded[lang]) return;
  const words = lang === "ko" ? await import("./words/ko.json?first") : await import("./words/en.json?first");
  loaded[lang] = words.default;
}

export async function loadLaterWords(lang: Lang): Promise<void> {
  if (later.has(lang)) return;
  const words = lang === "ko" ? await import("./words/ko.json?later") : await import("./words/en.json?later");
  loaded[lang] = { ...loaded[lang], ...words.default };
  later.add(lang);
}

/** Gives words without loading them, as tests do. */
export function give(lang: Lang, words: Catalogue) {
  loaded[lang] = words;
}

export const fill = (text: string, blanks: Blanks) => text.replace(/\{(\w+)\}/g, (_, name: string) => String(blanks[name] ?? ""));

const lookup = (key: string): string | undefined => {
  const words = loaded[prefs.get().lang];
  return words && Object.hasOwn(words, key) ? words[key] : undefined;
};

/** A sentence in the language in force. */
export const t = (key: Key, blanks: Blanks = {}): string => fill(lookup(key) ?? key, blanks);

/** The same for a key that is put together, with what to say where it is unknown. */
export const tOr = (key: string, otherwise: string, blanks: Blanks = {}): string => {
  const text = lookup(key);
  return text === undefined ? otherwise : fill(text, blanks);
};

/** Which of two texts that the gateway sends. */
export const either = (english: string | undefined, korean: string | undefined) => (prefs.get().lang === "ko" ? korean || english : english || korean) ?? "";
