// The first screen: is it real, how bad, what is done about it, what do people feel.
import "./now.css";
import { useLive } from "../hooks";
import { num, seconds, share } from "../format";
import { ranges, rangeOf, useHistory } from "../history";
import { kiosk } from "../prefs";
import { href, setQuery, useRoute } from "../router";
import { outcomes, type NowDoc } from "../types";
import { Choice, Loading, Missing, Panel, Problem } from "../ui/basic";
import { LaneTable } from "../ui/lane-table";
import { OutcomeChart, OutcomeLegend } from "../ui/outcome";
import { t } from "../words";
import { LevelPanel } from "./now-level";
import { FeedPanel, InForcePanel, SignalsPanel } from "./now-side";

export function Now() {
  const { now, events } = useLive();
  if (!now) return <Loading />;
  const newest = now.feed?.length ? now.feed : events;
  return (
    <div class="now">
      <LevelPanel now={now} />
      <div class="main-col">
        <Panel title={t("now.lanes")} note={t("now.lanesNote")} class="lanes-panel">
          <Figures now={now} />
          <LaneTable lanes={now.lanes} limit={kiosk ? 8 : 12} />
          <OutcomeLegend />
        </Panel>
        <Over />
      </div>
      <div class="side-col">
        <InForcePanel now={now} />
        <SignalsPanel signals={now.level.signals ?? []} />
        <FeedPanel feed={newest} />
      </div>
    </div>
  );
}

/** What goes in, what is served, what is refused, who waits, what lies in queues. */
function Figures({ now }: { now: NowDoc }) {
  const o = now.totals;
  const all = outcomes.reduce((s, k) => s + o[k], 0);
  const served = o.passed + o.waited;
  const waiting = now.lanes.reduce((s, l) => s + l.waiting, 0);
  return (
    <dl class="now-figures">
      <div><dt>{t("now.in")}</dt><dd>{num(Math.round(all))}<small>{t("unit.ps")}</small></dd></div>
      <div><dt>{t("now.served")}</dt><dd>{all > 0 ? share(served / all) : "–"}<small>{t("unit.perSecond", { n: num(Math.round(served)) })}</small></dd></div>
      <div><dt>{t("now.refused")}</dt><dd>{num(Math.round(o.shed))}<small>{t("unit.ps")}</small></dd></div>
      <div><dt>{t("now.waiting")}</dt><dd>{num(waiting)}</dd></div>
      {now.relay && <div><dt><a href={href("queues")}>{t("now.backlog")}</a></dt><dd class={now.relay.up ? "" : "t-bad"}>{now.relay.up ? num(now.relay.lag) : t("now.relayDown")}{now.relay.up && now.relay.lag > 0 && <small>{t("now.oldest", { span: seconds(now.relay.oldest_seconds) })}</small>}</dd></div>}
    </dl>
  );
}

function Over() {
  const { query } = useRoute();
  const range = rangeOf(query.range);
  const { history, problem, missing } = useHistory(range);
  return (
    <Panel
      title={t("now.over")} class="over"
      side={<Choice label={t("now.range")} value={range} onChange={(r) => setQuery({ range: r })} items={ranges.map((r) => ({ key: r, label: t(`range.${r}`) }))} />}
    >
      {history ? <OutcomeChart title={t("now.over")} history={history} totals={history.totals} height={300} /> : missing ? <Missing /> : problem ? <Problem problem={problem} /> : <Loading />}
    </Panel>
  );
}
