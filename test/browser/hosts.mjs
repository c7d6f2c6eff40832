// What libraries have as a fixed host is answered by the server under test, over
// TLS. Their code stays as it was published, and no other host can be reached.
import net from 'node:net';
import tls from 'node:tls';

const hosts = new Set([
  'www.google.com', 'google.com', 'www.recaptcha.net',
  'hcaptcha.com', 'api.hcaptcha.com', 'challenges.cloudflare.com',
]);

const connect = tls.connect;

/** From now on every TLS connection of this process goes to server. */
export function route(server) {
  tls.connect = (...args) => {
    const options = args.find((a) => a && typeof a === 'object') ?? {};
    const name = options.servername || options.host;
    if (name === 'captcha.example.test') return connect.apply(tls, args); // the tests themselves
    if (!hosts.has(name)) throw new Error(`a library wants to reach ${name}`);
    const socket = net.connect(server.tls, '127.0.0.1');
    return connect.call(tls, { ...options, socket, servername: name, ca: server.ca }, args.find((a) => typeof a === 'function'));
  };
}
