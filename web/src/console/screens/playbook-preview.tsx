// Tries a change of the playbook out: mistakes, what is different, what it would
// do. Nothing is changed: the file stays the source.
import { useRef, useState } from "preact/hooks";
import { ask, ProblemError } from "../api";
import { share } from "../format";
import type { LevelWord, ProblemDoc } from "../types";
import { Badge, Button, CopyButton, Field, LevelBadge, levelName, Panel, Problem } from "../ui/basic";
import { Bar } from "../ui/bar";
import { save } from "../ui/file";
import { Table } from "../ui/table";
import { t } from "../words";
import { before, diffCount, diffLines } from "./playbook-diff";

export interface PreviewDoc {
  ok: boolean;
  mistakes: { line: number; what: string; cure?: string }[] | null;
  diff: string;
  predicted: { level: LevelWord; share: number; share_in_force?: number; actions?: { id: string; strength: number; share: number }[] | null }[] | null;
  export: string;
  in_force?: Effect;
}

interface One {
  id: string;
  strength: number;
  from?: number;
  to?: number;
}

/** What would change at once, at the present level. */
interface Effect {
  level: LevelWord;
  paused?: unknown;
  now: { share: number };
  then: { share: number };
  ends: One[] | null;
  starts: One[] | null;
  changes: One[] | null;
}

// Next to nothing is in it, so that what is different from it is all that is in force.
const nothing = "playbook {\n\tat serious {\n\t}\n}\n";

const preview = async (body: Record<string, unknown>) => (await ask<PreviewDoc>("POST", "playbook/preview", { body })).data;

export function Preview() {
  const [text, setText] = useState("");
  const [found, setFound] = useState<PreviewDoc>();
  const [problem, setProblem] = useState<ProblemDoc>();
  const [busy, setBusy] = useState(false);
  const area = useRef<HTMLTextAreaElement>(null);
  const run = async (body: Record<string, unknown>, then: (doc: PreviewDoc) => void) => {
    setBusy(true);
    setProblem(undefined);
    try {
      then(await preview(body));
    } catch (e) {
      if (!(e instanceof ProblemError)) throw e;
      setProblem(e.problem);
    }
    setBusy(false);
  };
  const goTo = (line: number) => {
    const lines = text.split("\n");
    const from = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
    area.current?.focus();
    area.current?.setSelectionRange(from, from + (lines[line - 1]?.length ?? 0));
  };
  return (
    <Panel title={t("playbook.preview")} note={t("playbook.previewNote")} class="preview" side={
      <Button small busy={busy} onClick={() => void run({ playbook: nothing }, (doc) => { setText(before(diffLines(doc.diff))); setFound(undefined); })}>{t("playbook.fromNow")}</Button>
    }>
      <form onSubmit={(e) => {
        e.preventDefault();
        void run({ playbook: text }, setFound);
      }}>
        <Field label={t("playbook.text")} help={t("playbook.textHelp")}>
          {(p) => <textarea {...p} ref={area} rows={10} spellcheck={false} required value={text} placeholder={"playbook {\n\tat caution {\n\t\tshed login background 0..60%\n\t}\n}"} onInput={(e) => setText(e.currentTarget.value)} />}
        </Field>
        <Button type="submit" kind="primary" busy={busy}>{t("playbook.check")}</Button>
      </form>
      <Problem problem={problem} />
      <div aria-live="polite">{found && <Found doc={found} goTo={goTo} />}</div>
    </Panel>
  );
}

function Found({ doc, goTo }: { doc: PreviewDoc; goTo(line: number): void }) {
  if (!doc.ok) {
    return (
      <>
        <h3><Badge tone="bad">✗ {t("playbook.mistakes", { n: doc.mistakes?.length ?? 0 })}</Badge></h3>
        <ol class="mistakes">
          {doc.mistakes?.map((m, i) => (
            <li key={i}>
              {m.line > 0 && <Button small kind="quiet" onClick={() => goTo(m.line)}>{t("playbook.line", { n: m.line })}</Button>}
              <p><b>{m.what}</b>{m.cure && <><br />{m.cure}</>}</p>
            </li>
          ))}
        </ol>
      </>
    );
  }
  const lines = diffLines(doc.diff);
  const { added, removed } = diffCount(lines);
  return (
    <>
      <h3><Badge tone="good">✓ {t("playbook.valid")}</Badge> {lines.length === 0 ? t("playbook.same") : t("playbook.changes", { added, removed })}</h3>
      {!!(doc.in_force?.starts?.length || doc.in_force?.changes?.length || doc.in_force?.ends?.length) && <AtOnce of={doc.in_force} />}
      <div class="split even">
        {lines.length > 0 && (
          <pre class="diff" tabIndex={0} role="region" aria-label={t("playbook.diff")}>
            {lines.map((line, i) => <span key={i} class={{ "+": "add", "-": "del", "@": "at", " ": "" }[line.sign]}>{line.sign === "@" ? line.text : `${line.sign === "-" ? "−" : line.sign} ${line.text}`}</span>)}
          </pre>
        )}
        <Table
          caption={t("playbook.effect")} rows={doc.predicted ?? []} rowKey={(p) => p.level}
          columns={[
            { key: "level", label: t("pin.level"), head: true, render: (p) => <LevelBadge level={p.level} /> },
            { key: "share", label: t("playbook.predicted"), render: (p) => <><Bar of={p.share} color="shed" />{p.share_in_force !== undefined && Math.abs(p.share - p.share_in_force) >= 0.0005 && <small> {t("playbook.was", { share: share(p.share_in_force) })}</small>}</> },
            { key: "by", label: t("playbook.by"), wide: true, render: (p) => p.actions?.length ? <ul class="plain">{p.actions.map((a) => <li key={a.id}><code>{a.id}</code> {share(a.strength)} → {share(a.share)}</li>)}</ul> : "–" },
          ]}
        />
      </div>
      <p class="actions">
        <CopyButton text={doc.export} label={t("playbook.copy")} />
        <Button small onClick={() => save("playbook.caddyfile", doc.export)}>{t("playbook.download")}</Button>
        <span class="help">{t("playbook.fileNote")}</span>
      </p>
    </>
  );
}

function AtOnce({ of }: { of: Effect }) {
  const list = (all: One[] | null, text: (a: One) => string) => all?.map((a) => <li key={a.id}><code>{a.id}</code> {text(a)}</li>);
  return (
    <div class="effect-note">
      <p><b>{t("playbook.atOnce", { level: levelName(of.level), now: share(of.now.share), then: share(of.then.share) })}</b> {!!of.paused && t("playbook.whilePaused")}</p>
      <ul>
        {list(of.starts, (a) => `${t("playbook.begins")} ${share(a.strength)}`)}
        {list(of.changes, (a) => `${share(a.from)} → ${share(a.to)}`)}
        {list(of.ends, () => t("playbook.ends"))}
      </ul>
    </div>
  );
}
