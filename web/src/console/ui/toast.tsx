// Says in a corner what was done, with a way to undo it.
import { ask, ProblemError } from "../api";
import { store, useStore } from "../store";
import type { Undo } from "../types";
import { t } from "../words";
import { Button, problemText } from "./basic";

interface Toast {
  id: number;
  text: string;
  tone: "good" | "bad";
  undo?: Undo;
}

const toasts = store<Toast[]>([]);
let next = 1;

const drop = (id: number) => toasts.set(toasts.get().filter((x) => x.id !== id));

/** Shows a text for 8 s; with an undo for 30 s. A problem stays until it is closed. */
export function toast(text: string, { tone = "good", undo }: { tone?: "good" | "bad"; undo?: Undo } = {}) {
  const id = next++;
  toasts.set([...toasts.get().slice(-3), { id, text, tone, undo }]);
  if (tone === "good") setTimeout(() => drop(id), undo ? 30_000 : 8_000);
}

/** Undoes what an answer or an entry of the record says can be undone. */
export async function undoIt(undo: Undo, what: string): Promise<boolean> {
  if (!undo.path) return false;
  const body = undo.body && typeof undo.body === "object" ? { ...undo.body } : {};
  try {
    await ask(undo.method || "POST", undo.path, { body: { reason: t("act.undoReason", { what }), ...body } });
    toast(t("act.undone", { what }));
    return true;
  } catch (e) {
    if (!(e instanceof ProblemError)) throw e;
    toast(problemText(e.problem), { tone: "bad" });
    return false;
  }
}

export function Toasts() {
  const list = useStore(toasts);
  return (
    <div class="toasts" role="status">
      {list.map((x) => (
        <div class={`toast ${x.tone}`} key={x.id}>
          <p>{x.text}</p>
          {x.undo?.path && (
            <Button small onClick={() => {
              drop(x.id);
              void undoIt(x.undo!, x.text);
            }}>{t("act.undo")}</Button>
          )}
          <button type="button" class="close" aria-label={t("ui.close")} onClick={() => drop(x.id)}>×</button>
        </div>
      ))}
    </div>
  );
}
