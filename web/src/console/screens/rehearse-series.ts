// What a rehearsal measured, put beside each other.

export interface Curve {
  ok: number[];
  refused: number[];
  failed: number[];
  p99: (number | null)[];
}

export interface Series {
  step_seconds: number;
  arms: Record<string, Record<string, Curve>>; // by arm, by lane
}

export const measures = ["answers", "p99"] as const;

/** The lanes of all arms, the busiest last arm's order first. */
export const lanesOf = (series: Series): string[] => [...new Set(Object.values(series.arms).flatMap((lanes) => Object.keys(lanes)))];

export interface Multiple {
  arm: string;
  values: { ok: (number | null)[]; refused: (number | null)[]; failed: (number | null)[]; p99: (number | null)[] };
  total: { ok: number; refused: number; failed: number; p99: number };
}

const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
const most = (values: (number | null | undefined)[]) => values.reduce<number>((top, v) => Math.max(top, v ?? 0), 0);

/**
 * One lane in all arms: per second, all as long as the longest (or as `least`
 * seconds, that are not all over), and the top that all share, so that what is
 * higher on the screen is more.
 */
export function panels(series: Series, arms: string[], lane: string, answers: boolean, least = 0): { x: number[]; top: number; of: Multiple[] } {
  const step = series.step_seconds || 1;
  const curves = arms.map((arm) => ({ arm, curve: series.arms[arm]?.[lane] ?? { ok: [], refused: [], failed: [], p99: [] } }));
  const n = Math.max(Math.ceil(least / step), ...curves.map(({ curve }) => curve.ok.length));
  const x = Array.from({ length: n }, (_, i) => i * step);
  const rate = (values: number[]) => x.map((_, i) => (i < values.length ? values[i]! / step : null));
  const tops = curves.map(({ curve: c }) => (answers ? most(c.ok.map((v, i) => (v + (c.refused[i] ?? 0) + (c.failed[i] ?? 0)) / step)) : most(c.p99)));
  return {
    // A chart leaves a twentieth above its own most: so that all leave the same.
    x, top: most(tops) * 1.05,
    of: curves.map(({ arm, curve: c }) => ({
      arm,
      values: { ok: rate(c.ok), refused: rate(c.refused), failed: rate(c.failed), p99: x.map((_, i) => c.p99[i] ?? null) },
      total: { ok: sum(c.ok), refused: sum(c.refused), failed: sum(c.failed), p99: most(c.p99) },
    })),
  };
}

/** A bound as people write it: "≥ 0.999". */
export const bound = (wanted: string) => wanted.replace(">=", "≥").replace("<=", "≤");

/** A number that stands beside its bound: 0.9998 is not 1. */
export const exact = (found: number | null) => (found === null ? "–" : String(Number(found.toPrecision(5))));

/** A bar's name without what it was judged in ("auto: …", "control: …, manual"), as the key of its words. */
export function barOf(name: string): { key: string; of: string; in: string } {
  const [, of = "", key = name, arm = ""] = /^(?:(auto|control): )?(.*?)(?:, (none|manual|static|lanes|lanes-honouring|auto))?$/.exec(name) ?? [];
  return { key, of, in: arm };
}

/** How many of the bars were held. */
export const score = (verdicts: { ok: boolean }[]) => ({ held: verdicts.filter((v) => v.ok).length, of: verdicts.length });
