// What is on the screen: one thing at a time.
import { around } from "./around";
import { button, h } from "./dom";
import type { QuestionView } from "./question";
import { fill, words } from "./words";

type State = "idle" | "work" | "question" | "wait" | "error" | "expired" | "done";

export const w = words();

// Named as the page around has a main part of its own.
export const main = h("main", { "aria-label": document.title });
const live = h("p", { id: "say", role: "status" });
export const say = (text: string) => void (live.textContent = text);

/** What presses do, and the question that is shown. */
export const screen: { view?: QuestionView; press(): void; close(): void } = { press() {}, close() {} };

function show(state: State, ...content: Node[]): void {
  const had = document.hasFocus() && main.contains(document.activeElement);
  screen.view = undefined;
  delete main.dataset.mode;
  delete main.dataset.kind;
  main.dataset.state = state;
  main.replaceChildren(...(state === "question" ? [] : [h("h1", { class: "title" }, document.title)]), ...content);
  if (had && state !== "question") main.querySelector("button")?.focus();
}

/** The box that is pressed, in all its states. */
export function box(state: State, text: string, checked: "true" | "false" | "mixed" = "false"): void {
  const press = h("button", {
    type: "button",
    role: "checkbox",
    class: "box",
    "data-do": "start",
    "aria-checked": checked,
    tabindex: around.init?.tabindex || 0,
    onclick: () => screen.press(),
  }, h("i", { class: "tick", "aria-hidden": "true" }), h("span", {}, text));
  show(state, press);
}

export function working(text: string): void {
  if (screen.view) {
    screen.view.busy(true);
    screen.view.note(text);
    return;
  }
  if (around.opened) show("work", h("p", { class: "wait" }, h("i", { class: "spin", "aria-hidden": "true" }), text));
  else box("work", text, "mixed");
  say(text);
}

/** Something to read: what went wrong, or how long to wait. A button goes on. */
export function message(state: State, text: string, label: string, go: () => void, reference = ""): { text: HTMLElement; again: HTMLButtonElement } {
  const p = h("p", { role: "alert" }, text);
  const again = button("again", label, go, { class: "main" });
  const closes = around.opened || around.init?.size === "invisible";
  show(state, h("section", {},
    p,
    reference && h("p", { class: "ref", "data-ref": reference }, fill(w.reference, { n: reference })),
    h("div", { class: "row" }, label ? again : undefined, closes && button("close", w.close, () => screen.close()))));
  return { text: p, again };
}

export function showQuestion(view: QuestionView, mode: string, kind: string): void {
  show("question", view.element);
  screen.view = view;
  main.dataset.mode = mode;
  main.dataset.kind = kind;
}

/** Puts the screen on the page, and tells how high it is whenever that changes. */
export function begin(resized: (height: number) => void): void {
  document.body.append(main, live);
  new ResizeObserver(() => resized(Math.ceil(main.getBoundingClientRect().height))).observe(main);
}
