// How long a visitor waits who is asked nothing: from the press to the token, by
// the program as it is shipped, at the work that a site has by default.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { policy, scripts, shop, startBrowser, visit } from './browser.mjs';
import { startGateway } from './gateway.mjs';
import { widgetOf } from './widget.mjs';

const visits = 9;
const median = (all) => all.toSorted((a, b) => a - b)[all.length >> 1];
const ms = (all) => all.map((t) => Math.round(t)).join(' ');

test('from the press to the token it takes as long as the work, and hardly more', async (t) => {
  const server = await startGateway();
  t.after(() => server.stop());
  const browser = await startBrowser(server);
  t.after(() => browser.close());
  const site = await server.site({ policy: { Ask: '', Work: 0 } });
  await server.page({
    path: '/form', csp: policy(scripts.daero),
    body: `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Order</title><script src="${scripts.daero}" async defer></script></head>
<body><main><h1>Order</h1><form method="post" action="/submit"><div class="daero-captcha" data-sitekey="${site.key}" data-callback="good"></div></form></main></body></html>`,
  });
  const took = [];
  const alone = [];
  for (let n = 0; n < visits; n++) {
    const page = await visit(browser, { hosts: ['captcha.example.test'] });
    const opened = page.waitForResponse((answer) => answer.url().endsWith('/daero/captcha/challenge'));
    await page.goto(`${shop}/form`);
    const widget = await widgetOf(page, server);
    await widget.is('idle');
    await page.waitForTimeout(1200); // as people look at a form first
    // Both clocks are the machine's: the frame's at the press, the page's at the token.
    await widget.frame.evaluate(() => addEventListener('pointerdown', () => { window.pressed = Date.now(); }, true));
    await page.evaluate(() => { window.good = () => { window.passed = Date.now(); }; });
    await widget.press();
    await page.waitForFunction(() => window.passed);
    took.push(await page.evaluate(() => window.passed) - await widget.frame.evaluate(() => window.pressed));
    const { work } = await (await opened).json();
    // The same squarings with nothing around them, in the same browser.
    alone.push(await page.evaluate(({ n, x, t }) => {
      const began = performance.now();
      let y = BigInt(`0x${x}`);
      for (const m = BigInt(`0x${n}`); t > 0; t--) y = (y * y) % m;
      return performance.now() - began;
    }, work));
    await page.done();
  }
  t.diagnostic(`from the press to the token: median ${Math.round(median(took))} ms of ${ms(took)}`);
  t.diagnostic(`the squarings alone: median ${Math.round(median(alone))} ms of ${ms(alone)}`);
  assert.ok(median(took) < 2 * median(alone) + 200, `${median(took)} ms, of which the work is ${median(alone)}`);
});
