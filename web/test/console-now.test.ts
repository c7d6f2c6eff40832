import assert from "node:assert/strict";
import { test } from "node:test";

import en from "../src/console/words/en.json";
import ko from "../src/console/words/ko.json";
import { actionName, describe, markLabel } from "../src/console/entry";
import { feltText, orderText, sharesText } from "../src/console/felt";
import { extend, fromDoc } from "../src/console/history";
import { prefs } from "../src/console/prefs";
import { ofLane } from "../src/console/screens/lanes-one";
import { keptFrom, orderBody } from "../src/console/screens/lanes-order";
import { readHeaders } from "../src/console/screens/lanes-tester";
import { localTimes } from "../src/console/shell-words";
import type { Felt, HistoryDoc, NowDoc, NowLane } from "../src/console/types";
import { niceTop, placeLabels, stack } from "../src/console/ui/chart";
import { filterLanes } from "../src/console/ui/lane-table";
import { sharesOf } from "../src/console/ui/outcome";
import { give } from "../src/console/words";

give("ko", ko);
give("en", en);
prefs.patch({ lang: "ko", zone: "utc" });

test("what people feel, as a sentence", () => {
  const cases: [Felt, string, string][] = [
    [{ kind: "none" }, "영향 없음", "nothing"],
    [{ kind: "shed", of: 4, n: 3, who: "foreground" }, "사용자 4명 중 3명이 예약을 받음", "3 of 4 people are told when to return"],
    [{ kind: "defer", of: 3, n: 2, who: "background", seconds: 120 }, "앱 자동 요청 3건 중 2건이 최대 2분 늦게 처리됨", "2 of 3 background requests are done up to 2 min later"],
    [{ kind: "challenge", of: 4, n: 4, who: "new-device" }, "새 기기 거의 모두 사람 확인을 받음", "nearly all new devices are asked for a CAPTCHA"],
    [{ kind: "wait", of: 4, n: 1, who: "", seconds: 1.9 }, "요청 4건 중 1건이 1.9초 기다림", "1 of 4 requests wait 1.9 s"],
    [{ kind: "fail", of: 4, n: 4, who: "" }, "요청 거의 모두 실패함", "nearly all requests fail"],
  ];
  for (const [felt, korean, english] of cases) {
    prefs.patch({ lang: "ko" });
    assert.equal(feltText(felt), korean);
    prefs.patch({ lang: "en" });
    assert.equal(feltText(felt), english);
  }
  prefs.patch({ lang: "ko" });
});

test("what a person ordered, as a sentence", () => {
  const order = { backend: "chat", lane: "login", shed: {}, defer: {}, challenge: {}, text: "what the gateway says", until: "", by: "min", reason: "", since: "", admits: 0.25, revision: 1 };
  assert.equal(orderText({ ...order, ramp: { from: 0.2, add: 0.05, every: 30 } }), "25% 입장 중, 30초마다 5%씩");
  assert.equal(orderText({ ...order, shed: { foreground: 0.5, background: 0.5 }, ceiling: 40 }), "거절 50% · 통행권 40개까지");
  assert.equal(orderText({ ...order, shed: { foreground: 1, background: 1 }, closed: true }), "닫힘(모두 거절)");
  assert.equal(orderText({ ...order, open: true }), "열림(대응을 무시)");
  assert.equal(orderText(order), "what the gateway says");
  assert.equal(sharesText({ foreground: 0, background: 0.75 }), "앱 자동 요청 75%");
});

test("what happened, as a sentence; what is not known is said as it is", () => {
  assert.equal(describe({ at: "", who: "daero", what: "level.changed", target: "alert", before: "caution", after: "alert" }), "단계 2 주의 → 3 경계");
  assert.equal(describe({ at: "", who: "daero", what: "action.entered", target: "shed login background", before: "0%", after: "75%", share: 0.21 }), "켜짐: login · 거절 (앱 자동 요청) 75% (전체의 21%)");
  assert.equal(describe({ at: "", who: "daero", what: "new.thing", target: "x", before: "a", after: "b" }), "new.thing x a → b");
  assert.equal(actionName("strange thing"), "strange thing");
  assert.equal(markLabel({ at: "", id: 1, what: "level.changed", after: "serious", kind: "auto" }), "● 4 심각");
  assert.equal(markLabel({ at: "", id: 1, what: "action.moved", kind: "auto" }), "");
});

test("times in the gateway's sentences are told in the zone in force", () => {
  assert.equal(localTimes("pinned until 19:16:52 UTC by min", Date.parse("2026-11-22T10:00:00Z")), "pinned until 19:16:52 by min");
  assert.equal(localTimes("the end of it", 0), "the end of it");
});

test("orders of a lane, as the API has them", () => {
  const cases: [Record<string, string>, object, number][] = [
    [{ kind: "ramp", from: "20", add: "5", every: "30" }, { ramp: { from: 0.2, add: 0.05, every: 30 } }, 0.8],
    [{ kind: "shed", share: "50", who: "" }, { shed: { foreground: 0.5, background: 0.5 } }, 0.5],
    [{ kind: "shed", share: "100", who: "background" }, { shed: { foreground: 0, background: 1 } }, 1],
    [{ kind: "defer", share: "25", who: "foreground" }, { defer: { foreground: 0.25, background: 0 } }, 0.25],
    [{ kind: "ceiling", ceiling: "40" }, { ceiling: 40 }, 0],
    [{ kind: "close" }, { close: true }, 1],
    [{ kind: "open" }, { open: true }, 0],
    [{ kind: "shed", share: "900", who: "" }, { shed: { foreground: 1, background: 1 } }, 1],
  ];
  for (const [values, body, kept] of cases) {
    assert.deepEqual(orderBody(values), body);
    assert.equal(keptFrom(values), kept);
  }
});

test("headers of a request, one a line", () => {
  assert.deepEqual(readHeaders("X-App-State: background\n\n cookie :a=b; c:d \r\n"), { headers: [["X-App-State", "background"], ["cookie", "a=b; c:d"]] });
  assert.equal(readHeaders("A: b\nno header").wrong, 2);
  assert.equal(readHeaders("bad name: x").wrong, 1);
});

test("what is about a lane", () => {
  const lane = { name: "login", backend: "chat" };
  for (const [what, target, is] of [["level.changed", "alert", true], ["action.entered", "shed login background", true], ["lane.ordered", "chat/login", true], ["lane.ordered", "other/login2", false], ["operator.login", "min", false]] as const) assert.equal(ofLane(what, target, lane), is, what + target);
});

const lanes = (n: number) => Array.from({ length: n }, (_, i) => ({ backend: "chat", name: `lane-${i}`, tier: "normal", state: i ? "ok" : "shedding" })) as NowLane[];

test("one of 200 lanes is found by name, backend or state", () => {
  assert.equal(filterLanes(lanes(200), "").length, 200);
  assert.deepEqual(filterLanes(lanes(200), " LANE-19 ").map((l) => l.name).length, 11);
  assert.equal(filterLanes(lanes(200), "거절").length, 1);
  assert.equal(filterLanes(lanes(200), "nothing").length, 0);
});

test("shares of an outcome", () => {
  const none = { passed: 0, waited: 0, deferred: 0, challenged: 0, shed: 0, failed: 0 };
  assert.deepEqual(sharesOf(none), []);
  assert.deepEqual(sharesOf({ ...none, passed: 3, shed: 1 }), [{ name: "passed", part: 0.75 }, { name: "shed", part: 0.25 }]);
});

test("a stack adds up; what was not sampled is a hole", () => {
  assert.deepEqual(stack([[1, null, 3], [2, null, null], [0, 5, 1]]), [[1, null, 3], [3, null, 3], [3, 5, 4]]);
});

test("the axis begins at zero and ends a little above the most", () => {
  for (const [most, top] of [[0, 1], [1, 1.2], [9.6, 12 - 2 + 2], [97, 120], [0.0021, 0.0025], [10_900, 12_000]] as const) assert.ok(Math.abs(niceTop(most) - top) < top * 0.21, `${most}: ${niceTop(most)}`);
  for (let most = 0.001; most < 1e6; most *= 1.37) {
    const top = niceTop(most);
    assert.ok(top >= most * 1.04 && top <= most * 1.6, `${most}: ${top}`);
  }
  assert.equal(niceTop(3, 100), 100);
  assert.equal(niceTop(NaN), 1);
});

test("labels of marks stand beside their lines and never over each other; the weightiest stay", () => {
  const marks = Array.from({ length: 20 }, (_, i) => ({ x: 100 + i * 4, width: 50, weight: i === 15 ? 4 : 0 }));
  const places = placeLabels(marks, 3, 60, 400);
  assert.ok(places[15]);
  const boxes = places.flatMap((p) => (p ? [p] : []));
  assert.ok(boxes.length >= 6);
  for (const a of boxes) {
    assert.ok(a.x >= 60 && a.x + 50 <= 400);
    for (const b of boxes) assert.ok(a === b || a.row !== b.row || Math.abs(a.x - b.x) >= 50);
  }
  assert.deepEqual(placeLabels([{ x: 390, width: 50 }], 3, 60, 400), [{ row: 0, x: 335 }], "at the right end they stand left");
});

const outcome = { passed: 1, waited: 0, deferred: 0, challenged: 0, shed: 2, failed: 0 };
const historyOf = (n: number, step: number): HistoryDoc => ({
  from: "2026-11-22T10:00:00Z", step_seconds: step, n, level: new Array(n).fill(0), totals: { passed: new Array(n).fill(5) } as never,
  lanes: { "chat/lane-0": { in: new Array(n).fill(1), limit: new Array(n).fill(9), reasons: { turn: new Array(n).fill(0) } } as never }, events: null,
});
const docAt = (at: string) => ({ at, level: { number: 3 }, totals: outcome, lanes: [{ ...lanes(1)[0], in: 7, limit: 8, outcome, in_flight: 1, waiting: 0, wait_seconds: 0, recent_seconds: 0.1, through: 1, reasons: { full: 2 } }] }) as unknown as NowDoc;

test("history goes on with what is live: a point a step, the oldest away, holes where nothing came", () => {
  let h = { ...fromDoc(historyOf(10, 5)), keep: 10 };
  assert.deepEqual([h.x.length, h.x[9]! - h.x[0]!], [10, 45]);
  assert.equal(extend(h, docAt("2026-11-22T10:00:47Z")), h, "the step is not over");
  h = extend(h, docAt("2026-11-22T10:00:51Z"));
  assert.deepEqual([h.x.length, h.x[9]! - h.x[0]!, h.totals.passed[9], h.totals.passed[8], h.level[9]], [10, 45, 1, 5, 3]);
  assert.deepEqual([h.lanes["chat/lane-0"]!.in[9], h.lanes["chat/lane-0"]!.limit[8], h.lanes["chat/lane-0"]!.reasons!.full, h.lanes["chat/lane-0"]!.reasons!.turn![9]], [7, 9, [null, null, null, null, null, null, null, null, null, 2], 0]);
  h = extend(h, docAt("2026-11-22T10:01:10Z"));
  assert.deepEqual(h.totals.passed.slice(5), [1, null, null, null, 1]);
  h = extend(h, docAt("2026-11-22T12:00:00Z"));
  assert.deepEqual([h.x.length, h.totals.passed.filter((v) => v != null).length], [10, 1]);
  assert.equal(extend(h, docAt("2026-11-22T11:00:00Z")), h, "a document from before changes nothing");
  const young = extend(fromDoc(historyOf(3, 5), "5m"), docAt("2026-11-22T10:00:26Z"));
  assert.deepEqual([young.x.length, young.keep, young.totals.passed], [6, 60, [5, 5, 5, null, null, 1]], "a young gateway's history grows");
  const seconds = fromDoc(historyOf(3, 1), "5m");
  assert.deepEqual(extend(seconds, docAt("2026-11-22T10:00:04.01Z")).totals.passed, [5, 5, 5, 1, 1], "documents come a little early or late");
  assert.deepEqual(extend(seconds, docAt("2026-11-22T10:00:05.01Z")).totals.passed, [5, 5, 5, null, null, 1], "two that are missing are missed");
});
