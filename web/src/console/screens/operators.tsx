// Who may do what: accounts and roles, who is logged in where, one's own password.
import { useState } from "preact/hooks";
import { ask, ProblemError } from "../api";
import { ago } from "../format";
import { useApi, useSession } from "../hooks";
import type { ProblemDoc, Role } from "../types";
import { act } from "../ui/act";
import { Badge, Button, Empty, Field, Loading, Panel, Problem, Time } from "../ui/basic";
import { Dialog } from "../ui/dialog";
import { Guarded, roleName } from "../ui/guard";
import { Table } from "../ui/table";
import { toast } from "../ui/toast";
import { t, tOr, type Key } from "../words";
import { nameMistake, passwordMistake, shortest } from "./operators-form";
import { Once } from "../ui/once";

interface Operator {
  name: string;
  role: Role;
  created: string;
  last_used?: string;
  password?: boolean;
}

interface OneSession {
  id: string;
  name: string;
  role: Role;
  created: string;
  last_used: string;
  expires: string;
  from: string;
  via: string;
  current: boolean;
}

const roles: Role[] = ["viewer", "operator", "admin"];

export function Operators() {
  const session = useSession();
  return (
    <div class="operators stackup">
      <header class="screen">
        <p class="state">{t("operators.you", { name: session.name, role: roleName(session.role) })}{session.expires && " · "}{session.expires && t("operators.until", { at: ago(session.expires) })}</p>
        <Button onClick={() => void session.logout()}>{t("operators.logout")}</Button>
      </header>
      {session.can("admin") ? <Accounts self={session.name} /> : <Panel title={t("operators.accounts")}><Empty title={t("operators.adminOnly")} /></Panel>}
      <Sessions all={session.can("admin")} />
      {session.account && <Password name={session.name} />}
    </div>
  );
}

function Accounts({ self }: { self: string }) {
  const { data, problem, reload } = useApi<{ operators: Operator[] }>("operators", { every: 30_000 });
  const [adding, setAdding] = useState(false);
  const [secret, setSecret] = useState<{ title: string; text: string; note: string }>();
  const link = (o: Operator) => act({
    title: t("operators.linkTitle", { name: o.name }), what: t("operators.linkWhat"), path: `operators/${encodeURIComponent(o.name)}/link`, reason: false, revision: false, label: t("operators.link"), done: t("operators.linkMade"),
    onDone: (answer) => {
      const { path, expires } = answer as { path: string; expires: string };
      setSecret({ title: t("operators.linkTitle", { name: o.name }), text: location.origin + path, note: t("operators.linkNote", { at: ago(expires) }) });
    },
  });
  const remove = (o: Operator) => act({
    title: t("operators.removeTitle", { name: o.name }), what: t("operators.removeWhat"), method: "DELETE", path: `operators/${encodeURIComponent(o.name)}`, reason: false, revision: false, danger: true, label: t("operators.remove"), done: t("operators.removed", { name: o.name }), onDone: reload,
  });
  return (
    <Panel title={t("operators.accounts")} note={t("operators.accountsNote")} side={<Button kind="primary" small onClick={() => setAdding(true)}>{t("operators.add")}…</Button>}>
      <Problem problem={problem} retry={reload} />
      {!data ? !problem && <Loading /> : (
        <Table
          caption={t("operators.accounts")} cards rows={data.operators} rowKey={(o) => o.name}
          columns={[
            { key: "name", label: t("operators.name"), head: true, render: (o) => <>{o.name} {o.name === self && <Badge tone="info">{t("operators.self")}</Badge>}</> },
            { key: "role", label: t("operators.role"), render: (o) => <><b>{roleName(o.role)}</b> <small>{t(`operators.may.${o.role}` as Key)}</small></> },
            { key: "ways", label: t("operators.ways"), render: (o) => (o.password ? t("operators.byPassword") : t("operators.byToken")) },
            { key: "used", label: t("operators.used"), render: (o) => (o.last_used ? <Time at={o.last_used} /> : t("operators.never")) },
            { key: "created", label: t("operators.created"), render: (o) => <Time at={o.created} /> },
            { key: "do", label: t("operators.do"), render: (o) => (
              <div class="buttons">
                <Button small onClick={() => void link(o)}>{t("operators.link")}…</Button>
                <Button small kind="danger" disabled={o.name === self} title={o.name === self ? t("operators.notSelf") : undefined} onClick={() => void remove(o)}>{t("operators.remove")}…</Button>
              </div>
            ) },
          ]}
        />
      )}
      <dl class="roles">{roles.map((r) => <div key={r}><dt>{roleName(r)}</dt><dd>{t(`operators.can.${r}` as Key)}</dd></div>)}</dl>
      {adding && <Add onClose={() => setAdding(false)} onAdded={(name, token) => { setAdding(false); setSecret({ title: t("operators.addedTitle", { name }), text: token, note: t("operators.tokenNote") }); reload(); }} />}
      {secret && <Once {...secret} onClose={() => setSecret(undefined)} />}
    </Panel>
  );
}

function Add({ onClose, onAdded }: { onClose(): void; onAdded(name: string, token: string): void }) {
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const [password, setPassword] = useState("");
  const [tried, setTried] = useState(false);
  const { problem, busy, send } = useSend();
  const wrong = { name: nameMistake(name), password: password === "" ? "" : passwordMistake(password, password) };
  const say = (key: string) => (tried && key ? t(key as Key, { n: shortest }) : undefined);
  const add = () => send(async () => {
    const { data } = await ask<{ token: string }>("POST", "operators", { body: { name, role, ...(password && { password }) } });
    toast(t("operators.added", { name }));
    onAdded(name, data.token);
  });
  return (
    <Dialog title={t("operators.add")} onClose={onClose}>
      <form onSubmit={(e) => {
        e.preventDefault();
        setTried(true);
        if (!wrong.name && !wrong.password) void add();
      }}>
        <Field label={t("operators.name")} help={t("operators.nameHelp")} error={say(wrong.name)}>{(p) => <input {...p} required autoComplete="off" autoCapitalize="none" spellcheck={false} value={name} onInput={(e) => setName(e.currentTarget.value)} />}</Field>
        <Field label={t("operators.role")} help={t(`operators.can.${role}` as Key)}>{(p) => <select {...p} value={role} onChange={(e) => setRole(e.currentTarget.value as Role)}>{roles.map((r) => <option key={r} value={r}>{roleName(r)}</option>)}</select>}</Field>
        <Field label={t("operators.passwordOptional")} help={t("operators.passwordHelp", { n: shortest })} error={say(wrong.password)}>{(p) => <input {...p} type="password" autoComplete="new-password" value={password} onInput={(e) => setPassword(e.currentTarget.value)} />}</Field>
        <Problem problem={problem} />
        <footer>
          <Button onClick={onClose}>{t("ui.cancel")}</Button>
          <Button type="submit" kind="primary" busy={busy}>{t("operators.add")}</Button>
        </footer>
      </form>
    </Dialog>
  );
}

/** Sends something, and keeps what went wrong. */
export function useSend() {
  const [problem, setProblem] = useState<ProblemDoc>();
  const [busy, setBusy] = useState(false);
  const send = async (fn: () => Promise<void>) => {
    setBusy(true);
    setProblem(undefined);
    try {
      await fn();
    } catch (e) {
      if (!(e instanceof ProblemError)) throw e;
      setProblem(e.problem);
    }
    setBusy(false);
  };
  return { problem, busy, send };
}

function Sessions({ all }: { all: boolean }) {
  const { data, problem, reload } = useApi<{ sessions: OneSession[] }>("sessions", { every: 15_000 });
  const { refresh } = useSession();
  const end = (s: OneSession) => act({
    title: t("operators.endTitle", { name: s.name, from: s.from }), what: t(s.current ? "operators.endSelf" : "operators.endWhat"), method: "DELETE", path: `sessions/${encodeURIComponent(s.id)}`, reason: false, revision: false, danger: true, label: t("operators.end"),
    onDone: () => (s.current ? void refresh() : reload()),
  });
  return (
    <Panel title={t("operators.sessions")} note={t(all ? "operators.sessionsAll" : "operators.sessionsOwn")}>
      <Problem problem={problem} retry={reload} />
      {!data ? !problem && <Loading /> : (
        <Table
          caption={t("operators.sessions")} cards rows={[...data.sessions].reverse()} rowKey={(s) => s.id} empty={<Empty title={t("operators.noSessions")} />}
          columns={[
            { key: "name", label: t("operators.name"), head: true, render: (s) => <>{s.name} {s.current && <Badge tone="info">{t("operators.here")}</Badge>}</> },
            { key: "role", label: t("operators.role"), render: (s) => roleName(s.role) },
            { key: "from", label: t("operators.from"), render: (s) => <code>{s.from}</code> },
            { key: "via", label: t("operators.via"), render: (s) => tOr(`operators.via.${s.via}`, s.via) },
            { key: "created", label: t("operators.began"), render: (s) => <Time at={s.created} /> },
            { key: "used", label: t("operators.used"), render: (s) => <Time at={s.last_used} /> },
            { key: "expires", label: t("operators.expires"), render: (s) => <Time at={s.expires} /> },
            { key: "do", label: t("operators.do"), render: (s) => <Guarded small need="viewer" kind="danger" onClick={() => void end(s)}>{t("operators.end")}…</Guarded> },
          ]}
        />
      )}
    </Panel>
  );
}

function Password({ name }: { name: string }) {
  const has = (useSession() as { password?: boolean }).password !== false;
  const [form, setForm] = useState({ old: "", next: "", again: "" });
  const [tried, setTried] = useState(false);
  const { problem, busy, send } = useSend();
  const wrong = passwordMistake(form.next, form.again);
  const field = (key: keyof typeof form, label: Key, complete: string, error?: string) => (
    <Field label={t(label)} error={error} help={key === "next" ? t("operators.passwordHelp", { n: shortest }) : undefined}>
      {(p) => <input {...p} type="password" required autoComplete={complete} value={form[key]} onInput={(e) => setForm({ ...form, [key]: e.currentTarget.value })} />}
    </Field>
  );
  return (
    <Panel title={t("operators.password")} note={t("operators.passwordNote")}>
      <form class="password" onSubmit={(e) => {
        e.preventDefault();
        setTried(true);
        if (wrong) return;
        void send(async () => {
          await ask("PUT", "account/password", { body: { ...(has && { old: form.old }), new: form.next } });
          setForm({ old: "", next: "", again: "" });
          setTried(false);
          toast(t("operators.passwordSet"));
        });
      }}>
        <input hidden name="name" autoComplete="username" value={name} readOnly />
        {has && field("old", "operators.old", "current-password", problem?.kind === "bad-login" ? t("operators.oldWrong") : undefined)}
        {field("next", "operators.new", "new-password", tried && wrong === "operators.mistake.short" ? t(wrong, { n: shortest }) : undefined)}
        {field("again", "operators.again", "new-password", tried && wrong === "operators.mistake.again" ? t(wrong) : undefined)}
        {problem && problem.kind !== "bad-login" && <Problem problem={problem} />}
        <Button type="submit" kind="primary" busy={busy}>{t("operators.change")}</Button>
      </form>
    </Panel>
  );
}
