// What operators rely on, with the program itself in a storm.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { fill, logIn, operator, send, shown, startBrowser, startDemo, startRehearsal, storm, until, url } from './console.mjs';

let demo;
let browser;
before(async () => {
  [demo, browser] = await Promise.all([startDemo({ workers: 4 }), startBrowser()]);
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});

test('the link of the demo logs its first admin in, once', async () => {
  const page = await operator(browser, demo);
  await page.goto(demo.console);
  await page.locator('form button').click();
  await page.locator('a[href="/daero/console/"]').click();
  await page.locator('.level-panel').waitFor();
  assert.equal(await shown(page), 0);
  const again = await operator(browser, demo);
  await again.goto(demo.console);
  assert.match(await again.locator('main').innerText(), /cannot be used/);
  assert.equal(await again.locator('form').count(), 0);
  await again.done({ complains: [/40[03]/] });
  await page.done();
});

test('while the program rehearses an earthquake, its levels are on the screen within 2 s, and a screen reader hears them; when it ends, the page is grey', async () => {
  const rehearsal = await startRehearsal();
  const page = await operator(browser, rehearsal);
  try {
    await page.goto(rehearsal.console);
    await page.locator('form button').click();
    await page.goto(url(rehearsal));
    await page.locator('.level-panel').waitFor();
    await page.evaluate(() => {
      window.rose = [];
      const figure = document.querySelector('.level-panel .figure');
      const heard = document.querySelector('#heard');
      const note = () => {
        const level = Number(figure.textContent.match(/\d/)[0]);
        if (level !== window.rose.at(-1)?.level) window.rose.push({ level, at: Date.now() });
      };
      note();
      window.heard = [];
      new MutationObserver(note).observe(figure, { characterData: true, childList: true, subtree: true });
      new MutationObserver(() => window.heard.push(heard.textContent)).observe(heard, { characterData: true, childList: true, subtree: true });
    });
    assert.equal(await shown(page), 0, 'it is watched from the calm on');
    await page.waitForFunction(() => window.rose.some((r) => r.level >= 3), undefined, { timeout: 40_000 });
    await page.waitForFunction(() => window.heard.some((text) => /^The level rose to [34] /.test(text)));
    // The lanes that suffer come first, and say what people feel.
    await page.locator('tr.lane').first().filter({ hasText: /login|sync/ }).filter({ hasText: /\d+ of \d+|all requests|nearly all/ }).waitFor();
    const rose = (await page.evaluate(() => window.rose)).slice(1);
    const words = ['normal', 'attention', 'caution', 'alert', 'serious'];
    let changes; // of each that was seen; the record is written a little after it happens
    await until(async () => {
      const { entries } = await page.evaluate(() => fetch('/daero/api/audit?what=level.changed').then((r) => r.json()));
      changes = rose.map(({ level, at }) => entries.filter((e) => (e.after ?? e.target) === words[level] && Date.parse(e.at) <= at).map((e) => Date.parse(e.at)));
      return changes.every((all) => all.length > 0);
    }, 'what was seen is recorded');
    // What followed at once is shown in one step: the step is as old as its last part.
    const late = rose.map(({ at }, i) => at - Math.max(...changes[i]));
    console.log(`levels 0, ${rose.map((r) => r.level).join(', ')}: on the screen ${late.join(', ')} ms after the gateway's own change`);
    assert.ok(late.length > 0 && late.every((ms) => ms <= 2_000), `${late} ms after the gateway's own change`);
    await rehearsal.over;
    await page.locator('main.old').waitFor();
    await page.locator('[data-lost]').waitFor();
  } finally {
    await rehearsal.stop();
  }
  await page.done({ complains: [/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE/] });
});

test('a pin holds, is told to others, and one click undoes it', async () => {
  const page = await operator(browser, demo);
  await logIn(page, demo, 'pinner', 'operator');
  const other = await operator(browser, demo);
  await logIn(other, demo, 'onlooker', 'viewer');
  await page.locator('[data-do=pin]').click();
  await page.locator('dialog select[name=level]').selectOption('1');
  await page.getByLabel('Reason').fill('a drill');
  await page.locator('dialog button[type=submit]').click();
  await page.getByText(/Pinned to 1 Attention until .* by pinner: a drill/).waitFor();
  await other.getByText(/Pinned to 1 Attention until .* by pinner: a drill/).waitFor();
  await until(async () => (await shown(other)) === 1, 'the level is the one that it is pinned to');
  await page.locator('.toasts').getByRole('button', { name: 'Undo' }).click();
  await page.getByText(/Pinned to 1/).waitFor({ state: 'detached' });
  assert.equal((await demo.local('GET', 'level')).pin, undefined);
  const { entries } = await demo.local('GET', 'audit?who=pinner&what=level.*');
  assert.deepEqual(entries.map((e) => e.what).slice(-2), ['level.pinned', 'level.unpinned']);
  await Promise.all([page.done(), other.done()]);
});

test('of two operators at once the second is told, and nothing is lost silently', async () => {
  const [one, two] = await Promise.all([operator(browser, demo), operator(browser, demo)]);
  await logIn(one, demo, 'first', 'operator');
  await logIn(two, demo, 'second', 'operator');
  await two.locator('[data-do=pause]').click(); // the dialog remembers what was seen
  await two.getByLabel('Reason').fill('mine');
  await one.locator('[data-do=pause]').click();
  await one.getByLabel('Reason').fill('quicker');
  await one.locator('dialog button[type=submit]').click();
  await one.getByText(/Paused until .* by first: quicker/).waitFor();
  await two.locator('dialog button[type=submit]').click();
  await two.locator('dialog').getByText(/first changed it meanwhile/).waitFor();
  assert.equal((await demo.local('GET', 'playbook')).paused.by, 'first');
  await two.locator('dialog').getByRole('button', { name: 'Look again' }).click();
  await demo.local('POST', 'playbook/resume', { reason: 'the end of the test' });
  await Promise.all([one.done({ complains: [/409/] }), two.done({ complains: [/409/] })]);
});

test('what refuses much is confirmed with the predicted effect', async () => {
  const page = await operator(browser, demo);
  await logIn(page, demo, 'closer', 'operator');
  const end = storm(demo, 20);
  try {
    const began = Date.now(); // a share of the last minute, of which there is to be something
    await until(async () => (await demo.local('GET', 'now')).totals.passed > 5 && Date.now() > began + 6_000, 'there is traffic');
    const lane = (await demo.local('GET', 'now')).lanes.find((l) => l.name === 'login');
    const asked = await page.evaluate(async ([backend]) => {
      const order = (body) => fetch(`/daero/api/lanes/${backend}/login/order`, { method: 'PUT', headers: { 'Content-Type': 'application/json', 'X-Daero-Console': '1' }, body: JSON.stringify(body) }).then(async (r) => [r.status, await r.json()]);
      const body = { close: true, for: '1m', reason: 'a test' };
      return [await order(body), await order({ ...body, confirm: true })];
    }, [lane.backend]);
    assert.equal(asked[0][0], 409, JSON.stringify(asked[0]));
    assert.ok(asked[0][1].type.endsWith(':confirm') && asked[0][1].predicted.share > 0.3, JSON.stringify(asked[0]));
    assert.equal(asked[1][0], 200, JSON.stringify(asked[1]));
    await demo.local('POST', asked[1][1].undo.path.replace('/daero/api/', ''), { reason: 'the end of the test' });
  } finally {
    await end();
  }
  await page.done({ complains: [/409/] });
});

test('roles hold: a viewer is shown no controls, and refused what is sent past the page', async () => {
  const page = await operator(browser, demo);
  await logIn(page, demo, 'viewer', 'viewer');
  assert.equal(await page.locator('[data-do=pin], [data-do=pause]').count(), 0);
  const tried = await page.evaluate(() => {
    const post = (path, headers) => fetch(`/daero/api/${path}`, { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body: '{"level":"serious","for":"1m","reason":"no","confirm":true}' }).then((r) => r.status);
    return Promise.all([post('level/pin', { 'X-Daero-Console': '1' }), post('level/pin', {}), post('operators', { 'X-Daero-Console': '1' })]);
  });
  assert.deepEqual(tried, [403, 403, 403]);
  assert.equal((await demo.local('GET', 'level')).pin, undefined);
  await page.done({ complains: [/403/] });
});

test('who is removed is out, and may come back to the same screen after logging in again', async () => {
  const page = await operator(browser, demo);
  await logIn(page, demo, 'leaver', 'operator');
  await page.goto(url(demo, 'log'));
  await page.locator('table').first().waitFor();
  await demo.local('DELETE', 'operators/leaver');
  await page.getByText('Your session has ended').waitFor({ timeout: 40_000 });
  await demo.local('POST', 'operators', { name: 'leaver', role: 'viewer', password: 'correct horse battery 77' });
  await fill(page, 'leaver');
  await page.getByText('Your session has ended').waitFor({ state: 'detached' });
  assert.match(page.url(), /#\/log/);
  await page.done({ complains: [/401/] });
});

test('forged and foreign requests are refused', async () => {
  const page = await operator(browser, demo);
  await logIn(page, demo, 'cookie', 'admin');
  const [cookie] = await page.context().cookies();
  assert.ok(cookie.httpOnly && cookie.sameSite === 'Strict', JSON.stringify({ ...cookie, value: '' }));
  const post = (headers) => send(`${demo.gateway}/daero/api/playbook/pause`, {
    method: 'POST', headers: { 'content-type': 'application/json', cookie: `${cookie.name}=${cookie.value}`, ...headers }, body: '{"for":"1m","reason":"forged"}',
  }).then((a) => a.status);
  const forged = cookie.value.slice(0, -2) + (cookie.value.endsWith('AA') ? 'BB' : 'AA');
  assert.deepEqual(await Promise.all([
    post({}), // no header that only the page sends
    post({ 'x-daero-console': '1', origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }),
    post({ 'x-daero-console': '1', cookie: `${cookie.name}=${forged}` }),
    post({ 'x-daero-console': '1', cookie: `${cookie.name}=${cookie.value}; ${cookie.name}=${forged}` }),
  ]), [403, 403, 401, 401]);
  assert.equal((await demo.local('GET', 'playbook')).paused, undefined);
  await page.done();
});

test('keyboard alone reaches the content, the controls and every lane, in the order of the screen', async () => {
  const page = await operator(browser, demo);
  await logIn(page, demo, 'keys', 'operator');
  await page.reload();
  await page.locator('.level-panel').waitFor();
  const stops = [];
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press('Tab');
    const stop = await page.evaluate(() => {
      const e = document.activeElement;
      if (!e || e === document.body) return null;
      const s = getComputedStyle(e);
      return { what: e.dataset.do ?? (e.closest('tr.lane') ? 'lane ' + e.textContent.trim() : undefined) ?? (e.className || e.textContent.trim()).slice(0, 40), outlined: s.outlineStyle !== 'none' || s.boxShadow !== 'none' };
    });
    if (!stop) break;
    stops.push(stop);
  }
  const order = stops.map((s) => s.what);
  assert.ok(order[0].includes('skip'), order.join(' | '));
  const pin = order.indexOf('pin');
  const lane = order.findIndex((w) => w === 'lane login');
  assert.ok(pin > 0 && order.indexOf('pause') === pin + 1 && lane > pin, order.join(' | '));
  assert.deepEqual(stops.filter((s) => !s.outlined).map((s) => s.what), [], 'focus that cannot be seen');
  await page.done();
});

test('the first screen has its data within 1 s', async () => {
  const page = await operator(browser, demo);
  await logIn(page, demo, 'quick', 'viewer');
  // Beside it, in turns, a file of the same server that needs no drawing: on a
  // machine that is busy with other things both take longer. With little else to do
  // it took 88 ms, and Now 286 ms.
  const took = [];
  const plain = [];
  for (let i = 0; i < 7; i++) {
    await page.goto(`${demo.gateway}/daero/console/licenses.txt?${i}`);
    plain.push(await page.evaluate(() => performance.getEntriesByType('navigation')[0].loadEventEnd));
    await page.goto(url(demo));
    await page.locator('tr.lane').first().waitFor();
    took.push(await page.evaluate(() => performance.now()));
  }
  const [ms, base] = [took, plain].map((all) => Math.round(all.sort((a, b) => a - b)[3]));
  const bar = 1_000 * Math.max(1, base / 90);
  console.log(`Now with data after ${ms} ms, of at most ${Math.round(bar)} (a plain file: ${base} ms)`);
  assert.ok(ms <= bar, `${took.map(Math.round).join(', ')} ms`);
  await page.done({ complains: [/favicon/] });
});

test('when the gateway stops, the page says so and goes grey; when it is back, it goes on', async () => {
  let mine = await startDemo();
  const { port } = mine;
  const page = await operator(browser, mine);
  await logIn(page, mine, 'patient', 'viewer');
  await mine.stop();
  await page.locator('main.old').waitFor();
  await page.locator('[data-lost]').getByText(/these are the values of \d\d:\d\d:\d\d/).waitFor();
  assert.match(await page.title(), /^⚠/);
  mine = await startDemo({ port });
  try {
    // The demo has forgotten everybody: the session is over, the screen stays.
    await page.getByText(/Your session has ended|Log in/).first().waitFor({ timeout: 60_000 });
  } finally {
    await mine.stop();
  }
  await page.done({ complains: [/./] });
});
