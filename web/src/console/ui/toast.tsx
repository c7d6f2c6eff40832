// Says in a corner what was done, with a way to undo it.
import { store, useStore } from "../store";
import type { AuditEntry, Undo } from "../types";
import { t } from "../words";
import { Button } from "./basic";

interface Toast {
  id: number;
  text: string;
  tone: "good" | "bad";
  undo?: () => void;
}

const toasts = store<Toast[]>([]);
let next = 1;

const drop = (id: number) => toasts.set(toasts.get().filter((x) => x.id !== id));

/** Shows a text for 8 s; with an undo for 30 s. A problem stays until it is closed. */
export function toast(text: string, { tone = "good", undo }: { tone?: "good" | "bad"; undo?: () => void } = {}) {
  const id = next++;
  toasts.set([...toasts.get().slice(-3), { id, text, tone, undo }]);
  if (tone === "good") setTimeout(() => drop(id), undo ? 30_000 : 8_000);
}

/** How an entry of the record is undone; undefined where nothing undoes it. */
export const undoOf = (e: AuditEntry): Undo | undefined => (e.undo?.revision ? { method: "POST", path: `controls/${e.undo.revision}/undo` } : undefined);

export function Toasts() {
  const list = useStore(toasts);
  return (
    <div class="toasts" role="status">
      {list.map((x) => (
        <div class={`toast ${x.tone}`} key={x.id}>
          <p>{x.text}</p>
          {x.undo && (
            <Button small onClick={() => {
              drop(x.id);
              x.undo!();
            }}>{t("ui.undo")}</Button>
          )}
          <button type="button" class="close" aria-label={t("ui.close")} onClick={() => drop(x.id)}>×</button>
        </div>
      ))}
    </div>
  );
}
