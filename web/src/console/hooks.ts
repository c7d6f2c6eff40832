// What screens use: useApi here; useLive, useSession, useRoute, usePrefs beside it.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { ask, missing, ProblemError, writes } from "./api";
import { useStore } from "./store";
import type { ProblemDoc } from "./types";

export { useLive } from "./live";
export { useSession } from "./session";
export { useRoute } from "./router";
export { usePrefs } from "./prefs";

export interface ApiState<T> {
  data?: T;
  problem?: ProblemDoc;
  loading: boolean;
  /** The gateway has no such thing (404, 501): show <Empty>. */
  missing: boolean;
  reload(): void;
}

/**
 * Gets a document, again whenever the path changes, and every `every` ms while
 * the page is seen; then also whenever this page has changed something. A path of
 * undefined asks for nothing. What came before stays while the next is fetched or
 * fails.
 */
export function useApi<T>(path: string | undefined, { every }: { every?: number } = {}): ApiState<T> {
  const [state, setState] = useState<{ data?: T; problem?: ProblemDoc; loading: boolean; path?: string }>({ loading: path !== undefined });
  const [turn, setTurn] = useState(0);
  const wrote = useStore(writes);
  const seen = useRef<string | undefined>(undefined);
  useEffect(() => {
    if (path === undefined) {
      setState({ loading: false });
      return;
    }
    const cut = new AbortController();
    if (seen.current !== path) setState({ loading: true });
    seen.current = path;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const fetchIt = async () => {
      try {
        const { data } = await ask<T>("GET", path, { signal: cut.signal });
        if (!cut.signal.aborted) setState({ data, loading: false, path });
      } catch (e) {
        if (cut.signal.aborted) return;
        const problem = e instanceof ProblemError ? e.problem : { type: "about:blank", kind: "failed", title: String(e), status: 0 };
        setState((s) => ({ data: s.path === path ? s.data : undefined, problem, loading: false, path }));
      }
      if (every && !cut.signal.aborted) timer = setTimeout(next, every);
    };
    const next = () => {
      if (document.visibilityState === "visible") void fetchIt();
      else timer = setTimeout(next, every);
    };
    void fetchIt();
    return () => {
      cut.abort();
      clearTimeout(timer);
    };
  }, [path, every, turn, every && wrote]);
  const reload = useCallback(() => setTurn((n) => n + 1), []);
  return { ...state, missing: missing(state.problem), reload };
}

/** Draws again every ms: for ages and times left. */
export function useTick(ms: number) {
  const [, set] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => set((n) => n + 1), ms);
    return () => clearInterval(timer);
  }, [ms]);
}
