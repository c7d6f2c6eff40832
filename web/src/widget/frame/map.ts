// The map that places are clicked on: by mouse, finger or keyboard.
import type { Question } from "../wire";
import { h } from "./dom";
import { fill, type Words } from "./words";

export interface MapView {
  element: HTMLElement;
  points(): [number, number][];
  undo(): void;
}

/** How far an arrow key moves the cross, in pixels of the picture. */
const stride = 10;

export const clamp = (v: number, most: number): number => Math.round(Math.min(Math.max(v, 0), most) * 10) / 10;

export function mapView(q: Question, src: string, w: Words, say: (text: string) => void, failed: () => void): MapView {
  const width = q.width || 480;
  const height = q.height || 300;
  const most = q.clicks || 1;
  const points: [number, number][] = [];
  let [x, y] = [width / 2, height / 2];

  const img = h("img", { src, width, height, alt: "", draggable: "false", onerror: failed });
  const cross = h("i", { class: "cross" });
  const element = h("div", {
    class: "map",
    role: "application",
    tabindex: 0,
    "aria-label": w.map,
    "aria-describedby": "question keys",
  }, img, cross);

  const at = (el: HTMLElement, px: number, py: number) => {
    el.style.left = (px / width) * 100 + "%";
    el.style.top = (py / height) * 100 + "%";
  };
  const mark = (px: number, py: number) => {
    if (points.length >= most) return say(fill(w.full, { of: most }));
    points.push([clamp(px, width), clamp(py, height)]);
    const el = h("b", { "data-mark": points.length }, String(points.length));
    at(el, px, py);
    element.append(el);
    say(fill(w.marked, { n: points.length, of: most }));
  };
  const undo = () => {
    if (!points.pop()) return;
    element.lastElementChild?.remove();
    say(fill(w.unmarked, { n: points.length }));
  };

  element.addEventListener("click", (e) => {
    const box = img.getBoundingClientRect();
    if (!box.width || !e.detail) return; // not a pointer's
    mark(((e.clientX - box.left) / box.width) * width, ((e.clientY - box.top) / box.height) * height);
  });

  const keyed = () => element.closest("form")!.classList.add("keyed");
  element.addEventListener("focus", () => element.matches(":focus-visible") && keyed());
  let told = 0;
  element.addEventListener("keydown", (e) => {
    const step = e.shiftKey ? 4 * stride : stride;
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[e.key];
    if (e.ctrlKey || e.altKey || e.metaKey) return;
    if (way) {
      x = clamp(x + way[0] * step, width);
      y = clamp(y + way[1] * step, height);
      keyed();
      at(cross, x, y);
      cross.scrollIntoView({ block: "nearest", inline: "nearest" });
      clearTimeout(told); // where it stopped, not where it passed
      told = window.setTimeout(() => say(fill(w.at, { x: Math.round((x / width) * 100), y: Math.round((y / height) * 100) })), 400);
    } else if (e.key === "Enter" || e.key === " ") {
      keyed();
      mark(x, y);
    } else if (e.key === "Backspace" || e.key === "Delete") undo();
    else return;
    e.preventDefault();
  });
  at(cross, x, y);
  return { element, points: () => points, undo };
}
