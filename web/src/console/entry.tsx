// What happened, in words: for the feed, the marks of charts, and the log.
import { saidText } from "./felt";
import { share } from "./format";
import { levelShapes, levelWords, type AuditEntry, type EventKind, type Mark, type Said } from "./types";
import { Badge, levelName, type Tone } from "./ui/basic";
import { t, tOr, type Key } from "./words";

const level = (word: string | undefined) => {
  const n = levelWords.indexOf(word as "normal");
  return n < 0 ? word ?? "" : `${n} ${levelName(n)}`;
};

/** An action's name in words: "shed login background" → "login 거절 (배경 요청)". */
export function actionName(id: string): string {
  const [kind = "", ...rest] = id.split(" ");
  const word = tOr(`kind.${kind}`, "");
  if (!word) return id;
  const who = rest.filter((r) => ["foreground", "background", "new-device"].includes(r)).map((r) => t(`who.${r}` as Key));
  const target = rest.filter((r) => !["foreground", "background", "new-device"].includes(r)).join(" ");
  return [target, word].filter(Boolean).join(" · ") + (who.length ? ` (${who.join(", ")})` : "");
}

/** What an entry of the record says, in a sentence without its why. */
export function describe(e: AuditEntry, said: Said | undefined = e.said): string {
  const isLevel = e.what.startsWith("level.");
  const isAction = e.what.startsWith("action.");
  const target = isAction ? actionName(e.target ?? "") : isLevel ? level(e.target) : e.target ?? "";
  const blanks = { target, before: isLevel ? level(e.before) : saidText(said?.before, e.before), after: isLevel ? level(e.after) : saidText(said?.after, e.after), who: e.who };
  const text = tOr(`what.${e.what}`, "", blanks);
  if (!text) return [e.what, target, e.before && e.after ? `${e.before} → ${e.after}` : e.after].filter(Boolean).join(" ");
  const more = isAction && e.what !== "action.left" && e.share ? ` ${t("entry.share", { share: share(e.share) })}` : "";
  return text.trim() + more;
}

const tones: Record<EventKind, Tone> = { auto: "info", manual: "warn", outside: "bad", signal: "plain", system: "plain" };

export const KindBadge = ({ kind }: { kind: EventKind }) => <Badge tone={tones[kind] ?? "plain"}>{tOr(`event.${kind}`, kind)}</Badge>;

/** The label of a mark on a chart, and none of what would only crowd it. */
export function markLabel(m: Mark): string {
  if (m.what === "level.changed") {
    const n = levelWords.indexOf((m.after ?? m.target) as "normal");
    return n < 0 ? "" : `${levelShapes[n]} ${n} ${levelName(n)}`;
  }
  if (m.kind === "manual" && !m.what.startsWith("operator.")) return tOr(`mark.${m.what}`, "", { target: m.target ?? "" });
  return tOr(`mark.${m.what}`, "", { target: m.target ?? "" });
}
