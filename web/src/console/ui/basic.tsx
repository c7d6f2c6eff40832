// The smallest parts of screens.
import { useId } from "preact/hooks";
import type { ComponentChildren, HTMLAttributes } from "preact";
import { clock, dateTime, moment } from "../format";
import { live } from "../live";
import { levelShapes, levelWords, type LevelWord, type ProblemDoc } from "../types";
import { t, tOr, type Key } from "../words";

export type Tone = "plain" | "good" | "info" | "warn" | "bad";

type ButtonProps = Omit<HTMLAttributes<HTMLButtonElement>, "role"> & {
  kind?: "plain" | "primary" | "danger" | "quiet";
  small?: boolean;
  /** Shows that it works, and takes no second click. */
  busy?: boolean;
  disabled?: boolean;
  type?: "button" | "submit";
};

export function Button({ kind = "plain", small, busy, disabled, type = "button", class: more, children, ...rest }: ButtonProps) {
  return (
    <button type={type} class={`button ${kind} ${small ? "small" : ""} ${more ?? ""}`} disabled={disabled || busy} aria-busy={busy || undefined} {...rest}>
      {children}
    </button>
  );
}

/** A word in a box: what kind, from where. */
export const Badge = ({ tone = "plain", title, children }: { tone?: Tone; title?: string; children: ComponentChildren }) => <span class={`badge ${tone}`} title={title}>{children}</span>;

/** A level: shape, number and word, never colour alone. */
export function LevelBadge({ level, large }: { level: LevelWord | number; large?: boolean }) {
  const n = typeof level === "number" ? level : Math.max(0, levelWords.indexOf(level));
  return (
    <span class={`level l${n} ${large ? "large" : ""}`}>
      <span aria-hidden="true">{levelShapes[n]}</span> {n} {levelName(n)}
    </span>
  );
}

export const levelName = (level: LevelWord | number) => t(`level.${typeof level === "number" ? levelWords[level] ?? "normal" : level}` as Key);

/** A part of a screen with a heading. */
export function Panel({ title, side, note, class: more, children, id }: { title: ComponentChildren; side?: ComponentChildren; note?: ComponentChildren; class?: string; children: ComponentChildren; id?: string }) {
  const heading = useId();
  return (
    <section class={`panel ${more ?? ""}`} aria-labelledby={heading} id={id}>
      <header>
        <h2 id={heading}>{title}</h2>
        {note && <p class="note">{note}</p>}
        {side && <div class="side">{side}</div>}
      </header>
      {children}
    </section>
  );
}

/** Where there is nothing: what, and what to do about it. */
export const Empty = ({ title, children }: { title: ComponentChildren; children?: ComponentChildren }) => (
  <div class="empty">
    <p class="lead">{title}</p>
    {children && <div>{children}</div>}
  </div>
);

/** The gateway does not have what a screen is about: switched off, or an older one. */
export const Missing = ({ children }: { children?: ComponentChildren }) => <Empty title={t("ui.missing")}>{children}</Empty>;

/** What is shown until there is a document: none of it (children say why), what went wrong, or that it comes. */
export const Waiting = ({ for: { missing, problem, reload }, children }: { for: { missing: boolean; problem?: ProblemDoc; reload(): void }; children?: ComponentChildren }) =>
  missing ? <Missing>{children}</Missing> : problem ? <Problem problem={problem} retry={reload} /> : <Loading />;

export const Loading = () => <p class="loading" role="status">{t("ui.loading")}</p>;

/** What a problem says, in the language in force where there are words for it. */
export function problemText(p: ProblemDoc): string {
  const own = tOr(`problem.${p.kind}`, "");
  const detail = p.detail && p.kind !== "network" ? p.detail : "";
  return own && detail ? `${own} (${detail})` : own || [p.title, detail].filter(Boolean).join(": ") || t("problem.failed");
}

export const Problem = ({ problem, retry }: { problem: ProblemDoc | undefined; retry?: () => void }) =>
  problem ? (
    <div class="problem" role="alert">
      <p>{problemText(problem)}</p>
      {retry && <Button small onClick={retry}>{t("ui.retry")}</Button>}
    </div>
  ) : null;

/** A time: the clock today, the day before that; all of it as a title. */
export const Time = ({ at, full }: { at: string | undefined; full?: boolean }) =>
  at ? <time dateTime={at} title={dateTime(at)}>{full ? dateTime(at) : moment(at, live.gatewayTime())}</time> : <span>–</span>;

export const Clock = ({ at }: { at: string }) => <time dateTime={at} title={dateTime(at)}>{clock(at)}</time>;

/** A name and what it is, in a row of them: <Facts of={[["limit", 120]]} /> */
export const Facts = ({ of }: { of: [ComponentChildren, ComponentChildren][] }) => (
  <dl class="facts">
    {of.map(([name, value], i) => (
      <div key={i}>
        <dt>{name}</dt>
        <dd>{value}</dd>
      </div>
    ))}
  </dl>
);

/** A field with its label, help and mistake; children(id, described) draws the control. */
export function Field({ label, help, error, children }: { label: ComponentChildren; help?: ComponentChildren; error?: string; children: (props: { id: string; "aria-describedby"?: string; "aria-invalid"?: boolean }) => ComponentChildren }) {
  const id = useId();
  const about = help || error ? id + "-about" : undefined;
  return (
    <div class="field">
      <label htmlFor={id}>{label}</label>
      {children({ id, "aria-describedby": about, "aria-invalid": error ? true : undefined })}
      {about && <p id={about} class={error ? "error" : "help"}>{error || help}</p>}
    </div>
  );
}

export interface TabItem {
  key: string;
  label: ComponentChildren;
}

/** One of a few: a row of buttons of which one is pressed. */
export const Choice = ({ label, items, value, onChange }: { label: string; items: TabItem[]; value: string; onChange(key: string): void }) => (
  <div class="choice" role="group" aria-label={label}>
    {items.map((i) => (
      <button type="button" key={i.key} aria-pressed={i.key === value} onClick={() => onChange(i.key)}>
        {i.label}
      </button>
    ))}
  </div>
);

/** Tabs with arrow keys; the panel is the caller's: <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${value}`}>. */
export function Tabs({ id, label, items, value, onChange }: { id: string; label: string; items: TabItem[]; value: string; onChange(key: string): void }) {
  const move = (e: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
    if (!step) return;
    e.preventDefault();
    const next = items[(items.findIndex((i) => i.key === value) + step + items.length) % items.length]!;
    onChange(next.key);
    document.getElementById(`${id}-${next.key}`)?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label={label} onKeyDown={move}>
      {items.map((i) => (
        <button type="button" role="tab" key={i.key} id={`${id}-${i.key}`} aria-selected={i.key === value} aria-controls={`${id}-panel`} tabIndex={i.key === value ? 0 : -1} onClick={() => onChange(i.key)}>
          {i.label}
        </button>
      ))}
    </div>
  );
}

/** Copies a text, and says so. */
export const CopyButton = ({ text, label }: { text: string; label?: string }) => (
  <Button small onClick={(e) => {
    const button = e.currentTarget;
    navigator.clipboard?.writeText(text).then(() => {
      button.dataset.done = "";
      setTimeout(() => delete button.dataset.done, 1_500);
    }, () => {});
  }}>
    <span class="copy">{label ?? t("ui.copy")}</span>
    <span class="copied" role="status">{t("ui.copied")}</span>
  </Button>
);
