// A chart over time: y from zero, a 24-hour clock, events as labelled lines, a
// sentence for who does not see it, and the same numbers as a table.
import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { clock, hourMinute, num, short } from "../format";
import { usePrefs } from "../prefs";
import type { Series } from "../types";
import { t } from "../words";
import { Button } from "./basic";
import { Table } from "./table";

export interface ChartSeries {
  label: string;
  values: Series;
  /** A custom property of the theme without its dashes: "passed". */
  color: string;
  dash?: boolean;
  /** Fills down to zero; stacked charts do so anyway. */
  fill?: boolean;
}

export interface ChartMark {
  /** Seconds since 1970. */
  at: number;
  label: string;
  /** Where not all labels find room, the greater stays. */
  weight?: number;
}

export interface ChartProps {
  /** What it shows; the name of the picture and of the table. */
  title: string;
  /** A sentence of what is to be seen. */
  describe: string;
  /** Seconds since 1970, rising. */
  x: number[];
  series: ChartSeries[];
  stacked?: boolean;
  height?: number;
  /** How a value is written; num unless told. */
  format?(v: number): string;
  /** How the axis writes it; short unless told. */
  axis?(v: number): string;
  marks?: ChartMark[];
  /** Charts of one name share the cursor. */
  sync?: string;
  /** The least top of the y axis. */
  top?: number;
  /** What x is, where it is not a time: seconds since a beginning. */
  elapsed?: boolean;
  /** The level at each x, drawn as a strip above. */
  level?: Series;
}

/** The sums that a stack draws: the last series at the bottom of its own share. */
export function stack(series: Series[]): Series[] {
  const sums: Series[] = [];
  let below: Series | undefined;
  for (const values of series) {
    const under = below;
    below = values.map((v, i) => (v == null && under?.[i] == null ? null : (v ?? 0) + (under?.[i] ?? 0)));
    sums.push(below);
  }
  return sums;
}

/** A top above the most, in steps that axes like: 1, 2, 2.5, 5, 10. */
export function niceTop(most: number, least = 0): number {
  const want = Math.max(most * 1.05, least);
  if (!(want > 0)) return 1;
  const size = 10 ** Math.floor(Math.log10(want));
  return size * ([1, 1.2, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 10].find((n) => n * size >= want) ?? 10);
}

const css = (name: string) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim() || "#888";

/**
 * Where labels of marks stand: right of their line or left of it, in the first row
 * that is free; undefined where there is no room. The weightiest choose first.
 */
export function placeLabels(marks: { x: number; width: number; weight?: number }[], rows: number, from: number, to: number): ({ row: number; x: number } | undefined)[] {
  const taken: { row: number; from: number; to: number }[] = [];
  const places = new Array<{ row: number; x: number } | undefined>(marks.length).fill(undefined);
  const order = marks.map((_, i) => i).sort((a, b) => (marks[b]!.weight ?? 0) - (marks[a]!.weight ?? 0) || a - b);
  for (const i of order) {
    const { x, width } = marks[i]!;
    search: for (let row = 0; row < rows; row++) {
      for (const at of [x + 5, x - 5 - width]) {
        if (at < from || at + width > to || taken.some((t) => t.row === row && at < t.to + 6 && t.from < at + width + 6)) continue;
        taken.push({ row, from: at, to: at + width });
        places[i] = { row, x: at };
        break search;
      }
    }
  }
  return places;
}

function drawMarks(u: uPlot, marks: ChartMark[]) {
  const { ctx, bbox } = u;
  const ratio = devicePixelRatio || 1;
  ctx.save();
  ctx.font = `${11 * ratio}px system-ui, sans-serif`;
  ctx.textBaseline = "top";
  ctx.textAlign = "left";
  const seen = marks.flatMap((m) => {
    const x = u.valToPos(m.at, "x", true);
    return x >= bbox.left && x <= bbox.left + bbox.width ? [{ ...m, x }] : [];
  });
  const places = placeLabels(seen.map((m) => ({ x: m.x / ratio, width: ctx.measureText(m.label).width / ratio, weight: m.weight })), 4, bbox.left / ratio, (bbox.left + bbox.width) / ratio);
  ctx.strokeStyle = css("text");
  ctx.lineWidth = ratio;
  ctx.setLineDash([3 * ratio, 3 * ratio]);
  // A day of events must not fence the chart in: where there are many, those with a label stay.
  for (const m of seen.length > 24 ? seen.filter((_, i) => places[i]) : seen) {
    ctx.beginPath();
    ctx.moveTo(Math.round(m.x) + 0.5, bbox.top);
    ctx.lineTo(Math.round(m.x) + 0.5, bbox.top + bbox.height);
    ctx.stroke();
  }
  seen.forEach((m, i) => {
    const place = places[i];
    if (!place) return;
    const width = ctx.measureText(m.label).width;
    const x = place.x * ratio;
    const y = bbox.top + (4 + place.row * 16) * ratio;
    ctx.fillStyle = css("panel");
    ctx.globalAlpha = 0.85;
    ctx.fillRect(x - 2 * ratio, y - ratio, width + 4 * ratio, 14 * ratio);
    ctx.globalAlpha = 1;
    ctx.fillStyle = css("text");
    ctx.fillText(m.label, x, y);
  });
  ctx.restore();
}

/** A strip along the top that has the colour of the level; the marks beside it say which. */
function drawLevel(u: uPlot, level: Series) {
  const { ctx, bbox } = u;
  const ratio = devicePixelRatio || 1;
  const x = u.data[0];
  ctx.save();
  for (let i = 0; i < x.length; ) {
    let end = i + 1;
    while (end < x.length && level[end] === level[i]) end++;
    if (level[i] != null) {
      const from = u.valToPos(x[i]!, "x", true);
      ctx.fillStyle = css(`l${level[i]}`);
      ctx.fillRect(from, bbox.top - 6 * ratio, u.valToPos(x[Math.min(end, x.length - 1)]!, "x", true) - from, 5 * ratio);
    }
    i = end;
  }
  ctx.restore();
}

export function Chart(p: ChartProps) {
  const [table, setTable] = useState(false);
  return (
    <figure class="chart">
      <div class="chart-top">
        <ul class="legend" aria-hidden="true">
          {p.series.map((s) => (
            <li key={s.label}><i class={s.dash ? "dash" : ""} style={{ "--c": `var(--${s.color})` }} />{s.label}</li>
          ))}
        </ul>
        <Button small kind="quiet" aria-pressed={table} onClick={() => setTable(!table)}>{t("chart.table")}</Button>
      </div>
      {table ? <Numbers {...p} /> : <Picture {...p} />}
    </figure>
  );
}

function Picture(p: ChartProps) {
  const at = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const now = useRef(p);
  now.current = p;
  const { lang, theme, zone } = usePrefs();
  const shape = p.series.map((s) => s.label + s.color + s.dash).join("|");
  useEffect(() => {
    const box = at.current!;
    const u = (plot.current = new uPlot(options(now, box), dataOf(now.current), box));
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const again = () => u.redraw(false, true);
    dark.addEventListener("change", again);
    const fit = new ResizeObserver(() => {
      if (box.clientWidth && Math.abs(box.clientWidth - u.width) > 1) u.setSize({ width: box.clientWidth, height: heightOf(now.current) });
    });
    fit.observe(box);
    return () => {
      dark.removeEventListener("change", again);
      fit.disconnect();
      u.destroy();
    };
  }, [shape, lang, theme, zone, p.stacked, p.height, p.sync]);
  useEffect(() => plot.current?.setData(dataOf(p)), [p.x, p.series, p.marks, p.top]);
  return <div class="plot" ref={at} role="img" aria-label={`${p.title}. ${p.describe}`} />;
}

const heightOf = (p: ChartProps) => p.height ?? 240;

function dataOf(p: ChartProps): uPlot.AlignedData {
  const values = p.series.map((s) => s.values);
  // The top of the stack is drawn first, and what is below over it.
  return [p.x, ...(p.stacked ? stack(values).reverse() : values)] as uPlot.AlignedData;
}

function options(now: { current: ChartProps }, box: HTMLElement): uPlot.Options {
  const p = now.current;
  const elapsed = p.elapsed;
  const drawn = p.stacked ? [...p.series].reverse() : p.series;
  const stroke = () => css("muted");
  const grid = { stroke: () => css("line"), width: 1 };
  return {
    width: box.clientWidth || 600, height: heightOf(p),
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { show: !p.stacked }, sync: p.sync ? { key: p.sync } : undefined },
    scales: { x: { time: !elapsed }, y: { range: (_u, _min, max) => [0, niceTop(max ?? 0, now.current.top)] } },
    axes: [
      { stroke, grid, ticks: { show: false }, space: 70, size: 30, font: "12px system-ui, sans-serif", values: (_u, at) => at.map((s) => (elapsed ? `${s}` : at.length > 1 && at[1]! - at[0]! >= 60 ? hourMinute(s * 1_000) : clock(s * 1_000))) },
      { stroke, grid, ticks: { show: false }, size: 56, font: "12px system-ui, sans-serif", values: (_u, at) => at.map((v) => (now.current.axis ?? short)(v)) },
    ],
    series: [{}, ...drawn.map((s): uPlot.Series => ({
      label: s.label, width: p.stacked ? 0 : 2, stroke: () => css(s.color), fill: p.stacked || s.fill ? () => css(s.color) + (p.stacked ? "" : "33") : undefined,
      dash: s.dash ? [6, 4] : undefined, points: { show: false }, spanGaps: false,
    }))],
    hooks: {
      draw: [(u) => {
        if (now.current.level) drawLevel(u, now.current.level);
        drawMarks(u, now.current.marks ?? []);
      }],
      setCursor: [(u) => tip(u, now.current)],
    },
  };
}

/** The numbers under the cursor. */
function tip(u: uPlot, p: ChartProps) {
  let box = u.over.querySelector<HTMLElement>(".tip");
  const i = u.cursor.idx;
  if (i == null || (u.cursor.left ?? -1) < 0) {
    box?.remove();
    return;
  }
  if (!box) {
    box = document.createElement("div");
    box.className = "tip";
    u.over.append(box);
  }
  const say = p.format ?? num;
  const head = document.createElement("b");
  head.textContent = p.elapsed ? `${p.x[i]}` : clock((p.x[i] ?? 0) * 1_000);
  box.replaceChildren(head, ...p.series.map((s) => {
    const line = document.createElement("span");
    const dot = document.createElement("i");
    dot.style.setProperty("--c", `var(--${s.color})`);
    const v = s.values[i];
    line.append(dot, `${s.label} ${v == null ? "–" : say(v)}`);
    return line;
  }));
  const right = u.cursor.left! > u.over.clientWidth / 2;
  box.style.left = right ? "" : `${u.cursor.left! + 12}px`;
  box.style.right = right ? `${u.over.clientWidth - u.cursor.left! + 12}px` : "";
}

/** At most so many rows; who wants all of them exports. */
const mostRows = 60;

function Numbers({ title, x, series, format = num, elapsed }: ChartProps) {
  const step = Math.max(1, Math.ceil(x.length / mostRows));
  const rows: { at: number; i: number }[] = x.flatMap((at, i) => ((x.length - 1 - i) % step === 0 ? [{ at, i }] : [])).reverse();
  return (
    <Table
      caption={title} rows={rows} rowKey={(r) => r.i}
      columns={[
        { key: "at", label: t(elapsed ? "chart.elapsed" : "chart.time"), head: true, render: (r) => (elapsed ? r.at : clock(r.at * 1_000)) },
        ...series.map((s) => ({ key: s.label, label: s.label, num: true, render: (r: { at: number; i: number }) => (s.values[r.i] == null ? "–" : format(s.values[r.i]!)) })),
      ]}
    />
  );
}
