// Live data: one stream for all tabs of a browser. The tab that holds the lock
// opens it and tells the others; a tab that is hidden for long lets go of it.
import { ask, problemOf, ProblemError } from "./api";
import { backoff, Skew } from "./clock";
import { parser, type Message } from "./sse";
import { lapse } from "./session";
import { store, useStore } from "./store";
import type { Event, NowDoc } from "./types";

/** Data older than this are shown as old. */
export const staleAfter = 3_000;
/** A stream that says nothing for so long is broken: heartbeats come every 5 s. */
const silentAfter = 12_000;
const hiddenAfter = 60_000;

export type Connection = "connecting" | "open" | "lost" | "hidden" | "ended";

export interface Live {
  now?: NowDoc;
  connection: Connection;
  /** The data are older than they may be. */
  stale: boolean;
  /** When the next try is made, and which it is; in ms of env.now. */
  retryAt?: number;
  tries: number;
  /** What the gateway was when the page was loaded, and what it is. */
  build?: string;
  upgraded: boolean;
  /** Events of the record as they came, newest first. */
  events: Event[];
  /** The stream lost events: what a screen has of the record has a hole. */
  gaps: number;
  /** There is no stream, or none for this page: the gateway is asked every second. */
  polling: boolean;
}

/** What the store needs of a browser; tests give their own. */
export interface Env {
  now(): number;
  date(): number;
  random(): number;
  after(ms: number, fn: () => void): () => void;
  visible(): boolean;
  onVisible(fn: () => void): () => void;
  /** Opens a stream; rejects with a ProblemError. Resolves when it ended. */
  stream(last: string, on: { message(m: Message): void; beat(): void }, signal: AbortSignal): Promise<void>;
  poll(signal: AbortSignal): Promise<NowDoc>;
  /** Holds the lock of this browser until the promise ends. */
  lock?(fn: () => Promise<void>, signal: AbortSignal): Promise<void>;
  channel?(): { post(m: Told): void; on(fn: (m: Told) => void): void; close(): void };
}

type Told = { kind: "message"; message: Message } | { kind: "beat" } | { kind: "state"; state: Partial<Live> } | { kind: "who" };

const keepEvents = 200;

export class LiveStore {
  readonly state = store<Live>({ connection: "connecting", stale: false, tries: 0, upgraded: false, events: [], gaps: 0, polling: false });
  readonly skew = new Skew();
  #heard = -Infinity;
  #last = "";
  #madeAt = 0;
  #stop: AbortController | undefined;
  #lead: AbortController | undefined;
  #jobs = new Set<(data: unknown) => void>();
  #channel: ReturnType<NonNullable<Env["channel"]>> | undefined;
  #leading = false;
  #off: (() => void)[] = [];

  constructor(readonly env: Env) {}

  /** Begins; who calls it ends it with stop. */
  start() {
    this.stop();
    this.#stop = new AbortController();
    this.#channel = this.env.channel?.();
    this.#channel?.on((m) => this.#hear(m));
    let cancel = () => {};
    const look = () => {
      cancel();
      if (this.env.visible()) this.#join();
      else cancel = this.env.after(hiddenAfter, () => this.#leave());
    };
    this.#off.push(this.env.onVisible(look), () => cancel(), this.#watch());
    this.#join();
    look();
  }

  stop() {
    this.#stop?.abort();
    this.#stop = undefined;
    this.#lead?.abort();
    this.#lead = undefined;
    for (const off of this.#off.splice(0)) off();
    this.#channel?.close();
    this.#channel = undefined;
    this.#leading = false;
  }

  /** Tries at once: a person does not wait for a timer. */
  retry() {
    if (!this.#stop) return;
    this.#lead?.abort();
    this.#lead = undefined;
    this.state.patch({ tries: 0 });
    this.#join();
  }

  /** Takes a document that was asked for while the stream was not there yet. */
  seed(doc: NowDoc) {
    if (!this.state.get().now) this.#took(doc);
  }

  /** Calls fn for each news of a rehearsal. */
  onJob(fn: (data: unknown) => void) {
    this.#jobs.add(fn);
    return () => void this.#jobs.delete(fn);
  }

  /** Milliseconds since what is shown was made, by clocks that agree. */
  age(): number {
    return this.state.get().now ? Math.max(0, this.env.now() - this.skew.offset - this.#madeAt) : 0;
  }

  /** What the gateway's clock says now. */
  gatewayTime(): number {
    return this.skew.known ? this.env.now() - this.skew.offset : this.env.date();
  }

  /** How far this computer's clock is ahead of the gateway's, in ms. */
  ahead(): number {
    return this.skew.known ? this.env.date() - this.gatewayTime() : 0;
  }

  #join() {
    if (this.#lead || !this.#stop) return;
    const lead = (this.#lead = new AbortController());
    if (this.state.get().connection === "hidden") this.state.patch({ connection: "connecting" });
    const run = () => this.#run(lead.signal);
    if (!this.env.lock || !this.#channel) {
      void run();
      return;
    }
    this.#channel.post({ kind: "who" });
    this.env.lock(run, lead.signal).catch(() => {}); // given up before it was had
  }

  #leave() {
    this.#lead?.abort();
    this.#lead = undefined;
    this.state.patch({ connection: "hidden", retryAt: undefined });
  }

  /** Streams, and streams again, until the tab lets go. */
  async #run(signal: AbortSignal) {
    this.#leading = true;
    try {
      while (!signal.aborted) {
        const wait = await this.#once(signal);
        if (signal.aborted) return;
        const tries = this.state.get().tries;
        const ms = wait ?? backoff(tries, this.env.random());
        if (ms > 0) this.#say({ connection: "lost", tries: tries + 1, retryAt: this.env.now() + ms });
        await this.#sleep(ms, signal);
      }
    } finally {
      if (this.#lead?.signal === signal || !this.#lead) this.#leading = false;
    }
  }

  /** One stream. Returns how long to wait, where the gateway said so. */
  async #once(outer: AbortSignal): Promise<number | undefined> {
    const cut = new AbortController();
    const abort = () => cut.abort();
    outer.addEventListener("abort", abort);
    this.#heard = this.env.now();
    let wait: number | undefined;
    let off = () => {};
    const guard = () => {
      if (this.env.now() - this.#heard >= silentAfter) cut.abort();
      else off = this.env.after(1_000, guard);
    };
    off = this.env.after(1_000, guard);
    try {
      this.skew.reset();
      await this.env.stream(this.#last, {
        message: (m) => {
          if (m.event === "bye") wait = this.#bye(m);
          this.#tell(m);
        },
        beat: () => this.#beat(),
      }, cut.signal);
    } catch (e) {
      if (e instanceof ProblemError && !outer.aborted) wait = await this.#refused(e, outer);
    } finally {
      off();
      outer.removeEventListener("abort", abort);
    }
    return wait;
  }

  async #refused({ problem }: ProblemError, signal: AbortSignal): Promise<number | undefined> {
    if (problem.status === 401) {
      lapse();
      return 5_000;
    }
    // Of those who watch this one is too many: it asks instead.
    if (problem.status === 404 || problem.status === 501 || problem.kind === "streams") return this.#poll(signal, problem.retry_after_seconds ?? 60);
    return problem.retry_after_seconds ? problem.retry_after_seconds * 1_000 * (1 + this.env.random() / 2) : undefined;
  }

  /** Asks every second instead, for so many seconds, then looks again. */
  async #poll(signal: AbortSignal, seconds: number): Promise<number | undefined> {
    for (let i = 0; i < seconds && !signal.aborted; i++) {
      try {
        const doc = await this.env.poll(signal);
        this.#tell({ event: "now", data: JSON.stringify(doc), id: "" });
        this.#say({ connection: "open", tries: 0, polling: true, retryAt: undefined });
      } catch {
        return undefined;
      }
      await this.#sleep(1_000, signal);
    }
    return 0;
  }

  #sleep(ms: number, signal: AbortSignal) {
    return new Promise<void>((done) => {
      const off = this.env.after(ms, end);
      function end() {
        off();
        signal.removeEventListener("abort", end);
        done();
      }
      signal.addEventListener("abort", end);
      if (signal.aborted) end();
    });
  }

  #bye(m: Message): number | undefined {
    const { reason, retry_ms: ms } = read<{ reason?: string; retry_ms?: number }>(m) ?? {};
    if (reason === "session" || reason === "expired") lapse();
    return ms && ms > 0 ? ms * (1 + this.env.random() / 2) : undefined;
  }

  #tell(m: Message) {
    this.#take(m);
    this.#channel?.post({ kind: "message", message: m });
  }

  #beat() {
    this.#heard = this.env.now();
    this.#channel?.post({ kind: "beat" });
  }

  #say(state: Partial<Live>) {
    this.state.patch(state);
    this.#channel?.post({ kind: "state", state });
  }

  #hear(m: Told) {
    switch (m.kind) {
      case "who": {
        const { connection, polling, tries, now } = this.state.get();
        if (!this.#leading) return;
        this.#channel?.post({ kind: "state", state: { connection, polling, tries } });
        if (now) this.#channel?.post({ kind: "message", message: { event: "now", data: JSON.stringify(now), id: "" } });
        return;
      }
      case "beat":
        this.#heard = this.env.now();
        return;
      case "message":
        return this.#take(m.message);
      case "state":
        if (!this.#leading && this.state.get().connection !== "hidden") this.state.patch(m.state);
    }
  }

  #take(m: Message) {
    this.#heard = this.env.now();
    if (m.event === "now") return this.#took(read<NowDoc>(m));
    if (m.event === "hello") return this.#hello(read<{ build?: string }>(m)?.build);
    if (m.event === "gap") this.state.patch({ gaps: this.state.get().gaps + 1 });
    if (m.event === "job") {
      const data = read<unknown>(m);
      for (const fn of this.#jobs) fn(data);
    }
    if (m.event === "audit") {
      if (m.id) this.#last = m.id;
      const event = read<Event>(m);
      const { events } = this.state.get();
      if (event && !events.some((e) => e.id === event.id)) this.state.patch({ events: [event, ...events].slice(0, keepEvents) });
    }
  }

  #hello(build: string | undefined) {
    const was = this.state.get().build;
    this.state.patch({
      connection: "open", tries: 0, polling: false, retryAt: undefined, build: was ?? build,
      upgraded: this.state.get().upgraded || (!!was && !!build && was !== build),
    });
  }

  #took(doc: NowDoc | undefined) {
    const made = doc ? Date.parse(doc.at) : NaN;
    if (!doc || Number.isNaN(made)) return;
    this.skew.note(made, this.env.now());
    this.#madeAt = made;
    this.state.patch({ now: doc, stale: this.age() > staleAfter, connection: "open", tries: 0, retryAt: undefined });
  }

  /** Looks twice a second whether what is shown grew old. */
  #watch() {
    let off = () => {};
    const look = () => {
      const { now, stale } = this.state.get();
      const old = !!now && this.age() > staleAfter;
      if (old !== stale) this.state.patch({ stale: old });
      off = this.env.after(500, look);
    };
    off = this.env.after(500, look);
    return () => off();
  }
}

function read<T>(m: Message): T | undefined {
  try {
    return JSON.parse(m.data) as T;
  } catch {
    return undefined; // not ours
  }
}

/** The browser. Locks are there on HTTPS and on loopback alone; without, each tab has a stream. */
export const browser = (): Env => ({
  now: () => performance.now(),
  date: () => Date.now(),
  random: () => Math.random(),
  after: (ms, fn) => {
    const timer = setTimeout(fn, ms);
    return () => clearTimeout(timer);
  },
  visible: () => document.visibilityState === "visible",
  onVisible: (fn) => {
    document.addEventListener("visibilitychange", fn);
    return () => document.removeEventListener("visibilitychange", fn);
  },
  stream: openStream,
  poll: async (signal) => (await ask<NowDoc>("GET", "now", { signal, timeout: 4_000 })).data,
  lock: navigator.locks ? (fn, signal) => navigator.locks.request("daero-console", { signal }, fn) : undefined,
  channel: typeof BroadcastChannel === "function" ? () => {
    const c = new BroadcastChannel("daero-console");
    return { post: (m) => c.postMessage(m), on: (fn) => (c.onmessage = (e) => fn(e.data as Told)), close: () => c.close() };
  } : undefined,
});

async function openStream(last: string, on: { message(m: Message): void; beat(): void }, signal: AbortSignal) {
  const headers: Record<string, string> = { Accept: "text/event-stream" };
  if (last) headers["Last-Event-ID"] = last;
  let r: Response;
  try {
    r = await fetch("/daero/api/stream?topics=now,jobs", { headers, credentials: "same-origin", cache: "no-store", redirect: "error", signal });
  } catch {
    throw new ProblemError({ type: "about:blank", kind: "network", title: "", status: 0 });
  }
  if (!r.ok || !r.body || !r.headers.get("Content-Type")?.startsWith("text/event-stream")) {
    if (!r.ok) throw new ProblemError(problemOf(r, await r.text()));
    void r.body?.cancel();
    throw new ProblemError({ type: "about:blank", kind: "http", title: "", status: 501 });
  }
  const push = parser(on.message, on.beat);
  const from = r.body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (;;) {
      const { done, value } = await from.read();
      if (done) return;
      push(value);
    }
  } finally {
    void from.cancel().catch(() => {});
  }
}

const none: Env = {
  now: () => 0, date: () => Date.now(), random: () => 0, after: () => () => {}, visible: () => false, onVisible: () => () => {},
  stream: () => Promise.resolve(), poll: () => Promise.reject(new Error("no browser")),
};
export const live = new LiveStore(typeof document === "object" ? browser() : none);

/** What is live; drawn again with each document, once a second. */
export const useLive = () => useStore(live.state);
