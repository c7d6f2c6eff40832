// What happens at which level, what of it is in force, what came of it.
import { useEffect } from "preact/hooks";
import { dayTime, seconds, share, span } from "../format";
import { useApi, useLive } from "../hooks";
import type { InForce, LevelWord, Pause } from "../types";
import { pause, resume, start, stop } from "../controls";
import { Badge, Empty, LevelBadge, Panel, Problem, Time, Waiting } from "../ui/basic";
import { Bar } from "../ui/bar";
import { Guarded, RoleNote } from "../ui/guard";
import { Table } from "../ui/table";
import { t, tOr } from "../words";
import { levels, matrix, ramp, type Action, type Row, type Standing } from "./playbook-matrix";
import { Preview } from "./playbook-preview";

interface Teller {
  name: string;
  ok: boolean;
  waiting: number;
  told: number;
  failed: number;
  error?: string;
  last_told?: string;
}

export interface PlaybookDoc {
  level: LevelWord;
  shadow: boolean;
  paused?: Pause;
  rows: Row[];
  in_force: InForce[];
  tellers: Teller[];
  flags: Record<string, string>;
}

export interface Run {
  id: string | number;
  action: string;
  row: LevelWord;
  kind: string;
  began: string;
  ended?: string;
  strength: number;
  share: number;
  ok: boolean;
  error?: string;
  shadow: boolean;
  /** Missing where nothing undoes it. */
  undo?: unknown;
}

export function Playbook() {
  const { now } = useLive();
  const { data, problem, missing, reload } = useApi<PlaybookDoc>("playbook", { every: 2_000 });
  // What somebody did, here or elsewhere, is shown at once.
  useEffect(reload, [now?.revision, now?.level.number]);
  if (!data) return <Waiting for={{ missing, problem, reload }}>{t("playbook.missing")}</Waiting>;
  const actions = data.rows.flatMap((row) => row.actions);
  return (
    <div class="playbook stackup">
      <header class="screen">
        <State doc={data} />
      </header>
      <Problem problem={problem} />
      <RoleNote need="operator" />
      <div class="split">
        <div>
          <InForcePanel doc={data} actions={actions} />
          <MatrixPanel doc={data} />
        </div>
        <div>
          <Coming />
          <Outside doc={data} />
        </div>
      </div>
      <Runs actions={actions} />
      <Preview />
    </div>
  );
}

function State({ doc }: { doc: PlaybookDoc }) {
  const { paused } = doc;
  const pin = useLive().now?.level.pin;
  return (
    <>
      <p class="state">
        <LevelBadge level={doc.level} />{" "}
        {pin && <><Badge tone="warn">{t("playbook.pinned")}</Badge> {t("playbook.pinnedBy", { by: pin.by, until: dayTime(pin.until), reason: pin.reason })} </>}
        {paused
          ? <><Badge tone="warn">{t("playbook.paused")}</Badge> {t("playbook.pausedBy", { by: paused.by, until: dayTime(paused.until), reason: paused.reason })}</>
          : doc.shadow
            ? <><Badge tone="info">{t("playbook.shadow")}</Badge> {t("playbook.shadowHelp")}</>
            : <><Badge tone="good">{t("playbook.on")}</Badge> {t("playbook.onHelp")}</>}
      </p>
      {paused
        ? <Guarded need="operator" kind="primary" data-do="resume" onClick={resume}>{t("pause.end")}…</Guarded>
        : <Guarded need="operator" kind="danger" data-do="pause" onClick={() => pause(doc.in_force.length)}>{t("pause.label")}…</Guarded>}
    </>
  );
}

const kindName = (kind: string) => tOr(`kind.${kind}`, kind);

/** An action in words: what, of which lane, for whom. */
function Named({ action, id, kind }: { action?: Action; id: string; kind: string }) {
  if (!action) return <><b>{kindName(kind)}</b> <code>{id}</code></>;
  return <><b>{kindName(kind)}</b> {action.lane && <span>{action.backend && action.backend + "/"}{action.lane}</span>} <Details action={action} /></>;
}

/** What narrows an action, and what it is about where that is no lane. */
function Details({ action: a }: { action: Action }) {
  const parts = [
    a.who && t(a.who === "background" ? "playbook.background" : "playbook.foreground"), a.new_device && t("who.new-device"),
    a.target && (a.value !== undefined && a.value !== "" ? `${a.target} = ${a.value}` : a.target), a.for_seconds ? seconds(a.for_seconds) : "",
    a.rate_per_second !== undefined && (a.rate_per_second ? t("playbook.rate", { n: a.rate_per_second }) : t("playbook.rate0")), a.status && String(a.status),
  ].filter(Boolean);
  return <>{parts.map((part) => <small key={String(part)}>{part}</small>)}</>;
}

function StopButton({ id, share: refused, stopped }: { id: string; share: number; stopped?: Pause }) {
  return stopped
    ? <Guarded small need="operator" data-do="start" onClick={() => start(id)}>{t("start.label")}…</Guarded>
    : <Guarded small need="operator" data-do="stop" onClick={() => stop(id, refused)}>{t("stop.label")}…</Guarded>;
}

function InForcePanel({ doc, actions }: { doc: PlaybookDoc; actions: Action[] }) {
  return (
    <Panel class="now-on" title={t("now.inForce")} note={t("playbook.inForceNote", { n: doc.in_force.length })}>
      <Table
        caption={t("now.inForce")} cards rows={doc.in_force} rowKey={(a) => a.id} empty={<Empty title={t("playbook.nothing")} />}
        rowClass={(a) => (a.stopped ? "stopped" : undefined)}
        columns={[
          { key: "action", label: t("playbook.action"), head: true, wide: true, render: (a) => <><Named id={a.id} kind={a.kind} action={actions.find((x) => x.id === a.id)} /> {a.shadow && !a.stopped && <Badge tone="info">{t("now.inShadow")}</Badge>}{a.stopped && <p class="why">{t("playbook.stoppedBy", { by: a.stopped.by, until: dayTime(a.stopped.until), reason: a.stopped.reason })}</p>}</> },
          { key: "row", label: t("playbook.since"), render: (a) => <><LevelBadge level={a.row} /> <Time at={a.since} /></> },
          { key: "strength", label: t("playbook.strength"), render: (a) => <Bar of={a.strength} color={a.shadow || a.stopped ? "muted" : "shed"} /> },
          { key: "share", label: t("playbook.predicted"), num: true, render: (a) => (a.predicted_share ? share(a.predicted_share) : "–") },
          { key: "do", label: t("queues.do"), render: (a) => <StopButton id={a.id} share={a.predicted_share} stopped={a.stopped} /> },
        ]}
      />
    </Panel>
  );
}

/** How the strength grows inside the level, as a small picture. */
const Ramp = ({ from, to }: { from: number; to: number }) => (
  <svg class="ramp" viewBox="0 0 36 12" width="36" height="12" aria-hidden="true">
    <path class="frame" d="M.5.5h35v11H.5z" />
    <path d={`M1 11V${11 - from / 10}L35 ${11 - to / 10}V11z`} />
  </svg>
);

/** Those of a cell: its own one by one, and what stands on from lower rows in a line. */
function Cell({ all, live }: { all: Standing[]; live(id: string): InForce | undefined }) {
  if (all.length === 0) return <span class="nothing" aria-label={t("ui.none")}>·</span>;
  const shown = all.filter((one) => one.own || live(one.action.id));
  const rest = all.filter((one) => !shown.includes(one));
  return (
    <ul class="chips">
      {shown.map((one) => <Chip key={one.action.id} standing={one} live={live(one.action.id)} />)}
      {rest.length > 0 && <li class="rest"><small>{t("playbook.kept")}: {rest.map(({ action: a }) => [kindName(a.kind), a.target].filter(Boolean).join(" ")).join(", ")}</small></li>}
    </ul>
  );
}

function Chip({ standing: { action: a, own }, live }: { standing: Standing; live?: InForce }) {
  const strength = ramp(a);
  const state = live?.stopped ? "stopped" : live && !live.shadow ? "live" : "";
  return (
    <li class={`chip ${own ? "" : "kept"} ${a.shadow ? "shadow" : ""} ${state}`} title={[a.id, a.where].filter(Boolean).join(" · ")}>
      <b>{kindName(a.kind)}</b>
      <Details action={a} />
      {own && strength && <span class="strength"><Ramp from={strength[0]} to={strength[1]} /> {strength[0] === strength[1] ? `${strength[1]}%` : `${strength[0]}→${strength[1]}%`}</span>}
      {!own && <small>{t("playbook.kept")}</small>}
      {own && a.predicted_share > 0 && <small>{t("playbook.upTo", { share: share(a.predicted_share) })}</small>}
      {a.shadow && <Badge tone="info">{a.would ? t("playbook.would", { n: a.would.times, share: share(a.would.share) }) : t("now.inShadow")}</Badge>}
      {state && <Badge tone={state === "live" ? "warn" : "plain"}>{t(state === "live" ? "playbook.live" : "playbook.stopped")}</Badge>}
    </li>
  );
}

function MatrixPanel({ doc }: { doc: PlaybookDoc }) {
  const { columns, cells } = matrix(doc.rows);
  const current = doc.level;
  const here = (row: number) => doc.rows.find((r) => r.number === row)?.level === current || (row === 0 && current === "normal");
  const live = (id: string) => doc.in_force.find((a) => a.id === id);
  return (
    <Panel title={t("playbook.matrix")} note={t("playbook.matrixNote")} class="matrix">
      {columns.length === 0 ? <Empty title={t("playbook.noRows")}>{t("playbook.noRowsHelp")}</Empty> : (
        <Table
          caption={t("playbook.matrix")} cards rows={[...Array(levels).keys()]} rowKey={(row) => row} rowClass={(row) => (here(row) ? "current" : undefined)}
          columns={[
            { key: "level", label: t("pin.level"), head: true, render: (row) => <><LevelBadge level={row} />{here(row) && <span class="here">◀ {t("playbook.here")}</span>}</> },
            ...columns.map((name, i) => ({
              key: "lane:" + name, label: name || t("playbook.noLane"),
              render: (row: number) => <Cell all={cells[row]![i]!} live={(id) => (here(row) ? live(id) : undefined)} />,
            })),
          ]}
        />
      )}
    </Panel>
  );
}

function Coming() {
  const { data, problem, missing } = useApi<{ events: { at: string; until?: string; name: string; level: LevelWord; source: string }[] }>("playbook/coming", { every: 60_000 });
  return (
    <Panel title={t("playbook.coming")} note={t("playbook.comingNote")}>
      {problem && !missing ? <Problem problem={problem} /> : !data?.events?.length ? <Empty title={t("playbook.noComing")} /> : (
        <ul class="rows">
          {data.events.map((e) => (
            <li key={e.at + e.name}>
              <div><b>{e.name}</b> <small>{e.source}</small><br /><time dateTime={e.at}>{dayTime(e.at)}</time>{e.until && ` – ${dayTime(e.until)}`}</div>
              <LevelBadge level={e.level} />
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function Outside({ doc }: { doc: PlaybookDoc }) {
  const flags = Object.entries(doc.flags ?? {});
  if (doc.tellers.length + flags.length === 0) return null;
  return (
    <Panel title={t("playbook.outside")}>
      <ul class="rows">
        {doc.tellers.map((teller) => (
          <li key={teller.name}>
            <div>
              <b>{teller.name}</b> <small>{t("playbook.told", { told: teller.told, failed: teller.failed, waiting: teller.waiting })}</small>
              {teller.error && <p class="error">{teller.error}</p>}
            </div>
            <Badge tone={teller.ok ? "good" : "bad"}>{teller.ok ? "✓ " + t("playbook.works") : "✗ " + t("playbook.fails")}</Badge>
          </li>
        ))}
        {flags.map(([key, value]) => <li key={key}><div>{t("playbook.flag")} <code>{key}</code></div><Badge tone="info">{value}</Badge></li>)}
      </ul>
    </Panel>
  );
}

function Runs({ actions }: { actions: Action[] }) {
  const { data, problem, missing, reload } = useApi<{ runs: Run[] }>("playbook/runs?limit=20", { every: 5_000 });
  const result = (r: Run) => (r.shadow ? <Badge tone="info">◌ {t("now.inShadow")}</Badge> : r.ok ? <Badge tone="good">✓ {t("playbook.done")}</Badge> : <><Badge tone="bad">✗ {t("playbook.failed")}</Badge> <small>{r.error}</small></>);
  return (
    <Panel title={t("playbook.runs")} note={t("playbook.runsNote")}>
      {problem && !missing && !data ? <Problem problem={problem} retry={reload} /> : (
        <Table
          caption={t("playbook.runs")} cards rows={data?.runs ?? []} rowKey={(r) => r.id} empty={<Empty title={t("playbook.noRuns")} />}
          columns={[
            { key: "began", label: t("playbook.when"), render: (r) => <Time at={r.began} /> },
            { key: "action", label: t("playbook.action"), head: true, wide: true, render: (r) => <Named id={r.action} kind={r.kind} action={actions.find((a) => a.id === r.action)} /> },
            { key: "row", label: t("pin.level"), render: (r) => <LevelBadge level={r.row} /> },
            { key: "strength", label: t("playbook.most"), num: true, render: (r) => share(r.strength) },
            { key: "share", label: t("playbook.predicted"), num: true, render: (r) => (r.share ? share(r.share) : "–") },
            { key: "lasted", label: t("playbook.lasted"), num: true, render: (r) => (r.ended ? span((Date.parse(r.ended) - Date.parse(r.began)) / 1_000) : t("playbook.still")) },
            { key: "result", label: t("playbook.result"), render: result },
            { key: "do", label: t("ui.undo"), render: (r) => (!r.undo ? "–" : <StopButton id={r.action} share={r.share} />) },
          ]}
        />
      )}
    </Panel>
  );
}

