// A provider of accounts, as far as a login needs one: it asks nobody anything, and
// is strict about what the one who sends people to it must do.
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto';

import { serve } from './console.mjs';

const base64 = (data) => Buffer.from(data).toString('base64url');

/** Starts a provider that knows one person; claims are what it says of them. */
export async function startProvider({ client, secret, claims }) {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const asked = new Map(); // by code
  const provider = await serve(async (request, answer) => {
    const url = new URL(request.url, issuer);
    const json = (doc, status = 200) => answer.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(doc));
    if (url.pathname === '/.well-known/openid-configuration') {
      return json({
        issuer, authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/keys`,
        response_types_supported: ['code'], subject_types_supported: ['public'], id_token_signing_alg_values_supported: ['RS256'],
      });
    }
    if (url.pathname === '/keys') return json({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'one', use: 'sig', alg: 'RS256' }] });
    if (url.pathname === '/authorize') {
      const of = Object.fromEntries(url.searchParams);
      assert.ok(of.client_id === client && of.response_type === 'code' && of.code_challenge_method === 'S256' && of.state && of.nonce, url.search);
      const code = randomUUID();
      asked.set(code, of);
      return answer.writeHead(302, { location: `${of.redirect_uri}?${new URLSearchParams({ code, state: of.state })}` }).end();
    }
    if (url.pathname === '/token') {
      let body = '';
      for await (const part of request.setEncoding('utf8')) body += part;
      const form = Object.fromEntries(new URLSearchParams(body));
      const of = asked.get(form.code);
      asked.delete(form.code); // good once
      const basic = Buffer.from(request.headers.authorization?.split(' ')[1] ?? '', 'base64').toString();
      const known = basic === `${client}:${secret}` || (form.client_id === client && form.client_secret === secret);
      const proven = of && base64(createHash('sha256').update(form.code_verifier ?? '').digest()) === of.code_challenge && form.redirect_uri === of.redirect_uri;
      if (!known || !proven) return json({ error: 'invalid_grant' }, 400);
      const now = Math.floor(Date.now() / 1_000);
      const said = [{ alg: 'RS256', kid: 'one' }, { iss: issuer, aud: client, sub: 'person-1', iat: now, exp: now + 60, nonce: of.nonce, ...claims }].map((part) => base64(JSON.stringify(part))).join('.');
      return json({ access_token: randomUUID(), token_type: 'Bearer', expires_in: 60, id_token: `${said}.${base64(sign('sha256', Buffer.from(said), privateKey))}` });
    }
    return answer.writeHead(404).end();
  });
  const issuer = `http://127.0.0.1:${provider.port}`;
  return { issuer, close: provider.close };
}
