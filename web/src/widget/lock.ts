import type { Work } from "./wire";

/**
 * A time-lock that is being computed: y = x^(2^t) mod n, one squaring after
 * another. It is done in slices, so that whoever computes can be asked how far it
 * is, or do something else in between.
 */
export class Lock {
  private readonly n: bigint;
  private y: bigint;
  left: number;

  constructor(work: Work) {
    this.n = BigInt("0x" + work.n);
    this.y = BigInt("0x" + work.x);
    this.left = work.t;
  }

  /** Computes for about that many milliseconds; the result, when it is there. */
  slice(ms: number, now: () => number = () => performance.now()): string | undefined {
    const end = now() + ms;
    let { y, left } = this;
    const n = this.n;
    // 128 squarings take about 0.4 ms, and asking the clock next to nothing.
    do {
      for (let i = Math.min(128, left); i > 0; i--, left--) y = (y * y) % n;
    } while (left > 0 && now() < end);
    this.y = y;
    this.left = left;
    return left > 0 ? undefined : y.toString(16);
  }
}
