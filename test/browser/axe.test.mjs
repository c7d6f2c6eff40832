// axe finds nothing wrong in any state, in either language, light or dark, large
// or small.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { newStage } from './stage.mjs';

const stage = newStage();

const looks = [
  { lang: 'en', theme: 'light', viewport: { width: 1024, height: 768 } },
  { lang: 'ko', theme: 'dark', viewport: { width: 1024, height: 768 } },
  { lang: 'ko', theme: 'light', viewport: { width: 320, height: 640 } },
  { lang: 'en', theme: 'dark', viewport: { width: 320, height: 640 } },
  { lang: 'en', theme: 'light', viewport: { width: 1024, height: 768 }, size: 'compact' },
  { lang: 'ko', theme: 'auto', viewport: { width: 1024, height: 768 }, forcedColors: 'active' },
];

for (const { lang, theme, viewport, size = 'normal', forcedColors } of looks) {
  test(`${lang}, ${theme}, ${viewport.width} px, ${size}${forcedColors ? ', forced colours' : ''}`, async () => {
    const site = await stage.server.site({ langs: [lang], policy: { Ask: 'always' } });
    const { page, widget } = await stage.form(site, {
      lang, query: `?hl=${lang}`, attrs: `data-theme="${theme}" data-size="${size}"`, viewport, colorScheme: theme === 'dark' ? 'dark' : 'light', forcedColors,
    });
    const clean = async (state) => assert.deepEqual(await widget.violations(), [], state);
    await clean('idle');
    await widget.press();
    await widget.is('question');
    const puzzle = await widget.puzzle();
    await page.mouse.click(...(await widget.at(puzzle.answer.spots[0], puzzle)));
    await clean('click, with a mark');
    const first = await widget.frame.locator('.map img').getAttribute('src');
    for (const spot of puzzle.answer.spots.slice(1)) await page.mouse.click(...(await widget.at(spot, puzzle)));
    await widget.doing('undo').click();
    await page.mouse.click(...(await widget.at({ x: 3, y: 3 }, puzzle)));
    await widget.doing('submit').click();
    await widget.frame.locator(`.map img:not([src="${first}"])`).waitFor();
    await clean('click, after a miss');
    await widget.doing('mode-text').click();
    await widget.frame.locator('[data-mode="text"]').waitFor();
    await clean('text');
    await widget.doing('mode-audio').click();
    await widget.frame.locator('[data-mode="audio"]').waitFor();
    await clean('audio');
    await widget.doing('play').click();
    await widget.frame.locator('[data-do="play"][data-part]').waitFor();
    await clean('audio, playing');
    await widget.doing('mode-click').click();
    await widget.frame.locator('[data-mode="click"]').waitFor();
    await widget.solve();
    await widget.is('done');
    await clean('done');
    assert.equal((await stage.passed(page, site)).success, true);
    await page.done();
  });
}

test('a page that is not registered', async () => {
  const site = await stage.server.site({ hosts: ['elsewhere.example.test'] });
  const { page, widget } = await stage.form(site);
  await widget.is('error');
  assert.deepEqual(await widget.violations(), []);
  await page.done({ complains: [/./] });
});
