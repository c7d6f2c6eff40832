import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { bodyOf, fresh, hostMistake, hostsOf, milliseconds, snippet, valuesOf, type Site } from "../src/console/screens/captcha-form";
import { exportLink, filterOf, instant, matches, merge, mistake, none, query } from "../src/console/screens/log-query";
import { whats } from "../src/console/screens/log-what";
import { before, diffCount, diffLines } from "../src/console/screens/playbook-diff";
import { matrix, ramp, type Action, type Row } from "../src/console/screens/playbook-matrix";
import * as redrive from "../src/console/screens/queues-form";
import en from "../src/console/words/en.json";
import { follow, type Job } from "../src/console/screens/rehearse-live";
import { barOf, bound, exact, lanesOf, panels, score } from "../src/console/screens/rehearse-series";

const action = (id: string, more: Partial<Action> = {}): Action => ({ id, kind: id.split(" ")[0]!, lane: id.split(" ")[1], from: 0, to: 1, predicted_share: 0, ...more });

test("rows add up, and of one thing the highest row counts", () => {
  const rows: Row[] = [
    { level: "caution", number: 2, actions: [action("shed login", { to: 0.6 }), action("notify ops", { lane: undefined, target: "ops" })] },
    { level: "alert", number: 3, actions: [action("shed login", { from: 0.6 }), action("slow sync")] },
  ];
  const { columns, cells } = matrix(rows);
  assert.deepEqual(columns, ["login", "sync", ""], "what is of no lane comes last");
  assert.deepEqual(cells[1], [[], [], []]);
  assert.deepEqual(cells[2]![0], [{ action: rows[0]!.actions[0], own: true }]);
  assert.deepEqual(cells[3]![0], [{ action: rows[1]!.actions[0], own: true }]);
  assert.deepEqual(cells[3]![2]!.map((one) => one.own), [false], "a lower row's action stands on");
  assert.equal(cells[4]![0]![0]!.own, false);
});

test("only what has a strength shows one", () => {
  assert.deepEqual(ramp(action("shed login", { from: 0.6, to: 1 })), [60, 100]);
  assert.equal(ramp(action("slow sync")), null);
});

test("lanes of one name at two backends are two columns", () => {
  const { columns } = matrix([{ level: "alert", number: 3, actions: [action("shed a/login", { lane: "login", backend: "a" }), action("shed login")] }]);
  assert.deepEqual(columns, ["a/login", "login"]);
});

test("a diff has signs and numbers", () => {
  const lines = diffLines("--- running\n+++ yours\n@@ -2,3 +2,3 @@\n at alert {\n-\tshed login 50%\n+\tshed login 80%\n }\n\\ No newline at end of file\n");
  assert.deepEqual(lines.map((line) => line.sign).join(""), "@ -+ ");
  assert.deepEqual(lines[2], { sign: "-", text: "\tshed login 50%", old: 3 });
  assert.deepEqual(lines[3], { sign: "+", text: "\tshed login 80%", now: 3 });
  assert.deepEqual(lines[4], { sign: " ", text: "}", old: 4, now: 4 });
  assert.deepEqual(diffCount(lines), { added: 1, removed: 1 });
});

test("a removed line that looks like a header is a line", () => {
  assert.deepEqual(diffLines("@@ -1 +1 @@\n--- x\n+++ y").map((line) => line.sign + line.text), ["@@@ -1 +1 @@", "--- x", "+++ y"]);
});

test("no diff is no lines", () => assert.deepEqual(diffLines(""), []));

test("a filter's empty fields are not asked for", () => {
  assert.equal(query(none), "/daero/api/audit");
  assert.equal(query({ ...none, since: "1h", text: " 100 % & more " }, { limit: 50, before: 7 }), "/daero/api/audit?since=1h&text=100+%25+%26+more&limit=50&before=7");
  assert.equal(exportLink({ ...none, who: "kim@ops" }, "csv"), "/daero/api/audit?who=kim%40ops&format=csv");
});

test("times are read in the clock they are shown in", () => {
  assert.equal(instant("2026-11-30T19:30", true), "2026-11-30T19:30:00.000Z");
  assert.equal(instant("2026-11-30T19:30", false), new Date(2026, 10, 30, 19, 30).toISOString());
  assert.equal(instant("", true), "");
  assert.equal(instant("yesterday", true), null);
  assert.equal(mistake({ ...none, since: "2026-11-30T10:00:00Z", until: "2026-11-30T09:00:00Z" }), "log.mistake.order");
  assert.equal(mistake({ ...none, since: "1h", until: "2026-11-30T09:00:00Z" }), "");
});

test("pages join to one list, newest first, each entry once", () => {
  const entry = (id: number | undefined, second: number, what = "level.changed") => ({ id, at: `2026-11-30T00:00:0${second}Z`, who: "daero", what });
  const page = [entry(1, 1), entry(2, 2), entry(3, 2)];
  assert.deepEqual(merge(page, [entry(2, 2), entry(9, 5)]).map((e) => e.id), [9, 3, 2, 1]);
  const streamed = merge(page, [entry(undefined, 7), entry(undefined, 7)]);
  assert.deepEqual(streamed.map((e) => e.id), [undefined, 3, 2, 1], "the stream is ahead of the record");
  assert.deepEqual(merge(streamed, [entry(4, 7)]).map((e) => e.id), [4, 3, 2, 1], "and the record takes its place");
  assert.deepEqual(merge([], [entry(undefined, 7), entry(undefined, 7, "level.pinned")]).length, 2);
});

test("what has just happened is shown where it belongs", () => {
  const entry = { who: "kim", what: "level.pinned", target: "alert", why: "Broadcast" };
  assert.ok(matches(none, entry));
  assert.ok(matches({ ...none, text: "BROAD", who: "kim" }, entry));
  assert.ok(!matches({ ...none, who: "lee" }, entry));
  assert.ok(!matches({ ...none, text: "quake" }, entry));
  assert.ok(!matches({ ...none, until: "2026-11-30T09:00:00Z" }, entry), "a span that has ended gets nothing new");
});

const site: Site = {
  key: "K".repeat(40), name: "shop", hosts: ["shop.example.com"], langs: ["ko"], disabled: false, secrets: [], created: "", changed: "2026-11-30T00:00:00Z", policy: fresh.policy,
};

test("a site's form is sent whole when it is new, and only what changed after", () => {
  assert.deepEqual(bodyOf({ ...valuesOf(fresh), name: " shop ", hosts: "a.example, b.example\na.example" }), { name: "shop", hosts: ["a.example", "b.example"], langs: ["ko", "en"] });
  assert.deepEqual(bodyOf(valuesOf(site), site), {});
  assert.deepEqual(bodyOf({ ...valuesOf(site), work: "800", en: "on", prefix_misses: "7" }, site), { langs: ["ko", "en"], policy: { work: "800ms", prefix_misses: 7 } });
});

test("a form says what is wrong with a host", () => {
  for (const good of ["shop.example.com", "*.example.com", "localhost", "app:com.example.shop", "한국.example"]) assert.equal(hostMistake(good), "", good);
  for (const wrong of ["https://a.example", "a.example/path", "*.com", "a.*.example", "a..example"]) assert.ok(hostMistake(wrong) in en, wrong);
  assert.deepEqual(hostsOf("\n"), []);
});

test("durations as Go writes them", () => {
  for (const [text, ms] of [["400ms", 400], ["1.5s", 1500], ["1m0s", 60_000], ["2h3m", 7_380_000]] as const) assert.equal(milliseconds(text), ms, text);
});

test("a snippet names the site and the host", () => {
  assert.match(snippet("KEY", "https://c.example"), /src="https:\/\/c\.example\/daero\/captcha\/api\.js"[^]*data-sitekey="KEY"/);
});

test("a redrive sends only what was filled in", () => {
  const form = { limit: "", rate: "", since: "", error: "" };
  assert.deepEqual(redrive.bodyOf("sends", form, true, "look"), { delivery: "sends", dry_run: true, reason: "look" });
  assert.deepEqual(redrive.bodyOf("sends", { limit: "100", rate: "5.5", since: "1h", error: "503" }, false, "go"), { delivery: "sends", limit: 100, rate: 5.5, since: "1h", error: "503", reason: "go" });
  assert.deepEqual(redrive.mistakes(form), {});
  assert.deepEqual(Object.keys(redrive.mistakes({ ...form, limit: "0", rate: "-1" })), ["limit", "rate"]);
});

test("deliveries that stand still come first", () => {
  const one = (name: string, more = {}) => ({ name, oldest_seconds: 0, lag: 0, ...more });
  const order = redrive.worst([one("idle"), one("young", { lag: 5, oldest_seconds: 1 }), one("old", { lag: 5, oldest_seconds: 9 }), one("paused", { paused: {} }), one("open", { circuit: "open" })]);
  assert.deepEqual(order.map((d) => d.name), ["open", "paused", "old", "young", "idle"]);
});

test("an address is a filter: the last day unless it says otherwise", () => {
  assert.deepEqual(filterOf({}), { ...none, since: "24h" });
  assert.deepEqual(filterOf({ since: "all", who: "kim", strange: "x" }), { ...none, who: "kim" });
  assert.deepEqual(filterOf({ until: "2026-11-30T09:00:00Z" }), { ...none, until: "2026-11-30T09:00:00Z" }, "an end alone has no beginning");
});

const curve = (ok: number[], more = {}) => ({ ok, refused: ok.map(() => 0), failed: ok.map(() => 0), p99: ok.map(() => 10 as number | null), ...more });

test("arms of a lane share their axis, and are per second", () => {
  const series = { step_seconds: 0.5, arms: { none: { message: curve([10, 20], { failed: [5, 30] }) }, auto: { message: curve([10, 20, 30]), login: curve([1]) } } };
  assert.deepEqual(lanesOf(series), ["message", "login"]);
  const { x, top, of } = panels(series, ["none", "auto"], "message", true);
  assert.deepEqual(x, [0, 0.5, 1]);
  assert.ok(top >= 100 && top < 110, `${top}: 20 and 30 in half a second are 100 a second`);
  assert.deepEqual(of[0]!.values.ok, [20, 40, null], "an arm that is shorter has a gap, not a zero");
  assert.deepEqual(of[0]!.total, { ok: 30, refused: 0, failed: 35, p99: 10 });
  assert.deepEqual(panels(series, ["none", "auto"], "login", true).of[0]!.values.ok, [null], "an arm without the lane is empty");
  assert.ok(Math.abs(panels(series, ["auto"], "message", false).top - 10.5) < 1e-9);
});

test("an arm that has not begun has nothing, and no verdict is no share", () => {
  assert.deepEqual(panels({ step_seconds: 1, arms: {} }, ["auto"], "message", true).x, []);
  assert.deepEqual(score([{ ok: true }, { ok: false }]), { held: 1, of: 2 });
  assert.deepEqual(score([]), { held: 0, of: 0 });
});

test("verdicts are read as they are meant", () => {
  assert.equal(bound(">= 0.9999"), "≥ 0.9999");
  assert.equal(exact(0.99987), "0.99987");
  assert.equal(exact(1), "1");
  assert.equal(exact(null), "–");
  assert.deepEqual(barOf("auto: sessions kept"), { key: "sessions kept", of: "auto", in: "" });
  assert.deepEqual(barOf("control: messages and sessions missed, manual"), { key: "messages and sessions missed", of: "control", in: "manual" });
  assert.deepEqual(barOf("attempts per action, honouring"), { key: "attempts per action, honouring", of: "", in: "" });
});

test("what a diff is against can be read out of it", () => {
  const lines = diffLines("--- in force\n+++ proposed\n@@ -1,5 +1,4 @@\n playbook {\n-\tat caution {\n-\t\tslow sync 30s\n+\tat serious {\n \t}\n }\n");
  assert.equal(before(lines), "playbook {\n\tat caution {\n\t\tslow sync 30s\n\t}\n}\n");
});

test("whatever the record can hold has words, and can be chosen", () => {
  const files = [...readdirSync("../audit").map((name) => "../audit/" + name), "../relay/listener.go"].filter((name) => name.endsWith(".go") && !name.endsWith("_test.go"));
  const told = files.flatMap((name) => [...readFileSync(name, "utf8").matchAll(/= "([a-z]+\.[a-z_]+)"/g)].map((m) => m[1]!));
  assert.ok(told.length > 50, `${told.length} kinds of entries found in Go`);
  assert.deepEqual([...new Set(told)].sort(), whats().sort());
  assert.deepEqual(whats().filter((what) => !(`log.what.${what}` in en) && !(`what.${what}` in en)), []);
});

test("a rehearsal is followed second by second: nothing twice, nothing late, an arm that begins again begins again", () => {
  const felt = (ok: number) => ({ message: { ok, refused: 0, failed: 0, p99_ms: 8 } });
  const base = { id: "a", arms: ["none", "auto"], state: "running", verdicts: [] } as unknown as Job;
  const at = (arm: string, s: number, ok = s): Job => ({ ...base, last: { arm, at: s, lanes: felt(ok) } });
  const ok = (job: Job, arm: string) => job.series?.arms[arm]?.message?.ok;
  let job = [at("none", 1), at("none", 2), at("none", 2), at("none", 1), at("none", 3)].reduce(follow, base);
  assert.deepEqual(ok(job, "none"), [1, 2, 3]);
  const before = job.series;
  job = [at("auto", 1), at("none", 3), at("auto", 2)].reduce(follow, job);
  assert.deepEqual([ok(job, "none"), ok(job, "auto")], [[1, 2, 3], [1, 2]], "what is late is not of the arm that is held");
  assert.deepEqual(Object.keys(before!.arms), ["none"], "what was drawn is not changed under it");
  job = [at("auto", 17), at("auto", 1, 9)].reduce(follow, job);
  assert.deepEqual(ok(job, "auto"), [9], "too noisy: once more");
  job = follow(job, { ...base, state: "passed" });
  assert.deepEqual([job.state, ok(job, "auto")], ["passed", [9]], "the end brings no second, and takes none");
  assert.equal(panels(job.series!, job.arms, "message", true, 17).x.length, 17, "what is not over has its axis already");
});
