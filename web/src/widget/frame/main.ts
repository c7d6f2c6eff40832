// The way through the protocol: from a press to a token.
import type { By, Mode, Reply, ToFrame } from "../wire";
import { around, listen, open, pageHost, shut, tell } from "./around";
import { ask, isFinal, Refusal } from "./ask";
import { asked } from "./asked";
import { compute, noWorker, prepare } from "./compute";
import { begin as beginScreen, box, main, message, say, screen, w, working } from "./screen";
import { duration, fill, sayError } from "./words";

const root = document.documentElement;
const session = Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");

/** How long the first work may take before something else is offered. */
const hardStop = 3000;

let action = "";
let cdata = "";
let seen = true; // whether the page had the focus, a pointer or a key
let by: By = "page"; // who started it
let mode: Mode | undefined; // how the visitor wants to be asked
let run = 0; // what belongs to an earlier run is dropped
let pending: (() => void) | undefined; // a question that waits for a press
let missed = false; // a miss is told with the next question

function idle(): void {
  run++;
  pending = undefined;
  box("idle", w.person);
}

function close(): void {
  shut("visitor");
  idle();
}

function press(): void {
  const state = main.dataset.state;
  if (state === "work" || state === "done") return;
  seen = true;
  by = "visitor";
  if (pending) return pending();
  tell({ is: "started" });
  begin();
}

function probes(): string[] {
  const nav = navigator;
  return [
    nav.webdriver && "webdriver",
    (/headless/i.test(nav.userAgent) || !window.screen.width) && "headless",
    noWorker() && "no-worker",
    by === "visitor" && performance.now() < 1000 && "instant",
    !seen && "no-focus",
  ].filter((p): p is string => !!p);
}

const opening = (...more: string[]): Promise<Reply> => {
  const { sitekey, contract, lang } = around.init!;
  return ask("challenge", {
    sitekey,
    contract,
    host: pageHost(),
    action,
    cdata,
    lang: lang || navigator.language || root.lang,
    session,
    ...(mode && { mode }),
    probes: [...probes(), ...more],
  });
};

function begin(): void {
  const mine = ++run;
  pending = undefined;
  working(w.working);
  attempt(mine, async () => follow(await opening(), mine, true));
}

/** Does a part of the way, and says what went wrong. */
function attempt(mine: number, part: () => Promise<void>): void {
  part().catch((e) => mine === run && failed(e));
}

function failed(e: unknown): void {
  const { code, reference } = e instanceof Refusal ? e : new Refusal("internal");
  if (code === "gone") return over();
  const final = isFinal(code);
  run++;
  message("error", sayError(w, code), final ? "" : w.again, begin, reference);
  tell({ is: "error", code, reference, final });
}

/** A challenge's time was over before it was answered. */
function over(): void {
  run++;
  shut();
  box("expired", w.timeout);
  say(w.timeout);
  tell({ is: "timeout" });
}

async function follow(reply: Reply, mine: number, first = false): Promise<void> {
  while (mine === run) {
    if (reply.missed) missed = true;
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

/** Whether somebody is there for a question, or to be told to wait. */
const there = () => around.opened || by !== "page" || around.init!.size === "invisible";

/** Shows a question at once to who is there for it, else a box to press first. */
function offer(reply: Reply, mine: number): void {
  const until = Date.now() + (reply.expires || 120) * 1000;
  const go = () => {
    pending = undefined;
    if (Date.now() > until) return begin();
    const told = missed;
    missed = false;
    asked(reply, until, told, {
      session,
      current: () => mine === run,
      attempt: (part) => attempt(mine, part),
      follow: (next) => follow(next, mine),
      prefer: (m) => void (mode = m),
      over,
      close,
    });
  };
  if (there()) return go();
  pending = go;
  box("idle", w.person);
  say(w.ask);
  tell({ is: "ask" });
}

function waitFor(reply: Reply, mine: number): void {
  const busy = reply.code === "busy";
  let left = reply.after || 1;
  const text = () => fill(busy ? w.busy : w.tries, { time: duration(w, left) });
  const resume = () => {
    if (!reply.id) return begin();
    working(w.working);
    attempt(mine, async () => follow(await ask(`challenge/${reply.id}/work`, { session, y: "" }), mine));
  };
  if (there() && !busy) open(() => main.querySelector("button")?.focus());
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

function heard(m: ToFrame): void {
  const wrong = root.dataset.error;
  switch (m.do) {
    case "init":
      root.dataset.theme = m.theme;
      root.dataset.size = m.size;
      if (wrong) failed(new Refusal(wrong));
      else idle();
      break;
    case "start":
      if (wrong || !around.init) break;
      ({ action, cdata, seen, by } = m);
      begin();
      break;
    case "reset":
      if (wrong) break;
      around.opened = false; // the page has shut it
      idle();
      break;
    case "expired":
      box("expired", w.expired);
      say(w.expired);
  }
}

screen.press = press;
screen.close = close;
addEventListener("keydown", (e) => {
  if (e.key === "Escape" && around.opened && !e.isComposing) close();
});
beginScreen((height) => tell({ is: "size", height }));
prepare(root.dataset.worker || "worker.js");
listen(heard);
if (parent !== window) tell({ is: "hello" });
