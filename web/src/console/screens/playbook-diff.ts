// A unified diff, line by line, so that it can be shown with signs and colours.

export interface DiffLine {
  /** "+" is new, "-" is gone, " " stays, "@" is a place. */
  sign: "+" | "-" | " " | "@";
  text: string;
  /** Its number in the old text and in the new one. */
  old?: number;
  now?: number;
}

/** Reads a unified diff. File headers are left out; what is no diff is shown as it is. */
export function diffLines(unified: string): DiffLine[] {
  const lines: DiffLine[] = [];
  let old = 0;
  let now = 0;
  let begun = false;
  for (const line of unified.replace(/\r?\n$/, "").split(/\r?\n/)) {
    const place = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/.exec(line);
    if (place) {
      [old, now, begun] = [Number(place[1]), Number(place[2]), true];
      lines.push({ sign: "@", text: line });
    } else if (!begun && (line === "" || /^(---|\+\+\+|diff |index )/.test(line))) {
      continue;
    } else if (line.startsWith("+")) {
      lines.push({ sign: "+", text: line.slice(1), now: now++ });
    } else if (line.startsWith("-")) {
      lines.push({ sign: "-", text: line.slice(1), old: old++ });
    } else if (!line.startsWith("\\")) {
      lines.push({ sign: " ", text: line.replace(/^ /, ""), old: old++, now: now++ });
    }
  }
  return lines;
}

/** How many lines came and went. */
export function diffCount(lines: DiffLine[]): { added: number; removed: number } {
  return { added: lines.filter((line) => line.sign === "+").length, removed: lines.filter((line) => line.sign === "-").length };
}

/** The text that a diff is against, as far as the diff has it. */
export const before = (lines: DiffLine[]): string => lines.filter((line) => line.sign === "-" || line.sign === " ").map((line) => line.text + "\n").join("");
