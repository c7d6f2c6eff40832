// What is around every screen: name, menu, level, age of the data, choices.
import { useEffect } from "preact/hooks";
import { live, useLive } from "./live";
import { kiosk, setPref, usePrefs } from "./prefs";
import { href, screens, useRoute, type ScreenName } from "./router";
import { Captcha } from "./screens/captcha";
import { Lanes } from "./screens/lanes";
import { Log } from "./screens/log";
import { Login } from "./screens/login";
import { Now } from "./screens/now";
import { Operators } from "./screens/operators";
import { Playbook } from "./screens/playbook";
import { Queues } from "./screens/queues";
import { Rehearse } from "./screens/rehearse";
import { useSession } from "./session";
import { ActDialog } from "./ui/act";
import { Empty, LevelBadge } from "./ui/basic";
import { Dialog } from "./ui/dialog";
import { Toasts } from "./ui/toast";
import { t, type Key } from "./words";

const all: Record<ScreenName, () => preact.JSX.Element | null> = { now: Now, lanes: Lanes, playbook: Playbook, queues: Queues, rehearse: Rehearse, captcha: Captcha, log: Log, operators: Operators };

export function Shell() {
  usePrefs();
  const session = useSession();
  const { screen } = useRoute();
  const { now } = useLive();
  const inside = session.name !== "" || session.expired;
  useEffect(() => {
    if (!session.name) return;
    live.start();
    return () => live.stop();
  }, [session.name]);
  if (!session.known) return null;
  if (!inside) return <main id="main"><Login /></main>;
  const Screen = screen ? all[screen] : undefined;
  return (
    <>
      <header class="top">
        <strong>daero</strong>
        <nav aria-label={t("shell.menu")}>
          {screens.map((s) => <a key={s} href={href(s)} aria-current={s === screen ? "page" : undefined}>{t(`menu.${s}` as Key)}</a>)}
        </nav>
        {now && <LevelBadge level={now.level.number} />}
        {!kiosk && <button type="button" onClick={() => setPref("lang", t("shell.langOther") === "English" ? "en" : "ko")}>{t("shell.langOther")}</button>}
      </header>
      <main id="main" tabIndex={-1}>{Screen ? <Screen /> : <Empty title={t("shell.noScreen")} />}</main>
      {session.expired && <Dialog title={t("shell.expired")} stuck><Login /></Dialog>}
      <ActDialog />
      <Toasts />
    </>
  );
}
