// What waits in the relay: how much, how old, how long until it is gone, and what
// holds it up; looking at messages, taking dead letters back, pausing.
import { useState } from "preact/hooks";
import { bytes, dayTime, num, seconds, span } from "../format";
import { useApi, useRoute } from "../hooks";
import { setQuery } from "../router";
import type { Pause } from "../types";
import { act } from "../ui/act";
import { Badge, Empty, Facts, Panel, Problem, Waiting, type Tone } from "../ui/basic";
import { Bar } from "../ui/bar";
import { Guarded, RoleNote } from "../ui/guard";
import { Table } from "../ui/table";
import { Button } from "../ui/basic";
import { t, type Key } from "../words";
import { worst } from "./queues-form";
import { Peek } from "./queues-peek";
import { Redrive } from "./queues-redrive";

export interface Delivery {
  name: string;
  revision?: number;
  redriving?: { by: string; reason: string; since: string; matched: number; redriven: number };
  to?: string;
  topics: string[] | null;
  running: boolean;
  paused?: Omit<Pause, "until"> & { until?: string };
  circuit?: string;
  limit: number;
  rate?: number;
  in_flight: number;
  waiting: number;
  waiting_bytes: number;
  blocked_keys: number;
  parked_keys: number;
  hot_key_waiting: number;
  lag: number;
  oldest_seconds: number;
  delivered: number;
  retries: number;
  rejected: number;
  dead_letters: number;
  deferrals: number;
  dead_letters_topic?: string;
  rate_delivered?: number | null;
  rate_accepted?: number | null;
  empty_seconds?: number | null;
  held_keys?: HeldKey[] | null;
}

interface HeldKey {
  topic: string;
  partition: number;
  offset: number;
  key?: string;
  behind: number;
  attempts: number;
  since_seconds: number;
  due_seconds: number;
}

interface Topic {
  topic: string;
  accepted: number;
  spooled: number;
  repeated: number;
  unknown: number;
  refused: number;
  invalid: number;
  bytes: number;
}

export interface RelayDoc {
  up: boolean;
  error?: string;
  log: { kind: string; note?: string; bytes?: number; max_bytes?: number };
  topics: Topic[];
  deliveries: Delivery[];
  spool?: { depth: number; bytes: number; max_bytes: number; oldest_seconds: number; poisoned?: string };
}

export interface LagDoc {
  deliveries: { name: string; lag: number; dead_letters: number; partitions: { topic: string; partition: number; place: number; next: number; lag: number; lost?: number; retention_seconds?: number }[] }[];
}

/** A delivery's state: a word, a shape and a tone. */
function stateOf(d: Delivery): { key: string; shape: string; tone: Tone } {
  if (!d.running) return { key: "away", shape: "○", tone: "plain" };
  if (d.circuit === "open") return { key: "down", shape: "▲", tone: "bad" };
  if (d.paused) return { key: "paused", shape: "‖", tone: "warn" };
  if (d.circuit === "half-open") return { key: "trying", shape: "◆", tone: "warn" };
  if (d.rate === 0) return { key: "stopped", shape: "‖", tone: "warn" };
  if (d.lag > 0) return { key: "behind", shape: "◆", tone: (d.empty_seconds ?? Infinity) > 60 ? "warn" : "info" };
  return { key: "ok", shape: "●", tone: "good" };
}

export function Queues() {
  const { query } = useRoute();
  const { data, problem, missing, reload } = useApi<RelayDoc>("relay", { every: 2_000 });
  const lag = useApi<LagDoc>(data ? "relay/lag" : undefined, { every: 15_000 });
  const [redriving, setRedriving] = useState<Delivery>();
  if (!data) return <Waiting for={{ missing, problem, reload }}>{t("queues.missing")}</Waiting>;
  const dead = (d: Delivery) => lag.data?.deliveries.find((x) => x.name === d.name)?.dead_letters ?? d.dead_letters;
  const oldest = Math.max(0, ...data.deliveries.map((d) => d.oldest_seconds));
  return (
    <div class="queues stackup">
      <header class="screen">
        <p class="state">
          <Badge tone={data.up ? "good" : "bad"}>{data.up ? "● " + t("queues.up") : "▲ " + t("queues.down")}</Badge>{" "}
          {data.error || t("queues.summary", { n: num(data.deliveries.reduce((sum, d) => sum + d.lag, 0)), oldest: span(oldest) })}
        </p>
      </header>
      <Problem problem={problem} />
      <RoleNote need="operator" />
      <Panel class="deliveries" title={t("queues.deliveries")} note={t("queues.deliveriesNote")}>
        <Deliveries all={worst(data.deliveries)} dead={dead} redrive={setRedriving} />
      </Panel>
      <Held all={data.deliveries} />
      {query.peek && <Peek key={query.peek} topic={query.peek} topics={topicsOf(data)} />}
      <div class="split">
        <Accepted topics={data.topics} />
        <Kept doc={data} lag={lag.data} />
      </div>
      {redriving && <Redrive delivery={redriving.name} revision={data.deliveries.find((d) => d.name === redriving.name)?.revision} known={dead(redriving)} onClose={() => setRedriving(undefined)} />}
    </div>
  );
}

const topicsOf = (doc: RelayDoc) => [...new Set([...doc.topics.map((x) => x.topic), ...doc.deliveries.flatMap((d) => [...(d.topics ?? []), d.dead_letters_topic ?? ""])])].filter(Boolean);

function Deliveries({ all, dead, redrive }: { all: Delivery[]; dead(d: Delivery): number; redrive(d: Delivery): void }) {
  return (
    <Table
      caption={t("queues.deliveries")} cards rows={all} rowKey={(d) => d.name} empty={<Empty title={t("queues.none")} />}
      columns={[
        { key: "name", label: t("queues.name"), head: true, render: (d) => <><b>{d.name}</b><small class="to">{d.to}</small></> },
        { key: "state", label: t("lane.state"), render: (d) => <StateCell d={d} /> },
        { key: "lag", label: t("queues.backlog"), num: true, render: (d) => <b>{num(d.lag)}</b> },
        { key: "oldest", label: t("queues.oldest"), num: true, render: (d) => (d.lag ? seconds(d.oldest_seconds) : "–") },
        { key: "empty", label: t("queues.empty"), num: true, render: (d) => (d.lag === 0 ? "–" : d.empty_seconds == null ? <b class="never">{t("queues.never")}</b> : span(d.empty_seconds)) },
        { key: "rates", label: t("queues.rates"), num: true, render: (d) => <>{d.rate_delivered == null ? "–" : `${num(d.rate_accepted)} → ${num(d.rate_delivered)}`}{d.rate !== undefined && <small>{t("queues.most", { n: num(d.rate) })}</small>}</> },
        { key: "flight", label: t("queues.flight"), num: true, render: (d) => `${num(d.in_flight)}/${num(d.limit)}` },
        { key: "keys", label: t("queues.keys"), num: true, render: (d) => `${num(d.blocked_keys)} / ${num(d.parked_keys)}` },
        { key: "retries", label: t("queues.retries"), num: true, render: (d) => num(d.retries) },
        { key: "dead", label: t("queues.dead"), num: true, render: (d) => <span class={dead(d) ? "never" : ""}>{num(dead(d))}</span> },
        { key: "do", label: t("queues.do"), render: (d) => <Controls d={d} dead={dead(d)} redrive={redrive} /> },
      ]}
    />
  );
}

function StateCell({ d }: { d: Delivery }) {
  const state = stateOf(d);
  return (
    <>
      <Badge tone={state.tone}>{state.shape} {t(`queues.state.${state.key}` as Key)}</Badge>
      {d.paused && <small>{t("queues.pausedBy", { by: d.paused.by, until: dayTime(d.paused.until), reason: d.paused.reason })}</small>}
      {d.redriving && <small>{t("queues.redrivingBy", { n: num(d.redriving.redriven), of: num(d.redriving.matched), by: d.redriving.by, reason: d.redriving.reason })}</small>}
    </>
  );
}

function Controls({ d, dead, redrive }: { d: Delivery; dead: number; redrive(d: Delivery): void }) {
  const path = `relay/deliveries/${encodeURIComponent(d.name)}/`;
  const pause = () => act({
    title: t("queues.pauseTitle", { name: d.name }), what: t("queues.pauseWhat", { rate: num(d.rate_delivered ?? 0), in: num(d.rate_accepted ?? 0) }),
    path: path + "pause", expiry: "30m", revision: d.revision ?? false, danger: true, label: t("queues.pause"),
  });
  const resume = () => act({ title: t("queues.resumeTitle", { name: d.name }), what: t("queues.resumeWhat", { n: num(d.lag) }), path: path + "resume", revision: d.revision ?? false, label: t("queues.resume") });
  return (
    <div class="buttons">
      <Button small data-do="peek" onClick={() => setQuery({ peek: (dead ? d.dead_letters_topic : undefined) ?? d.topics?.[0] })}>{t("queues.peek")}</Button>
      {d.redriving
        ? <Guarded small need="operator" kind="danger" data-do="stop" onClick={() => act({ title: t("queues.redriveStopTitle", { name: d.name }), what: t("log.undo.stop-redrive"), method: "DELETE", path: `relay/redrive/${encodeURIComponent(d.name)}`, revision: false, danger: true, label: t("queues.redriveStop") })}>{t("queues.redriveStop")}…</Guarded>
        : dead > 0 && <Guarded small need="operator" data-do="redrive" onClick={() => redrive(d)}>{t("queues.redrive")}…</Guarded>}
      {d.paused
        ? <Guarded small kind="primary" need="operator" data-do="resume" onClick={resume}>{t("queues.resume")}…</Guarded>
        : <Guarded small need="operator" data-do="pause" onClick={pause} disabled={!d.running}>{t("queues.pause")}…</Guarded>}
    </div>
  );
}

/** Keys that wait for a retry, and keep what is behind them waiting. */
function Held({ all }: { all: Delivery[] }) {
  const held = all.flatMap((d) => (d.held_keys ?? []).map((key) => ({ name: d.name, ...key })));
  if (held.length === 0) return null;
  return (
    <Panel title={t("queues.held")} note={t("queues.heldNote")}>
      <Table
        caption={t("queues.held")} cards rows={held} rowKey={(k) => [k.name, k.topic, k.partition, k.offset].join(":")}
        columns={[
          { key: "key", label: t("queues.key"), head: true, render: (k) => <code>{k.key ?? "–"}</code> },
          { key: "name", label: t("queues.name"), render: (k) => k.name },
          { key: "place", label: t("queues.topic"), render: (k) => `${k.topic} ${k.partition} : ${k.offset}` },
          { key: "behind", label: t("queues.behind"), num: true, render: (k) => num(k.behind) },
          { key: "attempts", label: t("queues.attempts"), num: true, render: (k) => num(k.attempts) },
          { key: "since", label: t("queues.since"), num: true, render: (k) => span(k.since_seconds) },
          { key: "due", label: t("queues.due"), num: true, render: (k) => (k.due_seconds > 0 ? span(k.due_seconds) : t("time.now")) },
        ]}
      />
    </Panel>
  );
}

function Accepted({ topics }: { topics: Topic[] }) {
  const n = (key: keyof Topic, label: Key) => ({ key, label: t(label), num: true, render: (x: Topic) => num(x[key] as number) });
  return (
    <Panel title={t("queues.topics")} note={t("queues.topicsNote")}>
      <Table
        caption={t("queues.topics")} rows={topics} rowKey={(x) => x.topic}
        columns={[
          { key: "topic", label: t("queues.topic"), head: true, render: (x) => x.topic },
          n("accepted", "queues.accepted"), n("spooled", "queues.spooled"), n("repeated", "queues.repeated"), n("refused", "now.refused"), n("unknown", "queues.unknown"), n("invalid", "queues.invalid"),
          { key: "bytes", label: t("queues.bytes"), num: true, render: (x) => bytes(x.bytes) },
        ]}
      />
    </Panel>
  );
}

function Kept({ doc: { log, spool }, lag }: { doc: RelayDoc; lag?: LagDoc }) {
  const lost = lag?.deliveries.flatMap((d) => d.partitions).reduce((sum, p) => sum + (p.lost ?? 0), 0) ?? 0;
  return (
    <Panel title={t("queues.kept")} note={log.note}>
      <Facts of={[
        [t("queues.log"), log.kind],
        ...(log.max_bytes ? [[t("queues.full"), <><Bar of={(log.bytes ?? 0) / log.max_bytes} /> {bytes(log.bytes ?? 0)}</>] as [string, preact.JSX.Element]] : []),
        [t("queues.lost"), lost ? <Badge tone="bad">▲ {num(lost)}</Badge> : "0"],
        ...(spool ? [
          [t("queues.spool"), spool.depth ? t("queues.spoolWaits", { n: num(spool.depth), oldest: span(spool.oldest_seconds) }) : t("queues.spoolEmpty")],
          [t("queues.spoolFull"), <><Bar of={spool.bytes / Math.max(1, spool.max_bytes)} /> {bytes(spool.bytes)}</>],
        ] as [string, preact.ComponentChildren][] : []),
      ]} />
      {spool?.poisoned && <p class="error" role="alert">{t("queues.poisoned", { why: spool.poisoned })}</p>}
    </Panel>
  );
}
