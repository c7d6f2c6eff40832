// Pages with the wrappers that others published for React and Vue, each loading
// its script from the host in its code: from the server of these tests, and from
// the program as it is shipped, which tells nobody its answers.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';

import { said, shop, startBrowser, visit } from './browser.mjs';
import { startGateway } from './gateway.mjs';
import { startServer } from './server.mjs';
import { waitFor, widgetOf } from './widget.mjs';

describe('after startServer', () => wrappers(startServer, { answers: true }));
describe('after startGateway', () => wrappers(startGateway, { answers: false }));

function wrappers(start, knows) {
  let server, browser, site, asking;
  before(async () => {
    server = await start();
    browser = await startBrowser(server);
    site = await server.site();
    asking = await server.site({ policy: { Ask: 'always' } });
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  /** Shows the page of a wrapper, which may load from one host and no other. */
  async function show(name, host, { key } = site) {
    await server.page({ path: `/${name}.js`, type: 'text/javascript', body: readFileSync(new URL(`build/${name}.js`, import.meta.url), 'utf8') });
    await server.page({
      path: `/${name}`,
      body: `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${name}</title></head><body><div id="root"></div><script src="/${name}.js"></script></body></html>`,
      csp: `default-src 'none'; script-src 'self' https://${host}; frame-src https://${host}; style-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'`,
    });
    const page = await visit(browser, { hosts: [host] });
    await page.goto(`${shop}/${name}?sitekey=${key}`);
    return page;
  }

  const first = async (page, name) => (await said(page, name))[0].slice(1);
  const good = async (contract, response, { secret } = site) => {
    const got = await server.verify(contract, { secret, response });
    assert.equal(got.success, true, JSON.stringify(got));
    return got;
  };
  const press = (page, name) => page.getByRole('button', { name, exact: true }).click();

  test('react-google-recaptcha: the box, getValue, reset, unmount', async () => {
    const page = await show('react-google-recaptcha', 'www.google.com');
    await first(page, 'loaded');
    const widget = await widgetOf(page, server);
    await widget.press();
    const [token] = await first(page, 'change');
    await press(page, 'Value');
    assert.deepEqual(await first(page, 'value'), [token]);
    await good('recaptcha', token);
    await press(page, 'Reset');
    await widget.is('idle');
    await widget.press();
    await waitFor(page, () => page.evaluate(() => window.said.filter((s) => s[0] === 'change').length === 2), 'a second token');
    await press(page, 'Unmount');
    await press(page, 'Unmount');
    const again = await waitFor(page, async () => page.frames().length > 1 && widgetOf(page, server, page.frames().length - 2), 'the widget again');
    await again.is('idle');
    await page.done();
  });

  test('react-google-recaptcha, invisible: executeAsync', async () => {
    const page = await show('react-google-recaptcha-invisible', 'www.google.com');
    await widgetOf(page, server);
    await press(page, 'Send');
    const [token] = await first(page, 'executed');
    await good('recaptcha', token);
    await page.done();
  });

  knows.answers && test('react-google-recaptcha, invisible, where a question is asked', async () => {
    const page = await show('react-google-recaptcha-invisible', 'www.google.com', asking);
    const widget = await widgetOf(page, server);
    await press(page, 'Send');
    await widget.is('question');
    await widget.solve();
    const [token] = await first(page, 'executed');
    await good('recaptcha', token, asking);
    await page.done();
  });

  test('react-google-recaptcha-v3: executeRecaptcha has an action and a score', async () => {
    const page = await show('react-google-recaptcha-v3', 'www.google.com');
    await press(page, 'Send');
    const [token] = await first(page, 'executed');
    const got = await good('recaptcha', token);
    assert.equal(got.action, 'checkout');
    assert.ok(got.score >= 0.5, `score ${got.score}`);
    await page.done();
  });

  test('@hcaptcha/react-hcaptcha: the box, getResponse, reset, execute', async () => {
    const page = await show('react-hcaptcha', 'js.hcaptcha.com');
    await first(page, 'loaded');
    const widget = await widgetOf(page, server);
    await widget.press();
    const [token, key] = await first(page, 'verify');
    assert.equal(typeof key, 'string');
    await press(page, 'Response');
    assert.deepEqual(await first(page, 'response'), [token, key]);
    await good('hcaptcha', token);
    await press(page, 'Reset');
    await widget.is('idle');
    await press(page, 'Execute');
    const [second] = await first(page, 'executed');
    assert.notEqual(second, token);
    await good('hcaptcha', second);
    await page.done();
  });

  knows.answers && test('@hcaptcha/react-hcaptcha, where a question is asked: opened, closed, then answered', async () => {
    const page = await show('react-hcaptcha', 'js.hcaptcha.com', asking);
    await first(page, 'loaded');
    const widget = await widgetOf(page, server);
    await press(page, 'Execute');
    await first(page, 'open');
    await widget.is('question');
    await widget.doing('close').click();
    await first(page, 'close');
    assert.deepEqual(await first(page, 'rejected'), ['challenge-closed']);
    await widget.press();
    await widget.is('question');
    await widget.solve();
    const [token] = await first(page, 'verify');
    await good('hcaptcha', token, asking);
    await page.done();
  });

  test('@hcaptcha/vue3-hcaptcha', async () => {
    const page = await show('vue3-hcaptcha', 'hcaptcha.com');
    await first(page, 'rendered');
    const widget = await widgetOf(page, server);
    await widget.press();
    const [token] = await first(page, 'verify');
    await good('hcaptcha', token);
    await page.done();
  });

  test('@marsidev/react-turnstile: getResponse, isExpired, the form, reset, remove', async () => {
    const page = await show('react-turnstile', 'challenges.cloudflare.com');
    assert.deepEqual(await first(page, 'loaded'), ['string']);
    const [token] = await first(page, 'success');
    await press(page, 'Response');
    assert.deepEqual(await first(page, 'response'), [token, false]);
    const got = await good('turnstile', token);
    assert.deepEqual([got.action, got.cdata], ['sign-up', 'order 7']);
    await press(page, 'Reset');
    await waitFor(page, () => page.evaluate(() => window.said.filter((s) => s[0] === 'success').length === 2), 'a second token');
    const second = await page.evaluate(() => window.said.findLast((s) => s[0] === 'success')[1]);
    await press(page, 'Send');
    await page.waitForURL(`${shop}/submit`);
    assert.deepEqual(JSON.parse(await page.innerText('body'))['cf-turnstile-response'], [second]);
    await page.goBack();
    await first(page, 'success');
    await press(page, 'Remove');
    assert.equal(await page.locator('iframe').count(), 0);
    await page.done();
  });

  test('vue-turnstile', async () => {
    const page = await show('vue-turnstile', 'challenges.cloudflare.com');
    await waitFor(page, () => page.evaluate(() => window.said.some((s) => s[0] === 'model' && s[1])), 'a token');
    const token = await page.evaluate(() => window.said.find((s) => s[0] === 'model' && s[1])[1]);
    assert.equal((await good('turnstile', token)).action, 'login');
    await page.done();
  });
}
