// Lanes: all of them, and which one a request would take; or one of them.
import "./lanes.css";
import { useLive } from "../hooks";
import { num } from "../format";
import { href, useRoute } from "../router";
import type { NowLane } from "../types";
import { Badge, Empty, Loading, Panel } from "../ui/basic";
import { LaneTable } from "../ui/lane-table";
import { OutcomeLegend } from "../ui/outcome";
import { t, tOr } from "../words";
import { Lane } from "./lanes-one";
import { Tester } from "./lanes-tester";

/** What the backends of lanes bear, and what is in flight to each. */
function backendsOf(lanes: NowLane[]) {
  const all = new Map<string, { limit?: number; used: number; phase?: string; pressure?: boolean }>();
  for (const l of lanes) {
    const b = all.get(l.backend) ?? { used: 0 };
    // Streams are held open beside the limit.
    all.set(l.backend, { limit: l.backend_limit, phase: l.phase, pressure: l.pressure, used: b.used + (l.streams ? 0 : l.in_flight) });
  }
  return [...all].filter(([, b]) => b.limit !== undefined);
}

export function Lanes() {
  const { parts } = useRoute();
  const { now } = useLive();
  if (!now) return <Loading />;
  const [backend, name] = parts;
  if (backend !== undefined && name !== undefined) {
    const lane = now.lanes.find((l) => l.backend === backend && l.name === name);
    return lane ? <Lane key={`${backend}/${name}`} lane={lane} now={now} /> : <Empty title={t("onelane.gone", { lane: `${backend}/${name}` })}><a href={href("lanes")}>{t("onelane.all")}</a></Empty>;
  }
  return (
    <div class="stackup">
      <Panel title={t("now.lanes")} note={t("now.lanesNote")}>
        <ul class="backends">
          {backendsOf(now.lanes).map(([id, b]) => (
            <li key={id} class="row">
              <strong>{id}</strong> <span>{t("onelane.inUse", { n: num(b.used), of: num(b.limit) })}</span> {b.phase && <Phase of={b.phase} />} {b.pressure && <Badge tone="warn">{t("onelane.pressure")}</Badge>}
            </li>
          ))}
        </ul>
        <LaneTable lanes={now.lanes} limit={60} />
        <OutcomeLegend />
      </Panel>
      <Tester />
    </div>
  );
}

/** What the search for the limit is doing, in a word and, on request, in a sentence. */
export const Phase = ({ of }: { of: string }) => <Badge tone="info" title={tOr(`onelane.phase.${of}.why`, of)}>{tOr(`onelane.phase.${of}`, of)}</Badge>;
