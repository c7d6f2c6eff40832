// What happens when time passes: tokens and questions grow old, more time is
// given, and after too many tries it is said when to come back.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { newStage } from './stage.mjs';

const stage = newStage();
let ahead = 0;

/** Time passes, in the browser and at the server. */
async function pass(page, seconds) {
  ahead += seconds;
  await stage.server.clock(ahead);
  await page.clock.fastForward(seconds * 1000);
}

test('a token that is too old is taken back, and the box says so', async () => {
  const site = await stage.server.site();
  const { page, widget } = await stage.form(site, { clock: true });
  await widget.press();
  assert.equal((await stage.passed(page, site)).success, true);
  await pass(page, 301);
  await widget.is('expired');
  assert.match(await widget.box.innerText(), /too old/);
  await page.waitForFunction(() => window.said.some((s) => s[0] === 'gone'));
  assert.equal(await page.evaluate(() => document.querySelector('[name="daero-captcha-response"]').value), '');
  assert.deepEqual(await widget.violations(), []);
  await widget.press();
  await widget.is('done');
  assert.equal((await stage.passed(page, site)).success, true);
  await page.done();
});

test('a question whose time is over is put away, and can be had again', async () => {
  const site = await stage.server.site({ policy: { Ask: 'always' } });
  const { page, widget } = await stage.form(site, { clock: true });
  await widget.press();
  await widget.is('question');
  await pass(page, 95);
  await page.clock.runFor(2000);
  assert.match(await widget.frame.getByRole('alert').innerText(), /seconds left/);
  assert.deepEqual(await widget.violations(), []);
  await pass(page, 30);
  await widget.is('expired');
  assert.match(await widget.box.innerText(), /time for the question is over/);
  await widget.press();
  await widget.is('question');
  await widget.solve();
  assert.equal((await stage.passed(page, site)).success, true);
  await page.done();
});

test('who needs more time has it, ten minutes in all', async () => {
  const site = await stage.server.site({ policy: { Ask: 'always' } });
  const { page, widget } = await stage.form(site, { clock: true });
  await widget.press();
  await widget.is('question');
  const puzzle = await widget.puzzle();
  for (let n = 0; n < 5; n++) {
    await widget.doing('more').click();
    await widget.frame.getByText('You have more time now.').waitFor();
    await pass(page, 90);
  }
  await widget.is('question');
  for (const spot of puzzle.answer.spots) await page.mouse.click(...(await widget.at(spot, puzzle)));
  await widget.doing('submit').click();
  assert.equal((await stage.passed(page, site)).success, true);
  await page.done();
});

test('too many tries: it is said when to come back, and then one may', async () => {
  const site = await stage.server.site({ policy: { Ask: 'always', PrefixMisses: 1 } });
  const { page, widget } = await stage.form(site, { clock: true });
  await widget.press();
  await widget.is('question');
  const first = await widget.frame.locator('.map img').getAttribute('src');
  await widget.miss();
  await widget.frame.locator(`.map img:not([src="${first}"])`).waitFor();
  await widget.miss();
  await widget.is('wait');
  assert.match(await widget.frame.getByText(/many tries/).innerText(), /in (1 min|\d+ s)/);
  assert.equal(await widget.doing('again').getAttribute('aria-disabled'), 'true');
  assert.deepEqual(await widget.violations(), []);
  ahead += 61;
  await stage.server.clock(ahead);
  await page.clock.runFor(61_000);
  await widget.frame.getByRole('status').getByText('You can try again now.').waitFor();
  await widget.doing('again').click();
  await widget.is('question');
  await widget.solve();
  assert.equal((await stage.passed(page, site)).success, true);
  await page.done();
});

test('a prefix without challenges left waits, and is told how long', async () => {
  const site = await stage.server.site({ policy: { Ask: 'always', PrefixChallenges: 1 } });
  const one = await stage.form(site);
  await one.widget.press();
  await one.widget.is('question');
  await one.page.done();
  const { page, widget } = await stage.form(site);
  await widget.press();
  await widget.is('wait');
  assert.match(await widget.frame.getByRole('alert').or(widget.frame.locator('[data-state] p')).first().innerText(), /in (1 min|\d+ s)/);
  await page.done();
});

test('under pressure the work takes longer, and nobody is asked more', async () => {
  const site = await stage.server.site({ policy: { Ask: '' } });
  const { page, widget } = await stage.form(site);
  await page.waitForTimeout(1100);
  await stage.server.press(1.5);
  await widget.press();
  await widget.is('work');
  await page.waitForTimeout(200);
  assert.equal(await widget.state(), 'work');
  assert.match(await widget.box.innerText(), /Checking/);
  assert.deepEqual(await widget.violations(), []);
  await widget.is('done');
  assert.equal((await stage.passed(page, site)).interactive, false);
  await stage.server.press(0);
  await page.done();
});

test('no connection: it is said, and another try goes through', async () => {
  const site = await stage.server.site();
  const { page, widget } = await stage.form(site);
  await page.context().setOffline(true);
  await widget.press();
  await widget.is('error');
  assert.match(await widget.frame.getByRole('alert').innerText(), /connection/);
  assert.deepEqual(await widget.violations(), []);
  await page.context().setOffline(false);
  await widget.doing('again').click();
  assert.equal((await stage.passed(page, site)).success, true);
  await page.done({ complains: [/ERR_INTERNET_DISCONNECTED/] });
});
