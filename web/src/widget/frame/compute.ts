// Computes a proof of work: in a worker, or in slices on the page's own thread
// where there is none.
import { Lock } from "../lock";
import type { Work } from "../wire";

let worker: Worker | undefined;
let broken = false;

/** Whether there is no worker, as far as is known. */
export const noWorker = () => broken;

/** Starts the worker, so that it is there when it is needed. */
export function prepare(url: string): void {
  try {
    worker = new Worker(url);
    worker.onerror = () => {
      broken = true;
      worker = undefined;
      dropped?.();
    };
  } catch {
    broken = true;
  }
}

let dropped: (() => void) | undefined;

/** A task in work. `left` is how many squarings are still to be done. */
export interface Task {
  result: Promise<string>;
  left(): number;
  stop(): void;
}

export function compute(work: Work): Task {
  let left = work.t;
  let stopped = false;
  const result = new Promise<string>((done, failed) => {
    const here = () => {
      const lock = new Lock(work);
      // 12 ms of 16 keep the page moving at 60 frames a second.
      const go = () => {
        if (stopped) return;
        const y = lock.slice(12);
        left = lock.left;
        if (y === undefined) setTimeout(go, 4);
        else done(y);
      };
      go();
    };
    try {
      BigInt(0);
      if (!worker) return here();
      dropped = here; // a worker that dies hands its task over
      worker.onmessage = (e: MessageEvent<{ n: string; y?: string; left: number }>) => {
        if (stopped || e.data.n !== work.x) return;
        left = e.data.left;
        if (e.data.y !== undefined) done(e.data.y);
      };
      worker.postMessage(work);
    } catch (e) {
      failed(e);
    }
  });
  return { result, left: () => left, stop: () => void (stopped = true) };
}
