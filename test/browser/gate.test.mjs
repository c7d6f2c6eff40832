// The page that a browser gets whom the playbook challenges: it asks, and lets on.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { violations, visit } from './browser.mjs';
import { newStage } from './stage.mjs';
import { widgetOf } from './widget.mjs';

const stage = newStage();
const gated = 'https://gated.example.test';

const challenged = async (options = {}) => {
  const page = await visit(stage.browser, { hosts: ['gated.example.test'], ...options });
  const answer = await page.goto(`${gated}/login?next=/cart`, { waitUntil: 'commit' }); // it may lead on soon
  assert.equal(answer.status(), 403);
  const lang = await page.getAttribute('html', 'lang');
  return { page, lang };
};

// The browser says so itself of an answer of 403.
const complains = [/status of 403/];

for (const [lang, locale, colorScheme] of [['en', 'en-US', 'light'], ['ko', 'ko-KR', 'dark']]) {
  test(`a person passes and is where they wanted to be, with one cookie: ${lang}`, async () => {
    const { page, lang: told } = await challenged({ locale, colorScheme });
    assert.equal(told, lang);
    await page.getByText('Welcome in').waitFor();
    assert.equal(page.url(), `${gated}/login?next=/cart`);
    const cookies = await page.context().cookies();
    assert.deepEqual(cookies.map(({ name, httpOnly, secure }) => [name, httpOnly, secure]), [['daero_clearance', true, true]]);
    await page.goto(`${gated}/elsewhere`);
    await page.getByText('Welcome in').waitFor();
    await page.done({ complains });
  });
}

test('who looks automated answers a question first', async () => {
  const { page } = await challenged({ userAgent: 'Mozilla/5.0 HeadlessChrome/140.0.0.0' });
  const widget = await widgetOf(page, stage.server);
  await widget.is('idle');
  await widget.frame.getByRole('checkbox').waitFor();
  await widget.press();
  await widget.is('question');
  assert.deepEqual(await violations(page), []);
  await widget.solve();
  await page.getByText('Welcome in').waitFor();
  await page.done({ complains });
});

test('who lets no cookie be kept is told so', async () => {
  const { page } = await challenged();
  const on = await page.waitForResponse((answer) => answer.status() === 303 && answer.request().method() === 'POST');
  const next = new URL(await on.headerValue('location'), gated).href;
  await page.getByText('Welcome in').waitFor();
  await page.done({ complains });
  const without = await visit(stage.browser, { hosts: ['gated.example.test'] });
  await without.goto(next);
  await without.getByRole('heading', { name: /cookie was not kept/ }).waitFor();
  assert.deepEqual(await violations(without), []);
  await without.done({ complains: [/status of 4\d\d/] });
});
