// What stands at which level, as a table: a row a level, a column a lane.

/** One line of the playbook, as the API has it. */
export interface Action {
  id: string;
  kind: string;
  lane?: string;
  backend?: string;
  who?: string;
  new_device?: boolean;
  from: number;
  to: number;
  for_seconds?: number;
  rate_per_second?: number;
  status?: number;
  target?: string;
  value?: string;
  shadow?: boolean;
  predicted_share: number;
  where?: string;
  would?: { times: number; share: number };
}

export interface Row {
  level: string;
  number: number;
  actions: Action[];
}

/** An action in a cell. `own` is false where it stands because of a lower row. */
export interface Standing {
  action: Action;
  own: boolean;
}

export interface Matrix {
  /** Names of lanes in the order of their first action; "" is what is of no lane, and last. */
  columns: string[];
  /** By level 0 to 4, by column. */
  cells: Standing[][][];
}

/** Levels there are. */
export const levels = 5;

const column = (action: Action) => (action.lane ? (action.backend ? action.backend + "/" : "") + action.lane : "");

/**
 * Rows add up: at a level its own actions stand and those of lower rows, and of
 * one thing (the same id) the highest row counts.
 */
export function matrix(rows: Row[]): Matrix {
  const found = [...new Set(rows.flatMap((row) => row.actions.map(column)))];
  const columns = [...found.filter((name) => name !== ""), ...found.filter((name) => name === "")];
  const standing = new Map<string, Action>();
  const cells: Standing[][][] = [];
  for (let number = 0; number < levels; number++) {
    const own = rows.filter((row) => row.number === number).flatMap((row) => row.actions);
    const ids = new Set(own.map((action) => action.id));
    for (const action of own) standing.set(action.id, action);
    cells.push(columns.map((name) => [...standing.values()].filter((action) => column(action) === name).map((action) => ({ action, own: ids.has(action.id) }))));
  }
  return { columns, cells };
}

/** Where an action's strength begins and ends, in whole percent; null where it has none to show. */
export function ramp(action: Action): [number, number] | null {
  const graded = ["shed", "ceiling", "respond", "challenge", "defer", "work"];
  return graded.includes(action.kind) ? [Math.round(action.from * 100), Math.round(action.to * 100)] : null;
}
