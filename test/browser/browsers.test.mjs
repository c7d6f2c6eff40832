// Browsers of every kind: on a small screen, in the dark, without motion,
// workers, cookies or storage.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { newStage } from './stage.mjs';
import { fits } from './widget.mjs';

const stage = newStage();
const asking = () => stage.server.site({ policy: { Ask: 'always' } });

test('without workers', async () => {
  const site = await asking();
  const { page, widget } = await stage.form(site, { init: () => { delete window.Worker; } });
  assert.equal(await widget.frame.evaluate(() => typeof Worker), 'undefined');
  await widget.press();
  await widget.is('question');
  await widget.solve();
  const got = await stage.passed(page, site);
  assert.equal(got.success, true);
  assert.ok(got.reasons.includes('no-worker'), String(got.reasons));
  await page.done();
});

test('without cookies and storage', async () => {
  const site = await asking();
  const { page, widget } = await stage.form(site, {
    init: () => {
      const blocked = { get() { throw new DOMException('blocked', 'SecurityError'); } };
      for (const name of ['localStorage', 'sessionStorage', 'indexedDB', 'caches']) Object.defineProperty(window, name, blocked);
      Object.defineProperty(document, 'cookie', blocked);
    },
  });
  await widget.press();
  await widget.is('question');
  await widget.solve();
  assert.equal((await stage.passed(page, site)).success, true);
  assert.deepEqual(await page.context().cookies(), [], 'cookies');
  await page.done();
});

test('in the dark', async () => {
  const site = await asking();
  const { page, widget } = await stage.form(site, { colorScheme: 'dark', attrs: 'data-theme="auto"' });
  await widget.press();
  await widget.is('question');
  const bright = await widget.frame.evaluate(() => {
    const seen = (el) => {
      const [r, g, b, a = 1] = getComputedStyle(el).backgroundColor.match(/[\d.]+/g).map(Number);
      return a > 0.5 ? (r + g + b) / 3 : el.parentElement ? seen(el.parentElement) : 255;
    };
    return seen(document.querySelector('form'));
  });
  assert.ok(bright < 90, `the ground is ${bright} of 255`);
  await widget.solve();
  assert.equal((await stage.passed(page, site)).success, true);
  await page.done();
});

test('without motion', async () => {
  const site = await asking();
  const { page, widget } = await stage.form(site, { reducedMotion: 'reduce' });
  await widget.press();
  await widget.is('question');
  const moving = [];
  for (const frame of page.frames()) {
    moving.push(...(await frame.evaluate(() => document.getAnimations().map((a) => a.animationName ?? a.transitionProperty))));
  }
  assert.deepEqual(moving, []);
  await widget.solve();
  assert.equal((await stage.passed(page, site)).success, true);
  await page.done();
});

test('in Korean, with the words of every state', async () => {
  const site = await asking();
  const { page, widget } = await stage.form(site, { query: '', lang: 'ko', locale: 'ko-KR' });
  assert.equal(await widget.frame.evaluate(() => document.documentElement.lang), 'ko');
  assert.match(await widget.box.innerText(), /사람입니다/);
  await widget.press();
  await widget.is('question');
  assert.match(await widget.frame.getByRole('heading').innerText(), /[가-힣]/);
  await widget.solve();
  await widget.is('done');
  assert.match(await widget.box.innerText(), /확인했습니다/);
  await page.done();
});

test('the text is twice as large', async () => {
  const site = await asking();
  const { page, widget } = await stage.form(site, { viewport: { width: 640, height: 800 } });
  await widget.frame.addStyleTag({ content: 'html { font-size: 200% !important }' }).catch(() => widget.frame.evaluate(() => { document.documentElement.style.fontSize = '200%'; }));
  await widget.press();
  await widget.is('question');
  await fits(page, widget);
  await page.done({ complains: [/Content Security Policy/] }); // of the style that this test puts in
});
