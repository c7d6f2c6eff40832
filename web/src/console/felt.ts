// What people feel, in a sentence.
import { seconds, span } from "./format";
import type { Felt } from "./types";
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
