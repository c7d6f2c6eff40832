// A question as visitors see it, made to be looked at and never asked. The answer
// is shown when it is asked for; sound plays when somebody starts it.
import { useEffect, useState } from "preact/hooks";
import { useApi, useSession } from "../hooks";
import { Badge, Button, Empty, Field, Loading, Missing, Panel, Problem } from "../ui/basic";
import { t, type Key } from "../words";
import { blobOf } from "./captcha-media";

export interface Doc {
  kind: string;
  seed: number;
  question: string;
  clicks?: number;
  answer: { spots?: { x: number; y: number; r?: number }[]; texts?: string[]; suffix?: string } | string;
  media: string;
  image?: string;
  width?: number;
  height?: number;
  icon?: string;
  audio?: string;
  audio_slow?: string;
}

const kinds = ["order", "relation", "name", "missing", "icon", "audio"];

export function Preview() {
  const { can, role } = useSession();
  const [want, setWant] = useState({ kind: "order", level: "2", lang: document.documentElement.lang === "en" ? "en" : "ko" });
  const [seed, setSeed] = useState("");
  const [shown, setShown] = useState(false);
  const { data, problem, missing, loading, reload } = useApi<Doc>(can("operator") ? `captcha/preview?${new URLSearchParams({ ...want, ...(seed && { seed }) })}` : undefined);
  useEffect(() => setShown(false), [data]);
  if (!can("operator")) return <Empty title={t("captcha.previewRole")}>{t("role.note", { need: t("role.operator"), have: role ? t(`role.${role}`) : "–" })}</Empty>;
  const select = (key: keyof typeof want, label: string, options: [string, string][]) => (
    <Field label={label}>{(p) => <select {...p} value={want[key]} onChange={(e) => setWant({ ...want, [key]: e.currentTarget.value })}>{options.map(([value, text]) => <option key={value} value={value}>{text}</option>)}</select>}</Field>
  );
  return (
    <Panel title={t("captcha.tab.preview")} note={t("captcha.previewNote")}>
      <form class="filters" onSubmit={(e) => {
        e.preventDefault();
        reload();
      }}>
        {select("kind", t("captcha.kind"), kinds.map((k) => [k, t(`captcha.kind.${k}` as Key)]))}
        {select("level", t("captcha.level"), ["0", "1", "2", "3", "4"].map((n) => [n, n]))}
        {select("lang", t("shell.lang"), ["ko", "en"].map((l) => [l, t(`captcha.in.${l}` as Key)]))}
        <Field label={t("rehearse.seed")}>{(p) => <input {...p} inputMode="numeric" pattern="[0-9]*" placeholder={t("captcha.random")} value={seed} onChange={(e) => setSeed(e.currentTarget.value.replace(/\D/g, ""))} />}</Field>
        <Button type="submit" kind="primary" busy={loading}>{t("captcha.another")}</Button>
      </form>
      {missing ? <Missing /> : <Problem problem={problem} retry={reload} />}
      {loading && !data && <Loading />}
      {data && <Question doc={data} shown={shown} lang={want.lang} onShow={() => setShown(!shown)} />}
    </Panel>
  );
}

/** The address of bytes for as long as they are shown. */
function useBlob(data: string | undefined, type: string) {
  const [url, setUrl] = useState("");
  useEffect(() => {
    if (!data) return setUrl("");
    const made = URL.createObjectURL(blobOf(data, type));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [data, type]);
  return url;
}

function Question({ doc, shown, lang, onShow }: { doc: Doc; shown: boolean; lang: string; onShow(): void }) {
  const image = useBlob(doc.image, doc.media);
  const icon = useBlob(doc.icon, "image/png");
  const sound = useBlob(doc.audio, doc.media);
  const slow = useBlob(doc.audio_slow, doc.media);
  const { spots = [], texts = [], suffix } = typeof doc.answer === "string" ? { texts: [doc.answer] } : doc.answer;
  return (
    <figure class="question">
      <figcaption>
        <p lang={lang}><b>{doc.question}</b> {icon && <img src={icon} alt="" width="28" height="28" />}</p>
        <small>{t("rehearse.seed")} {doc.seed}</small>
      </figcaption>
      {image && (
        <div class="map">
          <img src={image} width={doc.width} height={doc.height} alt={t("captcha.mapAlt", { question: doc.question })} />
          {shown && doc.width && doc.height && (
            <svg viewBox={`0 0 ${doc.width} ${doc.height}`} aria-hidden="true">
              {spots.map((s, i) => <g key={i}><circle cx={s.x} cy={s.y} r={s.r ?? 18} /><text x={s.x} y={s.y}>{i + 1}</text></g>)}
            </svg>
          )}
        </div>
      )}
      {sound && <p><label>{t("captcha.sound")} <audio controls preload="none" src={sound} /></label>{slow && <label> {t("captcha.slow")} <audio controls preload="none" src={slow} /></label>}</p>}
      <p class="answer" aria-live="polite">
        <Button small aria-expanded={shown} onClick={onShow}>{t(shown ? "captcha.hideAnswer" : "captcha.showAnswer")}</Button>{" "}
        {shown && (texts.length > 0 ? <span lang={lang}>{texts.map((text) => <Badge key={text} tone="good">{text}</Badge>)}{suffix && <small> ({suffix})</small>}</span> : t("captcha.spots", { n: spots.length, at: spots.map((s, i) => `${i + 1}: ${Math.round(s.x)}, ${Math.round(s.y)}`).join(" · ") }))}
      </p>
    </figure>
  );
}
