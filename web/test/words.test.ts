import assert from "node:assert/strict";
import { test } from "node:test";

import { en } from "../src/widget/frame/words/en";
import { ko } from "../src/widget/frame/words/ko";
import { duration, fill, sayError } from "../src/widget/frame/words";

const blanks = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort();

test("both languages say the same things with the same blanks", () => {
  assert.deepEqual(Object.keys(en).sort(), Object.keys(ko).sort());
  for (const key of Object.keys(ko) as (keyof typeof ko)[]) {
    assert.deepEqual(blanks(en[key]), blanks(ko[key]), key);
    assert.ok(en[key].trim() && ko[key].trim(), key);
    assert.ok(/[가-힣]/.test(ko[key]), `${key} is not Korean: ${ko[key]}`);
    assert.ok(!/[가-힣]/.test(en[key]), `${key} is not English: ${en[key]}`);
  }
});

test("what a sentence quotes is a button's word", () => {
  for (const words of [ko, en]) {
    for (const text of Object.values(words)) {
      for (const [, quoted] of text.matchAll(/[‘“]([^’”]+)[’”]/g)) assert.ok(Object.values(words).includes(quoted), `${quoted} is on no button`);
    }
  }
});

test("blanks are filled, and what nobody fills is left out", () => {
  assert.equal(fill("{n} of {of}{x}", { n: 0, of: 2 }), "0 of 2");
});

test("seconds in words", () => {
  const cases: [number, string, string][] = [[0, "0초", "0 s"], [1, "1초", "1 s"], [59, "59초", "59 s"], [60, "1분", "1 min"], [80, "1분 20초", "1 min 20 s"], [600, "10분", "10 min"]];
  for (const [s, inKorean, inEnglish] of cases) {
    assert.equal(duration(ko, s), inKorean);
    assert.equal(duration(en, s), inEnglish);
  }
});

test("every code that the server has is said, and strange ones too", () => {
  for (const code of ["no-site", "wrong-host", "bad-action", "blocked", "unavailable", "internal", "network", "unsupported", "constructor", ""]) {
    assert.ok(Object.values(en).includes(sayError(en, code)), code);
  }
  assert.equal(sayError(ko, "bad-cdata"), ko.page);
  assert.equal(sayError(ko, "anything"), ko.failed);
});
