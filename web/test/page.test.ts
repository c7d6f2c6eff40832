import assert from "node:assert/strict";
import { test } from "node:test";

import { hcaptchaError, turnstileChecks, turnstileError } from "../src/widget/page/errors";
import { attributes, callback, placeOf } from "../src/widget/page/place";

test("the contract follows from the script's address", () => {
  const cases: [string, string | undefined, string?][] = [
    ["https://c.example/recaptcha/api.js?render=explicit", "recaptcha", "https://c.example"],
    ["https://c.example/recaptcha/enterprise.js", "recaptcha", "https://c.example"],
    ["https://c.example/1/api.js", "hcaptcha", "https://c.example"],
    ["https://c.example/1/secure-api.js?onload=f", "hcaptcha", "https://c.example"],
    ["https://c.example:8443/turnstile/v0/api.js", "turnstile", "https://c.example:8443"],
    ["http://localhost:8411/daero/captcha/api.js#x", "daero", "http://localhost:8411"],
    ["https://c.example/behind/a/proxy/1/api.js", "hcaptcha", "https://c.example/behind/a/proxy"],
    ["https://c.example/jquery.js", undefined],
    ["https://c.example/11/api.js", undefined],
    ["/recaptcha/api.js", undefined],
    ["", undefined],
  ];
  for (const [src, contract, base] of cases) {
    const place = placeOf(src);
    assert.equal(place?.contract, contract, src);
    assert.equal(place?.base, base, src);
  }
  assert.equal(placeOf("https://c.example/1/api.js?onload=f&hl=ko")?.params.get("hl"), "ko");
});

test("options stand on elements", () => {
  const el = { attributes: [{ name: "data-sitekey", value: "k" }, { name: "data-error-callback", value: "f" }, { name: "class", value: "x" }] };
  assert.deepEqual(attributes(el as unknown as Element), { sitekey: "k", "error-callback": "f" });
});

test("callbacks are functions, or names that are looked up when they are called", () => {
  const page = globalThis as any;
  page.window = page;
  const f = () => 1;
  assert.equal(callback(f), f);
  for (const none of [undefined, null, "", 7, {}]) assert.equal(callback(none), undefined);
  const late = callback("shop.done")!;
  page.shop = { n: 2, done(x: number) { return this.n + x; } };
  assert.equal(late(3), 5);
  const said: string[] = [];
  const error = console.error;
  console.error = (text: string) => void said.push(text);
  try {
    assert.equal(callback("nobody.there")!(1), undefined);
  } finally {
    console.error = error;
  }
  assert.equal(said.length, 1);
});

test("errors in the words of hCaptcha and the numbers of Turnstile", () => {
  const cases: [string, string, string][] = [
    ["network", "network-error", "300010"], ["no-site", "invalid-data", "110100"], ["wrong-host", "invalid-data", "110200"],
    ["bad-action", "invalid-data", "110420"], ["bad-cdata", "invalid-data", "110430"], ["too-many", "rate-limited", "600010"],
    ["unsupported", "challenge-error", "110500"], ["challenge-closed", "challenge-closed", "600010"], ["internal", "challenge-error", "600010"],
  ];
  for (const [code, h, t] of cases) {
    assert.equal(hcaptchaError(code), h, code);
    assert.equal(turnstileError(code), t, code);
  }
});

test("Turnstile's action and data are checked before anything is asked", () => {
  const cases: [object, string][] = [
    [{}, ""], [{ action: "log-in_2" }, ""], [{ action: "a".repeat(33) }, "bad-action"], [{ action: "로그인" }, "bad-action"], [{ action: "a b" }, "bad-action"],
    [{ cdata: "x".repeat(255) }, ""], [{ cdata: "가".repeat(85) }, ""], [{ cdata: "가".repeat(86) }, "bad-cdata"],
  ];
  for (const [options, want] of cases) assert.equal(turnstileChecks(options as any), want, JSON.stringify(options));
});
