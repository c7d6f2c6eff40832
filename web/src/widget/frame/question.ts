// A question on the screen.
import type { Mode, Question } from "../wire";
import { button, h } from "./dom";
import { mapView } from "./map";
import { fill, type Words } from "./words";

export interface Given {
  text?: string;
  points?: [number, number][];
}

/** What a question needs of whoever shows it. */
export interface Host {
  words: Words;
  say(text: string): void;
  answer(given: Given): void;
  change(mode: Mode): void;
  more(): void;
  close(): void;
}

export interface QuestionView {
  element: HTMLElement;
  focus(): void;
  /** Says something beside the question, also to those who do not see it. */
  note(text: string): void;
  /** Whether it takes anything at present. */
  busy(is: boolean): void;
}

export function questionView(q: Question, id: string, missed: boolean, host: Host): QuestionView {
  const w = host.words;
  const src = (part: string) => `challenge/${id}/${part}`;
  const note = h("p", { class: "note", role: "alert" });
  const tell = (text: string) => void (note.textContent = text);
  const mediaFailed = () => tell(w.media);

  const body = q.mode === "click" ? clicked() : q.mode === "audio" ? heard() : typed(pictures());
  const fields = h("fieldset", {}, ...body.parts);
  const ways = [...q.modes].map((m) => button("mode-" + m, w[m], () => host.change(m)));
  const element = h("form", {
    "aria-labelledby": "question",
    novalidate: true,
    autocomplete: "off",
    onsubmit: (e: Event) => {
      e.preventDefault();
      const given = body.given();
      if (typeof given === "string") {
        tell(given);
        body.focus();
      } else host.answer(given);
    },
  },
    h("header", {},
      h("h1", { id: "question", lang: q.lang }, q.text),
      button("close", "×", host.close, { "aria-label": w.close, title: w.close, class: "close" })),
    note,
    fields,
    h("nav", { "aria-label": w.ways }, ...ways,
      button("other", w.other, () => host.change(q.mode)),
      button("more", w.more, host.more)),
    // Last, for it comes with the keyboard: nothing that is about to be pressed
    // moves.
    q.mode === "click" && h("p", { id: "keys" }, w.keys),
  );
  if (missed) tell(w.missed);
  return {
    element,
    focus: () => body.focus(),
    note: tell,
    // Nothing is disabled: that would take the focus away from where it is.
    busy: (is) => element.setAttribute("aria-busy", String(is)),
  };

  interface Body {
    parts: Node[];
    given(): Given | string; // a string says what is missing
    focus(): void;
  }

  function submit() {
    return h("button", { type: "submit", class: "main", "data-do": "submit" }, w.submit);
  }

  function clicked(): Body {
    const map = mapView(q, src("image"), w, host.say, mediaFailed);
    const most = q.clicks || 1;
    return {
      parts: [
        h("div", { class: "pan" }, map.element),
        h("div", { class: "row" }, button("undo", w.undo, map.undo), zoom(), submit()),
      ],
      given: () => (map.points().length === most ? { points: map.points() } : fill(w.need, { n: map.points().length, of: most })),
      focus: () => map.element.focus(),
    };
  }

  // On a narrow screen the map is shown smaller than it is; this shows it as it
  // is, to be moved about.
  function zoom() {
    const b = button("zoom", w.zoom, () => {
      const on = fields.classList.toggle("zoomed");
      b.textContent = on ? w.unzoom : w.zoom;
      // So that keys can move it as well; where places are clicked they do already.
      const pan = fields.querySelector<HTMLElement>(".pan")!;
      if (!pan.querySelector("[tabindex]")) pan.tabIndex = on ? 0 : -1;
    });
    return b;
  }

  function pictures(): Node[] {
    const all: Node[] = [];
    if (q.parts.includes("icon")) all.push(h("img", { class: "icon", src: src("icon"), alt: w.icon, onerror: mediaFailed }));
    all.push(h("div", { class: "pan" },
      h("img", { class: "map", src: src("image"), width: q.width, height: q.height, alt: w.map, onerror: mediaFailed })));
    return all;
  }

  // The value is read when the form is sent, and nothing waits for keys: so paste,
  // dictation, and syllables that an input method is still composing all count.
  function typed(before: Node[], label = w.answer): Body {
    const input = h("input", {
      id: "answer",
      type: "text",
      "aria-describedby": "question",
      lang: q.lang,
      maxlength: 200,
      autocomplete: "off",
      autocapitalize: "off",
      autocorrect: "off",
      spellcheck: "false",
      enterkeyhint: "send",
      oninput: () => tell(""),
    });
    return {
      parts: [
        ...before,
        h("label", { for: "answer" }, label),
        h("div", { class: "row" }, input, before.some((n) => (n as Element).className === "pan") && zoom(), submit()),
      ],
      given: () => (input.value.trim() ? { text: input.value } : w.empty),
      focus: () => input.focus(),
    };
  }

  function heard(): Body {
    const sound = h("audio", { preload: "none" }); // nothing is played unasked
    const parts: [string, string, string][] = [["play", "audio", w.play], ["slow", "audio-slow", w.slowly]];
    let playing = "";
    const buttons = parts.filter(([, part]) => q.parts.includes(part)).map(([does, part, label]) =>
      button(does, label, () => {
        if (playing === part) return stop();
        stop();
        playing = part;
        sound.src = src(part);
        sound.play().then(mark, () => {
          if (playing === part) mediaFailed();
          stop();
        });
        mark();
      }, { "data-part": part, "data-label": label, "aria-describedby": "question" }));
    const mark = () => {
      for (const b of buttons) b.textContent = b.dataset.part === playing ? w.stop : b.dataset.label!;
    };
    const stop = () => {
      playing = "";
      sound.pause();
      mark();
    };
    const body = typed([h("div", { class: "row" }, sound, ...buttons)], w.heard);
    sound.onended = () => {
      stop();
      body.focus(); // who cannot see the field is in it when the words are over
    };
    return { ...body, focus: () => buttons[0]?.focus() };
  }
}
