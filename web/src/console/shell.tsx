// What is around every screen: name, menu, level, age of the data, choices; and
// what must be said whatever the screen: old data, a new gateway, the end of a session.
import { useEffect, useRef, useState } from "preact/hooks";
import { either, t, tOr, type Key } from "./words";
import { ago, clock, seconds, span, zoneName } from "./format";
import { useTick } from "./hooks";
import { live, useLive, type Live } from "./live";
import { kiosk, setPref, usePrefs } from "./prefs";
import { href, screens, useRoute } from "./router";
import { useSession } from "./session";
import { localTimes } from "./shell-words";
import { fetchScreens, useScreen } from "./screens";
import { levelShapes } from "./types";
import { ActDialog } from "./ui/act";
import { Badge, Button, Choice, Empty, LevelBadge, levelName, Loading, Problem } from "./ui/basic";
import { Dialog } from "./ui/dialog";
import { Toasts } from "./ui/toast";

export function Shell() {
  usePrefs();
  const session = useSession();
  const route = useRoute();
  const { now, stale } = useLive();
  useEffect(() => {
    if (!session.name) return;
    live.start();
    return () => live.stop();
  }, [session.name]);
  useEffect(() => {
    if (!session.name || kiosk) return;
    const timer = setTimeout(fetchScreens, 3_000);
    return () => clearTimeout(timer);
  }, [session.name]);
  useTitle();
  const inside = session.name !== "" || session.expired;
  const Screen = useScreen(inside ? route.screen : "");
  const Login = useScreen(session.name ? "" : "login");
  const main = useFocusOnScreen(route.screen);
  if (!session.known) return <div class="boot"><Problem problem={session.problem} retry={() => void session.refresh()} /></div>;
  if (!inside) {
    return (
      <>
        <header class="top"><Brand /><div class="state"><Settings /></div></header>
        <main id="main">{drawn(Login)}</main>
        <Toasts />
      </>
    );
  }
  return (
    <>
      <a class="skip" href="#main" onClick={(e) => {
        e.preventDefault();
        main.current?.focus();
      }}>{t("shell.skip")}</a>
      <header class="top">
        <Brand />
        <Menu />
        <div class="state">
          {now?.paused && <Badge tone="bad">{t("shell.paused")}</Badge>}
          {now?.shadow && <Badge tone="warn">{t("shell.shadow")}</Badge>}
          {now && <LevelBadge level={now.level.number} />}
          <Age />
          <Settings />
        </div>
      </header>
      <Banners />
      <main id="main" ref={main} tabIndex={-1} class={stale ? "old" : undefined}>
        <h1 class="hidden">{route.screen ? t(`menu.${route.screen}` as Key) : "daero"}</h1>
        {!route.screen ? <Empty title={t("shell.noScreen")}><a href={href("now")}>{t("menu.now")}</a></Empty>
          : drawn(Screen)}
      </main>
      {session.expired && <Dialog title={t("shell.expired")} stuck>{drawn(Login)}</Dialog>}
      <ActDialog />
      <Toasts />
      <Heard />
    </>
  );
}

function drawn(Of: ReturnType<typeof useScreen>) {
  if (Of === "gone") return <Empty title={t("shell.screenGone")}><Button onClick={() => location.reload()}>{t("shell.reload")}</Button></Empty>;
  return Of ? <Of /> : <Loading />;
}

/** A way between two sides, and the cars of one lane. */
const Brand = () => (
  <a class="brand" href={href("now")}>
    <svg viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="7" fill="#0072b2" /><path d="M9 27 13.5 5M23 27 18.5 5M16 6v4m0 4v4m0 4v4" stroke="#fff" stroke-width="2.6" stroke-linecap="round" fill="none" /></svg>
    daero <span lang="ko">대로</span>
  </a>
);

function Menu() {
  const { screen } = useRoute();
  const { can } = useSession();
  return (
    <nav aria-label={t("shell.menu")}>
      {screens.filter((s) => s !== "operators" || can("admin")).map((s) => (
        <a key={s} href={href(s)} aria-current={s === screen ? "page" : undefined}>{t(`menu.${s}` as Key)}</a>
      ))}
    </nav>
  );
}

/** How old the data are, and how many gateways they are of. */
function Age() {
  useTick(250);
  const { now, stale, connection } = useLive();
  if (!now) return <span class="age"><i class="dot" />{t("shell.connecting")}</span>;
  const old = stale || connection === "lost";
  const { reporting, known } = now.nodes;
  const age = live.age() / 1_000;
  return (
    <span class={`age ${old ? "old" : ""}`} title={t("shell.ageOf", { node: now.node, at: clock(now.at), zone: zoneName() })} data-stale={stale || undefined}>
      <i class="dot" />
      <span class="clock">{age < 10 ? t("time.ago", { span: t("time.s", { n: age.toFixed(1) }) }) : ago(now.at, live.gatewayTime())}</span>
      <span class={`nodes ${reporting < known ? "error" : ""}`}>· {t("shell.nodes", { n: reporting, of: known })}</span>
    </span>
  );
}

function Banners() {
  const { now, stale, connection, retryAt, upgraded, polling } = useLive();
  return (
    <div class="banners">
      {now && (stale || connection === "lost") && <Lost at={now.at} retryAt={retryAt} connection={connection} />}
      {!now && connection === "lost" && <Lost retryAt={retryAt} connection={connection} />}
      {upgraded && (
        <div class="banner info" role="status">
          <p>{t("shell.upgraded")}</p>
          <Button small onClick={() => location.reload()}>{t("shell.reload")}</Button>
        </div>
      )}
      {now && !stale && <Clocks />}
      {now?.level.audit_error && <div class="banner bad" role="status"><p>{t("shell.noRecord", { error: now.level.audit_error })}</p></div>}
      {polling && <div class="banner info"><p>{t("shell.polling")}</p></div>}
    </div>
  );
}

function Lost({ at, retryAt, connection }: { at?: string; retryAt?: number; connection: Live["connection"] }) {
  useTick(1_000);
  const left = retryAt === undefined ? 0 : Math.ceil((retryAt - live.env.now()) / 1_000);
  const what = connection === "lost" ? "shell.lost" : "shell.silent";
  return (
    <div class="banner bad" role="alert" data-lost>
      <p><strong>{t(what)}</strong>{at && <> — {t("shell.valuesOf", { at: clock(at) })}</>}</p>
      {connection === "lost" && <p aria-live="off">{left > 0 ? t("shell.retryIn", { span: span(left) }) : t("shell.retrying")}</p>}
      <Button small onClick={() => live.retry()}>{t("shell.retryNow")}</Button>
    </div>
  );
}

/** Says that the clocks differ: expiries are the gateway's, and so are times here. */
function Clocks() {
  const ahead = live.ahead() / 1_000;
  const [seen, setSeen] = useState(false);
  if (seen || Math.abs(ahead) < 2) return null;
  return (
    <div class="banner" data-skew>
      <p>{t(ahead > 0 ? "shell.clockAhead" : "shell.clockBehind", { span: Math.abs(ahead) < 10 ? seconds(Math.abs(ahead)) : span(Math.abs(ahead)) })}</p>
      <Button small onClick={() => setSeen(true)}>{t("shell.understood")}</Button>
    </div>
  );
}

function Settings() {
  const { lang, theme, zone } = usePrefs();
  const session = useSession();
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    const out = (e: Event) => {
      if (!box.current?.contains(e.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", out);
    document.addEventListener("focusin", out);
    return () => {
      document.removeEventListener("pointerdown", out);
      document.removeEventListener("focusin", out);
    };
  }, [open]);
  return (
    <div class="settings" ref={box} onKeyDown={(e) => {
      if (e.key !== "Escape" || !open) return;
      setOpen(false);
      box.current?.querySelector("button")?.focus();
    }}>
      <Button kind="quiet" class="gear" aria-expanded={open} aria-label={t("shell.settings")} onClick={() => setOpen(!open)}>
        <svg viewBox="0 0 20 20" aria-hidden="true"><path d="M3 5h8m4 0h2M3 10h2m4 0h8M3 15h6m4 0h4M11 3v4M5 8v4m4 1v4" transform="translate(1 0)" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" fill="none" /></svg>
      </Button>
      {open && (
        <div class="sheet">
          <div class="pref">{t("shell.lang")}<Choice label={t("shell.lang")} value={lang} onChange={(v) => setPref("lang", v as "ko")} items={[{ key: "ko", label: <span lang="ko">한국어</span> }, { key: "en", label: <span lang="en">English</span> }]} /></div>
          <div class="pref">{t("shell.theme")}<Choice label={t("shell.theme")} value={theme} onChange={(v) => setPref("theme", v as "auto")} items={(["auto", "light", "dark"] as const).map((key) => ({ key, label: t(`theme.${key}`) }))} /></div>
          <div class="pref">{t("shell.zone")}<Choice label={t("shell.zone")} value={zone} onChange={(v) => setPref("zone", v as "utc")} items={[{ key: "local", label: t("zone.local") }, { key: "utc", label: "UTC" }]} /></div>
          <p class="help">{t("shell.zoneIs", { zone: zoneName() })} · <a href="licenses.txt">{t("shell.licenses")}</a></p>
          {session.name && (
            <>
              <hr />
              <p class="who"><strong>{session.name}</strong> · {tOr(`role.${session.role}`, session.role)}</p>
              <div class="row">
                <a class="button small" href={href("operators")} onClick={() => setOpen(false)}>{t("shell.account")}</a>
                <Button small onClick={() => void session.logout().catch(() => session.refresh())}>{t("shell.logout")}</Button>
              </div>
            </>
          )}
        </div>
      )}
    </div>
  );
}

/** Says to screen readers that the level changed, and that the data are old or live again. */
function Heard() {
  const { now, stale } = useLive();
  const [said, setSaid] = useState("");
  const was = useRef<{ level?: number; stale?: boolean }>({});
  const n = now?.level.number;
  useEffect(() => {
    const { level, stale: before } = was.current;
    if (n !== undefined && level !== undefined && n !== level) setSaid(t(n > level ? "heard.rose" : "heard.fell", { level: `${n} ${levelName(n)}`, why: whyOf(now?.level.because) }));
    else if (before !== undefined && before !== stale) setSaid(t(stale ? "shell.silent" : "heard.live"));
    was.current = { level: n, stale: now ? stale : undefined };
  }, [n, stale]);
  return <div class="hidden" aria-live="assertive" id="heard">{said}</div>;
}

const whyOf = (c: { why: string; why_ko: string } | undefined) => (c ? localTimes(either(c.why, c.why_ko)) : "");

/** The window's title has the level, for who looks at another window. */
function useTitle() {
  const { now, stale } = useLive();
  const { screen } = useRoute();
  const n = now?.level.number;
  const level = n === undefined ? "" : `${stale ? "⚠" : levelShapes[n]} ${n} ${levelName(n)} · `;
  const title = `${level}${screen ? t(`menu.${screen}` as Key) : ""} · daero`;
  useEffect(() => {
    document.title = title;
  }, [title]);
}

/** Another screen begins at its top, with the focus there. */
function useFocusOnScreen(screen: string) {
  const ref = useRef<HTMLElement>(null);
  const first = useRef(true);
  useEffect(() => {
    if (first.current) {
      first.current = false;
      return;
    }
    window.scrollTo(0, 0);
    ref.current?.focus({ preventScroll: true });
  }, [screen]);
  return ref;
}
