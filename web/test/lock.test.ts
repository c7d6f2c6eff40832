import assert from "node:assert/strict";
import { test } from "node:test";

import { Lock } from "../src/widget/lock";

// x^(2^t) mod n by the definition, with the exponent in one piece.
function directly(n: bigint, x: bigint, t: number): bigint {
  let y = x;
  for (let i = 0; i < t; i++) y = (y * y) % n;
  return y;
}

test("the work is t squarings, however it is sliced", () => {
  const n = (1n << 1024n) - 105n;
  const x = (1n << 1000n) + 12345n;
  for (const t of [1, 127, 128, 129, 1000]) {
    const want = directly(n, x, t).toString(16);
    const whole = new Lock({ n: n.toString(16), x: x.toString(16), t });
    assert.equal(whole.slice(1e9), want);
    assert.equal(whole.left, 0);

    let clock = 0; // every look at it is past the end of the slice
    const sliced = new Lock({ n: n.toString(16), x: x.toString(16), t });
    let slices = 0;
    let y: string | undefined;
    for (; y === undefined; slices++) {
      const before = sliced.left;
      y = sliced.slice(1, () => (clock += 10));
      assert.ok(sliced.left < before && before - sliced.left <= 128);
    }
    assert.equal(y, want);
    assert.equal(slices, Math.ceil(t / 128));
  }
});

test("a result is written as the server wants it: no zeros before, small letters", () => {
  assert.equal(new Lock({ n: "ff1", x: "a", t: 1 }).slice(10), "64");
});

const vector = {
  n: "aa866b31a9f31bab9caafe9da0ce532fe79abc8d779a9e57c8d08fc4227c33875d46c30cd46a5101d2dd9204982613cf32d40f07ea94b3f4ee54312c59805819f5f579d9ac624f043d622ee99976819d5b5a2a7085ccaaaa114775e8a643655c8ef4273f1217896d914d2c86e450addf57b44889af8e3450b606275f3382340f",
  x: "600b7d3a940f058cdbe9b38c88c3f7260faf19088928d3d808b64f0d70d17bf1a8b4621f78bd1b1df65cd236f4e9ef25ada33a4a7c6fc689845a2fdc7adc89c04145a41789c1e69851521709068eff5c9cb4fb78eea7ce965483ca2a15904bfe0b5d36373a98591537012fb88100c7c25c1424c0d32197419cf85123f4f82321",
  t: 500,
  y: "232c3524b04f48bbb719fe3a2fcd198e8fff9fb96af6e13d861cd72ef1545a3f8e23a79d1c2a6912fd5b4a697ef68aee278514db9071fd5d6e85f6ef73f4233d46b27e4655e593b5dada107f1eba0e5f5e52d483f101d22d505cd978ad91461cef5087dc782e692a668330cd7800f09b31a03e2304c12698125ebda45b1d3c7b",
};

// The pair was made by captcha/pow of Go: both sides mean the same.
test("Go's task has Go's result", () => {
  const { n, x, t, y } = vector;
  assert.equal(new Lock({ n, x, t }).slice(1e9), y);
});
