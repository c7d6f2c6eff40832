// The CAPTCHA's sites, what was counted about them, how strong it is, what it asks.
import { dayTime, num, share } from "../format";
import { useApi, useRoute } from "../hooks";
import { go, href, setQuery } from "../router";
import { act } from "../ui/act";
import { Badge, Button, CopyButton, Empty, Panel, Tabs, Time, Waiting } from "../ui/basic";
import { Guarded, RoleNote } from "../ui/guard";
import { Once } from "../ui/once";
import { Table } from "../ui/table";
import { useState } from "preact/hooks";
import { t, tOr, type Key } from "../words";
import type { Site } from "./captcha-form";
import { edit, OneSite, type Made } from "./captcha-site";
import { Preview } from "./captcha-preview";

export interface Strength {
  measured: string;
  with?: string;
  short?: boolean;
  bars: { bar: string; wanted: string; found: string; held: boolean }[] | null;
  classes?: { who: string; what: string }[] | null;
  attackers: { attacker: string; who: string; kind: string; level: number | string; lang: string; n: number; rate: number | null; lo: number; hi: number; seconds: number | null; told?: string }[] | null;
}

export interface SitesDoc {
  sites: Site[];
  /** Those that can come back until then. */
  removed?: { key: string; name: string; removed: string; until: string }[] | null;
}

const tabs = ["sites", "strength", "preview"] as const;

export function Captcha() {
  const { parts: [key], query } = useRoute();
  const tab = tabs.find((x) => x === query.tab) ?? "sites";
  const sites = useApi<SitesDoc>("captcha/sites", { every: 30_000 });
  return (
    <div class="captcha stackup">
      <header class="screen">
        <p class="state">{t("captcha.lead")}</p>
      </header>
      <Tabs id="captcha" label="CAPTCHA" value={tab} onChange={(tab) => (key ? go(href("captcha", [], { tab })) : setQuery({ tab }))} items={tabs.map((x) => ({ key: x, label: t(`captcha.tab.${x}`) }))} />
      <div class="stackup" role="tabpanel" id="captcha-panel" aria-labelledby={`captcha-${tab}`} tabIndex={-1}>
        {tab === "strength" ? <StrengthPanels /> : tab === "preview" ? <Preview /> : <Sites of={sites} chosen={key} />}
      </div>
    </div>
  );
}

function Sites({ of: { data, problem, missing, reload }, chosen }: { of: ReturnType<typeof useApi<SitesDoc>>; chosen?: string }) {
  const [made, setMade] = useState<Made>();
  if (!data) return <Waiting for={{ missing, problem, reload }}>{t("captcha.missing")}</Waiting>;
  const site = data.sites.find((s) => s.key === chosen);
  return (
    <>
      <RoleNote need="operator" />
      {chosen ? (
        <>
          <p><a href={href("captcha")}>← {t("captcha.all")}</a></p>
          {site ? <OneSite key={site.key} site={site} onSecret={setMade} /> : <Empty title={t("captcha.gone")} />}
        </>
      ) : (
        <Panel title={t("captcha.tab.sites")} note={t("captcha.sitesNote")} side={<Guarded small kind="primary" need="admin" onClick={() => edit(undefined, setMade)}>{t("captcha.add")}…</Guarded>}>
          <Table
            caption={t("captcha.tab.sites")} cards rows={data.sites} rowKey={(s) => s.key} empty={<Empty title={t("captcha.noSites")}>{t("captcha.noSitesHelp")}</Empty>}
            columns={[
              { key: "name", label: t("captcha.name"), head: true, render: (s) => <a href={href("captcha", [s.key])}>{s.name}</a> },
              { key: "on", label: t("captcha.state"), render: (s) => (s.disabled ? <Badge>○ {t("captcha.off")}</Badge> : <Badge tone="good">● {t("captcha.on")}</Badge>) },
              { key: "hosts", label: t("captcha.hosts"), wide: true, render: (s) => s.hosts.length ? s.hosts.map((h) => <code key={h} class="host">{h}</code>) : t("captcha.noHosts") },
              { key: "langs", label: t("captcha.langs"), render: (s) => s.langs.map((l) => tOr(`captcha.in.${l}`, l)).join(", ") },
              { key: "ask", label: t("captcha.ask"), render: (s) => <>{t(`captcha.ask.${s.policy.ask}` as Key)}<small>{t("captcha.atLevel", { n: s.policy.level })}</small></> },
              { key: "key", label: t("captcha.key"), render: (s) => <><code title={s.key}>{s.key.slice(0, 8)}…</code> <CopyButton text={s.key} label={t("ui.copy")} /></> },
              { key: "changed", label: t("captcha.changed"), render: (s) => <Time at={s.changed} /> },
            ]}
          />
          <Removed of={data.removed ?? []} />
        </Panel>
      )}
      {made && <Once title={t("captcha.secretTitle", { name: made.name })} text={made.secret} note={t("captcha.secretNote")} onClose={() => { setMade(undefined); go(href("captcha", [made.key])); }}><p>{t("captcha.key")} <code>{made.key}</code></p></Once>}
    </>
  );
}

const Removed = ({ of }: { of: NonNullable<SitesDoc["removed"]> }) => of.length > 0 && (
  <>
    <h3>{t("captcha.gone.list")}</h3>
    <ul class="rows">
      {of.map((s) => (
        <li key={s.key}>
          <div>{s.name} <small>{t("now.until", { at: dayTime(s.until) })}</small></div>
          <Guarded small need="admin" data-do="restore" onClick={() => void act({ title: t("captcha.restoreTitle", { name: s.name }), what: t("captcha.restoreWhat"), path: `captcha/sites/${s.key}/restore`, revision: false, label: t("captcha.restore") })}>{t("captcha.restore")}…</Guarded>
        </li>
      ))}
    </ul>
  </>
);

function StrengthPanels() {
  const { data, problem, missing, reload } = useApi<Strength>("captcha/strength");
  const [all, setAll] = useState(false);
  if (!data) return <Waiting for={{ missing, problem, reload }} />;
  const bars = data.bars ?? [];
  const attackers = data.attackers ?? [];
  const open = bars.filter((b) => !b.held).length;
  const shown = all ? attackers : attackers.slice(0, 40);
  return (
    <>
      <Panel title={t("captcha.bars")} note={<>{t("captcha.measured", { at: data.measured || "–" })} {data.with}</>}>
        <p><Badge tone={open ? "bad" : "good"}>{open ? "✗" : "✓"} {t("captcha.barsHeld", { held: bars.length - open, of: bars.length })}</Badge> {data.short && <Badge tone="warn">≈ {t("captcha.short")}</Badge>}</p>
        <p class="heed">{t("captcha.honest")}</p>
        <Table
          caption={t("captcha.bars")} cards rows={[...bars].sort((a, b) => Number(a.held) - Number(b.held))} rowKey={(b) => b.bar}
          columns={[
            { key: "held", label: t("playbook.result"), render: (b) => <Badge tone={b.held ? "good" : "bad"}>{b.held ? "✓ " + t("rehearse.held") : "✗ " + t("rehearse.missed")}</Badge> },
            { key: "bar", label: t("rehearse.bar"), head: true, render: (b) => b.bar },
            { key: "wanted", label: t("rehearse.wanted"), num: true, render: (b) => b.wanted },
            { key: "found", label: t("rehearse.found"), wide: true, render: (b) => b.found },
          ]}
        />
      </Panel>
      <Panel title={t("captcha.attackers")} note={t("captcha.attackersNote")}>
        <Table
          caption={t("captcha.attackers")} cards rows={shown} rowKey={(a) => [a.who, a.attacker, a.kind, a.level, a.lang].join()}
          columns={[
            { key: "who", label: t("captcha.class"), head: true, render: (a) => <span title={data.classes?.find((c) => c.who === a.who)?.what}>{a.who}</span> },
            { key: "attacker", label: t("captcha.attacker"), render: (a) => a.attacker },
            { key: "kind", label: t("captcha.kind"), render: (a) => tOr(`captcha.kind.${a.kind}`, a.kind) },
            { key: "level", label: t("captcha.level"), num: true, render: (a) => a.level },
            { key: "lang", label: t("shell.lang"), render: (a) => tOr(`captcha.in.${a.lang}`, a.lang) },
            { key: "n", label: t("captcha.tries"), num: true, render: (a) => num(a.n) },
            { key: "rate", label: t("captcha.rate"), render: (a) => <Rate {...a} /> },
            { key: "seconds", label: t("captcha.perTry"), num: true, render: (a) => num(a.seconds) },
          ]}
        />
        {shown.length < attackers.length && <p class="more"><Button onClick={() => setAll(true)}>{t("captcha.allAttackers", { n: attackers.length })}</Button></p>}
        {!!data.classes?.length && <dl class="roles">{data.classes.map((c) => <div key={c.who}><dt>{c.who}</dt><dd>{c.what}</dd></div>)}</dl>}
      </Panel>
    </>
  );
}

/** How often it worked, with the interval that holds it nineteen times of twenty. */
const Rate = ({ rate, lo, hi, told }: { rate: number | null; lo: number; hi: number; told?: string }) =>
  rate === null ? <>{told || "–"}</> : (
    <span class="rate">
      <svg viewBox="0 0 100 10" width="100" height="10" preserveAspectRatio="none" aria-hidden="true">
        <path class="frame" d="M0 5h100" />
        <path class="span" d={`M${lo * 100} 5H${Math.max(hi * 100, lo * 100 + 1)}`} />
        <circle cx={Math.min(98, Math.max(2, rate * 100))} cy="5" r="2.5" />
      </svg>
      <b>{share(rate)}</b> <small>{share(lo)}–{share(hi)}</small>
    </span>
  );
