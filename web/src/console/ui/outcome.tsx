// What became of requests: as a bar of shares, and over time.
import { useMemo } from "preact/hooks";
import { markLabel } from "../entry";
import { clock, num, share } from "../format";
import type { History } from "../history";
import { levelWords, outcomes, type Outcome, type OutcomeName, type Series } from "../types";
import { t } from "../words";
import { Chart } from "./chart";

export const outcomeName = (o: OutcomeName) => t(`outcome.${o}`);

const sum = (o: Outcome) => outcomes.reduce((s, k) => s + o[k], 0);

/** Shares of 100 %, those that are there. */
export function sharesOf(o: Outcome): { name: OutcomeName; part: number }[] {
  const all = sum(o);
  return all > 0 ? outcomes.flatMap((name) => (o[name] > 0 ? [{ name, part: o[name] / all }] : [])) : [];
}

export function OutcomeBar({ of }: { of: Outcome }) {
  const parts = sharesOf(of);
  const said = parts.map((p) => `${outcomeName(p.name)} ${share(p.part)}`).join(", ") || t("outcome.none");
  return (
    <div class="bar" role="img" aria-label={said} title={said}>
      {parts.map((p) => <i key={p.name} style={{ width: `${p.part * 100}%`, "--c": `var(--${p.name})` }} />)}
    </div>
  );
}

export const OutcomeLegend = () => (
  <ul class="legend" aria-hidden="true">
    {outcomes.map((o) => <li key={o}><i style={{ "--c": `var(--${o})` }} />{outcomeName(o)}</li>)}
  </ul>
);

const lastOf = (s: Series) => [...s].reverse().find((v) => v != null) ?? 0;

/** Marks of a history with labels: the level's changes and what people did. */
export const marksOf = (h: History) => h.marks.flatMap((m) => {
  const label = markLabel(m);
  return label ? [{ at: Date.parse(m.at) / 1_000, label, weight: m.what === "level.changed" ? 1 + Math.max(0, levelWords.indexOf((m.after ?? m.target) as "normal")) : 0 }] : [];
}).sort((a, b) => a.at - b.at);

/** All outcomes over time, stacked: of everything, or of one lane. */
export function OutcomeChart({ title, history, totals, sync, height }: { title: string; history: History; totals: Record<OutcomeName, Series>; sync?: string; height?: number }) {
  const series = useMemo(() => outcomes.map((o) => ({ label: outcomeName(o), values: totals[o], color: o })), [totals, title]);
  const marks = useMemo(() => marksOf(history), [history.marks, title]);
  const said = useMemo(() => {
    const at = outcomes.map((o) => [o, lastOf(totals[o])] as const);
    const all = at.reduce((s, [, v]) => s + v, 0);
    const first = history.x[0];
    return t("outcome.said", {
      from: clock((first ?? 0) * 1_000), all: num(Math.round(all)),
      parts: at.filter(([, v]) => v > 0).map(([o, v]) => `${outcomeName(o)} ${num(Math.round(v))}`).join(", "),
    });
  }, [totals, title]);
  return <Chart title={title} describe={said} x={history.x} series={series} marks={marks} level={history.level} stacked height={height} sync={sync} format={(v) => t("unit.perSecond", { n: num(Math.round(v)) })} />;
}
