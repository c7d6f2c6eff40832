// Takes dead letters back: first they are counted, then it is done, at a rate.
import { useEffect, useRef, useState } from "preact/hooks";
import { ask, ProblemError } from "../api";
import { num, span } from "../format";
import type { ProblemDoc } from "../types";
import { Button, Field, Problem } from "../ui/basic";
import { Dialog } from "../ui/dialog";
import { lines } from "../ui/lines";
import { toast } from "../ui/toast";
import { t } from "../words";
import { bodyOf, mistakes, type Redrive as Form } from "./queues-form";

export interface Doc {
  matched: number;
  redriven: number;
  before: number;
  exhausted: number;
  foreign: number;
  forgotten?: number;
  done: boolean;
  error?: string;
}

type Step = "ask" | "confirm" | "running" | "over";

export function Redrive({ delivery, revision, known, onClose }: { delivery: string; revision?: number; known: number; onClose(): void }) {
  const [form, setForm] = useState<Form>({ limit: "", rate: "50", since: "", error: "" });
  const [reason, setReason] = useState("");
  const [step, setStep] = useState<Step>("ask");
  const [doc, setDoc] = useState<Doc>();
  const [problem, setProblem] = useState<ProblemDoc>();
  const [busy, setBusy] = useState(false);
  const cut = useRef(new AbortController());
  useEffect(() => () => cut.current.abort(), []);
  const wrong = mistakes(form);
  const attempt = async (fn: () => Promise<void>) => {
    setProblem(undefined);
    setBusy(true);
    try {
      await fn();
    } catch (e) {
      if (e instanceof ProblemError) setProblem(e.problem);
      else if (!cut.current.signal.aborted) throw e;
    }
    setBusy(false);
  };
  const count = () => attempt(async () => {
    setDoc((await ask<Doc>("POST", "relay/redrive", { body: bodyOf(delivery, form, true, reason.trim()), timeout: 60_000 })).data);
    setStep("confirm");
  });
  const go = () => attempt(async () => {
    setStep("running");
    let last: Doc | undefined;
    await lines<Doc>("relay/redrive", { ...bodyOf(delivery, form, false, reason.trim()), revision }, (line) => setDoc((last = line)), cut.current.signal);
    setStep("over");
    if (last?.done) toast(t("queues.redriven", { n: num(last.redriven), name: delivery }));
  }).then(() => setStep((s) => (s === "running" ? "over" : s)));
  const text = (name: keyof Form, label: string, help: string, more = {}) => (
    <Field label={label} help={help} error={wrong[name] && t(wrong[name] as "queues.mistake.rate")}>
      {(p) => <input {...p} {...more} value={form[name]} autoComplete="off" onInput={(e) => setForm({ ...form, [name]: e.currentTarget.value })} />}
    </Field>
  );
  const rate = Number(form.rate);
  const many = doc ? Math.min(doc.matched, Number(form.limit) || Infinity) : 0;
  return (
    <Dialog title={t("queues.redriveTitle", { name: delivery })} onClose={onClose} stuck={step === "running"}>
      {step === "ask" && (
        <form onSubmit={(e) => {
          e.preventDefault();
          if (Object.keys(wrong).length === 0) void count();
        }}>
          <div class="what">{t("queues.redriveWhat", { n: num(known) })}</div>
          <div class="pair">
            {text("limit", t("queues.redriveLimit"), t("queues.redriveLimitHelp"), { inputMode: "numeric" })}
            {text("rate", t("queues.redriveRate"), t("queues.redriveRateHelp"), { inputMode: "decimal" })}
          </div>
          {text("error", t("queues.error"), t("queues.redriveErrorHelp"))}
          <Field label={t("act.reason")} help={t("act.reasonHelp")}>{(p) => <input {...p} required maxLength={500} autoComplete="off" value={reason} onInput={(e) => setReason(e.currentTarget.value)} />}</Field>
          <Problem problem={problem} />
          <footer>
            <Button onClick={onClose}>{t("ui.cancel")}</Button>
            <Button type="submit" kind="primary" busy={busy}>{t("queues.count")}</Button>
          </footer>
        </form>
      )}
      {step === "confirm" && doc && (
        <div class="step">
          <div class="effect" role="alert">
            <p><strong>{t("queues.redriveEffect", { n: num(many) })}</strong></p>
            <p class="help">{rate > 0 ? t("queues.redriveTakes", { rate: num(rate), span: span(many / rate) }) : t("queues.redriveFast")}</p>
            <Left doc={doc} />
          </div>
          <Problem problem={problem} />
          <footer>
            <Button onClick={() => setStep("ask")}>{t("act.back")}</Button>
            <Button kind="danger" busy={busy} disabled={many === 0} data-do="confirm" onClick={() => void go()}>{t("queues.redriveGo", { n: num(many) })}</Button>
          </footer>
        </div>
      )}
      {(step === "running" || step === "over") && (
        <div class="step">
          <p role="status">{step === "running" ? t("queues.redriving", { n: num(doc?.redriven ?? 0), of: num(many) }) : t("queues.redrivenOf", { n: num(doc?.redriven ?? 0), of: num(many) })}</p>
          <progress max={Math.max(1, many)} value={doc?.redriven ?? 0} aria-label={t("queues.redrive")} />
          {step === "over" && doc && <Left doc={doc} />}
          {doc?.error && <p class="error" role="alert">{doc.error}</p>}
          <Problem problem={problem} />
          <footer>
            {step === "running"
              ? <Button kind="danger" onClick={() => cut.current.abort()}>{t("queues.redriveStop")}</Button>
              : <Button kind="primary" onClick={onClose}>{t("ui.close")}</Button>}
          </footer>
        </div>
      )}
    </Dialog>
  );
}

/** Those that are not taken back, and why. */
function Left({ doc }: { doc: Doc }) {
  const all = ([["before", doc.before], ["exhausted", doc.exhausted], ["foreign", doc.foreign], ["forgotten", doc.forgotten ?? 0]] as const).filter(([, n]) => n > 0);
  return all.length === 0 ? null : <ul>{all.map(([key, n]) => <li key={key}>{t(`queues.${key}`, { n: num(n) })}</li>)}</ul>;
}
