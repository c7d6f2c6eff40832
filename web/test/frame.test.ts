import assert from "node:assert/strict";
import { test } from "node:test";

import { ask, isFinal, Refusal } from "../src/widget/frame/ask";
import { clamp } from "../src/widget/frame/map";

test("places are on the map, to a tenth of a pixel", () => {
  const cases: [number, number, number][] = [[-5, 480, 0], [500, 480, 480], [1.26, 480, 1.3], [0, 480, 0], [480, 480, 480]];
  for (const [v, most, want] of cases) assert.equal(clamp(v, most), want);
});

test("what trying again does not help is final", () => {
  for (const code of ["no-site", "wrong-host", "unsupported", "bad-action", "blocked"]) assert.ok(isFinal(code), code);
  for (const code of ["network", "internal", "unavailable", "gone", ""]) assert.ok(!isFinal(code), code);
});

test("whatever the server says is a reply or a refusal", async (t) => {
  const answers: [string, () => Promise<Response>, string | undefined][] = [
    ["a reply", async () => Response.json({ step: "done", token: "t" }), undefined],
    ["a refusal", async () => Response.json({ code: "no-site", reference: "AB-CD" }, { status: 404 }), "no-site"],
    ["a refusal without a code", async () => Response.json({}, { status: 500 }), "internal"],
    ["no reply", async () => Response.json({ hello: 1 }), "internal"],
    ["a proxy's page", async () => new Response("<html>", { status: 502 }), "network"],
    ["nothing", async () => { throw new TypeError("failed to fetch"); }, "network"],
  ];
  for (const [what, answer, code] of answers) {
    const sent = t.mock.method(globalThis, "fetch", answer);
    if (code === undefined) assert.equal((await ask("challenge", { a: 1 })).token, "t");
    else await assert.rejects(ask("challenge", { a: 1 }), (e) => e instanceof Refusal && e.code === code && (code !== "no-site" || e.reference === "AB-CD"), what);
    const init = sent.mock.calls[0].arguments[1]!;
    assert.equal(init.body, '{"a":1}');
    sent.mock.restore();
  }
});
