/** Makes an element. Attributes beginning with "on" are listeners. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attrs: Record<string, unknown> = {},
  ...children: (Node | string | undefined | false)[]
): HTMLElementTagNameMap[K] {
  const el = document.createElement(tag);
  for (const [name, value] of Object.entries(attrs)) {
    if (typeof value === "function") el.addEventListener(name.slice(2), value as EventListener);
    else if (value === true) el.setAttribute(name, "");
    else if (value !== undefined && value !== false) el.setAttribute(name, String(value));
  }
  el.append(...children.filter((c): c is Node | string => !!c));
  return el;
}

/** A button that says what it does to tests as well. */
export const button = (does: string, label: string, press: () => void, attrs: Record<string, unknown> = {}) =>
  h("button", { type: "button", "data-do": does, onclick: press, ...attrs }, label);
