// What the gateway's API says, as far as the console reads it.
export type Role = "" | "viewer" | "operator" | "admin";
export type LevelWord = "normal" | "attention" | "caution" | "alert" | "serious";
export const levelWords: LevelWord[] = ["normal", "attention", "caution", "alert", "serious"];
/** The levels' signs, for eyes that do not tell colours apart. */
export const levelShapes = ["○", "◔", "◑", "◕", "●"];

export interface Session {
  name: string;
  role?: Role;
  expires?: string;
  via?: "password" | "link" | "token" | "oidc" | "local";
  account?: boolean;
  password?: boolean;
  ways?: { password?: boolean; token?: boolean; oidc?: null | { name: string; href: string } };
  build?: string;
}

export interface Pause {
  until: string;
  by: string;
  reason: string;
}

export interface Change {
  at: string;
  from: LevelWord;
  to: LevelWord;
  pinned?: boolean;
  why: string;
  why_ko: string;
  down?: string;
  down_ko?: string;
  signals?: string[];
}

export interface Signal {
  name: string;
  value: number;
  shown: string;
  at?: string[];
  asks: LevelWord;
  height: number;
  fresh: boolean;
  over?: string;
  gone?: string;
  arms?: LevelWord;
  until?: string;
  note?: string;
}

export interface LevelDoc {
  at: string;
  number: number;
  shape: string;
  word: LevelWord;
  word_ko: string;
  level: LevelWord;
  acting?: LevelWord;
  pressure?: number;
  pinned?: boolean;
  armed?: LevelWord;
  armed_until?: string;
  since: string;
  because: Change;
  pin?: Pause & { level: LevelWord };
  signals: Signal[] | null;
  paused?: Pause;
  shadow?: boolean;
  audit: boolean;
  audit_error?: string;
  audit_lost?: number;
  revision?: number;
  fleet?: { heard: number; silent: number; differ: number; raises: boolean; raised: LevelWord; own: LevelWord; error?: string; members: { node: string; acting: LevelWord; age_seconds: number; heard: boolean; behind_seconds: number }[] };
}

export const outcomes = ["passed", "waited", "deferred", "challenged", "shed", "failed"] as const;
export type OutcomeName = (typeof outcomes)[number];
export type Outcome = Record<OutcomeName, number>;

export type LaneState = "ok" | "waiting" | "deferring" | "challenging" | "shedding" | "failing" | "idle";

export interface Felt {
  kind: "none" | "wait" | "shed" | "defer" | "challenge" | "slow" | "fail";
  of?: number;
  n?: number;
  who?: "foreground" | "background" | "new-device" | "";
  seconds?: number;
}

export type Shares = Record<string, number>;

/** What a person ordered of one lane. */
export interface LaneOrder {
  backend: string;
  lane: string;
  shed: Shares;
  defer: Shares;
  challenge: Shares;
  ceiling?: number;
  open?: boolean;
  closed?: boolean;
  ramp?: { from: number; add: number; every: number };
  text: string;
  until: string;
  by: string;
  reason: string;
  since: string;
  /** The share of users (0 to 1) that a ramp lets in now. */
  admits: number;
  revision: number;
}

export interface NowLane {
  backend: string;
  name: string;
  tier: "critical" | "normal" | "sheddable";
  streams?: boolean;
  state: LaneState;
  in: number;
  through: number;
  outcome: Outcome;
  in_flight: number;
  waiting: number;
  wait_seconds: number;
  recent_seconds: number;
  base_seconds: number;
  limit: number;
  ceiling?: number;
  turn: number;
  reasons?: Record<string, number>;
  orders?: { shed?: Shares; defer?: Shares; challenge?: Shares; challenge_new_devices?: Shares; ceiling?: number; by_operator?: LaneOrder };
  felt: Felt;
  /** What the search for the backend's limit does, whether it is pressed, and the limit that its lanes share. */
  phase?: string;
  pressure?: boolean;
  backend_limit?: number;
}

export interface InForce {
  id: string;
  kind: string;
  row: LevelWord;
  strength: number;
  shadow?: boolean;
  since: string;
  stopped?: Pause;
  predicted_share: number;
  rate_per_second?: number;
}

/** The request that undoes what was just done; a reason goes into its body. */
export interface Undo {
  method: string;
  path: string;
  body?: Record<string, unknown>;
}

export interface AuditEntry {
  id?: number;
  at: string;
  who: string;
  what: string;
  target?: string;
  before?: string;
  after?: string;
  why?: string;
  /** The same in Korean, where it was daero that said why. */
  why_ko?: string;
  until?: string;
  shadow?: boolean;
  share?: number;
  node?: string;
  /** Set where a person did it by hand and one click undoes it: POST controls/{revision}/undo. */
  undo?: { revision: number; does: string; kind?: string; to?: string; until?: string; of?: number };
  said?: Said;
}

/** A part of what was before or after, in nobody's language. */
export interface Phrase {
  kind: string;
  who?: string;
  share?: number;
  permits?: number;
  from?: number;
  add?: number;
  every_seconds?: number;
  name?: string;
  value?: string;
}

export interface Said {
  before?: Phrase[];
  after?: Phrase[];
}

export type EventKind = "auto" | "manual" | "outside" | "signal" | "system";

export interface Event {
  id: number;
  at: string;
  kind: EventKind;
  entry: AuditEntry;
  said?: Said;
  why_ko?: string;
}

export interface NowDoc {
  id: number;
  at: string;
  revision?: number;
  node: string;
  nodes: { reporting: number; known: number };
  level: LevelDoc;
  pressed?: { work_seconds: number };
  lanes: NowLane[];
  totals: Outcome;
  in_force: InForce[] | null;
  coming: { name: string; at: string; until?: string; level: LevelWord; source: string }[] | null;
  paused?: Pause;
  shadow: boolean;
  relay?: { up: boolean; error?: string; lag: number; oldest_seconds: number; dead_letters: number; rate: number };
  captcha?: { issued: number; passed: number; asked_share: number };
  feed: Event[] | null;
}

/** A series has null where nothing was sampled. */
export type Series = (number | null)[];

export interface LaneSeries {
  in: Series;
  through: Series;
  passed?: Series;
  waited?: Series;
  deferred?: Series;
  challenged?: Series;
  shed?: Series;
  failed?: Series;
  limit: Series;
  in_flight: Series;
  waiting: Series;
  wait_seconds: Series;
  recent_seconds: Series;
  shed_order?: Series;
  reasons?: Record<string, Series>;
}

export interface Mark {
  at: string;
  id: number;
  what: string;
  target?: string;
  after?: string;
  kind: EventKind;
}

export interface HistoryDoc {
  from: string;
  step_seconds: number;
  n: number;
  level: Series;
  totals: Record<OutcomeName, Series>;
  lanes?: Record<string, LaneSeries> | null;
  events: Mark[] | null;
}

/** A problem document (RFC 9457); status 0 is a network without an answer. */
export interface ProblemDoc {
  type: string;
  kind: string;
  title: string;
  status: number;
  detail?: string;
  retry_after_seconds?: number;
  predicted?: Predicted;
  revision?: number;
  by?: string;
  what?: string;
  at?: string;
  [more: string]: unknown;
}

export interface Predicted {
  share: number;
  per_second?: number;
  actions?: { id: string; strength: number; share: number }[];
}
