// The frame: what a visitor sees, and the way through the protocol.
import type { By, Init, Mode, Question, Reply, ToFrame, ToPage } from "../wire";
import { ask, isFinal, Refusal } from "./ask";
import { compute, noWorker, prepare } from "./compute";
import { button, h } from "./dom";
import { questionView, type Given, type QuestionView } from "./question";
import { duration, fill, sayError, words } from "./words";

type State = "idle" | "work" | "question" | "wait" | "error" | "expired" | "done";

const root = document.documentElement;
const nonce = location.hash.slice(1);
const session = Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");

/** How long the first work may take before something else is offered. */
const hardStop = 3000;
/** How long before a question's end its visitor is told, in seconds. */
const warnBefore = 30;

const w = words();
let init: Init | undefined;
let pageOrigin = "";
let action = "";
let cdata = "";
let seen = true; // whether the page had the focus, a pointer or a key
let by: By = "page"; // who started it
let mode: Mode | undefined; // how the visitor wants to be asked
let run = 0; // what belongs to an earlier run is dropped
let pending: (() => void) | undefined; // a question that waits for a press
let view: QuestionView | undefined;
let opened = false;
let whenShown: (() => void) | undefined;

const main = h("div"); // no landmark: the page around has its own
const live = h("p", { id: "say", role: "status" });
const say = (text: string) => void (live.textContent = text);

function tell(m: ToPage): void {
  parent.postMessage({ daero: nonce, ...m }, pageOrigin || "*");
}

// --- what is shown ---------------------------------------------------------

function show(state: State, ...content: Node[]): void {
  const had = document.hasFocus() && main.contains(document.activeElement);
  view = undefined;
  delete main.dataset.mode;
  delete main.dataset.kind;
  main.dataset.state = state;
  main.replaceChildren(...content);
  if (had && state !== "question") main.querySelector("button")?.focus();
}

/** The box that is pressed, in all its states. */
function box(state: State, text: string, checked: "true" | "false" | "mixed"): void {
  const el = h("button", {
    type: "button",
    role: "checkbox",
    class: "box",
    "data-do": "start",
    "aria-checked": checked,
    tabindex: init?.tabindex || 0,
    onclick: press,
  }, h("i", { class: "tick", "aria-hidden": "true" }), h("span", {}, text));
  show(state, el);
}

function idle(): void {
  run++;
  pending = undefined;
  shut();
  box("idle", w.person, "false");
}

function working(text: string): void {
  if (view) {
    view.busy(true);
    view.note(text);
    return;
  }
  if (opened) show("work", h("p", { class: "wait" }, h("i", { class: "spin", "aria-hidden": "true" }), text));
  else box("work", text, "mixed");
  say(text);
}

/** Asks the page for room. What comes then has the focus. */
function open(then: () => void): void {
  whenShown = then;
  opened = true;
  tell({ is: "open" });
}

function shut(by: "visitor" | "done" = "done"): void {
  if (!opened) return;
  opened = false;
  tell({ is: "shut", by });
}

/** Something to read with one button: what went wrong, or how long to wait. */
function message(state: State, text: string, label: string, go: () => void, reference = ""): { text: HTMLElement; again: HTMLButtonElement } {
  const p = h("p", { role: "alert" }, text);
  const again = button("again", label, go, { class: "main" });
  show(state, h("section", {},
    p,
    reference && h("p", { class: "ref", "data-ref": reference }, fill(w.reference, { n: reference })),
    h("div", { class: "row" }, label ? again : undefined, (opened || init?.size === "invisible") && button("close", w.close, close))));
  return { text: p, again };
}

function close(): void {
  run++;
  opened = false;
  tell({ is: "shut", by: "visitor" });
  box("idle", w.person, "false");
}

// --- the way through the protocol ------------------------------------------

function press(): void {
  const state = main.dataset.state;
  if (state === "work" || state === "done") return;
  seen = true;
  by = "visitor";
  if (pending) {
    const go = pending;
    pending = undefined;
    return go();
  }
  tell({ is: "started" });
  void begin();
}

function probes(): string[] {
  const nav = navigator;
  return [
    nav.webdriver && "webdriver",
    (/headless/i.test(nav.userAgent) || !screen.width) && "headless",
    noWorker() && "no-worker",
    by === "visitor" && performance.now() < 1000 && "instant",
    !seen && "no-focus",
  ].filter((p): p is string => !!p);
}

const pageHost = () => {
  try {
    return new URL(pageOrigin).host;
  } catch {
    return "null"; // a page that has no origin
  }
};

const opening = (...more: string[]): Promise<Reply> =>
  ask("challenge", {
    sitekey: init!.sitekey,
    contract: init!.contract,
    host: pageHost(),
    action,
    cdata,
    lang: init!.lang || navigator.language || root.lang,
    session,
    ...(mode && { mode }),
    probes: [...probes(), ...more],
  });

async function begin(): Promise<void> {
  const mine = ++run;
  pending = undefined;
  working(w.working);
  await attempt(mine, async () => follow(await opening(), mine, true));
}

/** Runs a part of the way, and says what went wrong. */
async function attempt(mine: number, part: () => Promise<void>): Promise<void> {
  try {
    await part();
  } catch (e) {
    if (mine === run) failed(e);
  }
}

function failed(e: unknown): void {
  const { code, reference } = e instanceof Refusal ? e : new Refusal("internal");
  const final = isFinal(code);
  run++;
  if (code === "gone") return over();
  message("error", sayError(w, code), final ? "" : w.again, () => void begin(), reference);
  tell({ is: "error", code, reference, final });
}

/** A challenge's time was over before it was answered. */
function over(): void {
  run++;
  shut();
  box("expired", w.timeout, "false");
  say(w.timeout);
  tell({ is: "timeout" });
}

async function follow(reply: Reply, mine: number, first = false): Promise<void> {
  while (mine === run) {
    if (reply.missed) missedLast = true;
    switch (reply.step) {
      case "done":
        return done(reply);
      case "question":
        return offer(reply, mine);
      case "wait":
        return waitFor(reply, mine);
    }
    const [of, y] = await work(reply, mine, first);
    if (mine !== run) return;
    reply = y === undefined ? of : await ask(`challenge/${of.id}/work`, { session, y });
    first = false;
  }
}

/**
 * Does the work. What is not done when the hard stop comes is likely to take much
 * longer: the server may have less work for slow devices, against a question.
 */
async function work(reply: Reply, mine: number, first: boolean): Promise<[Reply, string | undefined]> {
  const task = compute(reply.work!);
  const result = task.result.catch(() => {
    throw new Refusal("unsupported");
  });
  const late = new Promise<undefined>((go) => setTimeout(go, hardStop));
  const y = await Promise.race([result, late]);
  if (y !== undefined || mine !== run) return [reply, y];
  working(w.slow);
  if (first) {
    const other = await Promise.race([result.then(() => undefined), opening("slow").catch(() => undefined)]);
    if (other && other.step !== "wait" && !(other.work && other.work.t >= task.left())) {
      task.stop();
      return other.work ? work(other, mine, false) : [other, undefined];
    }
  }
  return [reply, await result];
}

function done(reply: Reply): void {
  run++;
  box("done", w.done, "true");
  say(w.done);
  shut();
  tell({ is: "token", token: reply.token!, expires: reply.expires || 120 });
}

/** Shows a question at once to who is there for it, else a box to press first. */
function offer(reply: Reply, mine: number): void {
  const until = Date.now() + (reply.expires || 120) * 1000;
  const go = () => (Date.now() < until ? question(reply, mine, until) : void begin());
  if (opened || by !== "page" || init!.size === "invisible") return go();
  pending = go;
  box("idle", w.person, "false");
  say(w.ask);
  tell({ is: "ask" });
}

function question(reply: Reply, mine: number, until: number): void {
  const q = reply.question as Question;
  let id = reply.id!;
  let warned = false;
  let sent = false;
  const timer = setInterval(() => {
    const left = until - Date.now();
    if (mine !== run || view !== mineView) return clearInterval(timer);
    if (left <= 0) {
      clearInterval(timer);
      over();
    } else if (left <= warnBefore * 1000 && !warned) {
      warned = true;
      mineView.note(w.soon);
    }
  }, 1000);

  /** Sends something, once; what comes back goes on, or is said beside. */
  const post = (verb: string, body: object, text: string) => {
    if (sent) return;
    sent = true;
    working(text);
    void attempt(mine, async () => {
      const next = await ask(`challenge/${id}/${verb}`, { session, ...body });
      if (mine !== run) return;
      if (verb === "switch" && next.step === "wait" && !next.id) {
        sent = false; // the question is still open
        mineView.busy(false);
        mineView.note(fill(next.code === "busy" ? w.busy : w.tries, { time: duration(w, next.after || 1) }));
      } else await follow(next, mine);
    });
  };
  const mineView = questionView(q, id, missedLast, {
    words: w,
    say,
    answer: (given: Given) => post("answer", given, w.working),
    change: (m: Mode) => {
      mode = m;
      post("switch", { mode: m }, w.next);
    },
    more: () =>
      void ask(`challenge/${id}/extend`, { session }).then(
        (next) => {
          id = next.id || id;
          until = Date.now() + (next.expires || 120) * 1000;
          warned = false;
          mineView.note(w.longer);
        },
        () => mineView.note(w.noLonger),
      ),
    close,
  });
  missedLast = false;
  show("question", mineView.element);
  view = mineView;
  main.dataset.mode = q.mode;
  main.dataset.kind = q.kind;
  const focus = () => view === mineView && mineView.focus();
  if (opened) focus();
  else open(focus);
}

let missedLast = false; // a miss is told with the next question

async function waitFor(reply: Reply, mine: number): Promise<void> {
  const busy = reply.code === "busy";
  let left = reply.after || 1;
  const text = () => fill(busy ? w.busy : w.tries, { time: duration(w, left) });
  const resume = () => {
    if (!reply.id) return void begin();
    working(w.working);
    void attempt(mine, async () => follow(await ask(`challenge/${reply.id}/work`, { session, y: "" }), mine));
  };
  const there = by !== "page" || init!.size === "invisible";
  if (!opened && there && !busy) open(() => main.querySelector("button")?.focus());
  const m = message("wait", text(), w.again, () => left <= 0 && resume());
  m.again.setAttribute("aria-disabled", "true");
  const timer = setInterval(() => {
    if (mine !== run) return clearInterval(timer);
    left--;
    // Said once at the beginning and once at the end: not every second.
    m.text.setAttribute("role", "none");
    if (left > 0) return void (m.text.textContent = text());
    clearInterval(timer);
    if (busy) return resume();
    m.again.removeAttribute("aria-disabled");
    m.text.textContent = w.ready;
    say(w.ready);
  }, 1000);
}

// --- the page around -------------------------------------------------------

function heard(m: ToFrame): void {
  switch (m.do) {
    case "init":
      init = m;
      root.dataset.theme = m.theme;
      root.dataset.size = m.size;
      if (root.dataset.error) failed(new Refusal(root.dataset.error));
      else idle();
      break;
    case "start":
      if (root.dataset.error || !init) break;
      ({ action, cdata, seen, by } = m);
      void begin();
      break;
    case "reset":
      if (!root.dataset.error) idle();
      break;
    case "expired":
      box("expired", w.expired, "false");
      say(w.expired);
      break;
    case "shown":
      opened = true;
      whenShown?.();
      whenShown = undefined;
  }
}

addEventListener("message", (e: MessageEvent) => {
  if (e.source !== parent || e.data?.daero !== nonce || !nonce) return;
  if (pageOrigin && e.origin !== pageOrigin) return;
  pageOrigin ||= e.origin === "null" ? "" : e.origin;
  heard(e.data as ToFrame);
});

addEventListener("keydown", (e) => {
  if (e.key === "Escape" && opened && !e.isComposing) close();
});

document.body.append(main, live);
new ResizeObserver(() => tell({ is: "size", height: Math.ceil(main.getBoundingClientRect().height) })).observe(main);
prepare(root.dataset.worker || "worker.js");
if (parent !== window) tell({ is: "hello" });
