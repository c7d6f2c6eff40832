// One site: what was counted, how it is put into a page, what is set, its secrets.
import { useState } from "preact/hooks";
import { ask, ProblemError } from "../api";
import { dayTime, num, seconds, share } from "../format";
import { useApi } from "../hooks";
import { go, href } from "../router";
import type { ProblemDoc } from "../types";
import { act } from "../ui/act";
import { Badge, Button, Choice, CopyButton, Empty, Facts, Field, Loading, Panel, Problem, Time } from "../ui/basic";
import { Chart } from "../ui/chart";
import { Dialog } from "../ui/dialog";
import { Guarded } from "../ui/guard";
import { toast } from "../ui/toast";
import { t, tOr, type Key } from "../words";
import { bodyOf, budgets, formOf, fresh, mistakes, snippet, verify, type Form, type Site } from "./captcha-form";

/** A site with a secret that nobody can be told again. */
export type Made = Site & { secret: string; base?: string };

interface Statistics {
  issued: number;
  passed: number;
  solved: Record<string, number> | null;
  missed: Record<string, number> | null;
  shown: Record<string, number> | null;
  unsolved: number;
  switched: number;
  waits: number;
  valid: number;
  invalid: number;
  asked_share: number;
  audio_share: number;
  solve_seconds: number;
  solve_most_seconds: number;
  warnings: string[];
  hours: { hour: string; issued: number; passed: number; valid: number; invalid: number }[];
}

export function OneSite({ site, reload, onSecret }: { site: Site; reload(): void; onSecret(doc: Made): void }) {
  const [editing, setEditing] = useState(false);
  const [removing, setRemoving] = useState(false);
  const { policy: p } = site;
  const rotate = () => act({
    title: t("captcha.rotateTitle", { name: site.name }), what: t("captcha.rotateWhat"), path: `captcha/sites/${site.key}/rotate`, revision: false, label: t("captcha.rotate"),
    fields: [{ name: "overlap", label: t("captcha.overlap"), kind: "select", value: "24h", help: t("captcha.overlapHelp"), options: ["0s", "1h", "24h", "168h", "720h"].map((value) => ({ value, label: t(`captcha.overlap.${value}` as Key) })) }],
    body: (values) => ({ overlap: values.overlap }),
    onDone: (answer) => { onSecret(answer as Made); reload(); },
  });
  const toggle = () => act({
    title: t(site.disabled ? "captcha.enableTitle" : "captcha.disableTitle", { name: site.name }), what: t(site.disabled ? "captcha.enableWhat" : "captcha.disableWhat"), danger: !site.disabled,
    method: "PATCH", path: `captcha/sites/${site.key}`, body: { disabled: !site.disabled, changed: site.changed }, revision: false, label: t(site.disabled ? "captcha.enable" : "captcha.disable"), onDone: reload,
    undo: { method: "PATCH", path: `captcha/sites/${site.key}`, body: { disabled: site.disabled } },
  });
  return (
    <>
      <Statistics site={site} />
      <div class="split even">
        <Embed site={site} />
        <Panel title={t("captcha.settings")} side={<Guarded small need="operator" kind="primary" onClick={() => setEditing(true)}>{t("captcha.edit")}…</Guarded>}>
          <Facts of={[
            [t("captcha.state"), site.disabled ? <Badge>○ {t("captcha.off")}</Badge> : <Badge tone="good">● {t("captcha.on")}</Badge>],
            [t("captcha.hosts"), site.hosts.length ? site.hosts.map((h) => <code key={h} class="host">{h}</code>) : t("captcha.noHosts")],
            [t("captcha.langs"), site.langs.map((l) => tOr(`captcha.in.${l}`, l)).join(", ")],
            [t("captcha.ask"), t(`captcha.ask.${p.ask}` as Key)],
            [t("captcha.level"), String(p.level)],
            [t("captcha.work"), p.work],
            [t("captcha.bind"), t(p.bind_prefix ? "captcha.yes" : "captcha.no")],
            ...budgets.map((key): [string, string] => [t(`captcha.${key}`), num(p[key])]),
          ]} />
          <h3>{t("captcha.secrets")}</h3>
          <ul class="rows">
            {site.secrets.map((s, i) => (
              <li key={s.created}><div>{t("captcha.secretFrom")} <Time at={s.created} full /></div><Badge tone={s.expires ? "warn" : "good"}>{s.expires ? t("captcha.secretUntil", { at: dayTime(s.expires) }) : t(i === 0 ? "captcha.secretNow" : "captcha.secretGood")}</Badge></li>
            ))}
          </ul>
          <div class="buttons">
            <Guarded small need="operator" onClick={() => void rotate()}>{t("captcha.rotate")}…</Guarded>
            <Guarded small need="operator" onClick={() => void toggle()}>{t(site.disabled ? "captcha.enable" : "captcha.disable")}…</Guarded>
            <Guarded small need="admin" kind="danger" onClick={() => setRemoving(true)}>{t("captcha.remove")}…</Guarded>
          </div>
        </Panel>
      </div>
      {editing && <Edit site={site} onClose={() => setEditing(false)} onDone={() => { setEditing(false); reload(); }} reload={reload} />}
      {removing && <Remove site={site} onClose={() => setRemoving(false)} onDone={() => { go(href("captcha")); reload(); }} />}
    </>
  );
}

function Statistics({ site }: { site: Site }) {
  const [since, setSince] = useState("24h");
  const { data: s, problem, loading, reload } = useApi<Statistics>(`captcha/sites/${site.key}/statistics?since=${since}`, { every: 30_000 });
  const choice = <Choice label={t("log.span")} value={since} onChange={setSince} items={["1h", "24h", "168h", "720h"].map((key) => ({ key, label: t(`log.span.${key}` as Key) }))} />;
  const sum = (of: Record<string, number> | null) => Object.values(of ?? {}).reduce((a, b) => a + b, 0);
  return (
    <Panel title={site.name} note={t("captcha.statsNote")} side={choice}>
      <Problem problem={problem} retry={reload} />
      {!s ? loading && <Loading /> : (
        <>
          {s.warnings.map((text) => <p class="heed" role="note" key={text} lang="en">▲ {text}</p>)}
          <dl class="figures">
            {([["issued", num(s.issued)], ["shown", num(sum(s.shown))], ["passed", num(s.passed)], ["asked", share(s.asked_share)], ["unsolved", num(s.unsolved)], ["valid", num(s.valid)], ["invalid", num(s.invalid)], ["solve", s.solve_seconds ? seconds(s.solve_seconds) : "–"], ["solveMost", s.solve_most_seconds ? seconds(s.solve_most_seconds) : "–"], ["audio", share(s.audio_share)], ["waits", num(s.waits)]] as const).map(([key, value]) => (
              <div key={key} class={key === "invalid" && s.invalid > s.valid ? "bad" : ""}><dt>{t(`captcha.stat.${key}`)}</dt><dd>{value}</dd></div>
            ))}
          </dl>
          <div class="split">
            {s.hours.length > 1 ? (
              <Chart
                title={t("captcha.perHour")} describe={t("captcha.perHourWords", { issued: num(s.issued), passed: num(s.passed), invalid: num(s.invalid) })} height={180}
                x={s.hours.map((h) => Date.parse(h.hour) / 1_000)}
                series={([["issued", "accent"], ["passed", "passed"], ["invalid", "shed"]] as const).map(([key, color]) => ({ label: t(`captcha.stat.${key}`), values: s.hours.map((h) => h[key]), color: key === "issued" ? "muted" : color, dash: key === "issued" }))}
              />
            ) : <Empty title={t("captcha.noHours")} />}
            <Kinds s={s} />
          </div>
        </>
      )}
    </Panel>
  );
}

const kinds = ["work", "order", "relation", "name", "missing", "icon", "words"];

function Kinds({ s }: { s: Statistics }) {
  const found = kinds.filter((k) => s.solved?.[k] || s.missed?.[k]);
  if (found.length === 0) return null;
  return (
    <div class="table" role="region" aria-label={t("captcha.byKind")} tabIndex={0}>
      <table>
        <caption class="hidden">{t("captcha.byKind")}</caption>
        <thead><tr><th scope="col">{t("captcha.kind")}</th><th scope="col" class="num">{t("captcha.solved")}</th><th scope="col" class="num">{t("captcha.missedN")}</th></tr></thead>
        <tbody>
          {found.map((k) => <tr key={k}><th scope="row">{t(`captcha.kind.${k}` as Key)}</th><td class="num">{num(s.solved?.[k] ?? 0)}</td><td class="num">{num(s.missed?.[k] ?? 0)}</td></tr>)}
        </tbody>
      </table>
    </div>
  );
}

function Embed({ site }: { site: Site }) {
  const base = location.origin;
  return (
    <Panel title={t("captcha.embed")} note={t("captcha.embedNote")}>
      <h3>1. {t("captcha.inPage")} <CopyButton text={snippet(site.key, base)} /></h3>
      <pre class="code" tabIndex={0}>{snippet(site.key, base)}</pre>
      <h3>2. {t("captcha.onServer")} <CopyButton text={verify(base)} /></h3>
      <pre class="code" tabIndex={0}>{verify(base)}</pre>
      <p class="help">{t("captcha.others")}</p>
    </Panel>
  );
}

/** Adds a site, or changes one. */
export function Edit({ site, onClose, onDone, reload }: { site?: Site; onClose(): void; onDone(doc: Made): void; reload?(): void }) {
  const [was] = useState(site);
  const [form, setForm] = useState<Form>(() => (site ? formOf(site) : fresh));
  const [reason, setReason] = useState("");
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ProblemDoc>();
  const wrong = mistakes(form);
  const body = bodyOf(form, was);
  const put = (part: Partial<Form>) => setForm({ ...form, ...part });
  const say = (key: string) => (tried && wrong[key] ? t(wrong[key] as Key) : undefined);
  const send = async () => {
    setBusy(true);
    setProblem(undefined);
    try {
      const { data } = await ask<Made>(was ? "PATCH" : "POST", was ? `captcha/sites/${was.key}` : "captcha/sites", { body: { ...body, reason: reason.trim() } });
      toast(t(was ? "captcha.saved" : "captcha.added", { name: form.name }));
      onDone(data);
    } catch (e) {
      if (!(e instanceof ProblemError)) throw e;
      setProblem(e.problem);
      if (e.problem.kind === "changed") reload?.();
    }
    setBusy(false);
  };
  return (
    <Dialog wide title={was ? t("captcha.editTitle", { name: was.name }) : t("captcha.add")} onClose={onClose}>
      <form onSubmit={(e) => {
        e.preventDefault();
        setTried(true);
        if (Object.keys(wrong).length === 0 && Object.keys(body).length > 0) void send();
      }}>
        <div class="pair">
          <Field label={t("captcha.name")} error={say("name")}>{(p) => <input {...p} required maxLength={100} value={form.name} onInput={(e) => put({ name: e.currentTarget.value })} />}</Field>
          <fieldset class="langs"><legend>{t("captcha.langs")}</legend>
            {["ko", "en"].map((l) => <label class="check" key={l}><input type="checkbox" checked={form.langs.includes(l)} onChange={(e) => put({ langs: ["ko", "en"].filter((x) => (x === l ? e.currentTarget.checked : form.langs.includes(x))) })} /> {t(`captcha.in.${l}` as Key)}</label>)}
            {say("langs") && <p class="error">{say("langs")}</p>}
          </fieldset>
        </div>
        <Field label={t("captcha.hosts")} help={t("captcha.hostsHelp")} error={say("hosts")}>{(p) => <textarea {...p} rows={3} spellcheck={false} value={form.hosts} placeholder={"shop.example.com\n*.shop.example.com"} onInput={(e) => put({ hosts: e.currentTarget.value })} />}</Field>
        <div class="pair">
          <Field label={t("captcha.ask")} help={t(`captcha.askHelp.${form.ask}` as Key)}>{(p) => <select {...p} value={form.ask} onChange={(e) => put({ ask: e.currentTarget.value })}>{["risk", "always", "never"].map((a) => <option key={a} value={a}>{t(`captcha.ask.${a}` as Key)}</option>)}</select>}</Field>
          <Field label={t("captcha.level")} help={t("captcha.levelHelp")}>{(p) => <select {...p} value={form.level} onChange={(e) => put({ level: Number(e.currentTarget.value) })}>{[0, 1, 2, 3, 4].map((n) => <option key={n}>{n}</option>)}</select>}</Field>
          <Field label={t("captcha.workMs")} help={t("captcha.workHelp")} error={say("work")}>{(p) => <input {...p} type="number" min={50} max={10000} step={1} required value={form.work} onInput={(e) => put({ work: Number(e.currentTarget.value) })} />}</Field>
          <label class="check"><input type="checkbox" checked={form.bind_prefix} onChange={(e) => put({ bind_prefix: e.currentTarget.checked })} /> {t("captcha.bind")}</label>
        </div>
        <details open={tried && !!wrong.budgets}>
          <summary>{t("captcha.budgets")}</summary>
          <div class="pair">{budgets.map((key) => <Field key={key} label={t(`captcha.${key}`)}>{(p) => <input {...p} type="number" min={1} step={1} required value={form.budgets[key]} onInput={(e) => put({ budgets: { ...form.budgets, [key]: Number(e.currentTarget.value) } })} />}</Field>)}</div>
          {say("budgets") && <p class="error" role="alert">{say("budgets")}</p>}
        </details>
        <Field label={t("act.reason")} help={t("act.reasonHelp")}>{(p) => <input {...p} required maxLength={500} autoComplete="off" value={reason} onInput={(e) => setReason(e.currentTarget.value)} />}</Field>
        {problem?.kind === "changed" ? <p class="error" role="alert">{t("captcha.changedMeanwhile")}</p> : <Problem problem={problem} />}
        <footer>
          <Button onClick={onClose}>{t("ui.cancel")}</Button>
          <Button type="submit" kind="primary" busy={busy} disabled={Object.keys(body).length === 0}>{t(was ? "captcha.save" : "captcha.add")}</Button>
        </footer>
      </form>
    </Dialog>
  );
}

/** Removing is for good: the name is to be typed. */
function Remove({ site, onClose, onDone }: { site: Site; onClose(): void; onDone(): void }) {
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ProblemDoc>();
  const send = async () => {
    setBusy(true);
    try {
      await ask("DELETE", `captcha/sites/${site.key}`);
      toast(t("captcha.removed", { name: site.name }));
      onDone();
    } catch (e) {
      if (!(e instanceof ProblemError)) throw e;
      setProblem(e.problem);
    }
    setBusy(false);
  };
  return (
    <Dialog title={t("captcha.removeTitle", { name: site.name })} onClose={onClose}>
      <form onSubmit={(e) => {
        e.preventDefault();
        if (typed === site.name) void send();
      }}>
        <div class="what">{t("captcha.removeWhat")}</div>
        <Field label={t("captcha.typeName", { name: site.name })}>{(p) => <input {...p} autoComplete="off" spellcheck={false} value={typed} onInput={(e) => setTyped(e.currentTarget.value)} />}</Field>
        <Problem problem={problem} />
        <footer>
          <Button onClick={onClose}>{t("ui.cancel")}</Button>
          <Button type="submit" kind="danger" busy={busy} disabled={typed !== site.name}>{t("captcha.remove")}</Button>
        </footer>
      </form>
    </Dialog>
  );
}
