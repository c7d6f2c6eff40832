// What is asked of the record, and under which address it can be had as a file.

/** What the form holds. `since` and `until` are "1h" (ago), an RFC 3339 time, or "". */
export interface Filter {
  since: string;
  until: string;
  who: string;
  what: string;
  target: string;
  text: string;
}

export const none: Filter = { since: "", until: "", who: "", what: "", target: "", text: "" };

export const fields = ["since", "until", "who", "what", "target", "text"] as const;

/** The filter of an address: the last day, unless it says since when, or "all". */
export function filterOf(address: Record<string, string>): Filter {
  const filter = { ...none };
  for (const key of fields) filter[key] = address[key] ?? "";
  return { ...filter, since: address.since === "all" ? "" : address.since || (filter.until ? "" : "24h") };
}

const base = "/daero/api/audit";

/** The query of a filter, with what else is wanted; empty fields are left out. */
export function query(filter: Filter, more: Record<string, string | number> = {}): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries({ ...filter, ...more })) {
    const text = String(value).trim();
    if (text !== "") params.set(key, text);
  }
  const made = params.toString();
  return base + (made && "?" + made);
}

/** Where all of it can be had as a file. */
export const exportLink = (filter: Filter, format: "csv" | "ndjson") => query(filter, { format });

/**
 * Reads what a browser's date and time field holds ("2026-11-30T19:30"), in the
 * clock that times are shown in. "" is no time, null one that is not there.
 */
export function instant(field: string, utc: boolean): string | null {
  if (field === "") return "";
  const at = new Date(field + (utc ? "Z" : ""));
  return isNaN(at.getTime()) ? null : at.toISOString();
}

/** The mistake in a filter, by the key of its words; "" where there is none. */
export function mistake(filter: Filter): string {
  const at = (text: string) => (/^\d{4}-/.test(text) ? Date.parse(text) : NaN);
  const [since, until] = [at(filter.since), at(filter.until)];
  return since >= until ? "log.mistake.order" : "";
}

interface Told {
  id?: number;
  at: string;
  who?: string;
  what?: string;
  target?: string;
}

/** What tells entries apart that have no number yet. */
export const contentOf = (entry: Told) => [entry.at, entry.who, entry.what, entry.target].join("\0");

/**
 * Joins pages and what came by the stream, the newest first, each entry once. The
 * stream is ahead of the record: its entries have no number, until a page has
 * them too.
 */
export function merge<E extends Told>(entries: E[], more: E[]): E[] {
  const all = [...entries, ...more];
  const kept = new Set(all.filter((entry) => entry.id).map(contentOf));
  const seen = new Set<string>();
  return all
    .filter((entry) => {
      const key = entry.id ? String(entry.id) : contentOf(entry);
      return (entry.id || !kept.has(key)) && !seen.has(key) && seen.add(key);
    })
    .sort((a, b) => Date.parse(b.at) - Date.parse(a.at) || (b.id ?? Infinity) - (a.id ?? Infinity) || 0);
}

/** Whether an entry that has just come belongs to what is shown. */
export function matches(filter: Filter, entry: { who: string; what: string; target?: string; before?: string; after?: string; why?: string }): boolean {
  const text = filter.text.toLowerCase();
  return (
    filter.until === "" &&
    (filter.who === "" || entry.who === filter.who) &&
    (filter.what === "" || entry.what === filter.what) &&
    (filter.target === "" || entry.target === filter.target) &&
    (text === "" || [entry.who, entry.what, entry.target, entry.before, entry.after, entry.why].some((part) => part?.toLowerCase().includes(text)))
  );
}
