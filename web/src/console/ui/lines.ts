// Asks for an answer that comes line by line (application/x-ndjson), and tells
// each line. Ending the signal ends what is done.
import { base, ProblemError, writes } from "../api";
import { lapse } from "../session";
import type { ProblemDoc } from "../types";

export async function lines<T>(path: string, body: unknown, on: (line: T) => void, signal: AbortSignal): Promise<void> {
  const failed = (more: Partial<ProblemDoc>) => new ProblemError({ type: "about:blank", kind: "network", title: "", status: 0, ...more });
  try {
    const r = await fetch(base + path, {
      method: "POST", body: JSON.stringify(body), credentials: "same-origin", cache: "no-store", redirect: "error", signal,
      headers: { Accept: "application/x-ndjson", "Content-Type": "application/json", "X-Daero-Console": "1" },
    });
    if (!r.ok || !r.body) {
      if (r.status === 401) lapse();
      const doc = (await r.json().catch(() => ({}))) as Partial<ProblemDoc>;
      throw failed({ ...doc, status: r.status, kind: String(doc.type ?? "").split(":").pop() || "http" });
    }
    const reader = r.body.getReader();
    const text = new TextDecoder();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      rest += done ? "\n" : text.decode(value, { stream: true });
      const whole = rest.split("\n");
      rest = whole.pop()!;
      for (const line of whole) if (line.trim()) on(JSON.parse(line) as T);
      if (done) {
        writes.set(writes.get() + 1);
        return;
      }
    }
  } catch (e) {
    if (e instanceof ProblemError || signal.aborted) throw e;
    throw failed({});
  }
}
