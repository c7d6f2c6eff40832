// Code generated from the API's document by TestOpenAPITypes. DO NOT EDIT.

export type ActionDoc = {
  backend?: string;
  for_seconds?: number;
  from: number;
  id: string;
  kind: string;
  lane?: string;
  new_device?: boolean;
  predicted_share: number;
  rate_per_second?: number;
  shadow?: boolean;
  status?: number;
  target?: string;
  to: number;
  value?: string;
  where?: string;
  who?: string;
  would?: WouldDoc;
};

export type AddedDoc = {
  created: string;
  last_used?: string;
  name: string;
  password?: boolean;
  role: "" | "viewer" | "operator" | "admin";
  token: string;
};

export type Answer = {
  rule?: string;
  spots?: (Spot)[];
  suffix?: string;
  texts?: (string)[];
};

export type Arm = {
  name: string;
  title: string;
  title_ko: string;
};

export type BackendDoc = {
  in_flight: number;
  lanes: (LaneDoc)[];
  limit: number;
  phase: string;
  pressure: boolean;
  shadow?: boolean;
};

export type ByeDoc = {
  reason: string;
  retry_ms: number;
};

export type Change = {
  armed?: "normal" | "attention" | "caution" | "alert" | "serious";
  at: string;
  down?: string;
  down_ko?: string;
  from: "normal" | "attention" | "caution" | "alert" | "serious";
  pinned?: boolean;
  signals?: (string)[];
  to: "normal" | "attention" | "caution" | "alert" | "serious";
  why: string;
  why_ko: string;
};

export type ChangedDoc = {
  predicted?: Effect;
  revision: number;
  target?: string;
  undo?: UndoDoc;
  until?: string;
  what: string;
};

export type ComingDoc = {
  at: string;
  level: "normal" | "attention" | "caution" | "alert" | "serious";
  name: string;
  source: string;
  until?: string;
};

export type ComingListDoc = {
  at: string;
  events: (ComingDoc)[];
};

export type Curve = {
  failed: (number)[];
  ok: (number)[];
  p99: ((number | null))[];
  refused: (number)[];
};

export type DeliveryDoc = {
  attempts: number;
  blocked_keys: number;
  by_topic: (TopicLagDoc)[];
  circuit?: string;
  dead_letters: number;
  dead_letters_topic?: string;
  deferrals: number;
  delivered: number;
  empty_seconds: (number | null);
  group: string;
  held_keys: (HeldKeyDoc)[];
  hot_key_waiting: number;
  in_flight: number;
  lag: number;
  limit: number;
  name: string;
  oldest_seconds: number;
  parked_keys: number;
  parkings: number;
  partitions: number;
  paused?: RelayPause;
  rate?: number;
  rate_accepted: (number | null);
  rate_dead: (number | null);
  rate_delivered: (number | null);
  rate_retried: (number | null);
  redriving?: RedrivingDoc;
  rejected: number;
  repeated: number;
  retries: number;
  revision: number;
  running: boolean;
  to?: string;
  topics: (string)[];
  waiting: number;
  waiting_bytes: number;
};

export type DeliveryDoneDoc = {
  delivery: string;
  paused?: RelayPause;
  predicted?: Effect;
  revision: number;
  target?: string;
  undo?: UndoDoc;
  until?: string;
  what: string;
};

export type DeliveryLagDoc = {
  dead_letters: number;
  group: string;
  lag: number;
  name: string;
  partitions: (PartitionLagDoc)[];
};

export type DeliveryPauseBody = {
  for?: string;
  reason?: string;
  revision?: number;
  until?: string;
};

export type DeliveryResumeBody = {
  reason?: string;
  revision?: number;
};

export type Effect = {
  actions?: (EffectShare)[];
  per_second: number;
  share: number;
};

export type EffectShare = {
  id: string;
  share: number;
  strength: number;
};

export type EndingBody = {
  confirm?: boolean;
  reason?: string;
  revision?: number;
};

export type Entry = {
  after?: string;
  at: string;
  before?: string;
  id?: number;
  node?: string;
  shadow?: boolean;
  share?: number;
  target?: string;
  undo?: Undo;
  until?: string;
  what: string;
  who: string;
  why?: string;
};

export type Event = {
  at: string;
  entry: Entry;
  id: number;
  kind: "auto" | "manual" | "outside" | "signal" | "system";
  said?: Said;
  why_ko?: string;
};

export type EventDoc = {
  after?: string;
  at: string;
  before?: string;
  id: number;
  kind: "auto" | "manual" | "outside" | "signal" | "system";
  target?: string;
  what: string;
};

export type Felt = {
  kind: "none" | "wait" | "shed" | "defer" | "challenge" | "slow" | "fail";
  n: number;
  of: number;
  seconds?: number;
  who: "" | "foreground" | "background" | "new-device";
};

export type FlagsDoc = {
  flags: (OneFlagDoc)[];
};

export type FleetDoc = {
  alone: boolean;
  differ: number;
  error?: string;
  heard: number;
  majority: number;
  members: (FleetMemberDoc)[];
  own: "normal" | "attention" | "caution" | "alert" | "serious";
  raised: "normal" | "attention" | "caution" | "alert" | "serious";
  raises: boolean;
  silent: number;
};

export type FleetMemberDoc = {
  acting: "normal" | "attention" | "caution" | "alert" | "serious";
  age_seconds: number;
  behind_seconds: number;
  heard: boolean;
  node: string;
  pressure: number;
  weight: number;
};

export type GapDoc = {
  from: number;
};

export type HeaderDoc = {
  bytes: number;
  name: string;
  value?: string;
};

export type HeldKeyDoc = {
  attempts: number;
  behind: number;
  due_seconds: number;
  key?: string;
  offset: number;
  partition: number;
  since_seconds: number;
  topic: string;
};

export type HelloDoc = {
  at: string;
  build: string;
  now_id: number;
};

export type HistoryDoc = {
  events: (EventDoc)[];
  from: string;
  known: (string)[];
  lanes: Record<string, HistoryLaneDoc>;
  level: (number | null)[];
  n: number;
  step_seconds: number;
  totals: Record<string, (number | null)[]>;
};

export type HistoryLaneDoc = {
  challenged: (number | null)[];
  deferred: (number | null)[];
  failed: (number | null)[];
  in: (number | null)[];
  in_flight: (number | null)[];
  limit: (number | null)[];
  passed: (number | null)[];
  reasons: Record<string, (number | null)[]>;
  recent_seconds: (number | null)[];
  shed: (number | null)[];
  shed_order: (number | null)[];
  through: (number | null)[];
  wait_seconds: (number | null)[];
  waited: (number | null)[];
  waiting: (number | null)[];
};

export type InForceDoc = {
  id: string;
  kind: string;
  predicted_share: number;
  rate_per_second?: number;
  row: "normal" | "attention" | "caution" | "alert" | "serious";
  shadow?: boolean;
  since: string;
  stopped?: Pause;
  strength: number;
};

export type Job = {
  arms: (string)[];
  bars: string;
  began: string;
  by: string;
  duration_seconds: number;
  ended?: string;
  error?: string;
  id: string;
  last?: Second;
  load?: Load;
  noisy?: (string)[];
  not_judged?: (NotJudged)[];
  progress: Progress;
  reason: string;
  report: boolean;
  scenario: string;
  seed: number;
  series?: Series;
  state: "queued" | "running" | "passed" | "missed" | "noisy" | "failed" | "cancelled";
  target: string;
  url?: string;
  verdicts: (Verdict)[];
};

export type JobFelt = {
  failed: number;
  ok: number;
  p99_ms: (number | null);
  refused: number;
};

export type LagDoc = {
  at: string;
  deliveries: (DeliveryLagDoc)[];
};

export type LaneAnswer = {
  backend: string;
  intent: string;
  lane: string;
  match?: string;
  rule?: number;
  site: string;
  stream: boolean;
  user: boolean;
  verdict: string;
  where?: string;
};

export type LaneDoc = {
  base_seconds: number;
  ceiling?: number;
  challenge: Record<string, number>;
  challenge_new_devices: Record<string, number>;
  challenged: Record<string, number>;
  defer: Record<string, number>;
  deferred: Record<string, number>;
  dropped: number;
  failed: number;
  in_flight: number;
  limit: number;
  max?: number;
  name: string;
  order?: LaneOrderDoc;
  overloaded: number;
  passed: Record<string, number>;
  recent_seconds: number;
  refused: Record<string, Record<string, number>>;
  served: number;
  shed: Record<string, number>;
  streams?: boolean;
  tier: string;
  turn: number;
  waiting: number;
  would_challenge: Record<string, number>;
  would_defer: Record<string, number>;
  would_refuse: number;
  would_shed: Record<string, number>;
};

export type LaneOrderBody = {
  ceiling?: (number | null);
  challenge?: ((number | SharesBody) | null);
  close?: boolean;
  confirm?: boolean;
  defer?: ((number | SharesBody) | null);
  for?: string;
  open?: boolean;
  ramp?: ({
    add?: number;
    every?: number;
    from?: (number | null);
  } | null);
  reason?: string;
  revision?: number;
  shed?: ((number | SharesBody) | null);
  until?: string;
};

export type LaneOrderDoc = {
  absent?: boolean;
  admits: number;
  backend: string;
  by: string;
  ceiling?: number;
  challenge: Shares;
  closed?: boolean;
  defer: Shares;
  lane: string;
  open?: boolean;
  ramp?: RampDoc;
  reason: string;
  revision: number;
  shed: Shares;
  since: string;
  text: string;
  until: string;
};

export type LaneOrdersDoc = {
  at: string;
  orders: (LaneOrderDoc)[];
  revision: number;
};

export type LaneQuestionBody = {
  headers?: ((string)[])[];
  ip?: string;
  method?: string;
  url?: string;
};

export type LanesDoc = {
  at: string;
  backends: Record<string, BackendDoc>;
  revision: number;
};

export type LastingBody = {
  confirm?: boolean;
  for?: string;
  reason?: string;
  revision?: number;
  until?: string;
};

export type LevelDoc = {
  acting: "normal" | "attention" | "caution" | "alert" | "serious";
  armed: "normal" | "attention" | "caution" | "alert" | "serious";
  armed_until?: string;
  at: string;
  audit: boolean;
  audit_error?: string;
  audit_lost?: number;
  because: Change;
  ease: "normal" | "attention" | "caution" | "alert" | "serious";
  fleet?: FleetDoc;
  level: "normal" | "attention" | "caution" | "alert" | "serious";
  measured: "normal" | "attention" | "caution" | "alert" | "serious";
  number: number;
  paused?: Pause;
  pin?: Pin;
  pinned: boolean;
  pressure: number;
  revision: number;
  shadow?: boolean;
  shape: string;
  signals: (SignalState)[];
  since: string;
  word: "normal" | "attention" | "caution" | "alert" | "serious";
  word_ko: string;
};

export type LevelEffect = {
  actions?: (EffectShare)[];
  level: "normal" | "attention" | "caution" | "alert" | "serious";
  per_second: number;
  share: number;
  share_in_force: number;
};

export type LinkDoc = {
  expires: string;
  path: string;
};

export type Load = {
  most_per_s?: number;
  peak_per_s: number;
  planned: number;
  scaled: number;
};

export type LoginBody = {
  name?: string;
  password?: string;
  token?: string;
};

export type MessageDoc = {
  base64?: (string)[];
  bytes: number;
  cut?: boolean;
  headers?: (HeaderDoc)[];
  key?: string;
  offset: number;
  partition: number;
  time: string;
  value?: string;
  value_bytes: number;
};

export type NewPasswordBody = {
  password?: string;
};

export type NodesDoc = {
  known: number;
  reporting: number;
};

export type NotJudged = {
  bar: string;
  why: string;
};

export type NowCaptchaDoc = {
  asked_share: number;
  issued: number;
  passed: number;
};

export type NowDoc = {
  at: string;
  captcha?: NowCaptchaDoc;
  coming: (ComingDoc)[];
  feed: (Event)[];
  id: number;
  in_force: (InForceDoc)[];
  lane_orders: (LaneOrderDoc)[];
  lanes: (NowLaneDoc)[];
  level: LevelDoc;
  node: string;
  nodes: NodesDoc;
  paused?: Pause;
  pressed: PressedDoc;
  relay?: NowRelayDoc;
  revision: number;
  shadow: boolean;
  tellers: (TellerDoc)[];
  totals: Outcome;
};

export type NowLaneDoc = {
  backend: string;
  backend_limit: number;
  base_seconds: number;
  ceiling?: number;
  felt: Felt;
  in: number;
  in_flight: number;
  limit: number;
  name: string;
  orders: OrdersDoc;
  outcome: Outcome;
  phase: string;
  pressure?: boolean;
  reasons: Record<string, number>;
  recent_seconds: number;
  shadow?: boolean;
  state: "failing" | "shedding" | "challenging" | "deferring" | "waiting" | "ok" | "idle";
  streams?: boolean;
  through: number;
  tier: "critical" | "normal" | "sheddable";
  turn: number;
  wait_seconds: number;
  waiting: number;
};

export type NowRelayDoc = {
  dead_letters: number;
  delivered: number;
  error?: string;
  lag: number;
  oldest_seconds: number;
  paused: number;
  rate: number;
  up: boolean;
};

export type OneFlagDoc = {
  key: string;
  reason: string;
  value: unknown;
  variant: string;
};

export type OneSessionDoc = {
  created: string;
  current: boolean;
  expires: string;
  from: string;
  id: string;
  last_used: string;
  name: string;
  role: "" | "viewer" | "operator" | "admin";
  via: "password" | "link" | "token" | "oidc" | "local";
};

export type Operator = {
  created: string;
  last_used?: string;
  name: string;
  password?: boolean;
  role: "" | "viewer" | "operator" | "admin";
};

export type OperatorBody = {
  name?: string;
  password?: string;
  reason?: string;
  role?: string;
};

export type OperatorEndBody = {
  created?: string;
  reason?: string;
};

export type OperatorsDoc = {
  operators: (Operator)[];
};

export type OrderedDoc = {
  order: LaneOrderDoc;
  predicted?: Effect;
  revision: number;
  target?: string;
  undo?: UndoDoc;
  until?: string;
  what: string;
};

export type OrdersDoc = {
  by_operator?: LaneOrderDoc;
  ceiling?: number;
  challenge: Shares;
  challenge_new_devices: Shares;
  defer: Shares;
  max?: number;
  shed: Shares;
};

export type Outcome = {
  challenged: number;
  deferred: number;
  failed: number;
  passed: number;
  shed: number;
  waited: number;
};

export type PartitionLagDoc = {
  first: number;
  lag: number;
  lost?: number;
  next: number;
  partition: number;
  place: number;
  retention_seconds?: number;
  topic: string;
};

export type PasswordBody = {
  new?: string;
  old?: string;
};

export type Pause = {
  by: string;
  reason: string;
  until: string;
};

export type PausedDoc = {
  paused: Pause;
  predicted?: Effect;
  revision: number;
  target?: string;
  undo?: UndoDoc;
  until?: string;
  what: string;
};

export type PeekDoc = {
  at: string;
  masked: boolean;
  messages: (MessageDoc)[];
  scanned: number;
  topic: string;
  whole: boolean;
};

export type Phrase = {
  add?: number;
  every_seconds?: number;
  from?: number;
  kind: string;
  name?: string;
  permits?: number;
  share?: number;
  value?: string;
  who?: string;
};

export type Pin = {
  by: string;
  level: "normal" | "attention" | "caution" | "alert" | "serious";
  reason: string;
  until: string;
};

export type PinBody = {
  confirm?: boolean;
  for?: string;
  level?: (string | number | null);
  reason?: string;
  revision?: number;
  until?: string;
};

export type PinnedDoc = {
  pin: Pin;
  predicted?: Effect;
  revision: number;
  target?: string;
  undo?: UndoDoc;
  until?: string;
  what: string;
};

export type PlaybookDoc = {
  at: string;
  flags: Record<string, string>;
  in_force: (InForceDoc)[];
  level: "normal" | "attention" | "caution" | "alert" | "serious";
  paused?: Pause;
  revision: number;
  rows: (RowDoc)[];
  shadow: boolean;
  tellers: (TellerDoc)[];
};

export type PlaybookMistake = {
  cure?: string;
  line: number;
  what: string;
};

export type PlaybookPreviewDoc = {
  diff: string;
  export: string;
  in_force?: PreviewNowDoc;
  mistakes: (PlaybookMistake)[];
  ok: boolean;
  predicted: (LevelEffect)[];
};

export type PolicyChangeBody = {
  ask?: (string | null);
  bind_prefix?: (boolean | null);
  level?: (number | null);
  prefix_audio?: (number | null);
  prefix_challenges?: (number | null);
  prefix_misses?: (number | null);
  prefix_most?: (number | null);
  prefix_tokens?: (number | null);
  site_challenges?: (number | null);
  work?: (string | null);
};

export type PolicyDoc = {
  ask: string;
  bind_prefix: boolean;
  level: number;
  prefix_audio: number;
  prefix_challenges: number;
  prefix_misses: number;
  prefix_most: number;
  prefix_tokens: number;
  site_challenges: number;
  work: string;
};

export type PressedDoc = {
  work_seconds: number;
};

export type PreviewAction = {
  id: string;
  kind: string;
  row: "normal" | "attention" | "caution" | "alert" | "serious";
  shadow?: boolean;
  share: number;
  stopped?: boolean;
  strength: number;
};

export type PreviewAskBody = {
  playbook?: string;
  rows?: (PreviewRowBody)[];
  shadow?: boolean;
};

export type PreviewChanged = {
  from: number;
  id: string;
  kind: string;
  row: "normal" | "attention" | "caution" | "alert" | "serious";
  shadow?: boolean;
  share: number;
  stopped?: boolean;
  strength: number;
  to: number;
};

export type PreviewNowDoc = {
  changes: (PreviewChanged)[];
  ends: (PreviewAction)[];
  level: "normal" | "attention" | "caution" | "alert" | "serious";
  now: Refused;
  paused?: boolean;
  starts: (PreviewAction)[];
  stays: (string)[];
  then: Refused;
};

export type PreviewRowBody = {
  actions?: (string)[];
  level?: string | number;
};

export type ProblemDoc = {
  detail?: string;
  status: number;
  title: string;
  type: string;
};

export type Progress = {
  arm: string;
  done: number;
  left_seconds: number;
  of: number;
  phase: string;
  seconds: number;
};

export type QuestionDoc = {
  answer: Answer;
  audio?: string;
  audio_slow?: string;
  clicks?: number;
  height?: number;
  icon?: string;
  image?: string;
  kind: string;
  lang: string;
  level: number;
  media: string;
  pois?: (QuestionPOI)[];
  question: string;
  scale?: number;
  seed: number;
  width?: number;
};

export type QuestionPOI = {
  asked: boolean;
  category: string;
  label: ((number)[])[];
  name: string;
  r: number;
  x: number;
  y: number;
};

export type RampDoc = {
  add: number;
  every: number;
  from: number;
};

export type ReasonBody = {
  reason?: string;
};

export type RecordDoc = {
  entries: (RecordEntry)[];
  first: number;
  last: number;
  more: boolean;
};

export type RecordEntry = {
  after?: string;
  at: string;
  before?: string;
  id?: number;
  node?: string;
  said?: Said;
  shadow?: boolean;
  share?: number;
  target?: string;
  undo?: Undo;
  until?: string;
  what: string;
  who: string;
  why?: string;
  why_ko?: string;
};

export type RedeemFormBody = {
  name?: string;
  token?: string;
};

export type RedriveBody = {
  delivery?: string;
  dry_run?: boolean;
  error?: string;
  for?: string;
  from?: number;
  key?: string;
  limit?: number;
  partition?: number;
  rate?: number;
  reason?: string;
  revision?: number;
  since?: string;
  to?: number;
  until?: string;
};

export type RedriveDoc = {
  before: number;
  delivery: string;
  done: boolean;
  dry_run?: boolean;
  error?: string;
  exhausted: number;
  foreign: number;
  forgotten?: number;
  matched: number;
  redriven: number;
  undo?: UndoDoc;
};

export type RedriveStoppedDoc = {
  by: string;
  delivery: string;
  matched: number;
  predicted?: Effect;
  redriven: number;
  revision: number;
  target?: string;
  undo?: UndoDoc;
  until?: string;
  what: string;
};

export type RedrivingDoc = {
  by: string;
  matched: number;
  reason: string;
  redriven: number;
  since: string;
};

export type Refused = {
  per_second: number;
  share: number;
};

export type RehearsalLoad = {
  most_per_s?: number;
  name: string;
  peak_per_s: number;
  planned: number;
  scaled: number;
  seconds: number;
};

export type RehearsalRequestBody = {
  arms?: (string)[];
  bars?: string;
  duration?: string;
  reason?: string;
  scenario?: string;
  seed?: number;
  target?: string;
};

export type RehearsalTarget = {
  arms?: (string)[];
  most_per_s?: number;
  name: string;
  needs_role: "" | "viewer" | "operator" | "admin";
  scenarios: (RehearsalLoad)[];
  url?: string;
};

export type RehearsalsDoc = {
  allowed: (string)[];
  arms: (Arm)[];
  past: (Job)[];
  running?: Job;
  scenarios: (Scenario)[];
  targets: (RehearsalTarget)[];
};

export type RelayDoc = {
  at: string;
  deliveries: (DeliveryDoc)[];
  error?: string;
  log: RelayLogDoc;
  spool?: SpoolDoc;
  topics: (RelayTopicDoc)[];
  up: boolean;
};

export type RelayLogDoc = {
  bytes?: number;
  kind: string;
  max_bytes?: number;
  note?: string;
};

export type RelayPause = {
  by: string;
  reason: string;
  until?: string;
};

export type RelayTopicDoc = {
  accepted: number;
  bytes: number;
  invalid: number;
  refused: number;
  repeated: number;
  spooled: number;
  topic: string;
  unknown: number;
};

export type RotateBody = {
  overlap?: string;
  reason?: string;
  revision?: number;
};

export type RowDoc = {
  actions: (ActionDoc)[];
  level: "normal" | "attention" | "caution" | "alert" | "serious";
  number: number;
  word_ko: string;
};

export type RunDoc = {
  action: string;
  began: string;
  ended?: string;
  error?: string;
  id: number;
  kind: string;
  ok: boolean;
  row: "normal" | "attention" | "caution" | "alert" | "serious";
  shadow: boolean;
  share: number;
  strength: number;
  undo?: UndoDoc;
};

export type RunsDoc = {
  at: string;
  runs: (RunDoc)[];
};

export type Said = {
  after?: (Phrase)[];
  before?: (Phrase)[];
};

export type ScalingDoc = {
  demand_per_second: number;
  in_flight: number;
  lane: string;
  limit: number;
  over_seconds: number;
  served_per_second: number;
  use: number;
  value: number;
  wanted: number;
};

export type Scenario = {
  arms: (string)[];
  default_arms: (string)[];
  name: string;
  seconds: number;
  title: string;
  title_ko: string;
  what: string;
  what_ko: string;
};

export type Second = {
  arm: string;
  at: number;
  lanes: Record<string, JobFelt>;
};

export type SecretDoc = {
  created: string;
  expires?: string;
};

export type SecretOnceDoc = {
  base?: string;
  changed: string;
  created: string;
  disabled: boolean;
  hosts: (string)[];
  key: string;
  langs: (string)[];
  name: string;
  policy: PolicyDoc;
  revision: number;
  secret: string;
  secrets: (SecretDoc)[];
  target: string;
  undo: UndoDoc;
  until?: string;
  what: string;
};

export type Series = {
  arms: Record<string, Record<string, Curve>>;
  step_seconds: number;
};

export type SessionDoc = {
  account: boolean;
  build: string;
  expires?: string;
  id?: string;
  insecure?: string;
  name: string;
  password: boolean;
  role?: "" | "viewer" | "operator" | "admin";
  via?: "password" | "link" | "token" | "oidc" | "local";
  ways: WaysDoc;
};

export type SessionsDoc = {
  sessions: (OneSessionDoc)[];
};

export type Shares = {
  background: number;
  foreground: number;
};

export type SharesBody = {
  background?: number;
  foreground?: number;
};

export type SignalState = {
  arms?: "normal" | "attention" | "caution" | "alert" | "serious";
  asks: "normal" | "attention" | "caution" | "alert" | "serious";
  at?: (string)[];
  fresh: boolean;
  gone?: string;
  height: number;
  name: string;
  note?: string;
  over?: string;
  shown: string;
  until?: string;
  value: number;
};

export type SiteChangeBody = {
  changed?: (string | null);
  disabled?: (boolean | null);
  hosts?: ((string)[] | null);
  langs?: ((string)[] | null);
  name?: (string | null);
  policy?: PolicyChangeBody;
  reason?: string;
  revision?: number;
};

export type SiteChangedDoc = {
  changed: string;
  created: string;
  disabled: boolean;
  hosts: (string)[];
  key: string;
  langs: (string)[];
  name: string;
  policy: PolicyDoc;
  revision: number;
  secrets: (SecretDoc)[];
  target: string;
  undo: UndoDoc;
  until?: string;
  what: string;
};

export type SiteDoc = {
  changed: string;
  created: string;
  disabled: boolean;
  hosts: (string)[];
  key: string;
  langs: (string)[];
  name: string;
  policy: PolicyDoc;
  revision: number;
  secrets: (SecretDoc)[];
};

export type SiteEndBody = {
  reason?: string;
  revision?: number;
};

export type SiteGoneDoc = {
  key: string;
  name: string;
  target: string;
  undo: UndoDoc;
  until?: string;
  what: string;
};

export type SiteRemovedDoc = {
  key: string;
  name: string;
  removed: string;
  until: string;
};

export type SitesDoc = {
  removed: (SiteRemovedDoc)[];
  sites: (SiteDoc)[];
};

export type SpoolDoc = {
  bytes: number;
  depth: number;
  max_bytes: number;
  oldest_seconds: number;
  poisoned?: string;
};

export type Spot = {
  r: number;
  x: number;
  y: number;
};

export type StatisticsDoc = {
  asked_share: number;
  audio_share: number;
  hours: (StatisticsHourDoc)[];
  invalid: number;
  issued: number;
  missed: Record<string, number>;
  name: string;
  passed: number;
  shown: Record<string, number>;
  since: string;
  site: string;
  solve_most_seconds: number;
  solve_seconds: number;
  solved: Record<string, number>;
  switched: number;
  unsolved: number;
  until: string;
  valid: number;
  waits: number;
  warned: (Warning)[];
  warnings: (string)[];
};

export type StatisticsHourDoc = {
  asked_share: number;
  hour: string;
  invalid: number;
  issued: number;
  passed: number;
  valid: number;
};

export type StoppedDoc = {
  id: string;
  predicted?: Effect;
  revision: number;
  stopped: Pause;
  target?: string;
  undo?: UndoDoc;
  until?: string;
  what: string;
};

export type StrengthAttacker = {
  attacker: string;
  hi: number;
  kind: string;
  lang: string;
  level: string;
  lo: number;
  n: number;
  rate: (number | null);
  seconds: (number | null);
  told?: string;
  who: string;
};

export type StrengthBar = {
  bar: string;
  found: string;
  held: boolean;
  wanted: string;
};

export type StrengthClass = {
  what: string;
  who: string;
};

export type StrengthDoc = {
  attackers: (StrengthAttacker)[];
  bars: (StrengthBar)[];
  classes: (StrengthClass)[];
  measured: string;
  seed: number;
  short: boolean;
  with: string;
};

export type TellerDoc = {
  dropped: number;
  error?: string;
  failed: number;
  last_told?: string;
  last_try?: string;
  name: string;
  ok: boolean;
  told: number;
  tries: number;
  waiting: number;
};

export type TopicLagDoc = {
  lag: number;
  oldest_seconds: number;
  partitions: number;
  topic: string;
};

export type Undo = {
  does: string;
  kind?: string;
  of?: number;
  revision: number;
  to?: string;
  until?: string;
};

export type UndoDoc = {
  body: Record<string, unknown>;
  method: string;
  path: string;
};

export type Verdict = {
  bar: string;
  found: (number | null);
  note?: string;
  ok: boolean;
  wanted: string;
};

export type Warning = {
  kind: string;
  n: number;
  of: number;
  text: string;
};

export type WayDoc = {
  href: string;
  name: string;
};

export type WaysDoc = {
  oidc: (WayDoc | null);
  password: boolean;
  token: boolean;
};

export type WouldDoc = {
  share: number;
  times: number;
};

export type WrongFlagDoc = {
  errorCode: string;
  errorDetails: string;
  key?: string;
};
