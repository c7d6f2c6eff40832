// Verifiers as they were published, each with the host in its code: what they say
// of good, spent, wrong and missing tokens, asking the server of these tests, and
// asking the program as it is shipped.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';

import { startGateway } from './gateway.mjs';
import { route } from './hosts.mjs';
import { startServer } from './server.mjs';

const require = createRequire(import.meta.url);

for (const start of [startServer, startGateway]) describe(`after ${start.name}`, () => verifiers(start));

function verifiers(start) {
  let server, site, other;
  before(async () => {
    server = await start();
    route(server);
    site = await server.site();
    other = await server.site();
  });
  after(() => server?.stop());

  const token = (contract, more = {}) => server.token({ sitekey: site.key, contract, ...more });

  describe('recaptcha2', () => {
    test('v2', async () => {
      const Recaptcha2 = require('recaptcha2');
      const ask = new Recaptcha2({ siteKey: site.key, secretKey: site.secret });
      const good = await token('recaptcha');
      assert.equal(await ask.validate(good, '192.0.2.1'), true);
      await assert.rejects(ask.validate(good), (codes) => {
        assert.deepEqual(codes, ['timeout-or-duplicate']);
        return true;
      });
      await assert.rejects(ask.validate('made up'), (codes) => {
        assert.deepEqual(ask.translateErrors(codes), ['The response parameter is invalid or malformed.']);
        return true;
      });
      const stranger = new Recaptcha2({ siteKey: site.key, secretKey: 'not the secret' });
      await assert.rejects(stranger.validate(await token('recaptcha')), (codes) => {
        assert.deepEqual(stranger.translateErrors(codes), ['The secret parameter is invalid or malformed.']);
        return true;
      });
    });
  });

  describe('express-recaptcha', () => {
    const through = (middleware, body) =>
      new Promise((resolve) => {
        const req = { body, query: {}, params: {}, headers: {}, connection: { remoteAddress: '192.0.2.1' } };
        middleware(req, {}, () => resolve(req.recaptcha));
      });

    test('v2', async () => {
      const { RecaptchaV2 } = require('express-recaptcha');
      const ask = new RecaptchaV2(site.key, site.secret, { checkremoteip: true });
      const good = await token('recaptcha');
      assert.deepEqual(await through(ask.middleware.verify, { 'g-recaptcha-response': good }), { error: null, data: { hostname: 'shop.example.test' } });
      const again = await through(ask.middleware.verify, { 'g-recaptcha-response': good });
      assert.equal(again.error, 'timeout-or-duplicate');
    });

    test('v3: a score and an action', async () => {
      const { RecaptchaV3 } = require('express-recaptcha');
      const ask = new RecaptchaV3(site.key, site.secret);
      const { error, data } = await through(ask.middleware.verify, { 'g-recaptcha-response': await token('recaptcha', { action: 'checkout' }) });
      assert.equal(error, null);
      assert.equal(data.action, 'checkout');
      assert.ok(data.score > 0 && data.score <= 1, `score ${data.score}`);
    });
  });

  describe('recaptcha-node', () => {
    test('v2 and v3', async () => {
      const { RecaptchaV2, RecaptchaV3 } = require('recaptcha-node');
      const two = await new RecaptchaV2(site.secret).verify(await token('recaptcha'));
      assert.equal(two.success, true);
      assert.ok(!Number.isNaN(Date.parse(two.challengeTimestamp)));
      const three = await new RecaptchaV3(site.secret).verify(await token('recaptcha', { action: 'login' }), '192.0.2.1');
      assert.equal(three.success, true);
      assert.equal(three.hostname, 'shop.example.test');
      assert.equal(three.action, 'login');
      assert.equal(typeof three.score, 'number');
      const wrong = await new RecaptchaV3('not the secret').verify(await token('recaptcha'));
      assert.equal(wrong.success, false);
      assert.deepEqual(wrong.errorCodes, ['invalid-input-secret']);
    });

    test('an app of Android', async () => {
      const app = await server.site({ hosts: ['app:com.example.shop'] });
      const { RecaptchaV2 } = require('recaptcha-node');
      const got = await new RecaptchaV2(app.secret).verify(await server.token({ sitekey: app.key, contract: 'recaptcha', host: 'app:com.example.shop' }));
      assert.equal(got.success, true);
      assert.equal(got.apkPackageName, 'com.example.shop');
    });
  });

  describe('hcaptcha', () => {
    test('good once', async () => {
      const { verify } = require('hcaptcha');
      const good = await token('hcaptcha');
      const first = await verify(site.secret, good, '192.0.2.1', site.key);
      assert.equal(first.success, true);
      assert.equal(first.hostname, 'shop.example.test');
      assert.ok(first.score < 0.5, `the score is a risk: ${first.score}`);
      const again = await verify(site.secret, good);
      assert.equal(again.success, false);
      assert.deepEqual(again['error-codes'], ['already-seen-response', 'invalid-or-already-seen-response']);
    });

    test("another site's key and an address that is none", async () => {
      const { verify } = require('hcaptcha');
      const wrong = await verify(site.secret, await token('hcaptcha'), null, other.key);
      assert.deepEqual(wrong, { success: false, 'error-codes': ['sitekey-secret-mismatch'] });
      const nowhere = await verify(site.secret, await token('hcaptcha'), 'nowhere');
      assert.deepEqual(nowhere, { success: false, 'error-codes': ['invalid-remoteip'] });
    });
  });

  describe('verify-hcaptcha', () => {
    test('good once', async () => {
      const { verifyHcaptchaToken, rawVerifyHcaptchaToken } = require('verify-hcaptcha');
      const good = await token('hcaptcha');
      const first = await verifyHcaptchaToken({ token: good, secretKey: site.secret, siteKey: site.key });
      assert.equal(first.success, true);
      const again = await rawVerifyHcaptchaToken({ token: good, secretKey: site.secret });
      assert.equal(again.success, false);
      const none = await rawVerifyHcaptchaToken({ token: '', secretKey: '' });
      assert.deepEqual(none['error-codes'], ['missing-input-secret', 'missing-input-response']);
    });
  });

  describe('cf-turnstile', () => {
    test('good once, with what the page said', async () => {
      const turnstile = require('cf-turnstile');
      const ask = turnstile(site.secret);
      const good = await token('turnstile', { action: 'sign-up', cdata: 'order 7' });
      const first = await ask(good, { remoteip: '192.0.2.1', hostname: 'shop.example.test', action: 'sign-up', cdata: 'order 7' });
      assert.equal(first.success, true);
      assert.ok(first.timestamp instanceof Date && !Number.isNaN(first.timestamp.getTime()));
      assert.deepEqual(first.errors, []);
      const again = await ask(good);
      assert.equal(again.success, false);
      assert.deepEqual(again.errors, ['timeout-or-duplicate']);
    });

    test('the published test keys', async () => {
      const turnstile = require('cf-turnstile');
      const dummy = 'XXXX.DUMMY.TOKEN.XXXX';
      assert.equal((await turnstile('1x0000000000000000000000000000000AA')(dummy)).success, true);
      assert.deepEqual((await turnstile('2x0000000000000000000000000000000AA')(dummy)).errors, ['invalid-input-response']);
      assert.deepEqual((await turnstile('3x0000000000000000000000000000000AA')(dummy)).errors, ['timeout-or-duplicate']);
    });
  });

  describe('fetch', () => {
    const ask = async (path, init) => {
      const answer = await fetch(`https://challenges.cloudflare.com${path}`, { method: 'POST', ...init });
      return [answer.status, await answer.json()];
    };

    test('Turnstile by JSON and by FormData, tried again with an idempotency key', async () => {
      const good = await token('turnstile');
      const idempotency_key = crypto.randomUUID();
      const body = { secret: site.secret, response: good, idempotency_key };
      const [, first] = await ask('/turnstile/v0/siteverify', { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
      assert.equal(first.success, true);
      const form = new FormData();
      for (const [name, value] of Object.entries(body)) form.append(name, value);
      const [, again] = await ask('/turnstile/v0/siteverify', { body: form });
      assert.deepEqual(again, first);
    });

    test('hCaptcha takes no JSON', async () => {
      const [status, said] = await ask('/siteverify', { headers: { 'content-type': 'application/json' }, body: '{}' });
      assert.equal(status, 200);
      assert.deepEqual(said, { success: false, 'error-codes': ['bad-request'] });
    });
  });
}
