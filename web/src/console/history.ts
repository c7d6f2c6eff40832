// Two hours of history, and what came since.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { get, missing, ProblemError } from "./api";
import { live, useLive } from "./live";
import { outcomes, type HistoryDoc, type LaneSeries, type NowDoc, type NowLane, type OutcomeName, type ProblemDoc, type Series } from "./types";

export const ranges = ["5m", "15m", "1h", "2h"] as const;
export type Range = (typeof ranges)[number];
export const rangeOf = (text: string | undefined): Range => ranges.find((r) => r === text) ?? "15m";

const spans: Record<Range, number> = { "5m": 300, "15m": 900, "1h": 3_600, "2h": 7_200 };

export interface History {
  x: number[];
  step: number;
  level: Series;
  totals: Record<OutcomeName, Series>;
  lanes: Record<string, LaneSeries>;
  marks: HistoryDoc["events"] & object;
  /** So many points are kept: a gateway that began lately has fewer. */
  keep: number;
}

const laneKeys = [...outcomes, "in", "through", "limit", "in_flight", "waiting", "wait_seconds", "recent_seconds"] as const;

export function fromDoc(doc: HistoryDoc, range: Range = "15m"): History {
  const from = Date.parse(doc.from) / 1_000;
  const none: Series = new Array<null>(doc.n).fill(null);
  return {
    x: Array.from({ length: doc.n }, (_, i) => from + i * doc.step_seconds), step: doc.step_seconds, level: doc.level ?? none,
    totals: Object.fromEntries(outcomes.map((o) => [o, doc.totals?.[o] ?? none])) as Record<OutcomeName, Series>,
    lanes: doc.lanes ?? {}, marks: doc.events ?? [], keep: Math.max(doc.n, Math.round(spans[range] / doc.step_seconds)),
  };
}

const laneValue = (lane: NowLane, key: (typeof laneKeys)[number]): number =>
  (outcomes as readonly string[]).includes(key) ? lane.outcome[key as OutcomeName] : lane[key as "in"];

/**
 * The history with a document of now behind it: one more point if a step has gone
 * by, and the oldest away. What was missed meanwhile stays a hole, but for a second
 * between two documents that came a little early and a little late.
 */
export function extend(h: History, doc: NowDoc): History {
  const at = Math.floor(Date.parse(doc.at) / 1_000 / h.step) * h.step;
  const last = h.x[h.x.length - 1];
  if (last === undefined || at - last < h.step * 0.99) return h;
  const steps = Math.min(Math.round((at - last) / h.step), h.keep);
  const n = Math.min(h.x.length + steps, h.keep);
  const push = (s: Series | undefined, v: number | null): Series => [...(s ?? new Array<null>(h.x.length).fill(null)), ...new Array<number | null>(steps - 1).fill(steps === 2 && h.step < 2 ? v : null), v].slice(-n);
  const lanes: Record<string, LaneSeries> = {};
  for (const [id, was] of Object.entries(h.lanes)) {
    const lane = doc.lanes.find((l) => `${l.backend}/${l.name}` === id);
    const shed = lane?.orders?.shed;
    lanes[id] = {
      ...Object.fromEntries(laneKeys.map((k) => [k, push(was[k], lane ? laneValue(lane, k) : null)])) as unknown as LaneSeries,
      shed_order: push(was.shed_order, lane ? Math.max(0, ...Object.values(shed ?? {})) : null),
      reasons: Object.fromEntries([...new Set([...Object.keys(was.reasons ?? {}), ...Object.keys(lane?.reasons ?? {})])].map((r) => [r, push(was.reasons?.[r], lane ? lane.reasons?.[r] ?? 0 : null)])),
    };
  }
  return {
    ...h, lanes, x: Array.from({ length: n }, (_, i) => at - (n - 1 - i) * h.step), level: push(h.level, doc.level.number),
    totals: Object.fromEntries(outcomes.map((o) => [o, push(h.totals[o], doc.totals[o])])) as Record<OutcomeName, Series>,
  };
}

/** History of a range, of some lanes ("backend/lane"), kept up with what is live. It is fetched anew after a hole. */
export function useHistory(range: Range, lanes: string[] = []): { history?: History; problem?: ProblemDoc; missing: boolean } {
  const { now, connection, events } = useLive();
  const [history, setHistory] = useState<History>();
  const [problem, setProblem] = useState<ProblemDoc>();
  const key = `${range}|${lanes.join()}`;
  const open = connection === "open";
  const had = useRef(false);
  const shown = useRef("");
  useEffect(() => {
    if (!open && had.current && shown.current === key) return; // what there is stays
    const cut = new AbortController();
    const path = `history?since=${range}${lanes.length ? "&lanes=" + lanes.map(encodeURIComponent).join() : ""}`;
    get<HistoryDoc>(path, cut.signal).then((doc) => {
      had.current = true;
      shown.current = key;
      setHistory(fromDoc(doc, range));
      setProblem(undefined);
    }, (e: unknown) => {
      if (e instanceof ProblemError) setProblem(e.problem);
    });
    return () => cut.abort();
  }, [key, open]);
  useEffect(() => {
    if (now) setHistory((h) => h && extend(h, now));
  }, [now?.at]);
  // Marks of what happened since come by the stream.
  const whole = useMemo(() => {
    if (!history) return undefined;
    const known = new Set(history.marks.map((m) => m.id));
    const since = [...events, ...(live.state.get().now?.feed ?? [])].filter((e) => !known.has(e.id) && known.add(e.id));
    return since.length ? { ...history, marks: [...history.marks, ...since.map((e) => ({ at: e.at, id: e.id, kind: e.kind, what: e.entry.what, target: e.entry.target, after: e.entry.after }))] } : history;
  }, [history, events]);
  return { history: whole, problem: history ? undefined : problem, missing: !history && missing(problem) };
}
