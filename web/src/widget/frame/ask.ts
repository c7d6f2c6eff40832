// Asks the server.
import type { Reply } from "../wire";

/** Why the server did not reply as hoped. */
export class Refusal extends Error {
  constructor(
    readonly code: string,
    readonly reference = "",
  ) {
    super(code);
  }
}

/** What trying again does not help. */
export const isFinal = (code: string): boolean =>
  /^(no-site|wrong-host|unsupported|cross-origin|too-large|blocked|bad-)/.test(code);

const patience = 15_000;

export async function ask(path: string, body: object): Promise<Reply> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), patience);
  try {
    const res = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      signal: stop.signal,
      cache: "no-store",
    });
    const doc = await res.json();
    if (res.ok && doc.step) return doc;
    throw new Refusal(doc.code || "internal", doc.reference);
  } catch (e) {
    throw e instanceof Refusal ? e : new Refusal("network");
  } finally {
    clearTimeout(timer);
  }
}
