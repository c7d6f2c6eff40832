// One site: what was counted, how it is put into a page, what is set, its secrets.
import { useState } from "preact/hooks";
import { dayTime, num, seconds, share } from "../format";
import { useApi } from "../hooks";
import { go, href } from "../router";
import { act, type ActField } from "../ui/act";
import { Badge, Choice, CopyButton, Empty, Facts, Loading, Panel, Problem, Time } from "../ui/basic";
import { Chart } from "../ui/chart";
import { Guarded } from "../ui/guard";
import { t, tOr, type Key } from "../words";
import { bodyOf, budgets, fresh, hostMistake, hostsOf, langs, snippet, valuesOf, verify, type Site } from "./captcha-form";

/** A site with a secret that nobody can be told again. */
export type Made = Site & { secret: string; base?: string };

export interface Statistics {
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
  warned: { kind: string; text: string; n: number; of: number }[] | null;
  hours: { hour: string; issued: number; passed: number; valid: number; invalid: number }[];
}

export function OneSite({ site, onSecret }: { site: Site; onSecret(doc: Made): void }) {
  const { policy: p } = site;
  const rotate = () => act({
    title: t("captcha.rotateTitle", { name: site.name }), what: t("captcha.rotateWhat"), path: `captcha/sites/${site.key}/rotate`, revision: site.revision ?? false, label: t("captcha.rotate"),
    fields: [{ name: "overlap", label: t("captcha.overlap"), kind: "select", value: "24h", help: t("captcha.overlapHelp"), options: ["0s", "1h", "24h", "168h", "720h"].map((value) => ({ value, label: t(`captcha.overlap.${value}` as Key) })) }],
    body: (values) => ({ overlap: values.overlap }),
    onDone: (answer) => onSecret(answer as Made),
  });
  const toggle = () => act({
    title: t(site.disabled ? "captcha.enableTitle" : "captcha.disableTitle", { name: site.name }), what: t(site.disabled ? "captcha.enableWhat" : "captcha.disableWhat"), danger: !site.disabled,
    method: "PATCH", path: `captcha/sites/${site.key}`, body: { disabled: !site.disabled }, revision: site.revision ?? false, label: t(site.disabled ? "captcha.enable" : "captcha.disable"),
  });
  const remove = () => act({
    title: t("captcha.removeTitle", { name: site.name }), what: t("captcha.removeWhat"), method: "DELETE", path: `captcha/sites/${site.key}`, revision: site.revision ?? false, danger: true, label: t("rehearse.remove"), done: t("captcha.removed", { name: site.name }),
    onDone: () => go(href("captcha")),
  });
  return (
    <>
      <Statistics site={site} />
      <div class="split even">
        <Embed site={site} />
        <Panel title={t("shell.settings")} side={<Guarded small need="operator" kind="primary" onClick={() => edit(site, () => {})}>{t("captcha.edit")}…</Guarded>}>
          <Facts of={[
            [t("captcha.state"), site.disabled ? <Badge>○ {t("captcha.off")}</Badge> : <Badge tone="good">● {t("captcha.on")}</Badge>],
            [t("captcha.hosts"), site.hosts.length ? site.hosts.map((h) => <code key={h} class="host">{h}</code>) : t("captcha.noHosts")],
            [t("captcha.langs"), site.langs.map((l) => tOr(`captcha.in.${l}`, l)).join(", ")],
            [t("captcha.ask"), t(`captcha.ask.${p.ask}` as Key)],
            [t("captcha.level"), String(p.level)],
            [t("captcha.work"), p.work],
            [t("captcha.bind_prefix"), t(p.bind_prefix ? "captcha.yes" : "captcha.no")],
            ...budgets.map((key): [string, string] => [t(`captcha.${key}`), num(p[key])]),
          ]} />
          <h3>{t("captcha.secrets")}</h3>
          <ul class="rows">
            {site.secrets.map((s, i) => (
              <li key={s.created}><div>{t("captcha.secretFrom")} <Time at={s.created} full /></div><Badge tone={s.expires ? "warn" : "good"}>{s.expires ? t("now.until", { at: dayTime(s.expires) }) : t(i === 0 ? "captcha.secretNow" : "captcha.secretGood")}</Badge></li>
            ))}
          </ul>
          <div class="buttons">
            <Guarded small need="operator" onClick={() => void rotate()}>{t("captcha.rotate")}…</Guarded>
            <Guarded small need="operator" onClick={() => void toggle()}>{t(site.disabled ? "captcha.enable" : "captcha.disable")}…</Guarded>
            <Guarded small need="admin" kind="danger" onClick={() => void remove()}>{t("rehearse.remove")}…</Guarded>
          </div>
        </Panel>
      </div>
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
          {(s.warned ?? []).map(({ kind, text, n, of }) => <p class="heed" role="note" key={kind}>▲ {tOr(`captcha.warn.${kind}`, text, { n: num(n), of: num(of) })}</p>)}
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
export function edit(site: Site | undefined, onDone: (doc: Made) => void) {
  const values = valuesOf(site ?? fresh);
  const field = (name: string, label: Key, more: Partial<ActField> = {}): ActField => ({ name, label: t(label), value: values[name], required: true, ...more });
  return act({
    title: site ? t("captcha.editTitle", { name: site.name }) : t("captcha.add"), label: t(site ? "captcha.save" : "captcha.add"), more: t("captcha.budgets"),
    method: site ? "PATCH" : "POST", path: site ? `captcha/sites/${site.key}` : "captcha/sites", revision: site?.revision ?? false,
    fields: [
      field("name", "captcha.name"),
      field("hosts", "captcha.hosts", { kind: "textarea", required: false, help: t("captcha.hostsHelp"), placeholder: "shop.example.com\n*.shop.example.com", wrong: (v) => hostsOf(v).map(hostMistake).filter(Boolean).map((key) => t(key as Key))[0] }),
      ...langs.map((l) => field(l, "captcha.langs", { kind: "check", required: false, label: `${t("captcha.langs")}: ${t(`captcha.in.${l}`)}` })),
      field("ask", "captcha.ask", { kind: "select", options: ["risk", "always", "never"].map((value) => ({ value, label: `${t(`captcha.ask.${value}` as Key)}: ${t(`captcha.askHelp.${value}` as Key)}` })) }),
      field("level", "captcha.level", { kind: "select", help: t("captcha.levelHelp"), options: ["0", "1", "2", "3", "4"].map((value) => ({ value, label: value })) }),
      field("work", "captcha.work", { kind: "number", unit: "ms", min: 50, max: 10_000, help: t("captcha.workHelp") }),
      field("bind_prefix", "captcha.bind_prefix", { kind: "check", required: false }),
      ...budgets.map((key) => field(key, `captcha.${key}`, { kind: "number", min: 1, step: 1, more: true })),
    ],
    body: (v) => bodyOf(v, site), ready: (v) => !site || Object.keys(bodyOf(v, site)).length > 0, onDone: (doc) => onDone(doc as Made),
  });
}
