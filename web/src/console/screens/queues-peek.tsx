// Messages of a topic. Contents are masked; an operator sees them for a reason,
// which is recorded.
import { useState } from "preact/hooks";
import { bytes, num } from "../format";
import { useApi, useSession } from "../hooks";
import { setQuery } from "../router";
import { act } from "../ui/act";
import { Badge, Button, Empty, Field, Loading, Panel, Problem, Time } from "../ui/basic";
import { Guarded } from "../ui/guard";
import { Table } from "../ui/table";
import { t } from "../words";

interface Message {
  partition: number;
  offset: number;
  time: string;
  bytes: number;
  key?: string;
  value?: string;
  value_bytes: number;
  headers?: { name: string; value?: string; bytes: number }[];
  base64?: string[];
  cut?: boolean;
}

export interface PeekDoc {
  topic: string;
  masked: boolean;
  messages: Message[];
  scanned: number;
  whole: boolean;
}

interface Filter {
  key: string;
  error: string;
  since: string;
  limit: string;
}

const none: Filter = { key: "", error: "", since: "", limit: "20" };

export function Peek({ topic, topics }: { topic: string; topics: string[] }) {
  const [draft, setDraft] = useState(none);
  const [filter, setFilter] = useState(none);
  const [reason, setReason] = useState("");
  const { can } = useSession();
  const params = new URLSearchParams(Object.entries({ topic, ...filter, ...(reason && { show: "true", reason }) }).filter(([, value]) => value !== ""));
  const { data, problem, loading, reload } = useApi<PeekDoc>("relay/peek?" + params);
  const unmask = async () => {
    const said = await act({ title: t("queues.unmaskTitle"), what: t("queues.unmaskWhat"), label: t("queues.unmask"), danger: true, revision: false });
    if (said) setReason((said as { reason: string }).reason);
  };
  const field = (name: keyof Filter, label: string, more = {}) => (
    <Field label={label}>{(p) => <input {...p} {...more} value={draft[name]} onInput={(e) => setDraft({ ...draft, [name]: e.currentTarget.value })} />}</Field>
  );
  return (
    <Panel id="peek" class="peek" title={t("queues.peekTitle", { topic })} note={data && (data.masked ? t("queues.masked") : t("queues.unmasked"))} side={
      <>
        {reason
          ? <Button small onClick={() => setReason("")}>{t("queues.mask")}</Button>
          : <Guarded small need="operator" data-do="unmask" onClick={() => void unmask()}>{t("queues.unmask")}…</Guarded>}
        <Button small onClick={() => setQuery({ peek: undefined })}>{t("ui.close")}</Button>
      </>
    }>
      <form class="filters" onSubmit={(e) => {
        e.preventDefault();
        setFilter(draft);
        reload();
      }}>
        <Field label={t("queues.topic")}>
          {(p) => <select {...p} value={topic} onChange={(e) => setQuery({ peek: e.currentTarget.value })}>{topics.map((name) => <option key={name}>{name}</option>)}</select>}
        </Field>
        {field("key", t("queues.key"), { disabled: !can("operator") })}
        {field("error", t("queues.error"))}
        <Field label={t("queues.sinceAgo")}>
          {(p) => (
            <select {...p} value={draft.since} onChange={(e) => setDraft({ ...draft, since: e.currentTarget.value })}>
              {["", "15m", "1h", "24h", "168h"].map((s) => <option key={s} value={s}>{s ? t(`log.span.${s}` as "log.span.1h") : t("log.span.all")}</option>)}
            </select>
          )}
        </Field>
        {field("limit", t("queues.limit"), { type: "number", min: 1, max: 1000 })}
        <Button type="submit" kind="primary" busy={loading}>{t("queues.look")}</Button>
      </form>
      <Problem problem={problem} retry={reload} />
      {loading && !data && <Loading />}
      {data && <Messages doc={data} />}
    </Panel>
  );
}

function Messages({ doc }: { doc: PeekDoc }) {
  return (
    <>
      <p class="help">{t(doc.whole ? "queues.scanned" : "queues.scannedPart", { n: num(doc.scanned) })}</p>
      <Table
        caption={t("queues.messages")} cards rows={[...doc.messages].reverse()} rowKey={(m) => `${m.partition}:${m.offset}`} empty={<Empty title={t("queues.noMessages")} />}
        columns={[
          { key: "at", label: t("queues.place"), head: true, render: (m) => <><Time at={m.time} /><small class="to">{m.partition} : {m.offset}</small></> },
          { key: "key", label: t("queues.key"), render: (m) => <code>{m.key ?? "–"}</code> },
          { key: "value", label: t("queues.value"), wide: true, render: (m) => doc.masked ? <span class="masked">{t("queues.hidden", { size: bytes(m.value_bytes) })}</span> : <pre tabIndex={0}>{m.value}{m.cut && "…"}</pre> },
          { key: "notes", label: t("queues.headers"), render: (m) => (
            <details>
              <summary>{t("queues.headersN", { n: m.headers?.length ?? 0 })}</summary>
              <dl class="headers">{m.headers?.map((h, i) => <div key={i}><dt>{h.name}</dt><dd>{h.value ?? t("queues.hidden", { size: bytes(h.bytes) })}</dd></div>)}</dl>
              {m.base64?.map((part) => <Badge key={part}>base64: {part}</Badge>)}
            </details>
          ) },
        ]}
      />
    </>
  );
}
