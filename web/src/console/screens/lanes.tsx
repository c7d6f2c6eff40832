// Lanes: all of them, and which one a request would take; or one of them.
import "./lanes.css";
import { useApi, useLive } from "../hooks";
import { num } from "../format";
import { href, useRoute } from "../router";
import { Badge, Empty, Loading, Panel } from "../ui/basic";
import { LaneTable } from "../ui/lane-table";
import { OutcomeLegend } from "../ui/outcome";
import { t, tOr } from "../words";
import { Lane } from "./lanes-one";
import { Tester } from "./lanes-tester";

export interface BackendDoc {
  limit: number;
  phase: string;
  in_flight: number;
  pressure: boolean;
  shadow?: boolean;
}

export const useBackends = () => useApi<{ backends: Record<string, BackendDoc> }>("lanes", { every: 2_000 });

export function Lanes() {
  const { parts } = useRoute();
  const { now } = useLive();
  const { data } = useBackends();
  if (!now) return <Loading />;
  const [backend, name] = parts;
  if (backend !== undefined && name !== undefined) {
    const lane = now.lanes.find((l) => l.backend === backend && l.name === name);
    return lane ? <Lane key={`${backend}/${name}`} lane={lane} now={now} backend={data?.backends?.[backend]} /> : <Empty title={t("onelane.gone", { lane: `${backend}/${name}` })}><a href={href("lanes")}>{t("onelane.all")}</a></Empty>;
  }
  return (
    <div class="stackup">
      <Panel title={t("now.lanes")} note={t("now.lanesNote")}>
        {data?.backends && (
          <ul class="backends">
            {Object.entries(data.backends).map(([id, b]) => (
              <li key={id}>
                <strong>{id}</strong> <span>{t("onelane.inUse", { n: num(b.in_flight), of: num(b.limit) })}</span> <Phase of={b.phase} />
                {b.pressure && <Badge tone="warn">{t("onelane.pressure")}</Badge>}
                {b.shadow && <Badge>{t("now.inShadow")}</Badge>}
              </li>
            ))}
          </ul>
        )}
        <LaneTable lanes={now.lanes} limit={60} />
        <OutcomeLegend />
      </Panel>
      <Tester />
    </div>
  );
}

/** What the search for the limit is doing, in a word and, on request, in a sentence. */
export const Phase = ({ of }: { of: string }) => <Badge tone="info" title={tOr(`onelane.phase.${of}.why`, of)}>{tOr(`onelane.phase.${of}`, of)}</Badge>;
