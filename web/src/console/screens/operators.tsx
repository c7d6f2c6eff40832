// Who may do what: accounts and roles, who is logged in where, one's own password.
import { useState } from "preact/hooks";
import { ago } from "../format";
import { useApi, useSession } from "../hooks";
import type { Role } from "../types";
import { act } from "../ui/act";
import { Badge, Button, Empty, Loading, Panel, Problem, Time } from "../ui/basic";
import { Guarded, roleName } from "../ui/guard";
import { Table } from "../ui/table";
import { t, tOr, type Key } from "../words";
import { Once } from "../ui/once";

export interface Operator {
  name: string;
  role: Role;
  created: string;
  last_used?: string;
  password?: boolean;
}

export interface OneSession {
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

/** Shortest password that is taken. */
const shortest = 12;
const tooShort = (password: string) => ([...password].length < shortest ? t("operators.mistake.short", { n: shortest }) : undefined);

/** One's own password. */
const password = (has: boolean) => act({
  title: t("operators.password"), what: t("operators.passwordNote"), method: "PUT", path: "account/password", reason: false, revision: false, label: t("operators.change"), done: t("operators.passwordSet"),
  fields: [
    ...(has ? [{ name: "old", label: t("operators.old"), kind: "password" as const, required: true }] : []),
    { name: "new", label: t("operators.new"), kind: "password", required: true, help: t("operators.passwordHelp", { n: shortest }), wrong: tooShort },
    { name: "again", label: t("operators.again"), kind: "password", required: true, wrong: (again, v) => (again === v.new ? undefined : t("operators.mistake.again")) },
  ],
  body: (v) => ({ new: v.new, ...(has && { old: v.old }) }),
});

const roles: Role[] = ["viewer", "operator", "admin"];

export function Operators() {
  const session = useSession();
  return (
    <div class="operators stackup">
      <header class="screen">
        <p class="state">{t("operators.you", { name: session.name, role: roleName(session.role) })}{session.expires && " · "}{session.expires && t("operators.until", { at: ago(session.expires) })}</p>
        {session.account && <Button onClick={() => void password(session.password !== false)}>{t("operators.password")}…</Button>}
        <Button onClick={() => void session.logout()}>{t("shell.logout")}</Button>
      </header>
      {session.can("admin") ? <Accounts self={session.name} /> : <Panel title={t("operators.accounts")}><Empty title={t("operators.adminOnly")} /></Panel>}
      <Sessions all={session.can("admin")} />
    </div>
  );
}

function Accounts({ self }: { self: string }) {
  const { data, problem, reload } = useApi<{ operators: Operator[] }>("operators", { every: 30_000 });
  const [secret, setSecret] = useState<{ title: string; text: string; note: string }>();
  const add = () => act({
    title: t("operators.add"), path: "operators", reason: false, revision: false, label: t("operators.add"),
    fields: [
      { name: "name", label: t("captcha.name"), help: t("operators.nameHelp"), required: true, pattern: "[a-z0-9._@\\-]{1,64}" },
      { name: "role", label: t("operators.role"), kind: "select", options: roles.map((value) => ({ value, label: `${roleName(value)}: ${t(`operators.may.${value}` as Key)}` })) },
      { name: "password", label: t("operators.passwordOptional"), kind: "password", help: t("operators.passwordHelp", { n: shortest }), wrong: (v) => (v ? tooShort(v) : undefined) },
    ],
    body: ({ name, role, password }) => ({ name, role, ...(password && { password }) }),
    onDone: (answer) => {
      const { name, token } = answer as { name: string; token: string };
      setSecret({ title: t("operators.addedTitle", { name }), text: token, note: t("operators.tokenNote") });
    },
  });
  const link = (o: Operator) => act({
    title: t("operators.linkTitle", { name: o.name }), what: t("operators.linkWhat"), path: `operators/${encodeURIComponent(o.name)}/link`, reason: false, revision: false, label: t("operators.link"), done: t("operators.linkMade"),
    onDone: (answer) => {
      const { path, expires } = answer as { path: string; expires: string };
      setSecret({ title: t("operators.linkTitle", { name: o.name }), text: location.origin + path, note: t("operators.linkNote", { at: ago(expires) }) });
    },
  });
  const remove = (o: Operator) => act({
    title: t("operators.removeTitle", { name: o.name }), what: t("operators.removeWhat"), method: "DELETE", path: `operators/${encodeURIComponent(o.name)}`, body: { created: o.created }, revision: false, danger: true, label: t("rehearse.remove"), done: t("operators.removed", { name: o.name }),
  });
  return (
    <Panel title={t("operators.accounts")} note={t("operators.accountsNote")} side={<Button kind="primary" small onClick={() => void add()}>{t("operators.add")}…</Button>}>
      <Problem problem={problem} retry={reload} />
      {!data ? !problem && <Loading /> : (
        <Table
          caption={t("operators.accounts")} cards rows={data.operators} rowKey={(o) => o.name}
          columns={[
            { key: "name", label: t("captcha.name"), head: true, render: (o) => <>{o.name} {o.name === self && <Badge tone="info">{t("operators.self")}</Badge>}</> },
            { key: "role", label: t("operators.role"), render: (o) => <><b>{roleName(o.role)}</b> <small>{t(`operators.may.${o.role}` as Key)}</small></> },
            { key: "ways", label: t("operators.ways"), render: (o) => (o.password ? t("operators.byPassword") : t("operators.byToken")) },
            { key: "used", label: t("operators.used"), render: (o) => (o.last_used ? <Time at={o.last_used} /> : t("operators.never")) },
            { key: "created", label: t("operators.created"), render: (o) => <Time at={o.created} /> },
            { key: "do", label: t("queues.do"), render: (o) => (
              <div class="buttons">
                <Button small onClick={() => void link(o)}>{t("operators.link")}…</Button>
                <Button small kind="danger" disabled={o.name === self} title={o.name === self ? t("operators.notSelf") : undefined} onClick={() => void remove(o)}>{t("rehearse.remove")}…</Button>
              </div>
            ) },
          ]}
        />
      )}
      <dl class="roles">{roles.map((r) => <div key={r}><dt>{roleName(r)}</dt><dd>{t(`operators.can.${r}` as Key)}</dd></div>)}</dl>
      {secret && <Once {...secret} onClose={() => setSecret(undefined)} />}
    </Panel>
  );
}

function Sessions({ all }: { all: boolean }) {
  const { data, problem, reload } = useApi<{ sessions: OneSession[] }>("sessions", { every: 15_000 });
  const { refresh } = useSession();
  const end = (s: OneSession) => act({
    title: t("operators.endTitle", { name: s.name, from: s.from }), what: t(s.current ? "operators.endSelf" : "operators.endWhat"), method: "DELETE", path: `sessions/${encodeURIComponent(s.id)}`, reason: false, revision: false, danger: true, label: t("operators.end"),
    onDone: () => s.current && void refresh(),
  });
  return (
    <Panel title={t("operators.sessions")} note={t(all ? "operators.sessionsAll" : "operators.sessionsOwn")}>
      <Problem problem={problem} retry={reload} />
      {!data ? !problem && <Loading /> : (
        <Table
          caption={t("operators.sessions")} cards rows={[...data.sessions].reverse()} rowKey={(s) => s.id} empty={<Empty title={t("operators.noSessions")} />}
          columns={[
            { key: "name", label: t("captcha.name"), head: true, render: (s) => <>{s.name} {s.current && <Badge tone="info">{t("operators.here")}</Badge>}</> },
            { key: "role", label: t("operators.role"), render: (s) => roleName(s.role) },
            { key: "from", label: t("operators.from"), render: (s) => <code>{s.from}</code> },
            { key: "via", label: t("operators.via"), render: (s) => tOr(`operators.via.${s.via}`, s.via) },
            { key: "created", label: t("operators.began"), render: (s) => <Time at={s.created} /> },
            { key: "used", label: t("operators.used"), render: (s) => <Time at={s.last_used} /> },
            { key: "expires", label: t("operators.expires"), render: (s) => <Time at={s.expires} /> },
            { key: "do", label: t("queues.do"), render: (s) => <Guarded small need="viewer" kind="danger" onClick={() => void end(s)}>{t("operators.end")}…</Guarded> },
          ]}
        />
      )}
    </Panel>
  );
}

