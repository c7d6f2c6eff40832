// Everything that a person does to the gateway goes through one dialog: what it
// does, why, until when; what refuses much is asked for twice with the predicted
// effect; somebody else's change in between is told; and it can be undone.
// What is said here is what screens ask of it; the dialog itself is act-dialog.tsx.
import { useEffect, useState } from "preact/hooks";
import type { ComponentChildren, JSX } from "preact";
import { ask, ProblemError } from "../api";
import { live } from "../live";
import { prefs } from "../prefs";
import { store, useStore } from "../store";
import type { Undo } from "../types";
import { loadLaterWords, t } from "../words";
import { problemText } from "./basic";
import { toast } from "./toast";

export type Values = Record<string, string>;

/** A field of the dialog; its value is a text, also of a check: "on" or "". */
export interface ActField {
  name: string;
  label: string;
  kind?: "text" | "number" | "select" | "textarea" | "password" | "check" | "range";
  value?: string;
  options?: { value: string; label: string }[];
  min?: number;
  max?: number;
  step?: number;
  unit?: string;
  required?: boolean;
  help?: string;
  placeholder?: string;
  /** How it is written, as an input's pattern. */
  pattern?: string;
  /** What is wrong with it, in words; the gateway looks again. */
  wrong?(value: string, values: Values): string | undefined;
  /** Behind the heading `more`, for those who look for it. */
  more?: boolean;
  /** Whether it is asked for at all, which other fields may decide. */
  when?(values: Values): boolean;
}

export interface Act {
  title: string;
  /** What it does, in a sentence; with fields it may depend on them. */
  what?: ComponentChildren | ((values: Values) => ComponentChildren);
  method?: string;
  /** Below /daero/api/; with fields it may depend on them. Without, nothing is sent: what was typed is the answer. */
  path?: string | ((values: Values) => string);
  body?: Record<string, unknown> | ((values: Values) => Record<string, unknown>);
  fields?: ActField[];
  /** What heads the fields that are more. */
  more?: string;
  /** Whether there is anything to send. */
  ready?(values: Values): boolean;
  /** Whether a reason is asked for; it is unless told. */
  reason?: boolean;
  /** How long it holds at first: "30m". Without, nothing is asked. */
  expiry?: string;
  /** What was seen of it is sent, so that two people do not work against each other: the state of all controls, its own, or none (false). */
  revision?: number | false;
  danger?: boolean;
  /** What is to be agreed to in a second step, before anything is sent. */
  check?: ComponentChildren;
  /** The word of the button. */
  label: string;
  /** What is said when it is done. */
  done?: string;
  /** What undoes it, where the answer does not say. */
  undo?: Undo;
  onDone?(answer: unknown): void;
}

export interface Open extends Act {
  /** The revision of the controls that the person saw. */
  saw?: number;
  resolve(answer: unknown): void;
}

export const open = store<Open | undefined>(undefined);

/** Opens the dialog. Resolves with the answer ({} where it is empty), or undefined if nothing was done. */
export function act(a: Act): Promise<unknown> {
  open.get()?.resolve(undefined);
  return new Promise((resolve) => open.set({ ...a, saw: a.revision === false ? undefined : a.revision ?? live.state.get().now?.revision, resolve }));
}

/** Undoes something; what refuses much is confirmed by the dialog of every control. */
export async function undoIt(undo: Undo, what: string): Promise<boolean> {
  const reason = t("ui.undoReason", { what });
  try {
    await ask(undo.method, undo.path, { body: { reason, ...undo.body } });
    toast(t("ui.undone", { what }));
    return true;
  } catch (e) {
    if (!(e instanceof ProblemError)) throw e;
    if (e.problem.kind === "confirm") {
      return !!(await act({ title: t("ui.undo"), what, method: undo.method, path: undo.path, body: undo.body, label: t("ui.undo"), danger: true, revision: false }));
    }
    toast(problemText(e.problem), { tone: "bad" });
    return false;
  }
}

/** What is open is drawn once the dialog is fetched: with the screens, or now. */
export function ActDialog() {
  const a = useStore(open);
  const [Draw, setDraw] = useState<(p: { a: Open }) => JSX.Element>();
  useEffect(() => {
    if (!a || Draw) return;
    Promise.all([loadDialog(), loadLaterWords(prefs.get().lang)]).then(([draw]) => setDraw(() => draw), () => {
      open.set(undefined);
      a.resolve(undefined);
      toast(t("shell.screenGone"), { tone: "bad" });
    });
  }, [a, Draw]);
  return a && Draw ? <Draw key={a.title} a={a} /> : null;
}

export const loadDialog = async () => (await import("./act-dialog")).AskDialog;
