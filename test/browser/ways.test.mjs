// Every way that a visitor may go: with mouse, finger, keys, ears; typing,
// pasting, composing.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { newStage } from './stage.mjs';
import { fits, textOf, waitFor } from './widget.mjs';

const stage = newStage();
const asking = (policy = {}, more = {}) => stage.server.site({ policy: { Ask: 'always', ...policy }, ...more });

/** The one that has the focus in the frame, as data-do or class or id. */
const focused = (widget) =>
  widget.frame.evaluate(() => {
    const el = document.activeElement;
    return el === document.body ? '' : el.dataset.do ?? (el.id || el.className.split(' ')[0]);
  });

/** Presses Tab until something in the frame has the focus. */
async function tabTo(page, widget, what) {
  for (let n = 0; n < 25; n++) {
    if ((await focused(widget)) === what) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`Tab never came to ${what}`);
}

describe('nothing is asked', () => {
  test('one press, and the form has its token', async () => {
    const site = await stage.server.site({ policy: { Ask: '' } });
    const { page, widget } = await stage.form(site);
    await page.waitForTimeout(1100); // nobody presses within a second
    await widget.press();
    const got = await stage.passed(page, site);
    assert.equal(got.success, true);
    assert.equal(got.interactive, false);
    assert.deepEqual(await page.context().cookies(), [], 'cookies');
    await page.done();
  });

  test('a driven browser is asked a question', async () => {
    const site = await stage.server.site({ policy: { Ask: '' } });
    const { page, widget } = await stage.form(site, { userAgent: 'Mozilla/5.0 HeadlessChrome/140.0.0.0' });
    await widget.press();
    await widget.is('question');
    await widget.solve();
    assert.equal((await stage.passed(page, site)).interactive, true);
    await page.done();
  });
});

describe('click', () => {
  test('mouse', async () => {
    const site = await asking();
    const { page, widget } = await stage.form(site);
    await widget.press();
    await widget.is('question');
    assert.equal(await widget.main.getAttribute('data-mode'), 'click');
    await widget.solve();
    await widget.is('done');
    const got = await stage.passed(page, site);
    assert.equal(got.success, true);
    assert.equal(got.interactive, true);
    assert.ok(['order', 'relation'].includes(got.kind), got.kind);
    await page.done();
  });

  test('a finger, on a screen of 320 px', async () => {
    const site = await asking();
    const { page, widget } = await stage.form(site, { viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 });
    await fits(page, widget);
    await widget.box.tap();
    await widget.is('question');
    await fits(page, widget);
    const puzzle = await widget.puzzle();
    for (const spot of puzzle.answer.spots) await page.touchscreen.tap(...(await widget.at(spot, puzzle)));
    await fits(page, widget);
    await widget.doing('submit').tap();
    assert.equal((await stage.passed(page, site)).success, true);
    await page.done();
  });

  test('keys alone', async () => {
    const site = await asking();
    const { page, widget } = await stage.form(site);
    await tabTo(page, widget, 'start');
    await page.keyboard.press('Space');
    await widget.is('question');
    await waitFor(page, async () => (await focused(widget)) === 'map', 'the focus on the map');
    const puzzle = await widget.puzzle();
    let [x, y] = [puzzle.width / 2, puzzle.height / 2];
    for (const spot of puzzle.answer.spots) {
      // The cross moves by 10, within the 22 that a place is wide.
      for (; Math.abs(spot.x - x) > 5; x += 10 * Math.sign(spot.x - x)) await page.keyboard.press(spot.x > x ? 'ArrowRight' : 'ArrowLeft');
      for (; Math.abs(spot.y - y) > 5; y += 10 * Math.sign(spot.y - y)) await page.keyboard.press(spot.y > y ? 'ArrowDown' : 'ArrowUp');
      await page.keyboard.press('Enter');
    }
    assert.equal(await widget.frame.locator('[data-mark]').count(), puzzle.answer.spots.length);
    await tabTo(page, widget, 'submit');
    await page.keyboard.press('Enter');
    await widget.is('done');
    assert.equal((await stage.passed(page, site)).success, true);
    await page.done();
  });

  test('a mark is taken back; too few and too many are said', async () => {
    const site = await asking();
    const { page, widget } = await stage.form(site);
    await widget.press();
    await widget.is('question');
    const puzzle = await widget.puzzle();
    await widget.doing('submit').click();
    assert.match(await widget.frame.getByRole('alert').innerText(), /mark/);
    const [spot] = puzzle.answer.spots;
    const [x, y] = await widget.at(spot, puzzle);
    await page.mouse.click(x, y);
    await widget.doing('undo').click();
    assert.equal(await widget.frame.locator('[data-mark]').count(), 0);
    for (let n = 0; n <= puzzle.answer.spots.length; n++) await page.mouse.click(x, y);
    assert.equal(await widget.frame.locator('[data-mark]').count(), puzzle.answer.spots.length);
    await page.done();
  });

  test('another question; Escape gives the page back', async () => {
    const site = await asking();
    const { page, widget } = await stage.form(site);
    await widget.press();
    await widget.is('question');
    const first = await widget.frame.locator('.map img').getAttribute('src');
    await widget.doing('other').click();
    await waitFor(page, async () => {
      const src = await widget.frame.locator('.map img').getAttribute('src').catch(() => first);
      return src !== first;
    }, 'another question');
    await widget.puzzle();
    await page.keyboard.press('Escape');
    await widget.is('idle');
    await page.click('#send');
    await page.waitForURL('**/submit');
    await page.done();
  });

  test('a miss is said, and the next question can be answered', async () => {
    const site = await asking();
    const { page, widget } = await stage.form(site);
    await widget.press();
    await widget.is('question');
    const first = await widget.frame.locator('.map img').getAttribute('src');
    await widget.miss();
    await widget.frame.locator(`.map img:not([src="${first}"])`).waitFor();
    assert.match(await widget.frame.getByRole('alert').innerText(), /not right/);
    await waitFor(page, async () => (await focused(widget)) === 'map', 'the focus on the map');
    await widget.solve();
    assert.equal((await stage.passed(page, site)).success, true);
    await page.done();
  });
});

/** A question that is answered by typing. */
async function typing(options = {}, mode = 'text') {
  const site = await asking({}, options.site);
  const { page, widget } = await stage.form(site, options);
  await widget.press();
  await widget.is('question');
  await widget.doing(`mode-${mode}`).click();
  await widget.frame.locator(`[data-mode="${mode}"]`).waitFor();
  return { site, page, widget };
}

describe('text', () => {
  test('typed, sent with Enter', async () => {
    const { site, page, widget } = await typing();
    const puzzle = await widget.puzzle();
    await waitFor(page, async () => (await focused(widget)) === 'answer', 'the focus on the field');
    await page.keyboard.type(textOf(puzzle));
    await page.keyboard.press('Enter');
    const got = await stage.passed(page, site);
    assert.equal(got.success, true);
    assert.ok(['name', 'missing', 'icon'].includes(got.kind), got.kind);
    await page.done();
  });

  test('pasted', async () => {
    const { site, page, widget } = await typing({ before: '<label>Notes <input id="notes"></label>' });
    await page.evaluate((text) => {
      document.querySelector('#notes').value = text;
    }, textOf(await widget.puzzle()));
    await page.locator('#notes').evaluate((el) => { el.focus(); el.select(); });
    await page.keyboard.press('Control+C');
    await widget.input.focus();
    await page.keyboard.press('Control+V');
    assert.equal(await widget.input.inputValue(), textOf(await widget.puzzle()));
    await widget.doing('submit').click();
    assert.equal((await stage.passed(page, site)).success, true);
    await page.done();
  });

  test('composed with an input method, and sent before it is committed', async () => {
    const { site, page, widget } = await typing({ site: { langs: ['ko'] }, query: '?hl=ko', lang: 'ko', locale: 'ko-KR' });
    const answer = textOf(await widget.puzzle());
    await widget.input.focus();
    const ime = await page.context().newCDPSession(widget.frame).catch(() => page.context().newCDPSession(page));
    const letters = [...answer];
    for (const [n, letter] of letters.entries()) {
      for (const step of steps(letter)) {
        await ime.send('Input.imeSetComposition', { text: step, selectionStart: step.length, selectionEnd: step.length });
      }
      if (n < letters.length - 1) await ime.send('Input.insertText', { text: letter });
    }
    await waitFor(page, async () => (await widget.input.inputValue()) === answer, 'the composition');
    await widget.doing('submit').click();
    assert.equal((await stage.passed(page, site)).success, true);
    await page.done();
  });

  test('nothing is said to be missing, and the focus stays', async () => {
    const { page, widget } = await typing();
    await widget.doing('submit').click();
    assert.match(await widget.frame.getByRole('alert').innerText(), /type/i);
    assert.equal(await focused(widget), 'answer');
    await page.done();
  });
});

/** How an input method gets to a syllable: 학 by ㅎ, 하, 학. */
function steps(letter) {
  const code = letter.codePointAt(0) - 0xac00;
  if (code < 0 || code >= 11172) return [letter];
  const initial = 'ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ'[Math.floor(code / 588)];
  const open = String.fromCodePoint(0xac00 + code - (code % 28));
  return [...new Set([initial, open, letter])];
}

describe('audio', () => {
  test('nothing is played unasked; heard with keys alone, typed, sent with Enter', async () => {
    const site = await asking();
    const { page, widget } = await stage.form(site);
    const sounds = [];
    page.on('request', (r) => r.url().includes('/audio') && sounds.push(r.url()));
    await tabTo(page, widget, 'start');
    await page.keyboard.press('Space');
    await widget.is('question');
    await tabTo(page, widget, 'mode-audio');
    await page.keyboard.press('Enter');
    await widget.frame.locator('[data-mode="audio"]').waitFor();
    await waitFor(page, async () => (await focused(widget)) === 'play', 'the focus on Play');
    assert.deepEqual(sounds, []);
    await page.keyboard.press('Enter');
    const puzzle = await widget.puzzle();
    await waitFor(page, async () => (await focused(widget)) === 'answer', 'the end of the sound');
    await page.keyboard.type(textOf(puzzle));
    await page.keyboard.press('Enter');
    const got = await stage.passed(page, site);
    assert.equal(got.success, true);
    assert.equal(got.kind, 'words');
    await page.done();
  });

  test('slowly, stopped, and again; then back to the map', async () => {
    const { page, widget } = await typing({}, 'audio');
    await widget.doing('slow').click();
    await widget.frame.getByRole('button', { name: 'Stop' }).waitFor();
    await widget.frame.getByRole('button', { name: 'Stop' }).click();
    await widget.doing('play').click();
    await widget.frame.getByRole('button', { name: 'Stop' }).waitFor();
    await widget.doing('mode-click').click();
    await widget.frame.locator('[data-mode="click"]').waitFor();
    await page.done();
  });

  test('Korean', async () => {
    const { site, page, widget } = await typing({ site: { langs: ['ko'] }, query: '?hl=ko', lang: 'ko' }, 'audio');
    await widget.solve();
    assert.equal((await stage.passed(page, site)).success, true);
    await page.done();
  });
});
