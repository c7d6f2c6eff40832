// Who are you? By password, by token, or elsewhere. The screen that was wanted is
// what comes after: its address stays while this is shown.
import { useEffect, useState } from "preact/hooks";
import { ProblemError } from "../api";
import { useRoute, useSession } from "../hooks";
import { span } from "../format";
import type { ProblemDoc } from "../types";
import { Button, Field, problemText, Tabs } from "../ui/basic";
import { t } from "../words";

/** What a refusal means to who waits at the door. */
export function refusal(p: ProblemDoc): string {
  if (p.kind === "bad-login" || p.kind === "bad-token") return t("login.bad");
  if (p.kind === "too-many") return t("login.many", { span: span(p.retry_after_seconds ?? 60) });
  return problemText(p);
}

type Way = "password" | "token";

export function Login() {
  const { ways, login, refresh, expired, insecure } = useSession() as ReturnType<typeof useSession> & { insecure?: string };
  const { screen } = useRoute();
  const open = (["password", "token"] as const).filter((way) => ways?.[way] !== false);
  const [way, setWay] = useState<Way>(open[0] ?? "password");
  const [name, setName] = useState("");
  const [secret, setSecret] = useState("");
  const [wrong, setWrong] = useState("");
  const [busy, setBusy] = useState(false);
  const [wait, setWait] = useState(0);
  useEffect(() => {
    if (wait <= 0) return;
    const timer = setTimeout(() => setWait(wait - 1), 1_000);
    return () => clearTimeout(timer);
  }, [wait]);
  const send = async () => {
    setBusy(true);
    setWrong("");
    try {
      await login(way === "password" ? { name: name.trim(), password: secret } : { token: secret.trim() });
      setSecret("");
    } catch (e) {
      if (!(e instanceof ProblemError)) throw e;
      setWrong(refusal(e.problem));
      if (e.problem.status === 429) setWait(Math.min(300, e.problem.retry_after_seconds ?? 60));
    }
    setBusy(false);
  };
  const none = ways && open.length === 0 && !ways.oidc;
  return (
    <section class="login" aria-labelledby="login-title">
      <h1 id="login-title">{t(expired ? "login.again" : "login.go")}</h1>
      {screen && screen !== "now" && !expired && <p class="help">{t("login.then", { screen: t(`menu.${screen}`) })}</p>}
      {(none || insecure) && <p class="error" role="alert">{insecure ? t("login.insecure") : t("login.noWays")} {insecure && <small lang="en">{insecure}</small>}</p>}
      {ways?.oidc && <><a class="button primary elsewhere" href={ways.oidc.href}>{t("login.with", { name: ways.oidc.name })}</a>{open.length > 0 && <p class="or"><span>{t("login.or")}</span></p>}</>}
      {open.length > 1 && <Tabs id="login" label={t("login.way")} value={way} onChange={(key) => { setWay(key as Way); setSecret(""); setWrong(""); }} items={open.map((key) => ({ key, label: t(`login.${key}`) }))} />}
      {open.length > 0 && (
        <div id="login-panel" role={open.length > 1 ? "tabpanel" : undefined} aria-labelledby={open.length > 1 ? `login-${way}` : undefined}><form onSubmit={(e) => {
          e.preventDefault();
          void send();
        }}>
          {way === "password" && <Field label={t("login.name")}>{(p) => <input {...p} name="name" autoComplete="username" autoCapitalize="none" spellcheck={false} required value={name} onInput={(e) => setName(e.currentTarget.value)} />}</Field>}
          <Field label={t(`login.${way}`)} help={way === "token" ? t("login.tokenHelp") : undefined}>
            {(p) => <input {...p} name={way} type="password" autoComplete={way === "password" ? "current-password" : "off"} required value={secret} onInput={(e) => setSecret(e.currentTarget.value)} />}
          </Field>
          {wrong && <p class="error" role="alert">{wrong}</p>}
          <Button type="submit" kind={ways?.oidc ? "plain" : "primary"} busy={busy} disabled={wait > 0}>{wait > 0 ? t("login.wait", { n: wait }) : t("login.go")}</Button>
        </form></div>
      )}
      {!ways && <Button small onClick={() => void refresh()}>{t("ui.retry")}</Button>}
      <p class="help">{t("login.lost")} <code>daero operator link</code></p>
    </section>
  );
}
