// What operators do besides looking: sites of the CAPTCHA, logins, the record,
// queues, rehearsals; with the program itself, its log and its own rehearsal.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { violations } from './browser.mjs';
import { fill, logIn, operator, secret, send, serve, startBrowser, startGateway, until, url } from './console.mjs';
import { startProvider } from './oidc.mjs';

let gateway;
let browser;
let provider;
let billing;
let taken = 0;
let broken = true;
let staging;
let stormed = 0;
before(async () => {
  provider = await startProvider({ client: 'daero', secret: 'of-the-provider', claims: { email: 'kim@example.com', email_verified: true, groups: ['sre'] } });
  billing = await serve((request, answer) => {
    request.resume().on('end', () => {
      if (!broken) taken++;
      answer.writeHead(broken ? 422 : 204).end();
    });
  });
  staging = await serve((request, answer) => {
    if (request.url === '/.well-known/daero-rehearsal') return answer.end(`allow 127.0.0.1:${staging.port}\n`);
    stormed++;
    request.resume().on('end', () => answer.end('{}'));
  });
  browser = await startBrowser();
  gateway = await startGateway({
    daero: `
		captcha {
			pool 40
		}
		relay {
			topic orders {
				writer shop 0123456789abcdef0123
			}
			deliver billing {
				topic orders
				to http://127.0.0.1:${billing.port}/events
			}
		}
		login {
			oidc {
				name "the company"
				issuer ${provider.issuer}
				client_id daero
				client_secret of-the-provider
				scopes openid email groups
				domains example.com
				role operator claim groups sre
			}
		}`,
    console: ` {
\t\trehearse {
\t\t\ttarget staging http://127.0.0.1:${staging.port} {
\t\t\t\tmost 40
\t\t\t}
\t\t}
\t}`,
    site: '\tdaero_relay\n\tdaero_captcha\n\trespond "hello"',
  });
});
after(async () => {
  await browser?.close();
  await gateway?.stop();
  provider?.close();
  billing?.close();
  staging?.close();
});

const dialog = (page) => page.locator('dialog[open]');
/** Says why, and sends the dialog that is open. */
async function why(page, reason = 'a test') {
  await dialog(page).getByLabel('Reason').fill(reason);
  await dialog(page).locator('button[type=submit]').click();
  await dialog(page).waitFor({ state: 'detached' });
}
const entries = async (what) => (await gateway.local('GET', `audit?what=${what}`)).entries;

test('a site of the captcha is added, changed, switched off and on, given another secret, and removed', async () => {
  const page = await operator(browser, gateway);
  await logIn(page, gateway, 'sites', 'admin');
  await page.goto(url(gateway, 'captcha'));
  await page.getByRole('button', { name: 'Add a site…' }).click();
  await dialog(page).getByLabel('Name').fill('shop');
  await dialog(page).getByLabel('Hosts').fill('https://shop.example.com/pay');
  await dialog(page).getByLabel('Reason').fill('a new shop');
  await dialog(page).locator('button[type=submit]').click();
  await dialog(page).locator('.error').first().waitFor(); // an address is not a host
  await dialog(page).getByLabel('Hosts').fill('shop.example.com');
  await dialog(page).locator('button[type=submit]').click();
  const told = await dialog(page).locator('.secret code').innerText();
  await dialog(page).getByRole('button', { name: 'I have kept it' }).click();
  await page.getByText('Put it into a page').waitFor();
  const site = async () => (await gateway.local('GET', 'captcha/sites')).sites.find((s) => s.name === 'shop');
  const { key } = await site();
  assert.ok(page.url().endsWith(key) && told.length > 20, page.url());
  assert.match(await page.locator('pre.code').first().innerText(), new RegExp(`data-sitekey="${key}"`));

  await page.getByRole('button', { name: 'Edit…' }).click();
  await dialog(page).getByText('Budgets of a network').click();
  assert.deepEqual(await violations(page), [], 'the form of a site');
  await dialog(page).getByLabel('Level').selectOption('3');
  await why(page, 'robots');
  await until(async () => (await site()).policy.level === 3, 'the site is changed');

  await page.getByRole('button', { name: 'Switch off…' }).click();
  await why(page, 'closed');
  await page.getByText('○ off').waitFor();
  assert.equal((await site()).disabled, true);
  await page.locator('.toast').filter({ hasText: 'off' }).getByRole('button', { name: 'Undo' }).click();
  await page.getByText('● on').waitFor();
  assert.equal((await site()).disabled, false);

  await page.getByRole('button', { name: 'Rotate the secret…' }).click();
  await dialog(page).locator('select').selectOption('1h');
  await dialog(page).getByLabel('Reason').fill('it leaked');
  await dialog(page).locator('button[type=submit]').click();
  const next = await dialog(page).locator('.secret code').innerText();
  assert.notEqual(next, told);
  await dialog(page).getByRole('button', { name: 'I have kept it' }).click();
  assert.equal((await site()).secrets.length, 2);

  await page.getByRole('button', { name: 'Remove…' }).click();
  await why(page, 'the shop has closed');
  await page.getByText('Removed lately').waitFor();
  assert.equal(await site(), undefined);
  await page.locator('[data-do=restore]').click();
  await why(page, 'it has not');
  await page.getByRole('link', { name: 'shop' }).waitFor();
  assert.deepEqual(await violations(page), [], 'sites');
  assert.deepEqual([(await site()).key, (await site()).policy.level], [key, 3]);
  assert.ok((await entries('captcha.*')).length >= 5);
  await page.done();
});

test('every kind of question can be looked at, and the sound heard', async () => {
  const page = await operator(browser, gateway);
  await logIn(page, gateway, 'looker', 'operator');
  await page.goto(url(gateway, 'captcha?tab=preview'));
  for (const kind of ['order', 'relation', 'name', 'missing', 'icon', 'audio']) {
    await page.getByLabel('Kind').selectOption(kind);
    await page.locator(kind === 'audio' ? '.question audio' : '.question .map img').first().waitFor({ timeout: 30_000 });
    if (kind === 'audio') break;
    await page.waitForFunction(() => document.querySelector('.question .map img')?.naturalWidth > 0);
    await page.getByRole('button', { name: 'Show the answer' }).click();
    const answered = page.locator('.question svg circle, .answer .badge').first();
    await answered.waitFor();
    await page.getByRole('button', { name: 'Hide the answer' }).click();
  }
  const heard = await page.locator('.question audio').first().evaluate(async (audio) => {
    audio.muted = true;
    await audio.play();
    await new Promise((go, fail) => { audio.ontimeupdate = () => audio.currentTime > 0.2 && go(); audio.onerror = () => fail(new Error('no sound')); });
    return audio.duration;
  });
  assert.ok(heard > 1, `${heard} s`);
  await page.done();
});

test('a password is changed, and a login elsewhere is ended', async () => {
  const [page, other, guest] = await Promise.all([operator(browser, gateway), operator(browser, gateway), operator(browser, gateway)]);
  await logIn(page, gateway, 'boss', 'admin');
  await other.goto(url(gateway));
  await fill(other, 'boss');
  await other.locator('.level-panel').waitFor();
  await logIn(guest, gateway, 'guest', 'viewer');
  await page.goto(url(gateway, 'operators'));

  await page.getByRole('button', { name: 'Your password…' }).click();
  const change = async (old, next, again = next) => {
    await dialog(page).getByLabel('Present password').fill(old);
    await dialog(page).getByLabel('New password', { exact: true }).fill(next);
    await dialog(page).getByLabel('New password again').fill(again);
    await dialog(page).locator('button[type=submit]').click();
  };
  await change(secret, 'short');
  await dialog(page).getByText('Use at least 12 letters.').waitFor();
  await change(secret, 'quite another secret 5', 'quite another secret 6');
  await dialog(page).getByText('The two are not the same.').waitFor();
  await change('not the right one 12', 'quite another secret 5');
  await dialog(page).getByText('The present password is not right.').waitFor();
  await change(secret, 'quite another secret 5');
  await page.getByText('The password was changed').waitFor();
  await other.goto(url(gateway, 'log')); // nobody waits here for the stream to look again
  await other.getByText('Your session has ended').waitFor({ timeout: 40_000 });
  await fill(other, 'boss', 'quite another secret 5');
  await other.getByText('Your session has ended').waitFor({ state: 'detached' });

  const row = page.locator('tr').filter({ hasText: 'guest' }).filter({ hasText: 'password' }).last();
  await row.getByRole('button', { name: 'End…' }).click();
  await dialog(page).locator('button[type=submit]').click();
  await guest.goto(url(gateway, 'log'));
  await guest.getByText('Your session has ended').waitFor({ timeout: 40_000 });
  assert.equal((await entries('operator.session_revoked')).length, 1);
  await Promise.all([page.done({ complains: [/401/] }), other.done({ complains: [/401/] }), guest.done({ complains: [/401/] })]);
});

test('the record is taken away as a table', async () => {
  const page = await operator(browser, gateway, { acceptDownloads: true });
  await logIn(page, gateway, 'clerk', 'viewer');
  await page.goto(url(gateway, 'log?what=operator.added&since=1h'));
  await page.locator('tbody tr').first().waitFor();
  for (const [name, pattern] of [['CSV', /^[^\n]*what[^\n]*\r?\n[^]*operator\.added[^]*clerk/], ['NDJSON', /^\{[^\n]*"what":"operator\.added"[^\n]*\}\n/]]) {
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name, exact: true }).click()]);
    const text = readFileSync(await download.path(), 'utf8');
    assert.match(text, pattern);
    assert.doesNotMatch(text, /operator\.login/, 'what is not shown is not in it');
  }
  await page.done();
});

test('dead letters are looked at, shown for a reason, and taken back; a delivery is paused', async () => {
  const page = await operator(browser, gateway);
  await logIn(page, gateway, 'relay', 'operator');
  for (let i = 0; i < 6; i++) {
    const answer = await send(`${gateway.gateway}/daero/relay/orders`, { method: 'POST', headers: { authorization: 'Bearer 0123456789abcdef0123', 'daero-key': `customer-${i % 2}`, 'content-type': 'text/plain' }, body: `two tickets, ${i}` });
    assert.equal(answer.status, 202, answer.text);
  }
  await until(async () => (await gateway.local('GET', 'relay/lag')).deliveries.find((d) => d.name === 'billing').dead_letters === 6, 'all are dead letters', 30_000);
  broken = false;
  await page.goto(url(gateway, 'queues'));
  await page.locator('[data-do=redrive]').waitFor();
  await page.locator('[data-do=peek]').click();
  const rows = page.locator('#peek tbody tr');
  await rows.first().waitFor();
  assert.equal(await rows.count(), 6);
  assert.doesNotMatch(await page.locator('#peek').innerText(), /two tickets|customer-1/);
  await page.locator('[data-do=unmask]').click();
  await why(page, 'a customer asks');
  await page.locator('#peek').getByText('two tickets, 3').waitFor();
  assert.deepEqual(await violations(page), [], 'messages');
  assert.equal((await entries('relay.peeked')).at(-1).why, 'a customer asks');

  await page.locator('[data-do=redrive]').click();
  await dialog(page).getByLabel('Reason').fill('billing is well again');
  await dialog(page).getByRole('button', { name: 'Count them' }).click();
  await dialog(page).getByText('6 messages will be delivered again.').waitFor();
  await dialog(page).locator('[data-do=confirm]').click();
  await dialog(page).getByText('6 of 6 were redriven.').waitFor();
  await dialog(page).getByRole('button', { name: 'Close' }).last().click();
  await until(() => taken === 6, 'billing has all of them');

  await page.locator('[data-do=pause]').click();
  await why(page, 'billing moves');
  await page.getByText('‖ paused').waitFor();
  await page.locator('.toast').filter({ hasText: 'billing' }).getByRole('button', { name: 'Undo' }).click();
  await page.getByText('‖ paused').waitFor({ state: 'detached' });
  assert.deepEqual((await entries('relay.*')).map((e) => e.what).filter((what) => /paused|resumed/.test(what)), ['relay.paused', 'relay.resumed']);
  await page.done();
});

test('a rehearsal is started, watched, kept and read; another is cancelled', async () => {
  const page = await operator(browser, gateway, { acceptDownloads: true });
  await logIn(page, gateway, 'trainer', 'operator');
  let asked = 0;
  page.on('request', (r) => (asked += /\/rehearsals/.test(r.url())));
  await page.goto(url(gateway, 'rehearse'));
  const start = async (arms, seconds) => {
    await page.locator('[data-do=start]').waitFor();
    for (const box of await page.locator('.arms input').all()) await box.uncheck();
    for (const arm of arms) await page.locator(`.arms input[value=${arm}]`).check();
    await page.getByLabel('Length (s)').fill(String(seconds));
    await page.locator('[data-do=start]').click();
    await why(page, 'before the holidays');
    await page.locator('.running').waitFor();
  };
  const points = () => page.locator('.side-by-side .chart').first().evaluate((chart) => chart.querySelectorAll('canvas').length);
  await start(['auto'], 6);
  await until(points, 'it is drawn while it runs', 30_000);
  assert.ok(await page.locator('.running').count(), 'it was drawn only when it was over');
  const done = () => page.locator('.running progress').evaluate((p) => p.value);
  const first = await done();
  await until(async () => (await done().catch(() => Infinity)) > first, 'it goes on');
  await page.getByRole('link', { name: 'Report', exact: true }).waitFor({ timeout: 60_000 });
  assert.deepEqual(await violations(page), [], 'a report');
  assert.ok(asked < 12, `${asked} questions: the stream tells how it goes`);
  for (const [name, pattern] of [['Report', /^<!doctype html>/i], ['JSON', /"scenario": ?"earthquake"/]]) {
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name, exact: true }).first().click()]);
    assert.match(readFileSync(await download.path(), 'utf8'), pattern);
  }
  await start(['auto', 'none'], 10);
  await page.locator('[data-do=cancel]').click();
  await why(page, 'not now');
  await page.locator('.panel').getByText('■ cancelled').first().waitFor();
  await page.locator('[data-do=start]').waitFor();
  await page.done();
});

test('a target that is not the sample is an admin\'s to choose, says what it will be sent, and is sent no more', async () => {
  const page = await operator(browser, gateway);
  await logIn(page, gateway, 'drill', 'admin');
  await page.goto(url(gateway, 'rehearse'));
  await page.getByLabel('Target').selectOption('staging');
  await page.getByLabel('Length (s)').fill('5');
  await page.locator('[data-do=start]').click();
  await dialog(page).getByLabel('Reason').fill('before the move');
  await dialog(page).locator('button[type=submit]').click();
  await dialog(page).getByText(/requests to http:\/\/127\.0\.0\.1:\d+ in 5 s, \d+ in the busiest second; never more than 40\/s/).waitFor();
  assert.equal(stormed, 0, 'nothing is sent before the second step');
  await dialog(page).locator('[data-do=confirm]').click();
  await page.locator('.running').waitFor();
  await page.locator('.running').waitFor({ state: 'detached', timeout: 60_000 });
  const { past: [job] } = await gateway.local('GET', 'rehearsals');
  assert.ok(['passed', 'missed', 'noisy'].includes(job.state), JSON.stringify(job));
  assert.ok(stormed > 20 && stormed <= 40 * 8, `${stormed} requests`);
  const under = await operator(browser, gateway);
  await logIn(under, gateway, 'under', 'operator');
  await under.goto(url(gateway, 'rehearse'));
  await under.getByLabel('Target').selectOption('staging');
  await under.locator('button.locked').filter({ hasText: 'Start' }).waitFor();
  await Promise.all([page.done(), under.done()]);
});

test('somebody whose account is elsewhere comes in by the button, with the role that the provider gives', async () => {
  const page = await operator(browser, gateway, { hosts: [new URL(provider.issuer).host] });
  await page.goto(url(gateway, 'log'));
  await page.getByRole('link', { name: 'Log in with the company' }).click();
  await page.locator('header.top nav').waitFor();
  await page.goto(url(gateway, 'operators'));
  await page.getByText(/kim@example\.com · operator/).waitFor();
  await page.getByText('single sign-on').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Your password…' }).count(), 0, 'the password is not kept here');
  assert.match((await entries('operator.login')).at(-1).why, /oidc|company/i);
  await page.done();
});
