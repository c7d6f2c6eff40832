import assert from "node:assert/strict";
import { test } from "node:test";

import en from "../src/console/words/en.json";
import ko from "../src/console/words/ko.json";
import { ago, bytes, clock, dateTime, goDuration, moment, num, seconds, share, short, span } from "../src/console/format";
import { prefs, type Lang } from "../src/console/prefs";
import { give } from "../src/console/words";

give("ko", ko);
give("en", en);
const speak = (lang: Lang) => prefs.patch({ lang, zone: "utc" });

test("numbers have the digits that matter", () => {
  speak("en");
  for (const [n, text] of [[0, "0"], [0.347, "0.35"], [3.14159, "3.14"], [41.27, "41.3"], [100.6, "101"], [3120, "3,120"], [12_345_678, "12,345,678"], [-5, "-5"], [NaN, "–"], [Infinity, "–"], [null, "–"], [undefined, "–"]] as const) assert.equal(num(n), text);
  for (const [n, text] of [[9_999, "9,999"], [10_000, "10k"], [12_345, "12.3k"], [2_500_000, "2.5M"]] as const) assert.equal(short(n), text);
});

test("shares: what is not nothing is not 0 %", () => {
  speak("en");
  for (const [x, text] of [[0, "0%"], [0.0004, "<0.1%"], [0.014, "1.4%"], [0.02, "2%"], [0.314, "31%"], [1, "100%"], [NaN, "–"]] as const) assert.equal(share(x), text);
});

test("durations", () => {
  speak("en");
  for (const [s, text] of [[0, "0"], [0.0004, "<1 ms"], [0.0082, "8.2 ms"], [0.123, "123 ms"], [0.9996, "1 s"], [1.94, "1.9 s"], [9.96, "10 s"], [42, "42 s"], [59.6, "1 min"], [90, "1 min 30 s"], [3_700, "1 h 2 min"], [-2, "−2 s"], [null, "–"]] as const) assert.equal(seconds(s), text);
  for (const [s, text] of [[0, "0 s"], [3_599, "59 min 59 s"], [3_601, "1 h"], [86_400, "1 d"], [90_061, "1 d 1 h"], [-3, "0 s"]] as const) assert.equal(span(s), text);
  speak("ko");
  assert.equal(span(125), "2분 5초");
  assert.equal(seconds(1.94), "1.9초");
  for (const [s, text] of [[0, "0s"], [90, "1m30s"], [3_600, "1h"], [3_661, "1h1m1s"]] as const) assert.equal(goDuration(s), text);
});

test("the clock has 24 hours, in the zone that was chosen", () => {
  for (const lang of ["ko", "en"] as const) {
    speak(lang);
    assert.equal(clock("2026-11-22T15:16:52Z"), "15:16:52");
    assert.equal(clock("2026-11-22T00:00:00Z"), "00:00:00");
    assert.match(dateTime("2026-11-22T15:16:52Z"), /2026.*15:16:52$/);
    assert.equal(clock(undefined), "–");
    assert.equal(clock("yesterday"), "–");
    assert.equal(moment("2026-11-22T15:16:52Z", Date.parse("2026-11-22T20:00:00Z")), "15:16:52");
    assert.match(moment("2026-11-21T15:16:52Z", Date.parse("2026-11-22T20:00:00Z")), /21.*15:16$/);
  }
});

test("how long ago, and in how long", () => {
  const now = Date.parse("2026-11-22T15:16:52Z");
  speak("ko");
  assert.equal(ago(now - 12_000, now), "12초 전");
  assert.equal(ago(now + 5_400_000, now), "1시간 30분 뒤");
  assert.equal(ago(now - 400, now), "방금");
  speak("en");
  assert.equal(ago(now - 130_000, now), "2 min 10 s ago");
  assert.equal(ago("never", now), "–");
});

test("bytes", () => {
  speak("en");
  for (const [n, text] of [[0, "0 B"], [999, "999 B"], [1_400_000, "1.4 MB"], [2e15, "2,000 TB"]] as const) assert.equal(bytes(n), text);
});
