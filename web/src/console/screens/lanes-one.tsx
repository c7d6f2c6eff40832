// One lane: its limit against its latency and why it moved, how long people wait,
// who was refused and why, and what is ordered.
import { useMemo } from "preact/hooks";
import { describe, KindBadge } from "../entry";
import { feltText, orderText, sharesText } from "../felt";
import { num, seconds, share, until } from "../format";
import { ranges, rangeOf, useHistory, type History } from "../history";
import { useLive, useSession } from "../hooks";
import { href, setQuery, useRoute } from "../router";
import type { Event, LaneSeries, NowDoc, NowLane, Series } from "../types";
import { act } from "../ui/act";
import { Badge, Button, Choice, Clock, Empty, Facts, Loading, Missing, Panel, Problem } from "../ui/basic";
import { Chart, type ChartSeries } from "../ui/chart";
import { laneId, StateWord } from "../ui/lane-table";
import { marksOf, OutcomeChart } from "../ui/outcome";
import { t, tOr } from "../words";
import { Phase } from "./lanes";
import { orderLane, releaseLane } from "./lanes-order";

export function Lane({ lane, now }: { lane: NowLane; now: NowDoc }) {
  const { query } = useRoute();
  const range = rangeOf(query.range);
  const id = laneId(lane);
  const { history, problem, missing } = useHistory(range, [id]);
  const series = history?.lanes[id];
  return (
    <div class="stackup one-lane">
      <Head lane={lane} now={now} />
      <div class="row spread">
        <Choice label={t("now.range")} value={range} onChange={(r) => setQuery({ range: r })} items={ranges.map((r) => ({ key: r, label: t(`range.${r}`) }))} />
      </div>
      {history && series ? <Charts lane={lane} history={history} s={series} /> : missing || (history && !series) ? <Missing /> : problem ? <Problem problem={problem} /> : <Loading />}
    </div>
  );
}

function Head({ lane, now }: { lane: NowLane; now: NowDoc }) {
  return (
    <section class="panel" aria-labelledby="lane-name">
      <p><a href={href("lanes")}>← {t("onelane.all")}</a></p>
      <div class="row title">
        <h2 id="lane-name" class="big">{lane.name}</h2>
        <span class="muted">{lane.backend} · {t(`tier.${lane.tier}`)}{lane.streams && ` · ${t("onelane.streams")}`}</span>
        <StateWord state={lane.state} />
        <span class="felt-now">{feltText(lane.felt)}</span>
      </div>
      <Facts of={[
        [t("lane.in"), num(Math.round(lane.in * 10) / 10)],
        [t("lane.through"), num(Math.round(lane.through * 10) / 10)],
        [t("onelane.permits"), `${num(lane.in_flight)} / ${num(lane.limit)}`],
        [t("lane.waiting"), num(lane.waiting)],
        [t("lane.wait"), lane.wait_seconds > 0 ? seconds(lane.wait_seconds) : "–"],
        [t("onelane.latency"), t("onelane.latencyOf", { now: seconds(lane.recent_seconds), base: seconds(lane.base_seconds) })],
        [t("onelane.turn"), share(lane.turn)],
        ...(lane.phase ? [[t("onelane.search"), <Phase of={lane.phase} />] as [string, preact.JSX.Element]] : []),
      ]} />
      <Orders lane={lane} now={now} />
    </section>
  );
}

/** What is ordered of the lane, by the playbook and by hand. */
function Orders({ lane, now }: { lane: NowLane; now: NowDoc }) {
  const { can } = useSession();
  const { stale } = useLive();
  const o = lane.orders ?? {};
  const hand = o.by_operator;
  const book = (["shed", "defer", "challenge"] as const).flatMap((k) => (sharesText(o[k]) ? [`${t(`kind.${k}`)} ${sharesText(o[k])}`] : []));
  if (lane.ceiling || o.ceiling) book.push(`${t("kind.ceiling")}: ${share(lane.ceiling || o.ceiling)}`);
  return (
    <div class="orders">
      <div class="grow">
        <p><span class="muted">{t("onelane.orders")}</span> {book.length ? book.join(" · ") : t("onelane.noOrders")}</p>
        {hand && (
          <p class="hand">
            <Badge tone="warn">{t("lane.byHand")}</Badge> {orderText(hand)} <span class="muted">{t("entry.byUntil", { by: hand.by, until: until(hand.until) })} · {hand.reason}</span>
          </p>
        )}
      </div>
      {can("operator") && (
        <div class="row">
          {hand && <Button onClick={() => void act(releaseLane(lane))} disabled={stale} data-do="release">{t("onelane.release")}…</Button>}
          <Button kind="primary" onClick={() => void act(orderLane(lane, now))} disabled={stale} data-do="order">{t("onelane.order")}…</Button>
        </div>
      )}
    </div>
  );
}

const most = (s: Series | undefined) => (s ?? []).reduce<number>((m, v) => Math.max(m, v ?? 0), 0);
const last = (s: Series | undefined) => [...(s ?? [])].reverse().find((v) => v != null) ?? null;

function Charts({ lane, history, s }: { lane: NowLane; history: History; s: LaneSeries }) {
  const sync = "lane";
  const own = useMemo(() => ({ ...history, marks: history.marks.filter((m) => ofLane(m.what, m.target, lane)) }), [history, lane.name]);
  const marks = useMemo(() => marksOf(own), [own.marks]);
  const limit = useMemo<ChartSeries[]>(() => [{ label: t("onelane.limit"), values: s.limit, color: "shed" }, { label: t("onelane.inFlight"), values: s.in_flight, color: "passed", fill: true }], [s]);
  const base = useMemo(() => s.recent_seconds.map((v) => (v == null ? null : lane.base_seconds)), [s, lane.base_seconds]);
  // Nothing was measured where nothing was asked.
  const recent = useMemo(() => s.recent_seconds.map((v) => v || null), [s]);
  const latency = useMemo<ChartSeries[]>(() => [{ label: t("onelane.recent"), values: recent, color: "shed" }, { label: t("onelane.base"), values: base, color: "passed", dash: true }], [s, base]);
  const queue = useMemo<ChartSeries[]>(() => [{ label: t("lane.wait"), values: s.wait_seconds, color: "waited", fill: true }], [s]);
  const reasons = useMemo<ChartSeries[]>(() => {
    const colors = ["shed", "waited", "challenged", "deferred", "passed", "l0", "muted", "failed"];
    return Object.entries(s.reasons ?? {}).filter(([, v]) => most(v) > 0).map(([r, values], i) => ({ label: tOr(`reason.${r}`, r), values, color: colors[i % colors.length]! }));
  }, [s]);
  const said = (v: Series | undefined, f: (n: number) => string) => t("onelane.said", { most: f(most(v)), last: f(last(v) ?? 0) });
  return (
    <div class="cols two">
      <Panel title={t("onelane.limitOver")} note={t("onelane.limitNote")}>
        <Chart title={t("onelane.limitOver")} describe={said(s.limit, num)} x={history.x} series={limit} marks={marks} height={200} sync={sync} />
        <h3 class="sub">{t("onelane.latency")}</h3>
        <Chart title={t("onelane.latency")} describe={said(s.recent_seconds, seconds)} x={history.x} series={latency} height={170} sync={sync} format={seconds} axis={seconds} />
        <Why lane={lane} />
      </Panel>
      <div class="stackup">
        <Panel title={t("onelane.outcomeOver")}>
          <OutcomeChart title={t("onelane.outcomeOver")} history={own} totals={s as never} sync={sync} height={210} />
        </Panel>
        <Panel title={t("onelane.reasonsOver")}>
          {reasons.length ? <Chart title={t("onelane.reasonsOver")} describe={reasons.map((r) => `${r.label}: ${said(r.values, num)}`).join(". ")} x={history.x} series={reasons} stacked height={180} sync={sync} format={(v) => t("unit.perSecond", { n: num(v) })} /> : <Empty title={t("onelane.noneRefused")} />}
        </Panel>
        <Panel title={t("onelane.queueOver")} note={t("onelane.queueNote")}>
          {most(s.wait_seconds) > 0 ? <Chart title={t("onelane.queueOver")} describe={said(s.wait_seconds, seconds)} x={history.x} series={queue} height={160} sync={sync} format={seconds} axis={seconds} /> : <Empty title={t("onelane.noQueue")} />}
        </Panel>
      </div>
    </div>
  );
}

/** Whether something that happened is about a lane: about it by name, or about all. */
export function ofLane(what: string, target: string | undefined, lane: { name: string; backend: string }): boolean {
  if (what.startsWith("level.") || what.startsWith("playbook.") || what.startsWith("plan.")) return true;
  return (target ?? "").split(" ").some((word) => word === lane.name || word === `${lane.backend}/${lane.name}`);
}

/** Why the limit is where it is: what the search does, how near latency is, what happened. */
function Why({ lane }: { lane: NowLane }) {
  const { now, events } = useLive();
  const seen = new Set<number>();
  const list = [...events, ...(now?.feed ?? [])].filter((e: Event) => ofLane(e.entry.what, e.entry.target, lane) && !seen.has(e.id) && seen.add(e.id)).slice(0, 6);
  const slow = lane.base_seconds > 0 ? lane.recent_seconds / lane.base_seconds : 0;
  return (
    <div class="why-moved">
      <h3 class="sub">{t("onelane.whyMoved")}</h3>
      {lane.phase && <p>{tOr(`onelane.phase.${lane.phase}.why`, lane.phase)}</p>}
      {slow > 0 && <p>{t(slow > 2 ? "onelane.slower" : "onelane.asUsual", { times: num(Math.round(slow * 10) / 10) })}</p>}
      <ol class="lines">
        {list.map((e) => <li key={e.id}><Clock at={e.at} /> <KindBadge kind={e.kind} /> <span class="grow">{describe(e.entry, e.said)}</span></li>)}
      </ol>
    </div>
  );
}

