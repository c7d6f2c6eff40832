// The first screen comes with the page; the others once there is time, before
// somebody asks for them: in an incident nothing should have to be fetched.
import { useEffect, useState } from "preact/hooks";
import type { JSX } from "preact";
import { prefs, usePrefs } from "./prefs";
import type { ScreenName } from "./router";
import { Now } from "./screens/now";
import { loadDialog } from "./ui/act";
import { loadLaterWords } from "./words";

type Screen = () => JSX.Element | null;
type Name = ScreenName | "login";

// One file for all of them: alike as they are, they are a sixth shorter together.
const others = () => import("./screens/others");
const fetched: Record<Exclude<Name, "now">, () => Promise<Screen>> = {
  login: async () => (await import("./screens/login")).Login,
  lanes: async () => (await others()).Lanes,
  playbook: async () => (await others()).Playbook,
  queues: async () => (await others()).Queues,
  rehearse: async () => (await others()).Rehearse,
  captcha: async () => (await others()).Captcha,
  log: async () => (await others()).Log,
  operators: async () => (await others()).Operators,
};
const had: Partial<Record<Name, Screen>> = { now: Now };

let styles: Promise<void> | undefined;
/** The styles of all screens but the first. */
function laterStyles() {
  return (styles ??= new Promise<void>((done, fail) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = document.documentElement.dataset.later ?? "";
    link.onload = () => done();
    link.onerror = () => {
      styles = undefined;
      fail(new Error("no styles"));
    };
    document.head.append(link);
  }));
}

async function load(name: Exclude<Name, "now">) {
  const [screen] = await Promise.all([fetched[name](), laterStyles(), loadLaterWords(prefs.get().lang)]);
  return (had[name] = screen);
}

/** A screen; undefined while it is fetched, "gone" where it cannot be: the gateway is another build, or away. */
export function useScreen(name: Name | ""): Screen | "gone" | undefined {
  const { lang } = usePrefs();
  const [state, setState] = useState<{ of: string; gone?: boolean }>({ of: "" });
  const of = `${name} ${lang}`;
  useEffect(() => {
    if (!name || name === "now") return;
    let left = false;
    load(name).then(() => left || setState({ of }), () => left || setState({ of, gone: true }));
    return () => void (left = true);
  }, [of]);
  if (!name) return undefined;
  if (name === "now") return Now;
  return state.of !== of ? undefined : state.gone ? "gone" : had[name];
}

/** Fetches all screens, a while after the first was drawn. */
export function fetchScreens() {
  for (const name of Object.keys(fetched) as (keyof typeof fetched)[]) load(name).catch(() => {});
  loadDialog().catch(() => {});
}
