// The dialog of every control.
import { useState } from "preact/hooks";
import { ask, ProblemError } from "../api";
import { actionName } from "../entry";
import { clock, num, share } from "../format";
import type { Predicted, ProblemDoc, Undo } from "../types";
import { t, tOr } from "../words";
import { open, undoIt, type ActField, type Open, type Values } from "./act";
import { Button, Field, problemText } from "./basic";
import { Dialog } from "./dialog";
import { toast } from "./toast";

const expiries = ["5m", "15m", "30m", "1h", "2h", "6h", "24h"];
export const expiryLabel = (d: string) => tOr(`for.${d}`, d);

type Step = { kind: "ask" } | { kind: "confirm"; predicted?: Predicted } | { kind: "changed"; problem: ProblemDoc };

export function AskDialog({ a }: { a: Open }) {
  const [values, setValues] = useState<Values>(() => Object.fromEntries((a.fields ?? []).map((f) => [f.name, f.value ?? f.options?.[0]?.value ?? ""])));
  const [reason, setReason] = useState("");
  const [expiry, setExpiry] = useState(a.expiry ?? "");
  const [step, setStep] = useState<Step>({ kind: "ask" });
  const [problem, setProblem] = useState<ProblemDoc>();
  const [busy, setBusy] = useState(false);
  const [saw, setSaw] = useState(a.saw);
  const [tried, setTried] = useState(false);
  const asked = a.fields?.filter((f) => f.when?.(values) ?? true) ?? [];
  const field = (f: ActField) => <OneField key={f.name} f={f} value={values[f.name] ?? ""} wrong={tried ? f.wrong?.(values[f.name] ?? "", values) : undefined} onInput={(v) => setValues({ ...values, [f.name]: v })} />;
  const close = (answer?: unknown) => {
    open.set(undefined);
    a.resolve(answer);
  };
  const send = async (confirm: boolean, revision = saw) => {
    if (a.check && !confirm) return setStep({ kind: "confirm" });
    setBusy(true);
    setProblem(undefined);
    const body: Record<string, unknown> = { ...(typeof a.body === "function" ? a.body(values) : a.body) };
    if (a.reason !== false) body.reason = reason.trim();
    if (a.expiry) body.for = expiry;
    if (confirm && !a.check) body.confirm = true;
    if (revision !== undefined) body.revision = revision;
    const path = typeof a.path === "function" ? a.path(values) : a.path;
    if (!path) return close(body);
    try {
      const { data } = await ask<{ undo?: Undo } | "">(a.method ?? "POST", path, { body: Object.keys(body).length ? body : undefined });
      const answer = data || {};
      const said = a.done ?? t("act.done", { what: a.title });
      const undo = (typeof answer === "object" ? answer.undo : undefined) ?? a.undo;
      toast(said, { undo: undo?.path ? () => void undoIt(undo, a.title) : undefined });
      close(answer);
      a.onDone?.(answer);
    } catch (e) {
      if (!(e instanceof ProblemError)) throw e;
      setBusy(false);
      const p = e.problem;
      if (p.kind === "confirm" && !confirm) setStep({ kind: "confirm", predicted: p.predicted ?? { share: 1 } });
      else if (p.kind === "changed") {
        setSaw(p.revision);
        setStep({ kind: "changed", problem: p });
      } else setProblem(p);
    }
  };
  return (
    <Dialog title={a.title} onClose={() => close()} stuck={busy}>
      {step.kind === "ask" && (
        <form onSubmit={(e) => {
          e.preventDefault();
          setTried(true);
          if (!asked.some((f) => f.wrong?.(values[f.name] ?? "", values))) void send(false);
        }}>
          {a.what && <div class="what">{typeof a.what === "function" ? a.what(values) : a.what}</div>}
          {asked.filter((f) => !f.more).map(field)}
          {a.more && <details onInvalidCapture={(e) => (e.currentTarget.open = true)}><summary>{a.more}</summary>{asked.filter((f) => f.more).map(field)}</details>}
          {a.expiry && (
            <Field label={t("act.for")} help={t("act.forHelp")}>
              {(p) => (
                <select {...p} value={expiry} onChange={(e) => setExpiry(e.currentTarget.value)}>
                  {[...new Set([a.expiry!, ...expiries])].sort((x, y) => minutes(x) - minutes(y)).map((d) => <option key={d} value={d}>{expiryLabel(d)}</option>)}
                </select>
              )}
            </Field>
          )}
          {a.reason !== false && (
            <Field label={t("act.reason")} help={t("act.reasonHelp")}>
              {(p) => <input {...p} name="reason" value={reason} required maxLength={500} autoComplete="off" onInput={(e) => setReason(e.currentTarget.value)} />}
            </Field>
          )}
          {problem && <p class="error" role="alert">{problemText(problem)}</p>}
          <footer>
            <Button onClick={() => close()}>{t("ui.cancel")}</Button>
            <Button type="submit" kind={a.danger ? "danger" : "primary"} busy={busy} disabled={a.ready && !a.ready(values)}>{a.label}</Button>
          </footer>
        </form>
      )}
      {step.kind === "confirm" && (
        <div class="step" ref={focusFirst}>
          {step.predicted ? <Effect predicted={step.predicted} /> : <div class="effect" role="alert">{a.check}</div>}
          {problem && <p class="error" role="alert">{problemText(problem)}</p>}
          <footer>
            <Button onClick={() => setStep({ kind: "ask" })}>{t("act.back")}</Button>
            <Button kind="danger" busy={busy} onClick={() => void send(true)} data-do="confirm">{step.predicted ? t("act.anyway", { label: a.label }) : a.label}</Button>
          </footer>
        </div>
      )}
      {step.kind === "changed" && (
        <div class="step" ref={focusFirst}>
          <p role="alert">{t("act.changed", { by: step.problem.by ?? t("act.elsewhere"), what: tOr(`what.${step.problem.what}`, step.problem.what ?? "–"), at: clock(step.problem.at) })}</p>
          <footer>
            <Button onClick={() => close()}>{t("act.lookAgain")}</Button>
            <Button kind="danger" busy={busy} onClick={() => {
              setStep({ kind: "ask" });
              void send(false, step.problem.revision);
            }}>{t("act.anyway", { label: a.label })}</Button>
          </footer>
        </div>
      )}
    </Dialog>
  );
}

const minutes = (d: string) => (d.endsWith("h") ? 60 : 1) * parseFloat(d);

/** The next step begins with its first button: what does nothing. */
const focusFirst = (box: HTMLElement | null) => {
  if (box && !box.contains(document.activeElement)) box.querySelector("button")?.focus();
};

function OneField({ f, value, wrong, onInput }: { f: ActField; value: string; wrong?: string; onInput(v: string): void }) {
  const input = (e: { currentTarget: { value: string } }) => onInput(e.currentTarget.value);
  if (f.kind === "check") {
    return (
      <label class="check">
        <input type="checkbox" name={f.name} checked={value === "on"} required={f.required} onChange={(e) => onInput(e.currentTarget.checked ? "on" : "")} /> {f.label}
        {f.help && <span class="help">{f.help}</span>}
      </label>
    );
  }
  const shared = { name: f.name, value, required: f.required, placeholder: f.placeholder, pattern: f.pattern, autoComplete: f.kind === "password" ? (f.name === "old" ? "current-password" : "new-password") : "off" };
  return (
    <Field label={f.label} help={f.help} error={wrong}>
      {(p) =>
        f.kind === "select" ? (
          <select {...p} name={f.name} value={value} onChange={input}>
            {f.options?.map((o) => <option key={o.value} value={o.value}>{o.label}</option>)}
          </select>
        ) : f.kind === "textarea" ? (
          <textarea {...p} {...shared} rows={4} spellcheck={false} onInput={input} />
        ) : (
          <span class="with-unit">
            <input {...p} {...shared} type={f.kind as "text" | undefined ?? "text"} min={f.min} max={f.max} step={f.step ?? (f.kind === "number" ? "any" : undefined)} onInput={input} />
            {(f.unit || f.kind === "range") && <output>{f.kind === "range" ? value : ""}{f.unit}</output>}
          </span>
        )
      }
    </Field>
  );
}

/** What a control would refuse, in words. */
export const Effect = ({ predicted }: { predicted: Predicted }) => (
  <div class="effect" role="alert">
    <p>
      <strong>
        {predicted.per_second !== undefined
          ? t("act.effectRate", { share: share(predicted.share), rate: num(Math.round(predicted.per_second)) })
          : t("act.effect", { share: share(predicted.share) })}
      </strong>
    </p>
    <p class="help">{t("act.effectFrom")}</p>
    {!!predicted.actions?.length && (
      <ul>
        {predicted.actions.map((x) => (
          <li key={x.id}>{t("act.effectOf", { what: actionName(x.id), strength: share(x.strength), share: share(x.share) })}</li>
        ))}
      </ul>
    )}
  </div>
);
