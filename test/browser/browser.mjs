// Chromium, in which the hosts that pages and wrappers have in their code are the
// server under test, and no other host is there at all.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import { chromium } from 'playwright-core';

const require = createRequire(import.meta.url);
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

export const shop = 'https://shop.example.test';

/** The host that a contract's scripts come from, as pages have it. */
export const scripts = {
  daero: 'https://captcha.example.test/daero/captcha/api.js',
  recaptcha: 'https://www.google.com/recaptcha/api.js',
  hcaptcha: 'https://js.hcaptcha.com/1/api.js',
  turnstile: 'https://challenges.cloudflare.com/turnstile/v0/api.js',
};

/** The policy of a page: what it needs of a captcha's host, and nothing more. */
export const policy = (script) => {
  const { origin } = new URL(script);
  return `default-src 'none'; script-src 'self' ${origin}; frame-src ${origin}; style-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`;
};

export function startBrowser(server) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--autoplay-policy=user-gesture-required',
      '--disable-blink-features=AutomationControlled',
      `--host-resolver-rules=MAP * 127.0.0.1:${server.tls}`,
    ],
  });
}

// What a usual browser says of itself: a driven one is asked a question.
const usual = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';

/**
 * Opens a page of a visitor's own. What it asked of which host is noted, and so
 * is every complaint of the browser; `done` looks at both.
 */
export async function visit(browser, { hosts = [], init, ...options } = {}) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, userAgent: usual, locale: 'en-US', ...options });
  if (init) await context.addInitScript(init);
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const asked = new Set();
  const complaints = [];
  context.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol !== 'data:' && url.protocol !== 'blob:') asked.add(url.host);
  });
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(`${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  const allowed = new Set(['shop.example.test', ...hosts]);
  page.done = async ({ complains = [] } = {}) => {
    assert.deepEqual([...asked].filter((host) => !allowed.has(host)), [], 'requests to other hosts');
    const unexpected = complaints.filter((text) => !complains.some((pattern) => pattern.test(text)));
    assert.deepEqual(unexpected, [], 'what the browser complained about');
    await context.close();
  };
  page.complaints = complaints;
  return page;
}

/**
 * axe's violations of a page with its frames, in short. The scripts are evaluated
 * past the policy, by the debugger. Rules are all of them, unless told.
 */
export async function violations(page, rules) {
  const options = { resultTypes: ['violations'], ...(rules && { runOnly: rules }) };
  const partials = [];
  const look = async (frame, context) => {
    await frame.evaluate(axe);
    partials.push(await frame.evaluate(([context, options]) => window.axe.runPartial(context ?? document, options), [context, options]));
    const inner = await frame.evaluate((context) => window.axe.utils.getFrameContexts(context ?? document), context);
    for (const { frameSelector, frameContext } of inner) {
      await look(await (await frame.$(frameSelector)).contentFrame(), frameContext);
    }
  };
  await look(page.mainFrame());
  const found = await page.evaluate(([partials, options]) => window.axe.finishRun(partials, options), [partials, options]);
  return found.violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target.join(' ')}: ${n.failureSummary.split('\n').slice(1).join(';')}`));
}

/** What the page's callbacks were called with, once `name` is among it. */
export async function said(page, name) {
  await page.waitForFunction((name) => window.said?.some((one) => one[0] === name), name);
  return page.evaluate((name) => window.said.filter((one) => one[0] === name), name);
}
