// The server under test: one process of its own for every file of tests, so that
// none sees another's clock, sites or answers.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:https';
import { createInterface } from 'node:readline';

const binary = process.env.DAERO_TEST_SERVER;
if (!binary) throw new Error('DAERO_TEST_SERVER is not set: start the tests with run.sh');

/** Starts a server. Whoever starts it stops it; it also ends with this process. */
export async function startServer() {
  const child = spawn(binary, { stdio: ['pipe', 'pipe', 'inherit'] });
  const exit = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const first = await Promise.race([once(lines, 'line'), exit.then(() => null)]);
  if (!first) throw new Error('the server ended before it listened');
  const { tls, control, ca } = JSON.parse(first[0]);

  const ask = async (what, value) => {
    const answer = await plainFetch(`http://127.0.0.1:${control}/${what}`, { method: 'POST', body: JSON.stringify(value) });
    if (!answer.ok) throw new Error(`${what}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  return {
    tls, ca,
    stop: async () => {
      child.stdin.end();
      await exit;
    },
    /** {key, secret} of a new site: budgets as wide as tests need, unless policy says otherwise. */
    site: ({ hosts = ['shop.example.test'], langs = [], policy = {} } = {}) =>
      ask('site', { hosts, langs, policy: { Ask: 'never', Work: 50e6, PrefixChallenges: 10000, PrefixMisses: 10000, PrefixAudio: 10000, PrefixTokens: 10000, PrefixMost: 10000, ...policy } }),
    /** A token, as a visitor's browser would have got it. */
    token: async (opening) => (await ask('token', { host: 'shop.example.test', ...opening })).token,
    /** The puzzle behind a challenge whose picture or sound was fetched. */
    puzzle: (id) => ask('answer', id),
    /** What a site's server is told of a token. */
    verify: (contract, fields) => verify(tls, ca, contract, fields),
    page: (page) => ask('page', { type: 'text/html; charset=utf-8', ...page }),
    clock: (seconds) => ask('clock', seconds),
    press: (seconds) => ask('press', seconds),
  };
}

/** Where each contract verifies. */
export const paths = { recaptcha: '/recaptcha/api/siteverify', hcaptcha: '/siteverify', turnstile: '/turnstile/v0/siteverify', daero: '/daero/captcha/siteverify' };

function verify(port, ca, contract, fields) {
  return new Promise((resolve, reject) => {
    const sent = request({
      host: '127.0.0.1', port, servername: 'captcha.example.test', ca, agent: false, method: 'POST', path: paths[contract],
      headers: { host: 'captcha.example.test', 'content-type': 'application/x-www-form-urlencoded' },
    }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part) => (text += part)).on('end', () => resolve(JSON.parse(text)));
    });
    sent.on('error', reject).end(new URLSearchParams(fields).toString());
  });
}

const plainFetch = globalThis.fetch;
