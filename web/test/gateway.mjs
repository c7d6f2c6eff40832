// A gateway of made-up numbers, to look at the console without one: node
// test/gateway.mjs [PORT], after `npm run build`. It remembers nothing.
//
//	?  PUT /pretend {"build": "2", "login": false, "lanes": 200, "skew": 90, "silent": true}
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { gzipSync } from "node:zlib";

const words = ["normal", "attention", "caution", "alert", "serious"];
const korean = ["정상", "관심", "주의", "경계", "심각"];
const shapes = ["○", "◔", "◑", "◕", "●"];
export const pretend = { build: "1", login: true, lanes: 6, skew: 0, silent: false, level: undefined, pin: undefined, paused: undefined, revision: 7, orders: {}, role: "admin" };

const begin = Date.now() - 40 * 60_000;
const now = () => Date.now() + pretend.skew * 1000;
const iso = (ms) => new Date(ms).toISOString();
const wave = (s, n) => 1 + 0.05 * Math.sin(s / 7 + n) + 0.03 * Math.sin(s / 2.3 + n * 2);
/** How strong the storm is at a moment, 0 to 1: it began some minutes ago. */
const storm = (ms) => {
  const s = (ms - begin) / 1000 - 33 * 60;
  return s < 0 ? 0 : Math.min(1, s / 60);
};
const levelAt = (ms) => pretend.level ?? [0, 1, 2, 3, 3, 3][Math.floor(storm(ms) * 5)];

const names = ["login", "media", "message", "sync", "profile", "rest"];
const tiers = { message: "critical", login: "sheddable", media: "sheddable" };
function lane(name, ms, i) {
  const s = (ms - begin) / 1000;
  const k = storm(ms);
  const busy = ["login", "media"].includes(name);
  const base = { login: 400, media: 880, message: 5410, sync: 1020, profile: 210, rest: 33 }[name] ?? 20 + (i % 17) * 9;
  const come = base * wave(s, i) * (name === "login" ? 1 + 6.8 * k : 1);
  const o = { passed: come, waited: 0, deferred: 0, challenged: 0, shed: 0, failed: 0 };
  if (busy && k > 0.2) {
    o.passed = Math.min(come, name === "login" ? 330 : 310);
    const rest = come - o.passed;
    if (name === "login") Object.assign(o, { waited: rest * 0.1, challenged: rest * 0.15, shed: rest * 0.75 });
    else Object.assign(o, { deferred: rest });
  }
  const state = !busy || k <= 0.2 ? (i > 9 && i % 3 ? "idle" : "ok") : name === "login" ? "shedding" : "deferring";
  const felt = state === "shedding" ? { kind: "shed", of: 4, n: 3, who: "foreground" } : state === "deferring" ? { kind: "defer", of: 3, n: 2, who: "background", seconds: 120 } : { kind: "none", of: 4, n: 0, who: "" };
  const limit = { login: 120, media: 150, message: 600, sync: 300 }[name] ?? 80;
  return {
    backend: "chat", name, tier: tiers[name] ?? "normal", state, in: come, through: o.passed + o.waited, outcome: o,
    in_flight: Math.round(busy && k > 0.2 ? limit : Math.min(limit, o.passed * 0.02)), waiting: name === "login" ? Math.round(190 * k) : 0,
    wait_seconds: name === "login" ? 1.9 * k : 0, recent_seconds: 0.012 * (1 + (busy ? 8 * k : 0.2 * k)), base_seconds: 0.011, limit, turn: name === "login" ? 1 - 0.7 * k : 1,
    reasons: state === "shedding" ? { turn: o.shed * 0.7, queue_full: o.shed * 0.2, playbook: o.shed * 0.1 } : {},
    orders: { shed: { foreground: 0, background: name === "login" && k > 0.2 ? 0.75 : 0 }, defer: { foreground: 0, background: 0 }, challenge: { foreground: 0, background: 0 }, by_operator: pretend.orders["chat/" + name] },
    felt,
  };
}
const lanesAt = (ms) => {
  const all = [...names, ...Array.from({ length: Math.max(0, pretend.lanes - 6) }, (_, i) => `shop-${String(i + 1).padStart(3, "0")}`)];
  const order = { shedding: 0, deferring: 1, ok: 3, idle: 4 };
  return all.map((n, i) => lane(n, ms, i)).sort((a, b) => order[a.state] - order[b.state]);
};
const sum = (lanes) => Object.fromEntries(["passed", "waited", "deferred", "challenged", "shed", "failed"].map((o) => [o, lanes.reduce((t, l) => t + l.outcome[o], 0)]));
const rose = (n) => begin + 33 * 60_000 + n * 12_000;

const entries = () => {
  const all = [
    { kind: "outside", entry: { who: "daero", what: "level.changed", target: "attention", before: "normal", after: "attention", why: "kma warns: M5.8 Gyeongju (until 12:00:00 UTC)" }, why_ko: "기상청 예고: 경주 규모 5.8 지진 (12:00:00 UTC까지)", ms: rose(0.5) },
    { kind: "auto", entry: { who: "daero", what: "level.changed", target: "caution", before: "attention", after: "caution", why: "login.wait 900ms ≥ 800ms (caution)" }, why_ko: "login.wait 900ms, 주의 기준 800ms 이상", ms: rose(2) },
    { kind: "auto", entry: { who: "daero", what: "action.entered", target: "defer media", before: "0%", after: "60%", why: "level caution", share: 0.05 }, ms: rose(2.1) },
    { kind: "manual", entry: { who: "ops-min", what: "lane.ordered", target: "chat/media", after: "ceiling 150", why: "당직 호출, 사진 서버 점검", until: iso(now() + 1e6), undo: { revision: 6, does: "takes the order back" } }, ms: rose(2.6) },
    { kind: "auto", entry: { who: "daero", what: "level.changed", target: "alert", before: "caution", after: "alert", why: "login.wait 1.9s ≥ 1.5s (alert); lanes.busy 91% ≥ 85% (alert)" }, why_ko: "login.wait 1.9s, 경계 기준 1.5s 이상; lanes.busy 91%, 경계 기준 85% 이상", ms: rose(3) },
    { kind: "auto", entry: { who: "daero", what: "action.entered", target: "shed login background", before: "0%", after: "75%", why: "level alert", share: 0.21 }, ms: rose(3.1) },
    { kind: "auto", entry: { who: "daero", what: "action.entered", target: "challenge login new-device", before: "0%", after: "40%", why: "level alert", share: 0.05 }, ms: rose(3.2) },
    { kind: "signal", entry: { who: "daero", what: "signal.lost", target: "db.threads", why: "no answer for 10 s" }, ms: rose(4) },
  ];
  return all.filter((e) => e.ms <= now()).map((e, i) => ({ id: i + 1, at: iso(e.ms), kind: e.kind, why_ko: e.why_ko, entry: { ...e.entry, at: iso(e.ms), id: i + 1 } }));
};

export function nowDoc() {
  const ms = now();
  const n = pretend.pin ? words.indexOf(pretend.pin.level) : levelAt(ms);
  const lanes = lanesAt(ms);
  const k = storm(ms);
  const feed = entries().reverse();
  const level = {
    at: iso(ms), number: n, shape: shapes[n], word: words[n], word_ko: korean[n], level: words[n], acting: words[levelAt(ms)], pressure: 0.42, since: iso(rose(n)), revision: pretend.revision, pin: pretend.pin, audit: true,
    because: n === 0 ? { at: iso(begin), from: "normal", to: "normal", why: "", why_ko: "" } : { at: iso(rose(n)), from: words[n - 1], to: words[n], why: "login.wait 1.9s ≥ 1.5s (alert); lanes.busy 91% ≥ 85% (alert)", why_ko: "login.wait 1.9s, 경계 기준 1.5s 이상; lanes.busy 91%, 경계 기준 85% 이상", down: "login.wait < 900ms and lanes.busy < 70% for 3m", down_ko: "login.wait 900ms 미만, lanes.busy 70% 미만인 상태가 3분 이어지면", signals: ["login.wait", "lanes.busy"] },
    signals: [
      { name: "login.wait", value: 1.9 * k, shown: k ? `${(1.9 * k).toFixed(1)}s` : "0s", at: ["200ms", "800ms", "1.5s", "4s"], asks: words[levelAt(ms)], height: 3.2 * k, fresh: true, over: k > 0.4 ? iso(rose(3) - 40_000) : undefined },
      { name: "lanes.busy", value: 0.4 + 0.51 * k, shown: `${Math.round(40 + 51 * k)}%`, at: ["60%", "75%", "85%", "97%"], asks: words[levelAt(ms)], height: 0.6 + 2.9 * k, fresh: true, over: k > 0.4 ? iso(rose(3) - 22_000) : undefined },
      { name: "lanes.refused", value: 0.24 * k, shown: `${Math.round(24 * k)}%`, at: ["10%", "20%", "40%", "70%"], asks: k > 0.9 ? "caution" : "normal", height: 2.2 * k, fresh: true, over: k > 0.9 ? iso(ms - 58_000) : undefined },
      { name: "lanes.errors", value: 0, shown: "0%", at: ["1%", "2%", "5%", "20%"], asks: "normal", height: 0, fresh: true },
      { name: "db.threads", value: 0.4, shown: "40%", at: ["70%", "80%", "90%"], asks: "normal", height: 0.5, fresh: false, gone: iso(ms - 95_000) },
      { name: "kma", value: 1, shown: "1", asks: "attention", height: 0, fresh: true, arms: "attention", until: iso(ms + 1_200_000), note: "경주 규모 5.8 지진" },
    ],
  };
  return {
    id: feed.length, at: iso(ms), revision: pretend.revision, node: "gw-1", nodes: { reporting: 3, known: 3 }, level, pressed: { work_seconds: 0 }, lanes, totals: sum(lanes),
    in_force: n < 2 ? [] : [
      { id: "shed login background", kind: "shed", row: "alert", strength: 0.75, since: iso(rose(3.1)), predicted_share: 0.21 },
      { id: "defer media", kind: "defer", row: "caution", strength: 0.6, since: iso(rose(2.1)), predicted_share: 0.05 },
      { id: "challenge login new-device", kind: "challenge", row: "alert", strength: 0.4, since: iso(rose(3.2)), predicted_share: 0.05 },
      { id: "flag preview", kind: "flag", row: "caution", strength: 1, shadow: true, since: iso(rose(2.1)), predicted_share: 0 },
    ],
    coming: [{ name: "새해 첫날 00:00", at: iso(ms + 5_400_000), until: iso(ms + 9_000_000), level: "attention", source: "calendar" }],
    paused: pretend.paused, shadow: false, relay: { up: true, lag: 18204, oldest_seconds: 94, dead_letters: 3, rate: 820 }, captcha: { issued: 4120, passed: 3980, asked_share: 0.04 }, feed,
  };
}

function history(query) {
  const since = { "5m": 300, "15m": 900, "1h": 3600, "2h": 7200 }[query.get("since")] ?? 7200;
  const step = Math.max(1, Math.ceil(since / 720 / 5) * 5 || 1);
  const real = since <= 720 ? 1 : step;
  const n = Math.floor(since / real);
  const end = Math.floor(now() / 1000 / real) * real;
  const from = end - (n - 1) * real;
  const wanted = (query.get("lanes") ?? "").split(",").filter(Boolean);
  const doc = { from: iso(from * 1000), step_seconds: real, n, level: [], totals: {}, lanes: {}, events: entries().map((e) => ({ at: e.at, id: e.id, what: e.entry.what, target: e.entry.target, after: e.entry.after, kind: e.kind })) };
  const put = (o, key, v) => (o[key] ??= []).push(v);
  for (let i = 0; i < n; i++) {
    const ms = (from + i * real) * 1000;
    const gap = ms < begin;
    doc.level.push(gap ? null : levelAt(ms));
    const lanes = lanesAt(ms);
    for (const [k, v] of Object.entries(sum(lanes))) put(doc.totals, k, gap ? null : v);
    for (const l of lanes.filter((x) => wanted.includes(x.backend + "/" + x.name))) {
      const s = (doc.lanes[l.backend + "/" + l.name] ??= { reasons: {} });
      const k = storm(ms);
      for (const [key, v] of Object.entries({ in: l.in, through: l.through, ...l.outcome, limit: l.limit * (1.4 - 0.4 * k) * wave(ms / 9000, 1), in_flight: l.in_flight, waiting: l.waiting, wait_seconds: l.wait_seconds, recent_seconds: l.recent_seconds, shed_order: 0.75 * k })) put(s, key, gap ? null : v);
      for (const r of ["turn", "queue_full", "playbook"]) put(s.reasons, r, gap ? null : l.reasons[r] ?? 0);
    }
  }
  return doc;
}

const read = async (req) => {
  let text = "";
  for await (const piece of req) text += piece;
  return text ? JSON.parse(text) : {};
};

const problem = (res, status, kind, more = {}) => {
  res.writeHead(status, { "Content-Type": "application/problem+json" });
  res.end(JSON.stringify({ type: `urn:problem-type:daero:${kind}`, title: kind, status, ...more }));
};
const json = (res, doc, status = 200) => {
  res.writeHead(status, { "Content-Type": "application/json" });
  res.end(JSON.stringify(doc));
};

const streams = new Set();
const sessionDoc = () => ({ name: pretend.login ? "min" : "", role: pretend.login ? pretend.role : "", via: "password", account: true, expires: iso(now() + 4e7), ways: { password: true, token: true, oidc: null }, build: pretend.build });

async function api(req, res, path, query) {
  if (path === "session" && req.method === "GET") return json(res, sessionDoc());
  if (path === "session" && req.method === "POST") {
    const { password, token } = await read(req);
    if (password !== "right" && token !== "right") return problem(res, 401, "bad-login");
    pretend.login = true;
    return json(res, sessionDoc());
  }
  if (path === "session" && req.method === "DELETE") {
    pretend.login = false;
    return res.writeHead(204).end();
  }
  if (!pretend.login) return problem(res, 401, "no-session");
  if (path === "now") return json(res, nowDoc());
  if (path === "history") return json(res, history(query));
  if (path === "stream") {
    res.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    res.write(`event: hello\ndata: ${JSON.stringify({ build: pretend.build, now_id: 1 })}\n\n`);
    const send = () => pretend.silent || res.write(`event: now\ndata: ${JSON.stringify(nowDoc())}\n\n`);
    send();
    const timer = setInterval(send, 1000);
    streams.add(res);
    req.on("close", () => (clearInterval(timer), streams.delete(res)));
    return;
  }
  if (req.method === "GET") return problem(res, 404, "not-found");
  const body = await read(req);
  const done = (more = {}) => {
    pretend.revision++;
    json(res, { ...more, revision: pretend.revision, undo: { method: "POST", path: `/daero/api/controls/${pretend.revision}/undo`, body: {} } });
  };
  if (body.revision && body.revision !== pretend.revision) return problem(res, 409, "changed", { revision: pretend.revision, by: "ops-lee", what: "level.pinned", at: iso(now() - 4000) });
  if (path === "level/pin" && req.method === "POST") {
    if (["alert", "serious"].includes(body.level) && !body.confirm) return problem(res, 409, "confirm", { predicted: { share: 0.41, per_second: 3310, actions: [{ id: "shed login", strength: 1, share: 0.38 }, { id: "shed media", strength: 0.5, share: 0.03 }] } });
    pretend.pin = { level: body.level, by: "min", reason: body.reason, until: iso(now() + 1_800_000) };
    return done();
  }
  if (path === "level/pin") return (pretend.pin = undefined), done();
  if (path === "playbook/pause") return (pretend.paused = { by: "min", reason: body.reason, until: iso(now() + 1_800_000) }), done();
  if (path === "playbook/resume") return (pretend.paused = undefined), done();
  const order = /^lanes\/(.+)\/order$/.exec(path);
  if (order) return (pretend.orders[decodeURIComponent(order[1])] = req.method === "PUT" ? { ...body, by: "min", until: iso(now() + 1e6), text: "ramp from 20 % by 5 % each 30 s", admits: 0.2 } : undefined), done();
  if (path === "lanes/of") return json(res, { lane: body.url.includes("login") ? "login" : "rest", backend: "chat", rule: "path", match: "path /v1/login*", intent: "foreground", user: "header X-User-Id", where: "Caddyfile:12", verdict: "pass", site: ":8080" });
  if (/undo$/.test(path)) return (pretend.pin = pretend.paused = undefined), done();
  return done();
}

const types = { js: "text/javascript", css: "text/css", html: "text/html; charset=utf-8", txt: "text/plain" };
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data: blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

export function serve(port) {
  const server = createServer(async (req, res) => {
    const url = new URL(req.url, "http://localhost");
    try {
      if (url.pathname === "/pretend") {
        Object.assign(pretend, await read(req));
        if (pretend.drop) for (const s of streams) s.destroy();
        pretend.drop = false;
        return json(res, { ...pretend, streams: streams.size });
      }
      if (url.pathname.startsWith("/daero/api/")) return await api(req, res, url.pathname.slice(11), url.searchParams);
      if (!url.pathname.startsWith("/daero/console/")) return res.writeHead(302, { Location: "/daero/console/" }).end();
      const name = url.pathname.slice(15) || "index.html";
      const data = await readFile(new URL(`../dist/console/${name.replace(/[^\w.-]/g, "")}`, import.meta.url));
      res.writeHead(200, { "Content-Type": types[name.split(".").pop()], "Content-Security-Policy": policy, "Content-Encoding": "gzip", "Cache-Control": "no-store" });
      res.end(gzipSync(data));
    } catch (e) {
      if (!res.headersSent) res.writeHead(404);
      res.end(String(e));
    }
  });
  return new Promise((done) => server.listen(port, "127.0.0.1", () => done(server)));
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const port = Number(process.argv[2] ?? 8787);
  await serve(port);
  console.log(`http://127.0.0.1:${port}/daero/console/`);
}
