// The record: who did what, when, why, until when. Nothing in it can be changed,
// but what a person did can be undone.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { ask, ProblemError } from "../api";
import { actionName } from "../entry";
import { saidText } from "../felt";
import { dayTime, share } from "../format";
import { useLive, usePrefs, useRoute } from "../hooks";
import { setQuery } from "../router";
import { localTimes } from "../shell-words";
import type { AuditEntry, ProblemDoc } from "../types";
import { act } from "../ui/act";
import { Badge, Button, Empty, Facts, Field, Loading, Problem, Time } from "../ui/basic";
import { Guarded } from "../ui/guard";
import { Table } from "../ui/table";
import { undoOf } from "../ui/toast";
import { either, t, tOr, type Key } from "../words";
import { groups, whats } from "./log-what";
import { contentOf, exportLink, fields, filterOf, instant, matches, merge, mistake, query, type Filter } from "./log-query";

export interface Page {
  entries: AuditEntry[];
  first?: number;
  more?: boolean;
}

const pageSize = 100;
const spans = ["15m", "1h", "6h", "24h", "168h", ""];

/** What an entry is about: a name of its own, or the sentence of the feed without what it is about. */
export const whatName = (what: string) => tOr(`log.what.${what}`, tOr(`what.${what}`, what).split(/[:{]/)[0]!.trim());

export function Log() {
  const route = useRoute();
  const filter = useMemo(() => filterOf(route.query), [route]);
  const wanted = JSON.stringify(filter);
  const log = useRecord(filter, wanted);
  return (
    <div class="log stackup">
      <header class="screen">
        <p class="state">{t("log.lead")}</p>
        <span class="exports">
          <a class="button small" href={exportLink(filter, "csv")} download="daero-log.csv">CSV</a>
          <a class="button small" href={exportLink(filter, "ndjson")} download="daero-log.ndjson">NDJSON</a>
        </span>
      </header>
      <section class="panel" aria-label={t("log.filter")}><Filters key={wanted} filter={filter} /></section>
      <Problem problem={log.problem} retry={log.again} />
      <section class="panel" aria-label={t("menu.log")}>
        <p class="help" role="status">{log.loading && !log.entries.length ? t("ui.loading") : t(filter.until ? "log.shown" : "log.shownLive", { n: log.entries.length })}</p>
        {log.loading && !log.entries.length ? <Loading /> : <Entries entries={log.entries} again={log.again} />}
        {log.more && <p class="more"><Button busy={log.loading} onClick={() => void log.older()}>{t("log.older")}</Button></p>}
      </section>
    </div>
  );
}

/** Pages of the record as they are asked for, with what happens meanwhile on top. */
function useRecord(filter: Filter, wanted: string) {
  const [entries, setEntries] = useState<AuditEntry[]>([]);
  const [more, setMore] = useState(false);
  const [loading, setLoading] = useState(true);
  const [problem, setProblem] = useState<ProblemDoc>();
  const [turn, setTurn] = useState(0);
  const current = useRef("");
  const { events, gaps } = useLive();
  const load = async (before: number | undefined, fresh: boolean) => {
    const asked = (current.current = wanted);
    setLoading(true);
    setProblem(undefined);
    if (!mistake(filter)) {
      try {
        const { data } = await ask<Page>("GET", query(filter, { limit: pageSize, ...(before && { before }) }));
        if (current.current !== asked) return;
        setEntries((all) => merge(fresh ? [] : all, data.entries));
        setMore(data.more ?? data.entries.length >= pageSize);
      } catch (e) {
        if (!(e instanceof ProblemError)) throw e;
        if (current.current === asked) setProblem(e.problem);
      }
    }
    setLoading(false);
  };
  useEffect(() => {
    setEntries([]);
    void load(undefined, true);
  }, [wanted]);
  // After a hole in the stream the newest page is asked for again.
  useEffect(() => {
    if (gaps + turn > 0) void load(undefined, false);
  }, [gaps, turn]);
  useEffect(() => {
    const fits = events.map((e) => ({ ...e.entry, said: e.said, why_ko: e.why_ko })).filter((e) => matches(filter, e));
    if (fits.length) setEntries((all) => merge(all, fits));
  }, [events, wanted]);
  const last = Math.min(...entries.flatMap((e) => e.id ?? []));
  return { entries, more, loading, problem, again: () => setTurn((n) => n + 1), older: () => load(last < Infinity ? last : undefined, false) };
}

function Filters({ filter }: { filter: Filter }) {
  const { zone } = usePrefs();
  const [draft, setDraft] = useState(filter);
  const [custom, setCustom] = useState(!spans.includes(filter.since) || filter.until !== "");
  const [error, setError] = useState("");
  const put = (part: Partial<Filter>) => setDraft({ ...draft, ...part });
  const show = (next: Filter) => {
    const wrong = mistake(next);
    setError(wrong);
    // Only an explicit "all of it" is an empty since.
    if (!wrong) setQuery({ ...Object.fromEntries(fields.map((key) => [key, next[key].trim() || undefined])), since: next.since || "all" });
  };
  const when = (key: "since" | "until") => (
    <Field label={t(`log.${key}`)} error={key === "until" && error ? t(error as Key) : undefined}>
      {(p) => <input {...p} type="datetime-local" onChange={(e) => {
        const at = instant(e.currentTarget.value, zone === "utc");
        if (at !== null) put({ [key]: at });
      }} />}
    </Field>
  );
  const text = (key: "who" | "target" | "text") => <Field label={t(`log.${key}`)}>{(p) => <input {...p} type="search" autoComplete="off" value={draft[key]} onInput={(e) => put({ [key]: e.currentTarget.value })} />}</Field>;
  return (
    <form class="filters" role="search" onSubmit={(e) => {
      e.preventDefault();
      show(draft);
    }}>
      <Field label={t("log.span")}>
        {(p) => (
          <select {...p} value={custom ? "custom" : spans.includes(draft.since) ? draft.since : ""} onChange={(e) => {
            const value = e.currentTarget.value;
            setCustom(value === "custom");
            if (value !== "custom") show({ ...draft, since: value, until: "" });
          }}>
            {spans.map((s) => <option key={s} value={s}>{t((s ? `log.span.${s}` : "log.span.all") as Key)}</option>)}
            <option value="custom">{t("log.custom")}</option>
          </select>
        )}
      </Field>
      {custom && when("since")}
      {custom && when("until")}
      <Field label={t("log.what")}>
        {(p) => (
          <select {...p} value={draft.what} onChange={(e) => show({ ...draft, what: e.currentTarget.value })}>
            <option value="">{t("log.any")}</option>
            {draft.what && !whats().includes(draft.what) && <option>{draft.what}</option>}
            {groups.map(([group, names]) => (
              <optgroup key={group} label={t(`log.group.${group}` as Key)}>{names.map((name) => <option key={name} value={`${group}.${name}`}>{whatName(`${group}.${name}`)}</option>)}</optgroup>
            ))}
          </select>
        )}
      </Field>
      {text("who")}
      {text("target")}
      {text("text")}
      <Button type="submit" kind="primary">{t("log.show")}</Button>
      <Button kind="quiet" onClick={() => setQuery(Object.fromEntries(fields.map((key) => [key, undefined])))}>{t("log.reset")}</Button>
    </form>
  );
}

/** The revisions of controls that a later entry says it undid. */
const undoneBy = (entries: AuditEntry[]) => new Set(entries.map((e) => e.undo?.of).filter(Boolean));

const own = (entry: AuditEntry) => entry.who === "daero";

function Entries({ entries, again }: { entries: AuditEntry[]; again(): void }) {
  const undone = undoneBy(entries);
  return (
    <Table
      caption={t("menu.log")} cards rows={entries} rowKey={(e) => e.id || contentOf(e)} empty={<Empty title={t("log.none")}>{t("log.noneHelp")}</Empty>}
      columns={[
        { key: "at", label: t("playbook.when"), render: (e) => <Time at={e.at} /> },
        { key: "who", label: t("log.who"), render: (e) => (own(e) ? <Badge>{t("log.auto")}</Badge> : <Badge tone="info">{e.who}</Badge>) },
        { key: "what", label: t("log.what"), head: true, render: (e) => <>{whatName(e.what)} {e.shadow && <Badge>{t("now.inShadow")}</Badge>}</> },
        { key: "target", label: t("log.target"), render: (e) => <Target e={e} /> },
        { key: "why", label: t("log.why"), wide: true, render: (e) => <>{localTimes(either(e.why, e.why_ko), Date.parse(e.at))}{e.until && <small>{t("now.until", { at: dayTime(e.until) })}</small>}<Details e={e} /></> },
        { key: "undo", label: t("ui.undo"), render: (e) => (undone.has(e.undo?.revision) ? t("log.undone") : <UndoButton e={e} again={again} />) },
      ]}
    />
  );
}

const sides = (e: AuditEntry, side: "before" | "after") => tOr(`level.${e[side]}`, saidText(e.said?.[side], e[side]));

const Target = ({ e }: { e: AuditEntry }) => (
  <div class="cell">
    {e.target && (e.what.startsWith("action.") ? actionName(e.target) : tOr(`level.${e.target}`, e.target))}
    {(e.before || e.after) && <small>{e.before && sides(e, "before")}{e.before && " → "}{e.after && sides(e, "after")}</small>}
  </div>
);

const undoes = ({ kind, does, to, until }: NonNullable<AuditEntry["undo"]>) => tOr(`log.undo.${kind}`, does, { to: to ? tOr(`level.${to}`, to) : "", until: until ? dayTime(until) : "" });

function UndoButton({ e, again }: { e: AuditEntry; again(): void }) {
  const undo = undoOf(e);
  return undo ? (
    <Guarded small need="operator" onClick={() => act({ title: t("log.undoTitle", { what: whatName(e.what) }), what: undoes(e.undo!), method: undo.method, path: undo.path, body: undo.body, revision: false, label: t("ui.undo"), onDone: again })} data-do="undo">{t("ui.undo")}…</Guarded>
  ) : <>–</>;
}

const Details = ({ e }: { e: AuditEntry }) => (
  <details>
    <summary aria-label={t("log.detailsOf", { what: whatName(e.what) })}>{t("log.details")}</summary>
    <Facts of={[
      ["ID", e.id ? String(e.id) : "–"], [t("log.exact"), e.at], [t("log.what"), <code>{e.what}</code>], [t("log.who"), e.who],
      ...([["log.target", e.target], ["log.before", e.before], ["log.after", e.after], ["log.why", e.why], ["log.until", e.until], ["log.node", e.node], ["log.share", e.share ? share(e.share) : ""]] as [Key, string | undefined][])
        .filter(([, value]) => value).map(([key, value]): [string, string] => [t(key), value!]),
    ]} />
  </details>
);
