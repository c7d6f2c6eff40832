// What most files of tests begin with: a server, a browser, and a page of ours.
import { after, before } from 'node:test';

import { policy, scripts, shop, startBrowser, visit } from './browser.mjs';
import { startServer } from './server.mjs';
import { widgetOf } from './widget.mjs';

export const callbacks = `
window.said = [];
for (const name of ['good', 'gone', 'wrong', 'loaded', 'opened', 'shut', 'late']) {
  window[name] = (...what) => { window.said.push([name, ...what]); };
}
`;

/** A stage for the tests of a file. */
export function newStage() {
  const stage = {
    server: undefined,
    browser: undefined,
    /** Shows a form with the widget of a site, and the widget. */
    async form(site, { attrs = '', query = '?hl=en', lang = 'en', before = '', ...options } = {}) {
      const script = scripts.daero + query;
      const path = `/form-${Math.random().toString(36).slice(2)}`;
      await stage.server.page({
        path, csp: policy(script),
        body: `<!doctype html><html lang="${lang}"><head><meta charset="utf-8"><title>Order</title><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><script src="/callbacks.js"></script><script src="${script}" async defer></script></head>
<body><main><h1>Order</h1><form method="post" action="/submit">${before}
<div class="daero-captcha" data-sitekey="${site.key}" data-callback="good" data-expired-callback="gone" data-error-callback="wrong" ${attrs}></div>
<button id="send">Send</button></form></main></body></html>`,
      });
      const page = await visit(stage.browser, { hosts: ['captcha.example.test'], ...options });
      if (options.clock) await page.clock.install();
      await page.goto(shop + path);
      const widget = await widgetOf(page, stage.server);
      await widget.is('idle', 'error');
      return { page, widget };
    },
    /** What a site's server is told of the token that the page was given. */
    async passed(page, site) {
      await page.waitForFunction(() => window.said.some((s) => s[0] === 'good'));
      const token = await page.evaluate(() => window.said.findLast((s) => s[0] === 'good')[1]);
      return stage.server.verify('daero', { secret: site.secret, response: token });
    },
  };
  before(async () => {
    stage.server = await startServer();
    stage.browser = await startBrowser(stage.server);
    await stage.server.page({ path: '/callbacks.js', type: 'text/javascript', body: callbacks });
  });
  after(async () => {
    await stage.browser?.close();
    await stage.server?.stop();
  });
  return stage;
}
