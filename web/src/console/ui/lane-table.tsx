// Lanes as a table, worst first; as cards on a phone.
import { useState } from "preact/hooks";
import { feltText, orderText } from "../felt";
import { num, seconds, share } from "../format";
import { href } from "../router";
import type { LaneState, NowLane } from "../types";
import { t } from "../words";
import { Badge, Button, Empty, type Tone } from "./basic";
import { OutcomeBar } from "./outcome";

export const stateSigns: Record<LaneState, { sign: string; tone: Tone }> = {
  ok: { sign: "●", tone: "good" }, idle: { sign: "○", tone: "plain" }, waiting: { sign: "◆", tone: "warn" }, deferring: { sign: "◇", tone: "warn" },
  challenging: { sign: "◈", tone: "warn" }, shedding: { sign: "▲", tone: "bad" }, failing: { sign: "✖", tone: "bad" },
};

export const StateWord = ({ state }: { state: LaneState }) => {
  const { sign, tone } = stateSigns[state] ?? stateSigns.ok;
  return <span class={`state-word ${tone}`}><span aria-hidden="true">{sign}</span> {t(`state.${state}`)}</span>;
};

export const laneId = (l: { backend: string; name: string }) => `${l.backend}/${l.name}`;

/** Lanes whose name, backend or state has the text. */
export function filterLanes(lanes: readonly NowLane[], text: string): NowLane[] {
  const wanted = text.trim().toLowerCase();
  return wanted ? lanes.filter((l) => `${laneId(l)} ${l.tier} ${t(`state.${l.state}`)} ${l.state}`.toLowerCase().includes(wanted)) : [...lanes];
}

/** So many are drawn at once: a table of 200 that changes each second is read by nobody. */
const atOnce = 30;
/** From so many on there is a field to find one. */
const filterFrom = 9;

/** Whether the name of the backend is needed to tell lanes apart. */
export const backends = (lanes: readonly NowLane[]) => new Set(lanes.map((l) => l.backend)).size;

export function LaneTable({ lanes, limit = atOnce }: { lanes: readonly NowLane[]; limit?: number }) {
  const [text, setText] = useState("");
  const [all, setAll] = useState(false);
  const found = filterLanes(lanes, text);
  const shown = all ? found : found.slice(0, limit);
  const many = backends(lanes) > 1;
  if (!lanes.length) return <Empty title={t("lanes.none")}>{t("lanes.noneHelp")}</Empty>;
  return (
    <>
      {lanes.length >= filterFrom && (
        <div class="row filter">
          <input type="search" value={text} placeholder={t("lanes.filter")} aria-label={t("lanes.filter")} onInput={(e) => setText(e.currentTarget.value)} />
          <span class="muted" role="status">{t("lanes.found", { n: found.length, of: lanes.length })}</span>
        </div>
      )}
      {shown.length > 0 ? (
        <div class="table lanes" tabIndex={0} role="group" aria-label={t("now.lanes")}>
          <table>
            <caption class="hidden">{t("now.lanes")}</caption>
            <thead>
              <tr>
                <th scope="col">{t("lane.lane")}</th>
                <th scope="col">{t("lane.state")}</th>
                <th scope="col">{t("lane.felt")}</th>
                <th scope="col" class="num">{t("lane.in")}</th>
                <th scope="col" class="num">{t("lane.through")}</th>
                <th scope="col" class="num">{t("lane.waiting")}</th>
                <th scope="col" class="num">{t("lane.wait")}</th>
                <th scope="col" class="num">{t("lane.limit")}</th>
                <th scope="col" class="outcome">{t("lane.outcome")}</th>
              </tr>
            </thead>
            <tbody>{shown.map((l) => <Row key={laneId(l)} l={l} many={many} />)}</tbody>
          </table>
        </div>
      ) : <Empty title={t("lanes.nothing", { text })} />}
      {found.length > shown.length && <Button small onClick={() => setAll(true)}>{t("lanes.more", { n: found.length - shown.length })}</Button>}
      {all && found.length > limit && <Button small onClick={() => setAll(false)}>{t("lanes.fewer")}</Button>}
    </>
  );
}

function Row({ l, many }: { l: NowLane; many: boolean }) {
  const full = l.limit > 0 && l.in_flight >= l.limit * 0.95;
  return (
    <tr class={`lane ${l.state}`}>
      <th scope="row" class="name">
        <a href={href("lanes", [l.backend, l.name])}>{many && <span class="muted">{l.backend}/</span>}{l.name}</a> {l.tier !== "normal" && <span class="muted tier">{t(`tier.${l.tier}`)}</span>}
        {l.orders?.by_operator && <> <Badge tone="warn" title={orderText(l.orders.by_operator)}>{t("lane.byHand")}</Badge></>}
      </th>
      <td class="st"><StateWord state={l.state} /></td>
      <td class="felt">{feltText(l.felt)}</td>
      <td class="num" data-label={t("lane.in")}>{num(Math.round(l.in * 10) / 10)}</td>
      <td class="num" data-label={t("lane.through")}>{num(Math.round(l.through * 10) / 10)}</td>
      <td class="num" data-label={t("lane.waiting")}>{num(l.waiting)}</td>
      <td class="num" data-label={t("lane.wait")}>{l.wait_seconds > 0 ? seconds(l.wait_seconds) : "–"}</td>
      <td class={`num ${full ? "full" : ""}`} data-label={t("lane.limit")} title={l.limit > 0 ? share(l.in_flight / l.limit) : undefined}>{num(l.in_flight)}<span class="muted">/{num(l.limit)}</span></td>
      <td class="outcome"><OutcomeBar of={l.outcome} /></td>
    </tr>
  );
}
