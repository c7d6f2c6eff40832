// What people feel, and what people order, in a sentence.
import { num, seconds, share, span } from "./format";
import type { Felt, LaneOrder, Phrase, Shares } from "./types";
import { t, tOr } from "./words";

/** "새 로그인 4명 중 3명이 예약을 받음": how many of how many, and what they get. */
export function feltText(f: Felt): string {
  if (f.kind === "none") return t("felt.none");
  const who = tOr(`felt.who.${f.who || "all"}`, t("felt.who.all"));
  const unit = f.who || "all";
  const blanks = { who, u: tOr(`felt.u.${unit}`, ""), ui: tOr(`felt.ui.${unit}`, ""), n: f.n ?? 0, of: f.of ?? 4, time: f.seconds ? (f.seconds < 60 ? seconds(f.seconds) : span(f.seconds)) : "" };
  const some = f.n !== undefined && f.of !== undefined && f.n < f.of ? "" : ".all";
  const timed = f.seconds ? ".time" : "";
  return tOr(`felt.${f.kind}${some}${timed}`, "", blanks) || tOr(`felt.${f.kind}${some}`, "", blanks) || tOr(`felt.${f.kind}`, f.kind, blanks);
}

/** Shares by intent: "앱 자동 요청 75%", or one share where all have the same. */
export function sharesText(s: Shares | undefined): string {
  const some = Object.entries(s ?? {}).filter(([, v]) => v > 0);
  const same = some.length > 1 && some.every(([, v]) => v === some[0]![1]);
  return same ? share(some[0]![1]) : some.map(([who, v]) => `${tOr(`who.${who}`, who)} ${share(v)}`).join(", ");
}

/** An order by hand. */
export function orderText(o: LaneOrder): string {
  const parts = o.closed ? [t("order.closed")] : (["shed", "defer", "challenge"] as const).flatMap((k) => (sharesText(o[k]) ? [`${t(`kind.${k}`)} ${sharesText(o[k])}`] : []));
  if (o.open) parts.push(t("order.open"));
  if (o.ceiling) parts.push(t("order.ceiling", { n: num(o.ceiling) }));
  if (o.ramp) parts.push(t("order.ramp", { now: share(o.admits), add: share(o.ramp.add), every: span(o.ramp.every) }));
  return parts.join(" · ") || o.text;
}

/** What was before or after in the language in force; the text of it where its parts are not known. */
export const saidText = (parts: Phrase[] | undefined, text: string | undefined): string =>
  parts?.map((p) => {
    if (p.kind === "setting") return `${tOr(`captcha.${p.name!.replaceAll(" ", "_")}`, p.name!)} ${tOr(`captcha.${p.name}.${p.value}`, p.value!)}`;
    if (p.share !== undefined) return [tOr(`kind.${p.kind}`, p.kind), p.who && tOr(`who.${p.who}`, p.who), share(p.share)].filter(Boolean).join(" ");
    return tOr(`order.${p.kind}`, p.kind, { n: p.permits ?? 0, now: share(p.from), add: share(p.add), every: span(p.every_seconds ?? 0) });
  }).join(" · ") || text || "";
