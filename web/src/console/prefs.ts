// What a person chose: language, theme and zone. Kept in the browser alone.
import { store, useStore } from "./store";

export type Lang = "ko" | "en";
export type Theme = "auto" | "light" | "dark";
export type Zone = "local" | "utc";

export interface Prefs {
  lang: Lang;
  theme: Theme;
  zone: Zone;
}

const choices = { lang: ["ko", "en"], theme: ["auto", "light", "dark"], zone: ["local", "utc"] } as const;

/** What was chosen: by the address first, then what was kept, then the browser's own. */
export function choose(search: string, kept: (key: string) => string | null, browser: string): Prefs {
  const query = new URLSearchParams(search);
  const pick = <K extends keyof Prefs>(key: K, otherwise: Prefs[K]): Prefs[K] => {
    for (const value of [query.get(key), kept("daero." + key)]) {
      if ((choices[key] as readonly string[]).includes(value ?? "")) return value as Prefs[K];
    }
    return otherwise;
  };
  return { lang: pick("lang", browser.toLowerCase().startsWith("ko") ? "ko" : "en"), theme: pick("theme", "auto"), zone: pick("zone", "local") };
}

// A browser may keep nothing from us; then choices hold until the page is left.
const read = (key: string) => {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
};

const web = typeof document === "object";
export const prefs = store<Prefs>(web ? choose(location.search, read, navigator.language) : { lang: "en", theme: "auto", zone: "utc" });
export const kiosk = web && new URLSearchParams(location.search).has("kiosk");

export const usePrefs = () => useStore(prefs);

export function setPref<K extends keyof Prefs>(key: K, value: Prefs[K]) {
  try {
    localStorage.setItem("daero." + key, value);
  } catch {
    // kept for this page
  }
  prefs.set({ ...prefs.get(), [key]: value });
}
