// Beside the lanes: what is in force, which signals there are, what just happened.
import { actionName, describe, KindBadge } from "../entry";
import { orderText } from "../felt";
import { ago, clock, dayTime, moment, num, share, span, until } from "../format";
import { start, stop } from "../controls";
import { useLive, useSession, useTick } from "../hooks";
import { live } from "../live";
import { kiosk } from "../prefs";
import { href } from "../router";
import { localTimes } from "../shell-words";
import { levelWords, type Event, type InForce, type NowDoc, type Signal } from "../types";
import { undoIt } from "../ui/act";
import { Badge, Button, Clock, LevelBadge, levelName, Panel } from "../ui/basic";
import { undoOf } from "../ui/toast";
import { either, t } from "../words";

export function InForcePanel({ now }: { now: NowDoc }) {
  const list = now.in_force ?? [];
  const orders = now.lanes.filter((l) => l.orders?.by_operator);
  const none = !list.length && !orders.length;
  return (
    <Panel title={t("now.inForce")} class="in-force" side={!none && <span class="muted">{t("now.count", { n: list.length + orders.length })}</span>}>
      {none && <p class="muted">{t("now.nothingInForce")}</p>}
      <ul class="lines">
        {list.map((a) => <ActionLine key={a.id} a={a} paused={!!now.paused} />)}
        {orders.map((l) => {
          const o = l.orders!.by_operator!;
          return (
            <li key={l.backend + l.name}>
              <div class="grow">
                <p><a href={href("lanes", [l.backend, l.name])}>{l.name}</a> <Badge tone="warn">{t("event.manual")}</Badge></p>
                <p class="help">{orderText(o)} · {t("entry.byUntil", { by: o.by, until: until(o.until) })}</p>
              </div>
            </li>
          );
        })}
      </ul>
      {!!now.coming?.length && (
        <>
          <h3 class="sub">{t("now.coming")}</h3>
          <ul class="lines">
            {now.coming.slice(0, 3).map((c) => <li key={c.name + c.at}><span class="grow">{c.name}<span class="help block">{dayTime(c.at)} · {ago(c.at, live.gatewayTime())}</span></span><span class="muted">{levelName(c.level)}</span></li>)}
          </ul>
        </>
      )}
    </Panel>
  );
}

function ActionLine({ a, paused }: { a: InForce; paused: boolean }) {
  const { can } = useSession();
  const { stale } = useLive();
  const name = actionName(a.id);
  const off = !!a.stopped || paused;
  return (
    <li class={off ? "off" : undefined}>
      <div class="grow">
        <p>{name} {a.shadow && <Badge>{t("now.inShadow")}</Badge>} {a.stopped && <Badge tone="bad">{t("now.stopped")}</Badge>}</p>
        <p class="help">
          {a.strength > 0 && a.strength < 1 && <>{t("now.strength", { share: share(a.strength) })} · </>}
          {a.rate_per_second !== undefined && <>{t("unit.perSecond", { n: num(a.rate_per_second) })} · </>}
          {a.predicted_share > 0 && <>{t("now.ofAll", { share: share(a.predicted_share) })} · </>}
          {a.stopped ? t("entry.byUntil", { by: a.stopped.by, until: until(a.stopped.until) }) : t("now.onSince", { at: moment(a.since, live.gatewayTime()) })}
        </p>
      </div>
      {can("operator") && !kiosk && (a.stopped ? <Button small onClick={() => start(a.id)} disabled={stale} data-do="start" aria-label={`${t("start.label")}: ${name}`}>{t("start.label")}</Button> : <Button small onClick={() => stop(a.id, a.predicted_share)} disabled={stale} data-do="stop" aria-label={`${t("stop.label")}: ${name}`}>{t("stop.label")}</Button>)}
    </li>
  );
}

export function SignalsPanel({ signals }: { signals: Signal[] }) {
  useTick(1_000);
  const sorted = [...signals].sort((a, b) => rank(b) - rank(a) || b.height - a.height);
  return (
    <Panel title={t("now.signals")} class="signals">
      {!signals.length && <p class="muted">{t("now.noSignals")}</p>}
      <ul class="lines">{sorted.map((s) => <SignalLine key={s.name} s={s} />)}</ul>
    </Panel>
  );
}

const rank = (s: Signal) => (s.arms && s.arms !== "normal" ? (s.until ? 1 : -2) : !s.fresh ? 0 : levelWords.indexOf(s.asks));

function SignalLine({ s }: { s: Signal }) {
  const now = live.gatewayTime();
  const asks = levelWords.indexOf(s.asks);
  const since = (at: string | undefined) => (at ? span((now - Date.parse(at)) / 1_000) : "");
  if (s.arms && s.arms !== "normal") {
    const warns = !!s.until && Date.parse(s.until) > now;
    return (
      <li class="warning">
        <span class="grow"><code>{s.name}</code>{warns && s.note && <span class="help block">{s.note}</span>}</span>
        {warns ? <span><LevelBadge level={s.arms} /> <span class="help block">{t("now.until", { at: clock(s.until) })}</span></span> : <span class="muted">{t("now.noWarning")}</span>}
      </li>
    );
  }
  const next = s.at?.[asks];
  return (
    <li class={s.fresh ? undefined : "off"}>
      <span class="grow">
        <code>{s.name}</code>
        <span class="help block">
          {!s.fresh ? t("now.gone", { span: since(s.gone) }) : asks > 0 ? t("now.above", { at: s.at?.[asks - 1] ?? "", level: levelName(asks), span: since(s.over) }) : next ? t("now.under", { at: next, level: levelName(asks + 1) }) : ""}
        </span>
      </span>
      <Meter height={s.fresh ? s.height : 0} asks={asks} />
      <strong class={`num value ${!s.fresh ? "muted" : asks > 2 ? "t-bad" : asks > 0 ? "t-warn" : ""}`}>{s.fresh ? s.shown : "–"}</strong>
    </li>
  );
}

/** Where a signal stands among its thresholds: four steps, filled as far as it is. */
const Meter = ({ height, asks }: { height: number; asks: number }) => (
  <span class="thresholds" aria-hidden="true">
    {[1, 2, 3, 4].map((n) => <i key={n} class={asks >= n ? `l${n}` : ""}><b style={{ width: `${Math.round(Math.max(0, Math.min(1, height - n + 1)) * 100)}%` }} /></i>)}
  </span>
);

export function FeedPanel({ feed }: { feed: Event[] }) {
  return (
    <Panel title={t("now.feed")} class="feed-panel" side={<a class="small" href={href("log")}>{t("now.allLog")}</a>}>
      {!feed.length && <p class="muted">{t("now.quiet")}</p>}
      <ol class="feed" tabIndex={0} aria-label={t("now.feed")}>{feed.slice(0, 50).map((e) => <FeedLine key={e.id} e={e} />)}</ol>
    </Panel>
  );
}

function FeedLine({ e }: { e: Event }) {
  const { can } = useSession();
  const undo = undoOf(e.entry);
  const said = describe(e.entry, e.said);
  const why = localTimes(either(e.entry.why, e.why_ko), Date.parse(e.at));
  return (
    <li>
      <div class="row head"><Clock at={e.at} /> <KindBadge kind={e.kind} />{e.entry.shadow && <Badge>{t("now.inShadow")}</Badge>}{e.kind === "manual" && <span class="muted">{e.entry.who}</span>}
        {undo && can("operator") && !kiosk && <Button small kind="quiet" onClick={() => void undoIt(undo, said)} data-do="undo" aria-label={`${t("ui.undo")}: ${said}`}>{t("ui.undo")}</Button>}
      </div>
      <p>{said}</p>
      {why && !e.entry.why?.startsWith("level ") && <p class="help">{why}</p>}
    </li>
  );
}
