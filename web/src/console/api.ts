// Asks the gateway. Everything the console does goes through here.
import { store } from "./store";
import type { ProblemDoc } from "./types";

export const base = "/daero/api/";

/** What went wrong; problem.status is 0 where no answer came. */
export class ProblemError extends Error {
  constructor(readonly problem: ProblemDoc) {
    super(problem.detail || problem.title);
  }
}

/** Whether the gateway has no such thing, or not yet: a screen shows that, not an error. */
export const missing = (problem: ProblemDoc | undefined) => !!problem && (problem.status === 404 || problem.status === 501);

/** How many requests have changed something: what is shown is asked for again. */
export const writes = store(0);

const expired = new Set<() => void>();
/** Calls fn whenever an answer says that nobody is logged in. */
export const onExpired = (fn: () => void) => void expired.add(fn);

export interface Answer<T> {
  data: T;
  status: number;
  headers: Headers;
}

export interface Ask {
  body?: unknown;
  signal?: AbortSignal;
  /** Milliseconds until it is given up; 15,000 unless told. */
  timeout?: number;
  accept?: string;
}

/** Sends a request; path is below /daero/api/ unless it begins with "/". */
export async function ask<T = unknown>(method: string, path: string, { body, signal, timeout = 15_000, accept = "application/json" }: Ask = {}): Promise<Answer<T>> {
  const headers: Record<string, string> = { Accept: accept };
  if (method !== "GET" && method !== "HEAD") headers["X-Daero-Console"] = "1";
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const cut = new AbortController();
  const timer = setTimeout(() => cut.abort(), timeout);
  const stop = () => cut.abort();
  if (signal?.aborted) stop();
  signal?.addEventListener("abort", stop);
  try {
    const r = await fetch(path.startsWith("/") ? path : base + path, {
      method, headers, credentials: "same-origin", cache: "no-store", redirect: "error", signal: cut.signal,
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = r.status === 204 ? "" : await r.text();
    if (!r.ok) throw new ProblemError(problemOf(r, text));
    if (method !== "GET") writes.set(writes.get() + 1);
    const type = r.headers.get("Content-Type") ?? "";
    return { data: (type.includes("json") && !type.includes("ndjson") && text ? JSON.parse(text) : text) as T, status: r.status, headers: r.headers };
  } catch (e) {
    if (e instanceof ProblemError) {
      if (e.problem.status === 401 && e.problem.kind !== "bad-login") for (const fn of expired) fn();
      throw e;
    }
    if (signal?.aborted) throw e;
    throw new ProblemError({ type: "about:blank", kind: cut.signal.aborted ? "timeout" : "network", title: "", status: 0 });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  }
}

export const get = async <T>(path: string, signal?: AbortSignal) => (await ask<T>("GET", path, { signal })).data;

/** What an answer says went wrong. */
export function problemOf(r: Response, text: string): ProblemDoc {
  let doc: Partial<ProblemDoc> = {};
  try {
    const read: unknown = JSON.parse(text);
    if (read && typeof read === "object" && !Array.isArray(read)) doc = read;
  } catch {
    // not one of ours: a proxy's page
  }
  const type = typeof doc.type === "string" ? doc.type : "about:blank";
  const after = Number(r.headers.get("Retry-After"));
  return {
    retry_after_seconds: after > 0 ? after : undefined,
    ...doc, type, kind: type.startsWith("urn:problem-type:daero:") ? type.slice(23) : "http", status: r.status,
    title: typeof doc.title === "string" ? doc.title : `${r.status} ${r.statusText}`.trim(),
    detail: typeof doc.detail === "string" ? doc.detail : undefined,
  };
}
