// A surge on purpose: choose it, watch it, see with and without protection side
// by side, keep the report.
import { useEffect, useState } from "preact/hooks";
import { num, seconds, share, span } from "../format";
import { useApi, useRoute } from "../hooks";
import { go, href } from "../router";
import type { ProblemDoc, Role } from "../types";
import { act } from "../ui/act";
import { Badge, Choice, Empty, Facts, Field, Loading, Panel, Problem, Time, Waiting, type Tone } from "../ui/basic";
import { Chart } from "../ui/chart";
import { Guarded, RoleNote } from "../ui/guard";
import { Table } from "../ui/table";
import { either, t, tOr, type Key } from "../words";
import { useNews, useTold, type Job } from "./rehearse-live";
import { barOf, bound, exact, lanesOf, measures, panels, score, type Series } from "./rehearse-series";

interface Scenario {
  name: string;
  title: string;
  title_ko: string;
  what: string;
  what_ko: string;
  seconds: number;
  arms: string[];
  default_arms: string[];
}

interface Arm {
  name: string;
  title: string;
  title_ko: string;
}

interface Target {
  name: string;
  url?: string;
  most_per_s?: number;
  needs_role: Role;
  arms?: string[];
  /** What each would send. */
  scenarios: { name: string; seconds: number; peak_per_s: number; planned: number; scaled: number }[];
}

export interface Doc {
  scenarios: Scenario[];
  arms: Arm[];
  /** The first is the sample. */
  targets: Target[];
  running?: Job;
  past: Job[] | null;
}

const states: Record<Job["state"], [shape: string, tone: Tone]> = {
  queued: ["…", "info"], running: ["▶", "info"], passed: ["✓", "good"], missed: ["✗", "bad"], noisy: ["≈", "warn"], failed: ["▲", "bad"], cancelled: ["■", "plain"],
};
const StateBadge = ({ state }: { state: Job["state"] }) => <Badge tone={states[state][1]}>{states[state][0]} {t(`rehearse.state.${state}` as Key)}</Badge>;

export function Rehearse() {
  const { parts: [id] } = useRoute();
  const { data, problem, missing, reload } = useApi<Doc>("rehearsals", { every: useTold() ? 60_000 : 1_500 });
  const running = useNews(data?.running, (news) => (news.id !== running?.id || over(news)) && reload());
  if (!data) return <Waiting for={{ missing, problem, reload }}>{t("rehearse.missing")}</Waiting>;
  const past = data.past ?? [];
  const now = data.running && running;
  const shown = id ?? now?.id ?? past[0]?.id;
  return (
    <div class="rehearse stackup">
      <header class="screen"><p class="state">{t("rehearse.lead")}</p></header>
      <Problem problem={problem} />
      <RoleNote need="operator" />
      {now ? <Running job={now} doc={data} /> : <Start doc={data} />}
      {shown && <Report key={shown} id={shown} doc={data} live={shown === now?.id} />}
      <Past jobs={past} doc={data} shown={shown} />
    </div>
  );
}

const over = (job: Job) => job.state !== "queued" && job.state !== "running";

const titleOf = (doc: Doc, scenario: string) => {
  const s = doc.scenarios.find((x) => x.name === scenario);
  return s ? either(s.title, s.title_ko) : scenario;
};
const targetName = ({ name, url }: { name: string; url?: string }) => (url ? `${name} (${url})` : t("rehearse.sample"));

const armOf = (doc: Doc, name: string) => {
  const arm = doc.arms.find((x) => x.name === name);
  return arm ? either(arm.title, arm.title_ko) : name;
};

function Start({ doc }: { doc: Doc }) {
  const [name, setName] = useState(doc.scenarios[0]?.name ?? "");
  const [targeted, setTargeted] = useState(doc.targets[0]?.name);
  const [chosen, setChosen] = useState<string[]>();
  const [wanted, setWanted] = useState<number>();
  const [seed, setSeed] = useState("");
  const scenario = doc.scenarios.find((s) => s.name === name);
  const target = doc.targets.find((x) => x.name === targeted);
  const load = target?.scenarios.find((s) => s.name === name);
  if (!scenario || !target || !load) return <Panel title={t("rehearse.start")}><Empty title={t("rehearse.noScenarios")} /></Panel>;
  const arms = target.arms ?? chosen ?? scenario.default_arms;
  const length = wanted ?? load.seconds;
  const takes = span(arms.length * length);
  const start = () => act({
    title: t("rehearse.startTitle", { name: either(scenario.title, scenario.title_ko) }),
    what: t("rehearse.startWhat", { takes, target: targetName(target) }),
    check: target.url && (
      <>
        <p><b>{t("rehearse.realTarget")}</b></p>
        <p>{t("rehearse.load", { url: target.url, n: num(Math.round(load.planned / load.seconds * length)), peak: num(Math.ceil(load.peak_per_s)), most: num(target.most_per_s), takes })}</p>
        {load.scaled < 1 && <p>{t("rehearse.scaled", { share: share(load.scaled) })}</p>}
        <p class="help">{t("rehearse.consent")}</p>
      </>
    ),
    path: "rehearsals", revision: false, danger: !!target.url, label: t("rehearse.go"), done: t("rehearse.started"),
    body: { scenario: name, arms, duration: `${length}s`, ...(seed && { seed: Number(seed) }), ...(target.url && { target: target.name }) },
  });
  return (
    <Panel title={t("rehearse.start")} note={t("rehearse.startNote")} class="start">
      <form onSubmit={(e) => {
        e.preventDefault();
        if (arms.length) void start();
      }}>
        <fieldset class="scenarios">
          <legend>{t("rehearse.scenario")}</legend>
          {doc.scenarios.map((s) => (
            <label key={s.name}>
              <input type="radio" name="scenario" checked={s.name === name} onChange={() => {
                setName(s.name);
                setChosen(undefined);
                setWanted(undefined);
              }} />
              <span><b>{either(s.title, s.title_ko)}</b><small>{either(s.what, s.what_ko)}</small></span>
            </label>
          ))}
        </fieldset>
        {!target.arms && <fieldset class="arms">
          <legend>{t("rehearse.arms")}</legend>
          {doc.arms.filter((a) => scenario.arms.includes(a.name)).map((a) => (
            <label key={a.name}>
              <input type="checkbox" value={a.name} checked={arms.includes(a.name)} onChange={(e) => setChosen(scenario.arms.filter((x) => (x === a.name ? e.currentTarget.checked : arms.includes(x))))} />
              <span>{either(a.title, a.title_ko)}</span>
            </label>
          ))}
          {arms.length === 0 && <p class="error" role="alert">{t("rehearse.noArms")}</p>}
        </fieldset>}
        <div class="rest">
          <Field label={t("rehearse.length")} help={t("rehearse.lengthHelp", { takes })}>
            {(p) => <input {...p} type="number" min={5} max={600} step="1" required value={length} onInput={(e) => setWanted(Number(e.currentTarget.value))} />}
          </Field>
          <Field label={t("log.target")} help={t("rehearse.targetHelp")}>
            {(p) => <select {...p} value={targeted} onChange={(e) => {
              setTargeted(e.currentTarget.value);
              setWanted(undefined);
            }}>{doc.targets.map((x) => <option key={x.name} value={x.name}>{targetName(x)}</option>)}</select>}
          </Field>
          <Field label={t("rehearse.seed")} help={t("rehearse.seedHelp")}>
            {(p) => <input {...p} inputMode="numeric" pattern="[0-9]{0,15}" value={seed} onInput={(e) => setSeed(e.currentTarget.value)} />}
          </Field>
          <Guarded need={target.needs_role} type="submit" kind="primary" data-do="start" disabled={arms.length === 0}>{t("rehearse.go")}…</Guarded>
        </div>
      </form>
    </Panel>
  );
}

function Running({ job, doc }: { job: Job; doc: Doc }) {
  const { progress: p } = job;
  return (
    <Panel title={t("rehearse.running", { name: titleOf(doc, job.scenario) })} class="running" note={t("rehearse.by", { by: job.by, reason: job.reason })} side={
      <Guarded small need="operator" kind="danger" data-do="cancel" onClick={() => act({ title: t("rehearse.cancelTitle"), what: t("rehearse.cancelWhat"), method: "DELETE", path: `rehearsals/${job.id}`, revision: false, danger: true, label: t("rehearse.cancel") })}>{t("rehearse.cancel")}…</Guarded>
    }>
      <progress max={p.of || 1} value={p.done} aria-label={t("rehearse.progress")} />
      <ol class="steps">
        {job.arms.map((name) => {
          const at = job.arms.indexOf(p.arm);
          const state = job.arms.indexOf(name) < at ? "over" : name === p.arm ? "here" : "";
          return <li key={name} class={state} aria-current={state === "here" ? "step" : undefined}>{state === "over" ? "✓ " : state === "here" ? "▶ " : ""}{armOf(doc, name)}{state === "here" && p.phase && ` · ${tOr(`rehearse.phase.${p.phase}`, p.phase)}`}</li>;
        })}
      </ol>
      <p>{t("rehearse.left", { done: span(p.done), of: span(p.of), left: span(p.left_seconds) })}</p>
    </Panel>
  );
}

function Report({ id, doc, live }: { id: string; doc: Doc; live: boolean }) {
  const { data, problem, missing, reload: again } = useApi<Job>(`rehearsals/${encodeURIComponent(id)}`, { every: !useTold() && live ? 2_000 : undefined });
  const job = useNews(data);
  // What has ended has its verdicts.
  useEffect(again, [live]);
  if (!job) return missing ? <Empty title={t("rehearse.gone")} /> : problem ? <Problem problem={problem as ProblemDoc} retry={again} /> : <Loading />;
  const verdicts = job.verdicts ?? [];
  const { held, of } = score(verdicts);
  const remove = () => act({ title: t("rehearse.removeTitle"), what: t("rehearse.removeWhat"), method: "DELETE", path: `rehearsals/${job.id}`, revision: false, danger: true, label: t("rehearse.remove"), onDone: () => go(href("rehearse")) });
  return (
    <Panel title={<>{titleOf(doc, job.scenario)} <StateBadge state={job.state} /></>} note={<><Time at={job.began} /> · {t("rehearse.by", { by: job.by, reason: job.reason })}</>} side={!live && (
      <>
        {job.report && <><a class="button small" href={`/daero/api/rehearsals/${job.id}/report.html`} download="">{t("rehearse.html")}</a><a class="button small" href={`/daero/api/rehearsals/${job.id}/report.json`} download="">JSON</a></>}
        <Guarded small need="operator" onClick={remove}>{t("rehearse.remove")}…</Guarded>
      </>
    )}>
      {job.error && <p class="error" role="alert">{job.error}</p>}
      {!!job.noisy?.length && <details class="noisy"><summary>{t("rehearse.noisy", { n: job.noisy.length })}</summary><ul>{job.noisy.map((why) => <li key={why} lang="en">{why}</li>)}</ul></details>}
      {verdicts.length > 0 && (
        <>
          <p class="verdict"><Badge tone={job.state === "noisy" ? "warn" : held === of ? "good" : "bad"}>{job.state === "noisy" ? "≈" : held === of ? "✓" : "✗"} {t("rehearse.verdict", { held, of })}</Badge></p>
          <Table
            caption={t("rehearse.verdicts")} cards rows={verdicts} rowKey={(v) => v.bar + v.note}
            columns={[
              { key: "ok", label: t("playbook.result"), render: (v) => <Badge tone={v.ok ? "good" : "bad"}>{v.ok ? "✓ " + t("rehearse.held") : "✗ " + t("rehearse.missed")}</Badge> },
              { key: "bar", label: t("rehearse.bar"), head: true, wide: true, render: (v) => <BarName doc={doc} {...v} /> },
              { key: "wanted", label: t("rehearse.wanted"), num: true, render: (v) => bound(v.wanted) },
              { key: "found", label: t("rehearse.found"), num: true, render: (v) => <b>{exact(v.found)}</b> },
            ]}
          />
        </>
      )}
      {!!job.not_judged?.length && <details class="noisy"><summary>{t("rehearse.notJudged", { n: job.not_judged.length })}</summary><ul>{job.not_judged.map(({ bar, why }) => <li key={bar}><BarName doc={doc} bar={bar} /> <span lang="en">{why}</span></li>)}</ul></details>}
      {live && !job.series && <p class="help">{t("rehearse.soon")}</p>}
      {job.series && Object.keys(job.series.arms).length > 0 && <SideBySide series={job.series} doc={doc} arms={live ? job.arms : job.arms.filter((arm) => job.series!.arms[arm])} least={live ? job.duration_seconds : 0} />}
      <Facts of={[[t("rehearse.length"), seconds(job.duration_seconds)], [t("log.target"), targetName({ name: job.target, url: job.url })], [t("rehearse.seed"), String(job.seed)]]} />
    </Panel>
  );
}

/** A bar in words, with where it was judged. */
function BarName({ bar, note, doc }: { bar: string; note?: string; doc: Doc }) {
  const { key, of, in: arm } = barOf(bar);
  const about = [of === "auto" ? armOf(doc, of) : of && t("rehearse.control"), arm && armOf(doc, arm), note].filter(Boolean).join(" · ");
  return <>{tOr(`rehearse.bar.${key}`, key)}{about && <small>{about}</small>}</>;
}

/** Arms beside each other, a row a lane, all of a row on one axis. */
function SideBySide({ series, doc, arms: shown, least }: { series: Series; doc: Doc; arms: string[]; least: number }) {
  const [measure, setMeasure] = useState<string>("answers");
  const answers = measure === "answers";
  return (
    <section class="side-by-side">
      <header>
        <h3>{t("rehearse.sideBySide")}</h3>
        <Choice label={t("rehearse.measure")} value={measure} onChange={setMeasure} items={measures.map((key) => ({ key, label: t(`rehearse.measure.${key}` as Key) }))} />
      </header>
      <ul class="legend" aria-hidden="true">{(answers ? [["ok", "passed"], ["refused", "shed"], ["failed", "failed"]] : []).map(([key, color]) => <li key={key}><i style={{ "--c": `var(--${color})` }} />{t(`rehearse.${key}` as Key)}</li>)}</ul>
      <div class={`multiples of-${shown.length > 4 ? 3 : shown.length}`}>
        {lanesOf(series).map((lane) => {
          const { top, x, of } = panels(series, shown, lane, answers, least);
          return of.map(({ arm, values, total }) => (
            <div key={lane + arm}>
              <h4>{lane} <small>{armOf(doc, arm)}</small></h4>
              <Chart
                title={`${lane}, ${armOf(doc, arm)}`} describe={answers ? t("rehearse.describe", { ok: num(total.ok), refused: num(total.refused), failed: num(total.failed) }) : t("rehearse.describeP99", { most: num(total.p99) })}
                x={x} elapsed sync={`rehearse-${lane}`} top={top} height={150} stacked={answers}
                series={answers
                  ? [{ label: t("rehearse.ok"), values: values.ok, color: "passed" }, { label: t("rehearse.refused"), values: values.refused, color: "shed" }, { label: t("rehearse.failed"), values: values.failed, color: "failed" }]
                  : [{ label: "p99", values: values.p99, color: "accent" }]}
                format={answers ? num : (v) => `${num(v)} ms`}
              />
            </div>
          ));
        })}
      </div>
    </section>
  );
}

function Past({ jobs, doc, shown }: { jobs: Job[]; doc: Doc; shown?: string }) {
  return (
    <Panel title={t("rehearse.past")} note={t("rehearse.pastNote")}>
      <Table
        caption={t("rehearse.past")} cards rows={jobs} rowKey={(j) => j.id} empty={<Empty title={t("rehearse.none")} />} rowClass={(j) => (j.id === shown ? "current" : undefined)}
        columns={[
          { key: "at", label: t("playbook.when"), head: true, render: (j) => <a href={href("rehearse", [j.id])} aria-current={j.id === shown ? "true" : undefined}><Time at={j.began} /></a> },
          { key: "name", label: t("rehearse.scenario"), render: (j) => titleOf(doc, j.scenario) },
          { key: "state", label: t("playbook.result"), render: (j) => <StateBadge state={j.state} /> },
          { key: "bars", label: t("rehearse.bars"), num: true, render: (j) => { const s = score(j.verdicts ?? []); return s.of ? `${s.held}/${s.of}` : "–"; } },
          { key: "arms", label: t("rehearse.arms"), render: (j) => j.arms.map((a) => armOf(doc, a)).join(" · ") },
          { key: "by", label: t("log.who"), render: (j) => j.by },
          { key: "get", label: t("rehearse.download"), render: (j) => j.report ? <><a href={`/daero/api/rehearsals/${j.id}/report.html`} download="" aria-label={t("rehearse.htmlOf", { name: titleOf(doc, j.scenario) })}>HTML</a> · <a href={`/daero/api/rehearsals/${j.id}/report.json`} download="" aria-label={t("rehearse.jsonOf", { name: titleOf(doc, j.scenario) })}>JSON</a></> : "–" },
        ]}
      />
    </Panel>
  );
}
