// What taking dead letters back is asked with, and what is wrong with it.

export interface Redrive {
  limit: string;
  rate: string;
  since: string;
  error: string;
}

/** Mistakes by field; values are keys of words. */
export function mistakes(form: Redrive): Record<string, string> {
  const found: Record<string, string> = {};
  if (form.limit !== "" && !/^[1-9]\d{0,8}$/.test(form.limit.trim())) found.limit = "queues.mistake.limit";
  const rate = Number(form.rate);
  if (form.rate !== "" && !(rate > 0 && rate <= 1e9)) found.rate = "queues.mistake.rate";
  return found;
}

/** The body of a redrive. */
export function bodyOf(delivery: string, form: Redrive, dry: boolean, reason: string): Record<string, unknown> {
  return {
    delivery, reason, ...(dry && { dry_run: true }),
    ...(form.limit !== "" && { limit: Number(form.limit) }),
    ...(form.rate !== "" && { rate: Number(form.rate) }),
    ...(form.since !== "" && { since: form.since }),
    ...(form.error !== "" && { error: form.error }),
  };
}

/** What is to be looked at first, worst first: what does not move, then what is oldest. */
export function worst<D extends { paused?: unknown; circuit?: string; oldest_seconds: number; lag: number; name: string }>(all: D[]): D[] {
  const rank = (d: D) => (d.circuit === "open" ? 3 : d.paused ? 2 : d.lag > 0 ? 1 : 0);
  return [...all].sort((a, b) => rank(b) - rank(a) || b.oldest_seconds - a.oldest_seconds || a.name.localeCompare(b.name));
}
