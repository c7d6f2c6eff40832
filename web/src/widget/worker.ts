// The worker computes, and says every 100 ms how many squarings are left. The
// last task that it was given is the one that it works on.
import { Lock } from "./lock";
import type { Work } from "./wire";

let current = 0;

onmessage = (e: MessageEvent<Work>) => {
  const mine = ++current;
  const lock = new Lock(e.data);
  const go = () => {
    if (mine !== current) return; // another task came
    const y = lock.slice(100);
    postMessage({ n: e.data.x, y, left: lock.left });
    if (y === undefined) setTimeout(go, 0);
  };
  go();
};
