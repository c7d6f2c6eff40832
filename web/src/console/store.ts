// A value that components can watch.
import { useEffect, useReducer } from "preact/hooks";

export interface Store<T> {
  get(): T;
  set(next: T): void;
  patch(part: Partial<T>): void;
  watch(fn: () => void): () => void;
}

export function store<T>(value: T): Store<T> {
  const watching = new Set<() => void>();
  const set = (next: T) => {
    if (next === value) return;
    value = next;
    for (const fn of [...watching]) fn();
  };
  return {
    get: () => value,
    set,
    patch: (part) => set({ ...value, ...part }),
    watch: (fn) => {
      watching.add(fn);
      return () => void watching.delete(fn);
    },
  };
}

/** The store's value; the component is drawn again when it changes. */
export function useStore<T>(s: Store<T>): T {
  const [, again] = useReducer<number, void>((n) => n + 1, 0);
  useEffect(() => {
    let seen = s.get();
    const look = () => {
      if (s.get() !== seen) {
        seen = s.get();
        again();
      }
    };
    look();
    return s.watch(look);
  }, [s]);
  return s.get();
}
