// Numbers, times and durations as people read them, in the language and zone in force.
import { prefs, type Lang, type Zone } from "./prefs";
import { t } from "./words";

const made = new Map<string, unknown>();
const once = <T>(key: string, make: () => T): T => {
  if (!made.has(key)) made.set(key, make());
  return made.get(key) as T;
};
const tag = (lang: Lang) => (lang === "ko" ? "ko-KR" : "en-GB");

const digits = (most: number) => {
  const { lang } = prefs.get();
  return once(`n${lang}${most}`, () => new Intl.NumberFormat(tag(lang), { maximumFractionDigits: most }));
};

/** 3,120 · 41.2 · 0.35: three digits that matter, all of them above 100. */
export function num(n: number | null | undefined): string {
  if (n == null || !Number.isFinite(n)) return "–";
  const size = Math.abs(n);
  return digits(size >= 100 || Number.isInteger(n) ? 0 : size >= 10 ? 1 : 2).format(n);
}

/** 12k, 3.1M: for axes and narrow places. */
export function short(n: number | null | undefined): string {
  if (n == null || !Number.isFinite(n)) return "–";
  const size = Math.abs(n);
  if (size < 10_000) return num(n);
  return size < 1e6 ? num(Math.round(n / 100) / 10) + "k" : num(Math.round(n / 1e5) / 10) + "M";
}

/** 0.31 → 31%; less than 1 % keeps a digit, and what is not nothing is not 0 %. */
export function share(x: number | null | undefined): string {
  if (x == null || !Number.isFinite(x)) return "–";
  const p = x * 100;
  if (p > 0 && p < 0.1) return "<0.1%";
  return digits(p < 10 && p !== Math.round(p) ? 1 : 0).format(p) + "%";
}

/** 0.008 → 8 ms, 1.9 → 1.9 s, 90 → 1 min 30 s. */
export function seconds(s: number | null | undefined): string {
  if (s == null || !Number.isFinite(s)) return "–";
  if (s < 0) return "−" + seconds(-s);
  if (s === 0) return "0";
  if (s < 0.9995) return (s < 0.001 ? "<1" : digits(s < 0.00995 ? 1 : 0).format(s * 1_000)) + " ms";
  if (s < 9.95) return t("time.s", { n: digits(1).format(s) });
  if (s < 59.5) return t("time.s", { n: digits(0).format(s) });
  return span(s);
}

/** Whole units, the two greatest: 40 s, 3 min 5 s, 2 h 10 min, 3 d 4 h. */
export function span(s: number): string {
  const units = [["time.d", 86_400], ["time.h", 3_600], ["time.min", 60], ["time.s", 1]] as const;
  let left = Math.max(0, Math.round(s));
  // Beyond an hour nobody counts seconds.
  if (left >= 3_600) left = Math.round(left / 60) * 60;
  const at = units.findIndex(([, size]) => left >= size);
  if (at < 0) return t("time.s", { n: 0 });
  return units.slice(at, at + 2).flatMap(([key, size]) => {
    const n = Math.floor(left / size);
    left -= n * size;
    return n ? [t(key, { n })] : [];
  }).join(" ");
}

export const zoneName = (zone: Zone = prefs.get().zone) => (zone === "utc" ? "UTC" : once("zone", () => Intl.DateTimeFormat().resolvedOptions().timeZone));

type Time = string | number | Date | undefined | null;
const dateOf = (at: Time) => (at == null ? new Date(NaN) : at instanceof Date ? at : new Date(at));

function print(at: Time, options: Intl.DateTimeFormatOptions): string {
  const d = dateOf(at);
  if (Number.isNaN(d.getTime())) return "–";
  const { lang, zone } = prefs.get();
  const f = once(`d${lang}${zone}${JSON.stringify(options)}`, () => new Intl.DateTimeFormat(tag(lang), { hourCycle: "h23", timeZone: zone === "utc" ? "UTC" : undefined, ...options }));
  return f.format(d);
}

/** 19:16:52 */
export const clock = (at: Time) => print(at, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
/** 19:16 */
export const hourMinute = (at: Time) => print(at, { hour: "2-digit", minute: "2-digit" });
/** 2026. 11. 22. 19:16:52, for records and titles. */
export const dateTime = (at: Time) => print(at, { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" });
/** 11. 22. 19:16 */
export const dayTime = (at: Time) => print(at, { month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" });

const sameDay = (at: Time, now: number) => {
  const day: Intl.DateTimeFormatOptions = { year: "numeric", month: "2-digit", day: "2-digit" };
  return print(at, day) === print(now, day);
};

/** The clock today, on other days the day as well. */
export const moment = (at: Time, now: number = Date.now()) => (sameDay(at, now) ? clock(at) : dayTime(at));

/** The same without seconds: until when something holds. */
export const until = (at: Time, now: number = Date.now()) => (sameDay(at, now) ? hourMinute(at) : dayTime(at));

/** 12초 전 / 12 s ago; now is the gateway's time where times are the gateway's. */
export function ago(at: Time, now: number = Date.now()): string {
  const s = (now - dateOf(at).getTime()) / 1_000;
  if (Number.isNaN(s)) return "–";
  return Math.abs(s) < 1 ? t("time.now") : s < 0 ? t("time.in", { span: span(-s) }) : t("time.ago", { span: span(s) });
}

/** 1.4 MB */
export function bytes(n: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let at = 0;
  while (n >= 1_000 && at < units.length - 1) {
    n /= 1_000;
    at++;
  }
  return `${num(n)} ${units[at]}`;
}

/** Seconds as Go and the API read a duration: 90 → 1m30s. */
export function goDuration(s: number): string {
  const whole = Math.round(s);
  return [[Math.floor(whole / 3_600), "h"], [Math.floor(whole / 60) % 60, "m"], [whole % 60, "s"]].map(([n, u]) => (n ? `${n}${u}` : "")).join("") || "0s";
}
