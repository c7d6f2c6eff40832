// A rehearsal as it goes: the stream tells each second once; only where there is
// no stream is it asked for.
import { useEffect, useRef, useState } from "preact/hooks";
import { live } from "../live";
import type { Curve, Series } from "./rehearse-series";

export interface Felt {
  ok: number;
  refused: number;
  failed: number;
  p99_ms: number | null;
}

export interface Job {
  id: string;
  scenario: string;
  arms: string[];
  target: string;
  url?: string;
  seed: number;
  duration_seconds: number;
  state: "queued" | "running" | "passed" | "missed" | "noisy" | "failed" | "cancelled";
  by: string;
  reason: string;
  began: string;
  ended?: string;
  progress: { arm: string; phase: string; done: number; of: number; seconds: number; left_seconds: number };
  error?: string;
  noisy?: string[];
  verdicts: { bar: string; wanted: string; found: number | null; ok: boolean; note?: string }[] | null;
  /** Bars that say nothing of such a target. */
  not_judged?: { bar: string; why: string }[];
  report: boolean;
  last?: { arm: string; at: number; lanes: Record<string, Felt> };
  series?: Series;
}

/**
 * A job with what is new of it: its series get one more second. What came twice or
 * late changes nothing; an arm that goes back to its beginning is held again.
 */
export function follow(job: Job, news: Job): Job {
  const { last } = news;
  const was = job.last;
  const back = was && last ? job.arms.indexOf(was.arm) - job.arms.indexOf(last.arm) || was.at - last.at : -1;
  const again = !!was && was.arm === last?.arm && back > 3;
  if (!last || (back >= 0 && !again)) return { ...news, last: was, series: job.series };
  const arm: Record<string, Curve> = again ? {} : { ...job.series?.arms[last.arm] };
  for (const [lane, felt] of Object.entries(last.lanes)) {
    const c = arm[lane];
    arm[lane] = { ok: [...(c?.ok ?? []), felt.ok], refused: [...(c?.refused ?? []), felt.refused], failed: [...(c?.failed ?? []), felt.failed], p99: [...(c?.p99 ?? []), felt.p99_ms] };
  }
  return { ...news, series: { step_seconds: 1, ...job.series, arms: { ...job.series?.arms, [last.arm]: arm } } };
}

/** The job of a document, and the news of it since; another job's are told to whoever asks for documents. */
export function useNews(job: Job | undefined, other?: (news: Job) => void): Job | undefined {
  const [grown, setGrown] = useState(job);
  // What was told while the document was on its way may not be in it.
  const late = useRef<Job[]>([]);
  const tell = useRef(other);
  tell.current = other;
  useEffect(() => setGrown(job && late.current.filter((news) => news.id === job.id).reduce(follow, job)), [job]);
  useEffect(() => live.onJob((data) => {
    const news = data as Job;
    late.current = [...late.current, news].slice(-2);
    setGrown((was) => (was?.id === news.id ? follow(was, news) : was));
    tell.current?.(news);
  }), []);
  return grown;
}

/** Whether the stream is there to tell. */
export function useTold(): boolean {
  const told = () => {
    const { connection, polling } = live.state.get();
    return connection === "open" && !polling;
  };
  const [is, set] = useState(told);
  useEffect(() => live.state.watch(() => set(told)), []);
  return is;
}
