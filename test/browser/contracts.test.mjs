// Pages written for each contract, unchanged but for what answers under the host
// in their code: classes, fields, globals, methods, callbacks.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { policy, said, scripts, shop, startBrowser, visit } from './browser.mjs';
import { startServer } from './server.mjs';
import { waitFor, widgetOf } from './widget.mjs';

let server, browser, site;
before(async () => {
  server = await startServer();
  browser = await startBrowser(server);
  site = await server.site();
  await server.page({ path: '/callbacks.js', type: 'text/javascript', body: callbacks });
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

// Globals that data-* attributes name.
const callbacks = `
window.said = [];
for (const name of ['good', 'gone', 'wrong', 'loaded', 'opened', 'shut', 'late', 'begin', 'end']) {
  window[name] = (...what) => { window.said.push([name, ...what]); };
}
`;

const html = (body, script) => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Order</title><meta name="viewport" content="width=device-width">
<script src="/callbacks.js"></script><script src="${script.replaceAll('&', '&amp;')}" async defer></script></head>
<body><main><h1>Order</h1><form method="post" action="/submit">${body}<button id="send">Send</button></form></main></body></html>`;

/** Shows a page with a body, and the script of a contract with a query. */
async function show(contract, body, query = '', options = {}) {
  const script = scripts[contract] + query;
  const path = `/${contract}-${Math.random().toString(36).slice(2)}`;
  await server.page({ path, body: html(body, script), csp: policy(script) });
  const page = await visit(browser, { hosts: [new URL(script).host], ...options });
  await page.goto(shop + path);
  return page;
}

const callback = async (page, name) => (await said(page, name))[0].slice(1);

const classes = {
  daero: ['daero-captcha', ['daero-captcha-response']],
  recaptcha: ['g-recaptcha', ['g-recaptcha-response']],
  hcaptcha: ['h-captcha', ['h-captcha-response', 'g-recaptcha-response']],
  turnstile: ['cf-turnstile', ['cf-turnstile-response']],
};

for (const [contract, [name, fields]] of Object.entries(classes)) {
  describe(contract, () => {
    test('a form: the box is pressed, the form has the token, the server takes it once', async () => {
      const page = await show(contract, `<div class="${name}" data-sitekey="${site.key}" data-callback="good" data-action="buy" data-theme="light"></div>`);
      const widget = await widgetOf(page, server);
      if (contract !== 'turnstile') {
        await widget.is('idle');
        await widget.press();
      }
      const [token] = await callback(page, 'good');
      await widget.is('done');
      assert.equal(await widget.box.getAttribute('aria-checked'), 'true');
      const values = await page.evaluate((names) => names.map((n) => document.querySelector(`form [name="${n}"]`).value), fields);
      assert.deepEqual(values, fields.map(() => token));
      await page.click('#send');
      await page.waitForURL(`${shop}/submit`);
      const sent = JSON.parse(await page.innerText('body'));
      for (const field of fields) assert.deepEqual(sent[field], [token]);
      const got = await server.verify(contract, { secret: site.secret, response: token });
      assert.equal(got.success, true);
      assert.equal(got.hostname, 'shop.example.test');
      assert.equal((await server.verify(contract, { secret: site.secret, response: token })).success, false);
      await page.done();
    });

    test('a page of another host, and a key of nobody', async () => {
      const strange = await server.site({ hosts: ['elsewhere.example.test'] });
      for (const key of [strange.key, 'k'.repeat(40)]) {
        const page = await show(contract, `<div class="${name}" data-sitekey="${key}" data-error-callback="wrong"></div>`);
        const widget = await widgetOf(page, server);
        await widget.is('error');
        assert.match(await widget.frame.getByRole('alert').innerText(), /whoever runs/);
        assert.deepEqual(await widget.violations(), []);
        await callback(page, 'wrong');
        await page.done({ complains: [/./] }); // a page's developer is told in the console
      }
    });
  });
}

const explicit = '?render=explicit&onload=loaded';
const box = '<div id="box"></div>';

describe('the methods of grecaptcha', () => {
  test('render gives a number; getResponse, reset, two on a page', async () => {
    const page = await show('recaptcha', `${box}<div id="two"></div>`, explicit);
    await callback(page, 'loaded');
    const ids = await page.evaluate((sitekey) => {
      const { render } = window.grecaptcha;
      return [render('box', { sitekey, callback: (t) => window.good('first', t) }), render(document.querySelector('#two'), { sitekey, callback: 'good' })];
    }, site.key);
    assert.deepEqual(ids.map((id) => typeof id), ['number', 'number']);
    assert.notEqual(ids[0], ids[1]);
    assert.equal(await page.evaluate(() => window.grecaptcha.getResponse()), '');
    const widget = await widgetOf(page, server, 0);
    await widget.press();
    const [which, token] = await callback(page, 'good');
    assert.equal(which, 'first');
    assert.equal(await page.evaluate((id) => window.grecaptcha.getResponse(id), ids[0]), token);
    assert.equal(await page.evaluate((id) => window.grecaptcha.getResponse(id), ids[1]), '');
    await page.evaluate((id) => window.grecaptcha.reset(id), ids[0]);
    await widget.is('idle');
    assert.equal(await page.evaluate(() => window.grecaptcha.getResponse()), '');
    await page.done();
  });

  test('invisible: execute asks the visitor nothing', async () => {
    const page = await show('recaptcha', box, explicit);
    await callback(page, 'loaded');
    await page.evaluate((sitekey) => {
      const id = window.grecaptcha.render('box', { sitekey, size: 'invisible', badge: 'inline', callback: 'good' });
      window.grecaptcha.execute(id);
    }, site.key);
    const [token] = await callback(page, 'good');
    assert.equal((await server.verify('recaptcha', { secret: site.secret, response: token })).success, true);
    await page.done();
  });

  test('v3: execute with an action is a promise of a token with a score', async () => {
    const page = await show('recaptcha', '', `?render=${site.key}`);
    await waitFor(page, () => page.evaluate(() => !!window.grecaptcha?.execute), 'grecaptcha');
    const token = await page.evaluate((key) => new Promise((ready) => window.grecaptcha.ready(ready)).then(() => window.grecaptcha.execute(key, { action: 'buy/now' })), site.key);
    const got = await server.verify('recaptcha', { secret: site.secret, response: token });
    assert.equal(got.action, 'buy/now');
    assert.ok(got.score >= 0.5, `score ${got.score}`);
    await page.done();
  });
});

describe('the methods of hcaptcha', () => {
  test('render gives a string; execute is a promise of response and key; reset; remove', async () => {
    const page = await show('hcaptcha', box, explicit);
    await callback(page, 'loaded');
    const id = await page.evaluate((sitekey) => window.hcaptcha.render('box', { sitekey, callback: 'good' }), site.key);
    assert.equal(typeof id, 'string');
    const widget = await widgetOf(page, server);
    await widget.is('idle');
    const got = await page.evaluate((id) => window.hcaptcha.execute(id, { async: true }), id);
    assert.deepEqual(Object.keys(got).sort(), ['key', 'response']);
    assert.equal(await page.evaluate((id) => window.hcaptcha.getResponse(id), id), got.response);
    assert.equal(await page.evaluate((id) => window.hcaptcha.getRespKey(id), id), got.key);
    assert.equal((await server.verify('hcaptcha', { secret: site.secret, response: got.response, sitekey: site.key })).success, true);
    await page.evaluate((id) => window.hcaptcha.reset(id), id);
    assert.equal(await page.evaluate((id) => window.hcaptcha.getResponse(id), id), '');
    await page.evaluate((id) => window.hcaptcha.remove(id), id);
    assert.equal(await page.locator('iframe').count(), 0);
    await page.done();
  });

  test('grecaptcha speaks for it, unless recaptchacompat is off', async () => {
    for (const [query, want] of [['', true], ['?recaptchacompat=off', false]]) {
      const page = await show('hcaptcha', box, query);
      await waitFor(page, () => page.evaluate(() => !!window.hcaptcha?.render), 'hcaptcha');
      assert.equal(await page.evaluate(() => !!window.grecaptcha), want);
      await page.done();
    }
  });

  test('execute of a question that the visitor closes is rejected', async () => {
    const asking = await server.site({ policy: { Ask: 'always' } });
    const page = await show('hcaptcha', box, explicit);
    await callback(page, 'loaded');
    await page.evaluate((sitekey) => {
      const id = window.hcaptcha.render('box', { sitekey, size: 'invisible', 'open-callback': 'opened', 'close-callback': 'shut' });
      window.hcaptcha.execute(id, { async: true }).catch((e) => window.wrong(String(e?.message ?? e)));
    }, asking.key);
    await callback(page, 'opened');
    const widget = await widgetOf(page, server);
    await widget.is('question');
    await widget.doing('close').click();
    assert.deepEqual(await callback(page, 'wrong'), ['challenge-closed']);
    await callback(page, 'shut');
    await page.done();
  });
});

describe('the methods of turnstile', () => {
  test('render gives a string; getResponse, isExpired, reset, remove', async () => {
    const page = await show('turnstile', box, explicit);
    await callback(page, 'loaded');
    const id = await page.evaluate((sitekey) => window.turnstile.render('#box', { sitekey, action: 'sign_up', cData: 'a b', callback: window.good }), site.key);
    assert.equal(typeof id, 'string');
    const [token] = await callback(page, 'good');
    assert.equal(await page.evaluate((id) => window.turnstile.getResponse(id), id), token);
    assert.equal(await page.evaluate((id) => window.turnstile.isExpired(id), id), false);
    const got = await server.verify('turnstile', { secret: site.secret, response: token });
    assert.deepEqual([got.action, got.cdata, got.metadata], ['sign_up', 'a b', { interactive: false }]);
    await page.evaluate((id) => window.turnstile.reset(id), id);
    await waitFor(page, () => page.evaluate(() => window.said.filter((s) => s[0] === 'good').length === 2), 'a second token');
    await page.evaluate((id) => window.turnstile.remove(id), id);
    assert.equal(await page.locator('iframe').count(), 0);
    assert.equal(await page.locator('[name="cf-turnstile-response"]').count(), 0);
    await page.done();
  });

  test('execution=execute waits for execute; the field can be renamed or left out', async () => {
    const page = await show('turnstile', `${box}<div id="none"></div>`, explicit);
    await callback(page, 'loaded');
    await page.evaluate((sitekey) => {
      window.turnstile.render('#box', { sitekey, execution: 'execute', 'response-field-name': 'proof', callback: window.good });
      window.turnstile.render('#none', { sitekey, 'response-field': false });
    }, site.key);
    await page.waitForTimeout(300);
    assert.equal(await page.evaluate(() => window.said.some((s) => s[0] === 'good')), false);
    await page.evaluate(() => window.turnstile.execute('#box'));
    const [token] = await callback(page, 'good');
    assert.equal(await page.evaluate(() => document.querySelector('[name="proof"]').value), token);
    assert.equal(await page.locator('[name="cf-turnstile-response"]').count(), 0);
    await page.done();
  });

  test('what is wrong has a number', async () => {
    const page = await show('turnstile', box, explicit);
    await callback(page, 'loaded');
    await page.evaluate(() => window.turnstile.render('#box', { sitekey: 'x'.repeat(40), 'error-callback': (code) => { window.wrong(code); return true; } }));
    const [code] = await callback(page, 'wrong');
    assert.match(String(code), /^1101[01]0$|^1101/);
    await page.done({ complains: [/./] });
  });
});

test('the test keys of the three', async () => {
  for (const [contract, key, secret] of [
    ['recaptcha', '6LeIxAcTAAAAAJcZVRqyHh71UMIEGNQ_MXjiZKhI', '6LeIxAcTAAAAAGG-vFI1TnRWxMZNFuojJ4WifJWe'],
    ['hcaptcha', '10000000-ffff-ffff-ffff-000000000001', '0x0000000000000000000000000000000000000000'],
    ['turnstile', '1x00000000000000000000AA', '1x0000000000000000000000000000000AA'],
  ]) {
    const page = await show(contract, `<div class="${classes[contract][0]}" data-sitekey="${key}" data-callback="good"></div>`);
    const widget = await widgetOf(page, server);
    if (contract !== 'turnstile') await widget.press();
    const [token] = await callback(page, 'good');
    assert.equal((await server.verify(contract, { secret, response: token })).success, true, contract);
    await page.done();
  }
});
