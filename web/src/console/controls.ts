// What is done to the playbook by hand, from whichever screen.
import { actionName } from "./entry";
import { share } from "./format";
import { act } from "./ui/act";
import { t } from "./words";

export const pause = (inForce: number) => act({ title: t("pause.title"), what: t("pause.what", { n: inForce }), path: "playbook/pause", expiry: "15m", danger: true, label: t("pause.label"), done: t("pause.done") });

export const resume = () => act({ title: t("pause.end"), what: t("pause.endWhat"), path: "playbook/resume", label: t("pause.end"), done: t("pause.ended") });

const path = (id: string, what: string) => `playbook/actions/${encodeURIComponent(id)}/${what}`;

/** Stops an action that refuses a share of all requests. */
export function stop(id: string, refuses: number) {
  const what = actionName(id);
  return act({ title: t("stop.title", { what }), what: refuses > 0 ? t("stop.whatShare", { share: share(refuses) }) : t("stop.what"), path: path(id, "stop"), expiry: "30m", danger: true, label: t("stop.label"), done: t("stop.done", { what }) });
}

export function start(id: string) {
  const what = actionName(id);
  return act({ title: t("start.title", { what }), path: path(id, "start"), label: t("start.label"), done: t("start.done", { what }) });
}
