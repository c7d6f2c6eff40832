// What a person can order of a lane, with what it will do as far as the last
// seconds tell; what refuses much is asked for again by the gateway.
import { num, share } from "../format";
import { outcomes, type NowDoc, type NowLane } from "../types";
import type { Act, Values } from "../ui/act";
import { t } from "../words";

export const orderKinds = ["ramp", "shed", "ceiling", "defer", "challenge", "close", "open"] as const;

const fraction = (text: string | undefined) => Math.min(1, Math.max(0, Number(text) / 100 || 0));

/** The body of an order, as the API has it. */
export function orderBody(v: Values): Record<string, unknown> {
  const part = fraction(v.share);
  const shares = { foreground: v.who === "background" ? 0 : part, background: v.who === "foreground" ? 0 : part };
  switch (v.kind) {
    case "shed":
    case "defer":
    case "challenge":
      return { [v.kind]: shares };
    case "ceiling":
      return { ceiling: Math.round(Number(v.ceiling)) };
    case "close":
      return { close: true };
    case "open":
      return { open: true };
    default:
      return { ramp: { from: fraction(v.from), add: fraction(v.add), every: Number(v.every) } };
  }
}

/** The share of a lane's requests that an order keeps from the service at first. */
export function keptFrom(v: Values): number {
  if (v.kind === "close") return 1;
  if (v.kind === "ramp") return 1 - fraction(v.from);
  return v.kind === "shed" || v.kind === "defer" || v.kind === "challenge" ? fraction(v.share) : 0;
}

function effect(v: Values, lane: NowLane, now: NowDoc): string {
  if (v.kind === "open") return t("onelane.effectOpen");
  if (v.kind === "ceiling") return t("onelane.effectCeiling", { n: v.ceiling || "?", now: num(lane.in_flight), limit: num(lane.limit) });
  const all = outcomes.reduce((s, o) => s + now.totals[o], 0);
  const hit = lane.in * keptFrom(v);
  const words = { defer: "onelane.effectDefer", challenge: "onelane.effectChallenge" } as const;
  const said = t(words[v.kind as "defer"] ?? "onelane.effect", { rate: num(Math.round(hit)), share: share(all > 0 ? hit / all : 0), lane: lane.name });
  if (v.kind !== "ramp") return said;
  const steps = Math.ceil((1 - fraction(v.from)) / Math.max(0.01, fraction(v.add)));
  return `${said} ${t("onelane.effectRamp", { minutes: num(Math.round((steps * Number(v.every)) / 6) / 10) })}`;
}

const is = (...kinds: string[]) => (v: Values) => kinds.includes(v.kind ?? "");

const path = (lane: NowLane) => `lanes/${encodeURIComponent(lane.backend)}/${encodeURIComponent(lane.name)}/order`;

export const orderLane = (lane: NowLane, now: NowDoc): Act => ({
  title: t("onelane.orderTitle", { lane: lane.name }), method: "PUT", path: path(lane), expiry: "30m", label: t("onelane.apply"), done: t("onelane.ordered", { lane: lane.name }),
  what: (v) => <p class="effect-note">{effect(v, lane, now)}</p>,
  fields: [
    { name: "kind", label: t("onelane.kind"), kind: "select", value: "ramp", options: orderKinds.map((k) => ({ value: k, label: t(`onelane.kind.${k}`) })) },
    { name: "from", label: t("onelane.from"), kind: "range", min: 0, max: 95, step: 5, unit: "%", value: String(Math.min(95, Math.max(5, Math.round(lane.turn * 20) * 5))), when: is("ramp"), help: t("onelane.fromHelp") },
    { name: "add", label: t("onelane.add"), kind: "number", min: 1, max: 50, step: 1, unit: "%", value: "5", required: true, when: is("ramp") },
    { name: "every", label: t("onelane.every"), kind: "number", min: 1, max: 3600, step: 1, unit: t("onelane.sec"), value: "30", required: true, when: is("ramp"), help: t("onelane.rampHelp") },
    { name: "share", label: t("onelane.share"), kind: "range", min: 5, max: 100, step: 5, unit: "%", value: "50", when: is("shed", "defer", "challenge") },
    { name: "who", label: t("onelane.who"), kind: "select", options: ["", "foreground", "background"].map((w) => ({ value: w, label: t(w === "" ? "onelane.everyone" : `who.${w as "background"}`) })), when: is("shed", "defer", "challenge") },
    { name: "ceiling", label: t("onelane.permits"), kind: "number", min: 1, step: 1, value: String(Math.max(1, lane.limit)), required: true, when: is("ceiling"), help: t("onelane.ceilingHelp") },
  ],
  body: orderBody,
});

export const releaseLane = (lane: NowLane): Act => ({
  title: t("onelane.releaseTitle", { lane: lane.name }), what: t("onelane.releaseWhat"), method: "DELETE", path: path(lane), label: t("onelane.release"), done: t("onelane.released", { lane: lane.name }),
});
