// The address of a screen is behind the #: #/lanes/main/login?range=15m
import { store, useStore } from "./store";

export const screens = ["now", "lanes", "playbook", "queues", "rehearse", "captcha", "log", "operators"] as const;
export type ScreenName = (typeof screens)[number];

export interface Route {
  screen: ScreenName | "";
  /** What follows the screen's name, decoded. */
  parts: string[];
  query: Record<string, string>;
}

const decode = (text: string) => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // as it was typed
  }
};

/** Reads an address. No address is the first screen; an unknown one has screen "". */
export function parse(hash: string): Route {
  const [path, search = ""] = hash.replace(/^#/, "").split("?", 2);
  const [name = "", ...parts] = path.split("/").filter(Boolean).map(decode);
  const query: Record<string, string> = {};
  for (const [key, value] of new URLSearchParams(search)) query[key] = value;
  const screen = name === "" ? "now" : screens.find((s) => s === name) ?? "";
  return { screen, parts, query };
}

/** The address of a screen: href("lanes", ["main", "login"], {range: "1h"}). */
export function href(screen: ScreenName, parts: string[] = [], query: Record<string, string | undefined> = {}): string {
  const search = new URLSearchParams(Object.entries(query).filter((e): e is [string, string] => !!e[1])).toString();
  return "#/" + [screen, ...parts].map(encodeURIComponent).join("/") + (search ? "?" + search : "");
}

export const route = store<Route>(parse(typeof location === "object" ? location.hash : ""));
if (typeof window === "object") addEventListener("hashchange", () => route.set(parse(location.hash)));

export const useRoute = () => useStore(route);

/** Goes to a screen. */
export function go(to: string) {
  location.hash = to;
}

/** Changes the query of the address in place: filters, ranges, tabs. "" and undefined take a key away. */
export function setQuery(part: Record<string, string | undefined>) {
  const { screen, parts, query } = route.get();
  const next = href(screen || "now", parts, { ...query, ...part });
  history.replaceState(null, "", next);
  route.set(parse(next));
}
