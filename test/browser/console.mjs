// The console as an operator meets it: `daero demo`, the one-time link that it
// prints, and a storm of logins on the gateway itself.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, createServer as createHTTP, request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { chromium } from 'playwright-core';

export const binary = process.env.DAERO_TEST_GATEWAY;
if (!binary) throw new Error('DAERO_TEST_GATEWAY is not set: start the tests with run.sh');

export const freePort = () =>
  new Promise((found, failed) => {
    const server = createServer().once('error', failed).listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => found(port));
    });
  });

/** One request; the answer with its body as text. */
export function send(url, { method = 'GET', headers = {}, body, agent, timeout = 20_000 } = {}) {
  return new Promise((done, failed) => {
    const req = request(url, { method, headers, agent, timeout }, (res) => {
      let text = '';
      res.setEncoding('utf8').on('data', (part) => (text += part)).on('end', () => done({ status: res.statusCode, headers: res.headers, text }));
      res.on('error', failed);
    });
    req.on('error', failed).on('timeout', () => req.destroy(new Error('no answer in time')));
    req.end(body);
  });
}

/** Waits until look() returns something. */
export async function until(look, what, within = 20_000) {
  for (const end = Date.now() + within; ; await new Promise((go) => setTimeout(go, 50))) {
    const found = await look();
    if (found) return found;
    assert.ok(Date.now() < end, `${what}: not within ${within / 1000} s`);
  }
}

/** Starts the program. Whoever starts it stops it. */
function launch(args, { program = binary, env } = {}) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (log = (log + text).slice(-20_000)));
  const gone = () => child.kill('SIGKILL'); // of a test that failed before it could stop it
  process.once('exit', gone);
  const exit = once(child, 'exit');
  const died = exit.then(() => Promise.reject(new Error(`it ended:\n${log}`)));
  died.catch(() => {});
  return {
    child,
    exit,
    /** What comes, unless the program ends before. */
    first: (what) => Promise.race([what, died]),
    async stop() {
      child.kill('SIGTERM');
      await exit;
      process.off('exit', gone);
    },
  };
}

/** Asks a gateway's API as somebody who has the machine. */
const asLocal = (admin) => async (method, path, body) => {
  const answer = await send(`http://${admin}/daero/api/${path}`, {
    method, headers: { origin: `http://${admin}`, 'content-type': 'application/json' }, body: body && JSON.stringify(body),
  });
  assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.text}`);
  return answer.text ? JSON.parse(answer.text) : undefined;
};

/** Starts the demo. Whoever starts it stops it. */
export async function startDemo({ workers = 24, port } = {}) {
  port ??= await freePort();
  const demo = launch(['demo', '--output', 'json', '--port', String(port), '--workers', String(workers)]);
  const [line] = await demo.first(once(createInterface({ input: demo.child.stdout }), 'line'));
  const addresses = JSON.parse(line);
  return { ...addresses, port, local: asLocal(addresses.admin), stop: demo.stop };
}

/**
 * Starts a rehearsal whose gateway can be watched, and waits for its link: nothing
 * is sent for as long as `lead`. Whoever starts it waits for its end, or stops it.
 */
export async function startRehearsal({ scenario = 'earthquake', duration = 20, lead = 8 } = {}) {
  const args = ['rehearse', scenario, '--arms', 'auto', '--duration', `${duration}s`, '--console', '--console-lead', `${lead}s`];
  const rehearsal = launch([...args, '--progress', 'json', '--output', 'json', '--bars', 'correctness', '--patience', '0s', '--repeats', '0']);
  rehearsal.child.stdout.resume();
  const link = new Promise((found) => createInterface({ input: rehearsal.child.stderr }).on('line', (line) => line.includes('"console"') && found(JSON.parse(line).console)));
  const console = await rehearsal.first(link);
  return { gateway: new URL(console).origin, console, over: rehearsal.exit, stop: rehearsal.stop };
}

/**
 * Starts a gateway with a configuration: of the option daero, of the console,
 * of its site, and of other sites. What
 * it keeps is in a directory of its own, so that another build can go on with it.
 */
export async function startGateway({ daero = '', console = '', site = '', sites = '' }) {
  const dir = mkdtempSync(join(tmpdir(), 'daero-console-'));
  const [port, admin] = [await freePort(), await freePort()];
  const file = join(dir, 'Caddyfile');
  writeFileSync(file, `{
\tadmin 127.0.0.1:${admin}
\tauto_https off
\tpersist_config off
\tgrace_period 2s
\tstorage file_system ${dir}/data
\tlog {
\t\tlevel ERROR
\t}
\tdaero {${daero}
\t}
}
:${port} {
\tdaero_console${console}
${site}
}
${sites}`);
  const gateway = { gateway: `http://localhost:${port}`, admin: `127.0.0.1:${admin}`, port, dir, local: asLocal(`127.0.0.1:${admin}`) };
  let running;
  gateway.start = async (program) => {
    running = launch(['run', '--config', file, '--adapter', 'caddyfile'], { program, env: { ...process.env, HOME: dir, XDG_DATA_HOME: dir, XDG_CONFIG_HOME: dir } });
    await running.first(until(() => send(`${gateway.gateway}/daero/api/session`).then((a) => a.status === 200, () => false), 'the gateway answers', 60_000));
  };
  gateway.end = () => running.stop();
  gateway.stop = async () => {
    await running.stop();
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    await gateway.start();
  } catch (error) {
    rmSync(dir, { recursive: true, force: true });
    throw error;
  }
  return gateway;
}

/** A server on this machine, and its port. */
export async function serve(answer) {
  const server = createHTTP(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: server.address().port, close: () => server.closeAllConnections() ?? server.close() };
}

/**
 * A storm: so many people who log in, each again as soon as answered or refused.
 * Returns what ends it.
 */
export function storm(demo, people) {
  const agent = new Agent({ keepAlive: true, maxSockets: people });
  let over = false;
  const person = async (n) => {
    for (let i = 0; !over; i++) {
      await send(`${demo.gateway}/v1/login`, {
        method: 'POST', agent, headers: { 'content-type': 'application/json', 'x-user-id': `u${n}` }, body: JSON.stringify({ user: `u${n}` }),
      }).catch(() => {});
      await new Promise((go) => setTimeout(go, 20));
    }
  };
  const all = Promise.all(Array.from({ length: people }, (_, n) => person(n)));
  return async () => {
    over = true;
    await all;
    agent.destroy();
  };
}

export const startBrowser = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
      '--host-resolver-rules=MAP localhost 127.0.0.1, EXCLUDE 127.0.0.1, MAP * ~NOTFOUND',
    ],
  });

/** A browser of one operator. What it asked of other hosts, and complaints, are noted. */
export async function operator(browser, demo, { hosts = [], ...options } = {}) {
  const context = await browser.newContext({ locale: 'en-US', timezoneId: 'Asia/Seoul', viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const own = new URL(demo.gateway).host;
  const elsewhere = new Set();
  const complaints = [];
  context.on('request', (r) => {
    const url = new URL(r.url());
    if (!['data:', 'blob:'].includes(url.protocol) && url.host !== own && !hosts.includes(url.host)) elsewhere.add(url.host);
  });
  page.on('console', (m) => {
    if (m.type() === 'error' || m.type() === 'warning') complaints.push(`${m.text()} (${m.location().url})`);
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.done = async ({ complains = [] } = {}) => {
    assert.deepEqual([...elsewhere], [], 'requests to other hosts');
    // The page asks for its data before it knows whether anybody is logged in.
    const expected = [/ 401 \(Unauthorized\) \(.*\/daero\/api\/now\)/, ...complains];
    assert.deepEqual(complaints.filter((text) => !expected.some((pattern) => pattern.test(text))), [], 'what the browser complained about');
    await context.close();
  };
  page.complaints = complaints;
  return page;
}

export const url = (demo, screen = 'now', query = '?lang=en') => `${demo.gateway}/daero/console/${query}#/${screen}`;

export const secret = 'correct horse battery 77';

/** Makes an account, and logs it in by the form. */
export async function logIn(page, demo, name, role, query) {
  await demo.local('POST', 'operators', { name, role, password: secret });
  await page.goto(url(demo, 'now', query));
  await fill(page, name);
  await page.locator('.level-panel').waitFor();
}

/** Fills in the form of the log-in. */
export async function fill(page, name, password = secret) {
  await page.locator('input[name=name]').fill(name);
  await page.locator('input[name=password]').fill(password);
  await page.locator('form:has(input[name=password]) button[type=submit]').click();
}

/** The level that the page shows. */
export const shown = (page) => page.locator('.level-panel .figure').innerText().then((text) => Number(text.match(/\d/)[0]));
