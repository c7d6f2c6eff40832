// The program itself, as an operator starts it: `daero run` with a Caddyfile, TLS
// of Caddy's own authority, sites added by `daero captcha site add`. It is met
// under the hosts that pages and libraries have in their code. What startServer
// knows of answers and clocks nobody knows here.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { request } from 'node:https';
import { createServer as listen } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { paths } from './server.mjs';

const binary = process.env.DAERO_TEST_GATEWAY;
if (!binary) throw new Error('DAERO_TEST_GATEWAY is not set: start the tests with run.sh');

const captchaHosts = [
  'www.google.com', 'google.com', 'www.recaptcha.net', 'www.gstatic.com', 'js.hcaptcha.com', 'hcaptcha.com', 'api.hcaptcha.com',
  'challenges.cloudflare.com', 'captcha.example.test',
];
const shopHosts = ['shop.example.test', 'other.example.test'];

const caddyfile = ({ dir, tls, plain, admin, pages }) => `{
	admin 127.0.0.1:${admin}
	http_port ${plain}
	https_port ${tls}
	auto_https disable_redirects
	skip_install_trust
	persist_config off
	storage file_system ${dir}
	log {
		level WARN
	}
	daero {
		captcha {
			pool 40
			test_keys
			base https://captcha.example.test
		}
	}
}
${captchaHosts.join(', ')} {
	tls internal
	daero_captcha
}
${shopHosts.join(', ')} {
	tls internal
	reverse_proxy 127.0.0.1:${pages}
}
`;

/** Starts a gateway. Whoever starts it stops it. */
export async function startGateway() {
  const dir = mkdtempSync(join(tmpdir(), 'daero-browser-'));
  const shop = startPages();
  const [tls, plain, admin, pages] = [await freePort(), await freePort(), await freePort(), await shop.port];
  writeFileSync(join(dir, 'Caddyfile'), caddyfile({ dir, tls, plain, admin, pages }));
  const child = spawn(binary, ['run', '--config', join(dir, 'Caddyfile'), '--adapter', 'caddyfile'], {
    stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, HOME: dir, XDG_DATA_HOME: dir, XDG_CONFIG_HOME: dir },
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (log = (log + text).slice(-20_000)));
  process.once('exit', () => child.kill('SIGKILL')); // of a test that failed before it could stop it
  let ended = false;
  const exit = once(child, 'exit').then(() => (ended = true));
  const stop = async () => {
    child.kill('SIGTERM');
    await exit;
    shop.close();
    rmSync(dir, { recursive: true, force: true });
  };
  const root = join(dir, 'pki/authorities/local/root.crt');
  const ready = async () => (await send(tls, readFileSync(root), '/daero/captcha/api.js', { method: 'GET' })).status === 200;
  for (const end = Date.now() + 30_000; !(await ready().catch(() => false)); await new Promise((go) => setTimeout(go, 50))) {
    if (ended || Date.now() > end) {
      await stop();
      throw new Error(`the gateway does not answer:\n${log}`);
    }
  }
  const ca = readFileSync(root, 'utf8');
  const gateway = {
    tls, ca, stop,
    site: ({ hosts = ['shop.example.test'], policy = {} } = {}) => addSite(admin, hosts, policy),
    token: (opening) => pass(gateway, { host: 'shop.example.test', ...opening }),
    verify: async (contract, fields) =>
      (await send(tls, ca, paths[contract], { headers: { 'content-type': 'application/x-www-form-urlencoded' } }, new URLSearchParams(fields).toString())).json(),
    page: (page) => shop.put(page),
  };
  return gateway;
}

/** {key, secret} of a new site, as wide as startServer's. */
async function addSite(admin, hosts, { Ask = 'never', Work = 50e6 }) {
  const args = ['captcha', 'site', 'add', 'test', '--address', `127.0.0.1:${admin}`, '--output', 'json', '--ask', Ask || 'risk'];
  if (Work) args.push('--work', `${Work / 1e6}ms`);
  for (const host of hosts) args.push('--host', host);
  for (const limit of ['challenges', 'misses', 'audio', 'tokens', 'most']) args.push('--limit', `${limit}=10000`);
  const { stdout } = await promisify(execFile)(binary, args);
  const { key, secret } = JSON.parse(stdout);
  return { key, secret };
}

/** A token, as an app of its own gets it: the recipe of docs/captcha/apps.md. */
async function pass({ tls, ca }, opening) {
  const session = crypto.randomUUID();
  const ask = async (path, body) => {
    const answer = await send(tls, ca, `/daero/captcha/challenge${path}`, { headers: { 'content-type': 'application/json' } }, JSON.stringify({ ...body, session }));
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${answer.text}`);
    return answer.json();
  };
  let step = await ask('', opening);
  while (step.step === 'work') {
    const n = BigInt(`0x${step.work.n}`);
    let y = BigInt(`0x${step.work.x}`);
    for (let i = 0; i < step.work.t; i++) y = (y * y) % n;
    step = await ask(`/${step.id}/work`, { y: y.toString(16) });
  }
  if (step.step !== 'done') throw new Error(`${step.step} ${step.code ?? ''}`);
  return step.token;
}

function send(port, ca, path, options, body) {
  return new Promise((resolve, reject) => {
    const sent = request({
      method: 'POST', ...options, host: '127.0.0.1', port, servername: 'captcha.example.test', ca, agent: false, path,
      headers: { host: 'captcha.example.test', ...options.headers },
    }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part) => (text += part)).on('error', reject)
        .on('end', () => resolve({ status: answer.statusCode, text, json: () => JSON.parse(text) }));
    });
    sent.on('error', reject).end(body);
  });
}

/** What stands behind the shop's hosts: pages that tests put there; a form that is sent is shown as JSON. */
function startPages() {
  const pages = new Map();
  const server = createServer(async (request, answer) => {
    if (request.method === 'POST') {
      let body = '';
      for await (const part of request.setEncoding('utf8')) body += part;
      const form = new URLSearchParams(body);
      const all = Object.fromEntries([...form.keys()].map((name) => [name, form.getAll(name)]));
      answer.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(all));
      return;
    }
    const { pathname } = new URL(request.url, 'http://shop');
    const page = pages.get(pathname);
    if (!page) {
      answer.writeHead(pathname === '/favicon.ico' ? 204 : 404).end();
      return;
    }
    answer.writeHead(200, {
      'content-type': page.type ?? 'text/html; charset=utf-8', 'x-content-type-options': 'nosniff',
      ...(page.csp && { 'content-security-policy': page.csp }),
    }).end(page.body);
  });
  server.listen(0, '127.0.0.1');
  return {
    port: once(server, 'listening').then(() => server.address().port),
    put: async (page) => void pages.set(page.path, page),
    close: () => server.closeAllConnections() ?? server.close(),
  };
}

/** A port that nobody listens on now. */
async function freePort() {
  const server = listen().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}
