import assert from "node:assert/strict";
import { test } from "node:test";

import { ProblemError } from "../src/console/api";
import { backoff, Skew } from "../src/console/clock";
import { LiveStore, staleAfter, type Env } from "../src/console/live";
import { parser, type Message } from "../src/console/sse";
import type { NowDoc } from "../src/console/types";

// A browser whose time stands still until it is moved. All tabs of it have one
// clock, one lock and one channel.
class World {
  at = 1_000;
  timers: { due: number; fn: () => void; id: number }[] = [];
  ids = 0;
  held = false;
  waiting: (() => void)[] = [];
  tabs = new Set<Tab>();

  async pass(ms: number) {
    const end = this.at + ms;
    for (;;) {
      await settle();
      const next = this.timers.filter((t) => t.due <= end).sort((a, b) => a.due - b.due || a.id - b.id)[0];
      if (!next) break;
      this.timers = this.timers.filter((t) => t !== next);
      this.at = Math.max(this.at, next.due);
      next.fn();
    }
    this.at = end;
    await settle();
  }
}

const settle = async () => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};

type On = { message(m: Message): void; beat(): void };

class Tab {
  streams: { on: On; last: string; end: (e?: Error) => void; open: boolean; signal: AbortSignal }[] = [];
  visible = true;
  seen = () => {};
  heard = (_: unknown) => {};
  store: LiveStore;
  refuse: Error | undefined;
  polled = 0;

  constructor(readonly world: World, shared = true) {
    world.tabs.add(this);
    const env: Env = {
      now: () => world.at,
      date: () => 1_700_000_000_000 + world.at,
      random: () => 0.5,
      after: (ms, fn) => {
        const timer = { due: world.at + ms, fn, id: world.ids++ };
        world.timers.push(timer);
        return () => void (world.timers = world.timers.filter((t) => t !== timer));
      },
      visible: () => this.visible,
      onVisible: (fn) => {
        this.seen = fn;
        return () => {};
      },
      stream: (last, on, signal) => {
        if (this.refuse) return Promise.reject(this.refuse);
        return new Promise((done, fail) => {
          const s = { on, last, open: true, signal, end: (e?: Error) => ((s.open = false), e ? fail(e) : done()) };
          this.streams.push(s);
          signal.addEventListener("abort", () => s.end());
        });
      },
      poll: () => {
        this.polled++;
        return Promise.resolve(doc(world.at));
      },
      ...(shared ? { lock: (fn: () => Promise<void>, signal: AbortSignal) => this.lock(fn, signal), channel: () => this.channel() } : {}),
    };
    this.store = new LiveStore(env);
  }

  async lock(fn: () => Promise<void>, signal: AbortSignal) {
    const w = this.world;
    while (w.held) await new Promise<void>((next, fail) => {
      w.waiting.push(next);
      signal.addEventListener("abort", () => fail(new Error("given up")));
    });
    if (signal.aborted) throw new Error("given up");
    w.held = true;
    try {
      await fn();
    } finally {
      w.held = false;
      for (const next of w.waiting.splice(0)) next();
    }
  }

  channel() {
    return {
      post: (m: unknown) => {
        for (const tab of this.world.tabs) if (tab !== this) tab.heard(JSON.parse(JSON.stringify(m)));
      },
      on: (fn: (m: never) => void) => void (this.heard = fn as (m: unknown) => void),
      close: () => void (this.heard = () => {}),
    };
  }

  show(visible: boolean) {
    this.visible = visible;
    this.seen();
  }

  get stream() {
    return this.streams[this.streams.length - 1]!;
  }

  get open() {
    return this.streams.filter((s) => s.open).length;
  }

  get state() {
    return this.store.state.get();
  }
}

// The gateway's clock is 7 s ahead of the browser's monotonic one.
const made = (ms: number) => new Date(1_700_000_007_000 + ms).toISOString();
const doc = (ms: number, more: Partial<NowDoc> = {}) => ({ id: ms, at: made(ms), revision: 1, lanes: [], feed: [], level: { number: 0 }, ...more }) as unknown as NowDoc;
const message = (event: string, data: unknown, id = ""): Message => ({ event, data: JSON.stringify(data), id });

async function opened(shared = true) {
  const world = new World();
  const tab = new Tab(world, shared);
  tab.store.start();
  await settle();
  tab.stream.on.message(message("hello", { build: "a" }));
  tab.stream.on.message(message("now", doc(world.at)));
  return { world, tab };
}

test("data are live, then old after three seconds, and live again with the next", async () => {
  const { world, tab } = await opened();
  assert.equal(tab.state.connection, "open");
  await world.pass(staleAfter - 100);
  assert.equal(tab.state.stale, false);
  await world.pass(700);
  assert.equal(tab.state.stale, true);
  assert.ok(tab.store.age() > staleAfter);
  assert.equal(tab.state.now!.at, made(1_000), "what was last known is still shown");
  tab.stream.on.message(message("now", doc(world.at)));
  assert.equal(tab.state.stale, false);
  tab.store.stop();
});

test("a document that comes late is as old as it is, whatever the clocks say", async () => {
  const { world, tab } = await opened();
  await world.pass(1_000);
  tab.stream.on.message(message("now", doc(world.at - 6_000)));
  assert.equal(tab.state.stale, true);
  assert.equal(Math.round(tab.store.age()), 6_000);
  tab.store.stop();
});

test("the gateway's time is told from documents, not from the browser's clock", async () => {
  const { world, tab } = await opened();
  assert.equal(tab.store.gatewayTime(), 1_700_000_007_000 + world.at);
  assert.equal(tab.store.ahead(), -7_000);
  tab.store.stop();
});

test("a lost stream is opened again, later each time, and at once when asked", async () => {
  const { world, tab } = await opened();
  tab.stream.on.message(message("audit", { id: 41, at: made(0), kind: "auto", entry: {} }, "41"));
  tab.refuse = new ProblemError({ type: "", kind: "network", title: "", status: 0 });
  tab.stream.end();
  await settle();
  assert.equal(tab.state.connection, "lost");
  assert.equal(tab.state.retryAt! - world.at, backoff(0, 0.5));
  const waits: number[] = [];
  for (let i = 0; i < 8; i++) {
    waits.push(tab.state.retryAt! - world.at);
    await world.pass(waits[i]!);
  }
  assert.deepEqual(waits, [375, 750, 1_500, 3_000, 6_000, 11_250, 11_250, 11_250]);
  assert.equal(tab.state.stale, true);
  tab.refuse = undefined;
  tab.store.retry();
  await settle();
  assert.equal(tab.open, 1);
  assert.equal(tab.stream.last, "41", "events are resumed");
  tab.stream.on.message(message("hello", { build: "a" }));
  tab.stream.on.message(message("now", doc(world.at)));
  assert.deepEqual([tab.state.connection, tab.state.tries, tab.state.stale, tab.state.upgraded], ["open", 0, false, false]);
  tab.store.stop();
});

test("a stream that says nothing is given up; heartbeats keep it", async () => {
  const { world, tab } = await opened();
  for (let i = 0; i < 5; i++) {
    await world.pass(5_000);
    tab.stream.on.beat();
  }
  assert.equal(tab.streams.length, 1);
  await world.pass(14_000);
  assert.ok(tab.streams.length > 1, "another was opened");
  assert.equal(tab.streams[0]!.open, false);
  tab.store.stop();
});

test("goodbye: the gateway says when to come back, and is another build then", async () => {
  const { world, tab } = await opened();
  tab.stream.on.message(message("bye", { reason: "shutdown", retry_ms: 2_000 }));
  tab.stream.end();
  await settle();
  assert.equal(tab.state.retryAt! - world.at, 2_500);
  await world.pass(2_500);
  tab.stream.on.message(message("hello", { build: "b" }));
  assert.equal(tab.state.upgraded, true);
  tab.store.stop();
});

test("a gateway that is busy is asked no sooner than it says", async () => {
  const { world, tab } = await opened();
  tab.refuse = new ProblemError({ type: "", kind: "http", title: "", status: 503, retry_after_seconds: 20 });
  tab.stream.end();
  await settle();
  await world.pass(tab.state.retryAt! - world.at);
  assert.equal(tab.state.retryAt! - world.at, 25_000);
  tab.store.stop();
});

test("without a stream it asks once a second", async () => {
  const world = new World();
  const tab = new Tab(world);
  tab.refuse = new ProblemError({ type: "", kind: "not-found", title: "", status: 404 });
  tab.store.start();
  await world.pass(5_500);
  assert.equal(tab.polled, 6);
  assert.deepEqual([tab.state.polling, tab.state.connection, tab.state.stale], [true, "open", false]);
  tab.store.stop();
});

test("one stream too many: it asks once a second, and after a while for a stream again, without a word of a loss", async () => {
  const { world, tab } = await opened();
  tab.refuse = new ProblemError({ type: "", kind: "streams", title: "", status: 503, retry_after_seconds: 10 });
  tab.stream.end();
  await settle();
  await world.pass(2_000); // the end of the stream, and its back-off
  assert.equal(tab.state.polling, true);
  const lost: unknown[] = [];
  tab.store.state.watch(() => tab.state.connection === "lost" && lost.push(tab.state.retryAt));
  tab.refuse = undefined;
  await world.pass(12_000);
  tab.stream.on.message(message("hello", { build: "a" }));
  assert.deepEqual([tab.state.polling, tab.state.connection, lost], [false, "open", []]);
  tab.store.stop();
});

test("a hundred tabs have one stream; all hear it; another goes on when its tab is closed", async () => {
  const world = new World();
  const tabs = Array.from({ length: 100 }, () => new Tab(world));
  for (const tab of tabs) tab.store.start();
  await settle();
  const streams = () => tabs.reduce((n, t) => n + t.open, 0);
  assert.equal(streams(), 1);
  const leader = tabs.find((t) => t.open)!;
  leader.stream.on.message(message("hello", { build: "a" }));
  leader.stream.on.message(message("now", doc(world.at)));
  assert.ok(tabs.every((t) => t.state.now?.id === 1_000 && t.state.connection === "open"));
  leader.store.stop();
  world.tabs.delete(leader);
  await world.pass(10);
  assert.equal(streams(), 1);
  // A tab that comes later is shown what is known at once.
  const late = new Tab(world);
  late.store.start();
  await settle();
  assert.equal(late.state.now?.id, 1_000);
  for (const tab of [...tabs, late]) tab.store.stop();
});

test("a tab that is hidden for long lets go; one that is seen again takes up", async () => {
  const { world, tab } = await opened();
  tab.show(false);
  await world.pass(30_000);
  assert.equal(tab.open, 1, "not at once");
  tab.show(true);
  tab.show(false);
  for (let i = 0; i < 13; i++) {
    await world.pass(5_000);
    if (tab.open) tab.stream.on.beat();
  }
  assert.deepEqual([tab.open, tab.state.connection], [0, "hidden"]);
  await world.pass(600_000);
  assert.equal(tab.open, 0);
  tab.show(true);
  await settle();
  assert.equal(tab.open, 1);
  tab.store.stop();
});

test("without locks each tab has its own", async () => {
  const { tab } = await opened(false);
  assert.equal(tab.open, 1);
  tab.store.stop();
  assert.equal(tab.open, 0);
});

test("events are kept once, and holes are counted", async () => {
  const { tab } = await opened();
  for (const id of [1, 2, 2, 3]) tab.stream.on.message(message("audit", { id, at: made(0), kind: "auto", entry: {} }, String(id)));
  tab.stream.on.message(message("gap", { from: 1 }));
  assert.deepEqual(tab.state.events.map((e) => e.id), [3, 2, 1]);
  assert.equal(tab.state.gaps, 1);
  tab.store.stop();
});

test("what is not ours is left alone", async () => {
  const { tab } = await opened();
  const before = tab.state.now;
  for (const data of ["", "{", "null", "[]", '{"at":"never"}']) tab.stream.on.message({ event: "now", data, id: "" });
  assert.equal(tab.state.now, before);
  tab.store.stop();
});

test("the difference of clocks is the least that was seen of late", () => {
  const skew = new Skew(3);
  assert.equal(skew.known, false);
  for (const late of [40, 5, 300]) skew.note(1_000, 1_000 + late);
  assert.equal(skew.offset, 5);
  for (const late of [80, 90, 70]) skew.note(1_000, 1_000 + late); // a clock was set
  assert.equal(skew.offset, 70);
  skew.reset();
  assert.equal(skew.offset, 70, "until there is another");
  skew.note(1_000, 1_900);
  assert.equal(skew.offset, 900);
});

test("a stream is read however it is cut", () => {
  const text = ": beat\r\nevent: now\ndata: {\"a\":\ndata: 1}\nid: 7\n\nevent: audit\r\ndata:x\r\n\r\nid\ndata: last\n\n";
  const want = [{ event: "now", data: "{\"a\":\n1}", id: "7" }, { event: "audit", data: "x", id: "7" }, { event: "message", data: "last", id: "" }];
  for (let size = 1; size < text.length; size++) {
    const got: Message[] = [];
    let beats = 0;
    const push = parser((m) => got.push(m), () => beats++);
    for (let i = 0; i < text.length; i += size) push(text.slice(i, i + size));
    assert.deepEqual(got, want, `pieces of ${size}`);
    assert.equal(beats, 1);
  }
});
