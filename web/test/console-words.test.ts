import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import en from "../src/console/words/en.json";
import ko from "../src/console/words/ko.json";
import { choose, prefs } from "../src/console/prefs";
import { either, fill, give, t, tOr } from "../src/console/words";

const korean: Record<string, string> = ko;
const english: Record<string, string> = en;
const blanks = (text: string) => [...new Set([...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]))].sort();

// Counters of things, which English does without, and names that are the same everywhere.
const koreanOnly = new Set(["u", "ui"]);

test("both languages say the same things with the same blanks", () => {
  assert.deepEqual(Object.keys(english).sort(), Object.keys(korean).sort());
  for (const key of Object.keys(korean)) {
    assert.deepEqual(blanks(korean[key]!).filter((b) => !koreanOnly.has(b!)), blanks(english[key]!), key);
    if (!key.startsWith("felt.u")) assert.ok(korean[key]!.trim() && english[key]!.trim(), `${key} says nothing`);
    assert.ok(!/[가-힣]/.test(english[key]!), `${key} is not English: ${english[key]}`);
  }
});

test("Korean is Korean: what has no Hangul is a name, a number or a sign", () => {
  const strange = Object.entries(korean).filter(([, text]) => /[A-Za-z]{4,}/.test(text) && !/[가-힣]/.test(text));
  const names = /^(CAPTCHA|English|Caddyfile|JSON|HTML|CSV|JSON Lines|NDJSON|POST|GET|daero|UTC|OIDC|IPv?[46]?|WAV|PNG|[{}\w .:·→/%<>()-]{0,24})$/;
  assert.deepEqual(strange.filter(([, text]) => !names.test(text.replace(/\{\w+\}/g, ""))), []);
});

const names = (dir: string): string[] => readdirSync(dir, { withFileTypes: true }).flatMap((e) => (e.isDirectory() ? names(`${dir}/${e.name}`) : /\.tsx?$/.test(e.name) ? [`${dir}/${e.name}`] : []));
const sources = (dir: string) => names(dir).map((name) => readFileSync(name, "utf8"));

test("every word that a screen asks for by name is there", () => {
  for (const source of sources("src/console")) {
    for (const [, key] of source.matchAll(/\bt\("([\w.-]+)"/g)) assert.ok(key! in korean, key);
  }
});

test("every word is said somewhere", () => {
  // The files of a screen count as one.
  const screens: Record<string, string> = {};
  for (const [i, name] of names("src/console").entries()) screens[name.replace(/[-.][^/]*$/, "")] += sources("src/console")[i]!;
  const files = Object.values(screens);
  const literals = (source: string) => new Set([...source.matchAll(/["`'. ]([\w.-]+)(?=["`' ])/g)].map((m) => m[1]!));
  const named = new Set(files.flatMap((source) => [...literals(source)]));
  // Keys that are put together: "queues.state.${…}" may be any below it; of
  // "captcha.${…}" the rest is named beside it.
  const together = files.flatMap((source) => {
    const own = literals(source);
    return [...source.matchAll(/`([\w-]+\.(?:[\w-]+\.)*)\$\{/g)].map(([, begin]) => (key: string) => key.startsWith(begin!) && (begin!.split(".").length > 2 || open.has(begin!) || own.has(key.slice(begin!.length))));
  });
  // What the gateway names.
  const open = new Set(["kind.", "who.", "what.", "event.", "mark.", "felt.", "role.", "range.", "tier.", "reason.", "level.", "menu.", "theme.", "for.", "problem.", "state.", "outcome."]);
  assert.deepEqual(Object.keys(english).filter((key) => !named.has(key) && !together.some((says) => says(key))), []);
});

test("blanks are filled; what nobody fills is left out; what is unknown is told", () => {
  assert.equal(fill("{n} of {of}{x}", { n: 0, of: 2 }), "0 of 2");
  prefs.patch({ lang: "en" });
  give("en", { "level.normal": "Normal" });
  assert.equal(t("level.normal"), "Normal");
  assert.equal(t("level.alert"), "level.alert");
  for (const key of ["constructor", "toString", "__proto__"]) assert.equal(tOr(key, "otherwise"), "otherwise");
  assert.equal(either("why", "왜"), "why");
  assert.equal(either("", "왜"), "왜");
});

test("language, theme and zone: by the address, what was kept, the browser", () => {
  const kept = (k: Record<string, string>) => (key: string) => k[key] ?? null;
  assert.deepEqual(choose("", kept({}), "ko-KR"), { lang: "ko", theme: "auto", zone: "local" });
  assert.deepEqual(choose("", kept({}), "fr"), { lang: "en", theme: "auto", zone: "local" });
  assert.deepEqual(choose("?lang=en&theme=dark&kiosk", kept({ "daero.lang": "ko", "daero.zone": "utc" }), "ko"), { lang: "en", theme: "dark", zone: "utc" });
  assert.deepEqual(choose("?lang=xx&theme=%22", kept({ "daero.lang": "<b>", "daero.theme": "light" }), "ko"), { lang: "ko", theme: "light", zone: "local" });
});
