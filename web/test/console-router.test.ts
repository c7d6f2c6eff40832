import assert from "node:assert/strict";
import { test } from "node:test";

import { href, parse } from "../src/console/router";

test("addresses of screens", () => {
  assert.deepEqual(parse(""), { screen: "now", parts: [], query: {} });
  assert.deepEqual(parse("#/"), { screen: "now", parts: [], query: {} });
  assert.deepEqual(parse("#/lanes/chat/login?range=1h"), { screen: "lanes", parts: ["chat", "login"], query: { range: "1h" } });
  assert.deepEqual(parse("#/log?who=%EB%AF%BC&text=a%20b"), { screen: "log", parts: [], query: { who: "민", text: "a b" } });
});

test("an unknown screen is none, and what cannot be decoded is as it was typed", () => {
  assert.equal(parse("#/nothing").screen, "");
  assert.equal(parse("#/constructor").screen, "");
  assert.deepEqual(parse("#/lanes/%zz/x").parts, ["%zz", "x"]);
});

test("what is written is read again", () => {
  for (const parts of [[], ["a/b", "c d"], ["도로", "?#&"], ["%41", ".."]]) {
    for (const query of [{}, { text: "a=b&c", range: "5m" }]) assert.deepEqual(parse(href("lanes", parts, query)), { screen: "lanes", parts, query });
  }
  assert.equal(href("now", [], { range: "", who: undefined }), "#/now");
});
