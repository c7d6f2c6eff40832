// axe finds nothing on any screen, in both languages and themes, on a phone, a
// tablet and a desk; nothing is wider than the window; nothing comes from elsewhere.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { violations } from './browser.mjs';
import { logIn, operator, startBrowser, startDemo, storm, until, url } from './console.mjs';

const screens = ['now', 'lanes', 'lanes/default/login', 'playbook', 'queues', 'rehearse', 'captcha', 'log', 'operators'];

/** The tests of a language, with a demo and a browser of their own. */
export function screensIn(lang) {
  let demo;
  let browser;
  let end;
  before(async () => {
    [demo, browser] = await Promise.all([startDemo({ workers: 4 }), startBrowser()]);
    const rises = storm(demo, 100);
    await until(async () => (await demo.local('GET', 'level')).number >= 1, 'the level rises', 40_000);
    await rises();
    end = storm(demo, 3); // the level falls slowly; a full storm would take the machine from the browser
  });
  after(async () => {
    await end?.();
    await browser?.close();
    await demo?.stop();
  });

  // The dark theme has other colours, and nothing else that is other.
  for (const [theme, rules] of [['light'], ['dark', ['color-contrast', 'link-in-text-block']]]) {
    test(`${lang}, ${theme}`, async () => {
      const page = await operator(browser, demo, { colorScheme: theme, reducedMotion: 'reduce' });
      const query = `?lang=${lang}&theme=${theme}`;
      await logIn(page, demo, `axe-${theme}`, 'admin', query);
      for (const screen of screens) {
        await page.goto(url(demo, screen, query));
        await page.locator('main h1').waitFor({ state: 'attached' });
        await page.waitForFunction(() => !document.querySelector('main .loading'));
        assert.equal(await page.evaluate(() => document.documentElement.lang), lang);
        for (const width of [390, 768, 1440]) {
          await page.setViewportSize({ width, height: 900 });
          assert.deepEqual(await violations(page, rules), [], `${screen}, ${width} px`);
          const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
          assert.ok(over <= 0, `${screen} is ${over} px wider than the window of ${width} px`);
        }
      }
      await page.done({ complains: [/404/] });
    });
  }

  test(`${lang}, the log-in, and the dialog of a control`, async () => {
    const page = await operator(browser, demo);
    const query = `?lang=${lang}`;
    await page.goto(url(demo, 'now', query));
    await page.locator('form').waitFor();
    assert.deepEqual(await violations(page), [], 'log-in');
    await logIn(page, demo, 'dialog', 'operator', query);
    await page.locator('[data-do=pin]').click();
    await page.locator('dialog form').waitFor();
    assert.deepEqual(await violations(page), [], 'dialog');
    await page.done();
  });
}
