// Which lane would this request take? Asked of the running configuration; nothing is sent.
import { useState } from "preact/hooks";
import { ask, ProblemError } from "../api";
import { href } from "../router";
import type { ProblemDoc } from "../types";
import { Badge, Button, Facts, Field, Panel, problemText, type Tone } from "../ui/basic";
import { t, tOr } from "../words";

export interface LaneAnswer {
  lane: string;
  backend: string;
  rule?: number;
  match?: string;
  intent: string;
  user: boolean;
  stream: boolean;
  where?: string;
  verdict: string;
  site: string;
}

const methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"];

/** "X-App-State: background" a line; what is no header is told by its number. */
export function readHeaders(text: string): { headers: [string, string][]; wrong?: number } {
  const headers: [string, string][] = [];
  const lines = text.split("\n");
  for (let i = 0; i < lines.length; i++) {
    if (!lines[i]!.trim()) continue;
    const m = /^\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*:\s*(.*?)\s*$/.exec(lines[i]!);
    if (!m) return { headers, wrong: i + 1 };
    headers.push([m[1]!, m[2]!]);
  }
  return { headers };
}

const tones: Record<string, Tone> = { pass: "good", shed: "bad", challenge: "warn", defer: "warn" };

export function Tester() {
  const [method, setMethod] = useState("GET");
  const [url, setUrl] = useState("");
  const [text, setText] = useState("");
  const [ip, setIp] = useState("");
  const [busy, setBusy] = useState(false);
  const [answer, setAnswer] = useState<LaneAnswer>();
  const [problem, setProblem] = useState<ProblemDoc>();
  const { headers, wrong } = readHeaders(text);
  const send = async () => {
    if (wrong) return;
    setBusy(true);
    setProblem(undefined);
    setAnswer(undefined);
    try {
      setAnswer((await ask<LaneAnswer>("POST", "lanes/of", { body: { method, url: url.trim(), headers, ...(ip.trim() ? { ip: ip.trim() } : {}) } })).data);
    } catch (e) {
      if (!(e instanceof ProblemError)) throw e;
      setProblem(e.problem);
    }
    setBusy(false);
  };
  return (
    <Panel title={t("onelane.tester")} note={t("onelane.testerNote")} class="tester">
      <form onSubmit={(e) => {
        e.preventDefault();
        void send();
      }}>
        <div class="line">
          <Field label={t("onelane.method")}>{(p) => <select {...p} value={method} onChange={(e) => setMethod(e.currentTarget.value)}>{methods.map((m) => <option key={m}>{m}</option>)}</select>}</Field>
          <Field label={t("onelane.path")}>{(p) => <input {...p} value={url} required placeholder="/v1/login" spellcheck={false} autoComplete="off" onInput={(e) => setUrl(e.currentTarget.value)} />}</Field>
          <Field label={t("onelane.ip")}>{(p) => <input {...p} value={ip} placeholder="203.0.113.7" spellcheck={false} autoComplete="off" onInput={(e) => setIp(e.currentTarget.value)} />}</Field>
        </div>
        <Field label={t("queues.headers")} error={wrong ? t("onelane.headersWrong", { n: wrong }) : undefined} help={t("onelane.headersHelp")}>
          {(p) => <textarea {...p} rows={2} value={text} placeholder={"X-App-State: background"} spellcheck={false} onInput={(e) => setText(e.currentTarget.value)} />}
        </Field>
        <div><Button type="submit" kind="primary" busy={busy}>{t("onelane.ask")}</Button></div>
      </form>
      <div role="status" class="lane-answer">
        {problem && <p class="error">{problem.kind === "no-lanes" ? t("onelane.noLanes") : problemText(problem)}</p>}
        {answer && (
          <>
            <p class="result"><a href={href("lanes", [answer.backend, answer.lane])}>{answer.lane}</a> <Badge tone={tones[answer.verdict] ?? "plain"}>{tOr(`onelane.verdict.${answer.verdict}`, answer.verdict)}</Badge></p>
            <Facts of={[
              [t("onelane.match"), answer.match ? <code>{answer.match}</code> : t("onelane.noRule")],
              ...(answer.where ? [[t("onelane.where"), <code>{answer.where}</code>] as [string, preact.JSX.Element]] : []),
              [t("onelane.intent"), tOr(`who.${answer.intent}`, answer.intent)],
              [t("onelane.user"), t(answer.user ? "onelane.known" : "onelane.anonymous")],
              [t("onelane.backend"), answer.backend],
              [t("onelane.site"), <code>{answer.site}</code>],
              ...(answer.stream ? [[t("onelane.stream"), t("captcha.yes")] as [string, string]] : []),
            ]} />
          </>
        )}
      </div>
    </Panel>
  );
}
