// Pictures of all screens for docs/console, made during a storm by `make screenshots`.
import { mkdirSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { logIn, operator, startBrowser, startDemo, storm, until, url } from './console.mjs';

const out = new URL('../../docs/console/screens/', import.meta.url).pathname;

let demo;
let browser;
let end;
before(async () => {
  mkdirSync(out, { recursive: true });
  [demo, browser] = await Promise.all([startDemo({ workers: 4 }), startBrowser()]);
  end = storm(demo, 200);
  await until(async () => (await demo.local('GET', 'level')).number >= 3, 'the level rises', 60_000);
  await new Promise((go) => setTimeout(go, 30_000)); // something for the charts to show
});
after(async () => {
  await end?.();
  await browser?.close();
  await demo?.stop();
});

let n = 0;
const shoot = async (name, screen, { lang = 'ko', theme = 'light', width = 1440, height = 900, more = '' } = {}) => {
  const page = await operator(browser, demo, { viewport: { width, height }, colorScheme: theme, reducedMotion: 'reduce', locale: lang === 'ko' ? 'ko-KR' : 'en-US' });
  const query = `?lang=${lang}&theme=${theme}${more}`;
  await logIn(page, demo, `shots${n++}`, 'admin', query);
  await page.goto(url(demo, screen, query));
  await page.waitForFunction(() => !document.querySelector('main .loading'));
  await new Promise((go) => setTimeout(go, 1_500)); // charts draw themselves
  await page.screenshot({ path: `${out}${name}.png`, animations: 'disabled' });
  await page.done({ complains: [/./] });
};

for (const screen of ['now', 'lanes/default/login', 'playbook', 'queues', 'rehearse', 'captcha', 'log', 'operators']) {
  const name = screen.split('/')[0];
  test(`${name}, Korean`, () => shoot(`${name}-ko`, screen));
  test(`${name}, English`, () => shoot(`${name}-en`, screen, { lang: 'en' }));
}
test('now, dark', () => shoot('now-ko-dark', 'now', { theme: 'dark' }));
test('now, on a phone', () => shoot('now-ko-phone', 'now', { width: 390, height: 844 }));
test('now, on the wall', () => shoot('now-ko-kiosk', 'now', { width: 1920, height: 1080, more: '&kiosk' }));
