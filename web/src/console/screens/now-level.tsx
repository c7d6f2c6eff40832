// The level: which, why, since when, what brings it down; and the two buttons.
import { either, t } from "../words";
import { clock, span, until } from "../format";
import { pause, resume } from "../controls";
import { useLive, useSession, useTick } from "../hooks";
import { live } from "../live";
import { kiosk } from "../prefs";
import { localTimes } from "../shell-words";
import { levelShapes, levelWords, type LevelDoc, type NowDoc } from "../types";
import { act } from "../ui/act";
import { Button, levelName } from "../ui/basic";

export function LevelPanel({ now }: { now: NowDoc }) {
  const { level } = now;
  const { can } = useSession();
  const n = level.number;
  return (
    <section class={`panel level-panel edge-${n}`} aria-labelledby="level-now">
      <div class="now-level">
        <h2 id="level-now" class="hidden">{t("now.level")}</h2>
        <p class="figure"><span aria-hidden="true">{levelShapes[n]}</span> {n} {levelName(n)}</p>
        <p class="muted since"><Since level={level} /></p>
      </div>
      <Ladder n={n} level={level} />
      <div class="why">
        <p class="because">{because(level)}</p>
        {down(level) && <p class="down"><span class="muted">{t("now.down")}</span> {down(level)}</p>}
        <Notes now={now} />
      </div>
      {can("operator") && !kiosk && <Controls now={now} />}
    </section>
  );
}

function Since({ level }: { level: LevelDoc }) {
  useTick(1_000);
  return <>{t("now.since", { at: clock(level.since), span: span((live.gatewayTime() - Date.parse(level.since)) / 1_000) })}</>;
}

const because = (l: LevelDoc) => localTimes(either(l.because.why, l.because.why_ko)) || (l.number === 0 ? t("now.calm") : t("now.noWhy"));
const down = (l: LevelDoc) => (l.number > 0 ? localTimes(either(l.because.down, l.because.down_ko)) : "");

/** The five steps; where a pin holds another, what is measured is marked too. */
function Ladder({ n, level }: { n: number; level: LevelDoc }) {
  const measured = level.pin && level.acting ? levelWords.indexOf(level.acting) : -1;
  return (
    <ol class="ladder" aria-label={t("now.ladder")}>
      {levelWords.map((w, i) => (
        <li key={w} class={i === n ? `level l${i}` : i < n ? "under" : ""} aria-current={i === n ? "step" : undefined}>
          <span aria-hidden="true">{levelShapes[i]}</span> {i} {levelName(w)}
          {i === measured && i !== n && <span class="measured">{t("now.measured")}</span>}
        </li>
      ))}
    </ol>
  );
}

function Notes({ now }: { now: NowDoc }) {
  const { level, paused } = now;
  return (
    <>
      {level.pin && <p class="flag warn">{t("now.pinned", { level: `${levelWords.indexOf(level.pin.level)} ${levelName(level.pin.level)}`, by: level.pin.by, until: until(level.pin.until), reason: level.pin.reason })}</p>}
      {paused && <p class="flag bad">{t("now.paused", { by: paused.by, until: until(paused.until), reason: paused.reason })}</p>}
      {level.armed_until && level.armed && level.armed !== "normal" && <p class="flag info">{t("now.armed", { level: levelName(level.armed), until: until(level.armed_until) })}</p>}
      {level.fleet?.raises && <p class="flag info">{t("now.fleet", { level: levelName(level.fleet.raised), own: levelName(level.fleet.own) })}</p>}
      {now.shadow && <p class="flag warn">{t("now.shadow")}</p>}
    </>
  );
}

function Controls({ now }: { now: NowDoc }) {
  const { stale } = useLive();
  const { pin } = now.level;
  const pinIt = () =>
    act({
      title: t("pin.title"), what: t("pin.what"), path: "level/pin", expiry: "30m", label: t("pin.label"), done: t("pin.done"),
      fields: [{ name: "level", label: t("pin.level"), kind: "select", value: String(Math.max(1, now.level.number)), options: levelWords.map((w, i) => ({ value: String(i), label: `${levelShapes[i]} ${i} ${levelName(w)}` })) }],
      body: (v) => ({ level: levelWords[Number(v.level)] }),
    });
  const unpin = () => act({ title: t("pin.end"), what: t("pin.endWhat"), method: "DELETE", path: "level/pin", label: t("pin.end"), done: t("pin.ended") });
  return (
    <div class="controls">
      {pin ? <Button onClick={unpin} disabled={stale} data-do="unpin">{t("pin.end")}…</Button> : <Button onClick={pinIt} disabled={stale} data-do="pin">{t("pin.label")}…</Button>}
      {now.paused ? <Button kind="primary" onClick={resume} disabled={stale} data-do="resume">{t("pause.end")}…</Button> : <Button kind="danger" onClick={() => pause(now.in_force?.length ?? 0)} disabled={stale} data-do="pause">{t("pause.label")}…</Button>}
    </div>
  );
}
