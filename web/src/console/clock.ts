// How the gateway's clock and the browser's differ, and how old what is shown is.
//
// Each document says when it was made. What it took to get here only adds, so the
// least difference of the last few is nearest to the truth; a jump of either clock
// is forgotten with the documents before it. Ages are taken on the browser's
// monotonic clock, which nobody sets.
export class Skew {
  #seen: number[] = [];
  #anew = false;
  constructor(readonly keep = 10) {}

  /** Notes a document made at `made` (its clock) that came at `came` (ours), both in ms. */
  note(made: number, came: number) {
    if (this.#anew) this.#seen = [];
    this.#anew = false;
    this.#seen.push(came - made);
    if (this.#seen.length > this.keep) this.#seen.shift();
  }

  /** Forgets with the next document: after a pause another gateway may answer. */
  reset() {
    this.#anew = true;
  }

  get known() {
    return this.#seen.length > 0;
  }

  /** Ours minus theirs, in ms. */
  get offset() {
    return this.#seen.length ? Math.min(...this.#seen) : 0;
  }
}

/** Milliseconds until try number n (from 0): doubling from 0.5 s to 15 s, half of it by chance, so that a hundred tabs do not come back at once. */
export function backoff(n: number, random: number) {
  const most = Math.min(15_000, 500 * 2 ** Math.min(n, 10));
  return most / 2 + (most / 2) * random;
}
