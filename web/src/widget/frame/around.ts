// The page around the frame.
import type { Init, ToFrame, ToPage } from "../wire";

/** Known to the page's script and to this frame alone. */
const nonce = location.hash.slice(1);

/** What is known of the page, once it has spoken. */
export const around: { init?: Init; origin: string; opened: boolean } = { origin: "", opened: false };

let whenShown: (() => void) | undefined;

export function tell(m: ToPage): void {
  parent.postMessage({ daero: nonce, ...m }, around.origin || "*");
}

/** Asks the page for room. What comes then has the focus. */
export function open(then: () => void): void {
  if (around.opened) return then();
  whenShown = then;
  around.opened = true;
  tell({ is: "open" });
}

export function shut(by: "visitor" | "done" = "done"): void {
  if (!around.opened) return;
  around.opened = false;
  tell({ is: "shut", by });
}

/** The page's host, as the browser says it. */
export function pageHost(): string {
  try {
    return new URL(around.origin).host;
  } catch {
    return "null"; // a page that has no origin
  }
}

export function listen(heard: (m: ToFrame) => void): void {
  addEventListener("message", (e: MessageEvent) => {
    if (e.source !== parent || e.data?.daero !== nonce || !nonce) return;
    if (around.origin && e.origin !== around.origin) return;
    around.origin ||= e.origin === "null" ? "" : e.origin;
    const m = e.data as ToFrame;
    if (m.do === "init") around.init = m;
    if (m.do === "shown") {
      around.opened = true;
      whenShown?.();
      whenShown = undefined;
    } else heard(m);
  });
}
