// A visitor at the widget: finds it on a page, and does what people do with it.
import assert from 'node:assert/strict';

import { violations } from './browser.mjs';

/** The widget on a page: the first one, or the nth. */
export async function widgetOf(page, server, n = 0) {
  const frame = await waitFor(page, () => page.frames().filter((f) => f.url().includes('/daero/captcha/frame'))[n], 'a frame');
  const main = frame.locator('[data-state]');
  const doing = (what) => frame.locator(`[data-do="${what}"]`);

  const widget = {
    frame, main, doing, page,
    box: frame.getByRole('checkbox'),
    map: frame.locator('.map[tabindex]'),
    input: frame.locator('#answer'),
    state: () => main.getAttribute('data-state'),
    /** Waits until the widget is in one of the states. */
    is: (...states) => frame.locator(states.map((s) => `[data-state="${s}"]`).join(',')).waitFor(),
    press: () => widget.box.click(),

    /** The puzzle on the screen, as only these tests are told. Its media have its id in their address. */
    puzzle: () =>
      waitFor(page, async () => {
        const id = await frame.evaluate(() => {
          const media = document.querySelector('[data-state] img[src*="challenge/"], [data-state] audio[src]');
          return /challenge\/([^/]+)\//.exec(media?.src ?? '')?.[1];
        });
        return id && server.puzzle(id).catch(() => undefined);
      }, 'the puzzle'),

    /** Where a place of the map is on the screen. */
    async at(spot, puzzle) {
      await widget.map.scrollIntoViewIfNeeded();
      const box = await frame.locator('.map img').boundingBox();
      return [box.x + (spot.x / puzzle.width) * box.width, box.y + (spot.y / puzzle.height) * box.height];
    },

    /** Answers the question on the screen, with the mouse and by pasting. */
    async solve() {
      const mode = await main.getAttribute('data-mode');
      if (mode === 'audio') await doing('play').click();
      const puzzle = await widget.puzzle();
      if (mode === 'click') {
        for (const spot of puzzle.answer.spots) await page.mouse.click(...(await widget.at(spot, puzzle)));
      } else {
        await widget.input.fill(textOf(puzzle));
      }
      await doing('submit').click();
    },

    /** Answers what is wrong. */
    async miss() {
      if ((await main.getAttribute('data-mode')) !== 'click') {
        await widget.input.fill('zzz');
      } else {
        const puzzle = await widget.puzzle();
        for (const spot of puzzle.answer.spots) await page.mouse.click(...(await widget.at(elsewhere(spot, puzzle), puzzle)));
      }
      await doing('submit').click();
    },

    violations: () => violations(page),
  };
  return widget;
}

/** What is typed as the answer. */
export const textOf = (puzzle) =>
  puzzle.answer.rule === 'words' ? puzzle.answer.texts.map((t) => t.split('|')[0]).join(' ') : puzzle.answer.texts[0];

// Half a picture away from where it is.
const elsewhere = (spot, p) => ({ x: (spot.x + p.width / 2) % p.width, y: (spot.y + p.height / 2) % p.height });

/** Waits for what cannot be waited for otherwise, with a deadline. */
export async function waitFor(page, get, what) {
  for (const end = Date.now() + 15_000; ; ) {
    const got = await get();
    if (got) return got;
    if (Date.now() > end) throw new Error(`${what} did not come`);
    await page.waitForTimeout(50);
  }
}

/** No part of the frame or the page is beside the screen, and all that is pressed is large enough. */
export async function fits(page, widget) {
  for (const frame of [page.mainFrame(), widget.frame]) {
    const [wide, room] = await frame.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
    assert.ok(wide <= room, `${wide} px in ${room}`);
  }
  const small = await widget.frame.evaluate(() =>
    [...document.querySelectorAll('button, input, [tabindex="0"]')]
      .filter((el) => el.checkVisibility())
      .map((el) => ({ does: el.dataset.do ?? el.id, box: el.getBoundingClientRect() }))
      .filter(({ box }) => box.width < 24 || box.height < 24)
      .map(({ does, box }) => `${does}: ${box.width} x ${box.height}`));
  assert.deepEqual(small, [], 'smaller than 24 px');
}
