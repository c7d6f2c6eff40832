// What the API answers fits what the screens expect: the compiler says so, or
// names the field. Nothing of this is run.
import type * as api from "../src/console/api-types";
import type { SitesDoc, Strength } from "../src/console/screens/captcha";
import type { Policy, Site } from "../src/console/screens/captcha-form";
import type { Doc as Question } from "../src/console/screens/captcha-preview";
import type { Statistics } from "../src/console/screens/captcha-site";
import type { LaneAnswer } from "../src/console/screens/lanes-tester";
import type { Page } from "../src/console/screens/log";
import type { OneSession, Operator } from "../src/console/screens/operators";
import type { PlaybookDoc, Run } from "../src/console/screens/playbook";
import type { PreviewDoc } from "../src/console/screens/playbook-preview";
import type { LagDoc, RelayDoc } from "../src/console/screens/queues";
import type { PeekDoc } from "../src/console/screens/queues-peek";
import type { Doc as Rehearsals } from "../src/console/screens/rehearse";
import type { Job } from "../src/console/screens/rehearse-live";
import type { AuditEntry, Event, HistoryDoc, LaneOrder, LevelDoc, NowDoc, Session } from "../src/console/types";

/** Of is what a screen reads, Answer what the API has. */
type Fits<Of, Answer extends Of> = [Of, Answer];

export type Shapes = [
  Fits<NowDoc, api.NowDoc>,
  Fits<HistoryDoc, api.HistoryDoc>,
  Fits<Session, api.SessionDoc>,
  Fits<LevelDoc, api.LevelDoc>,
  Fits<Event, api.Event>,
  Fits<AuditEntry, api.RecordEntry>,
  Fits<Page, api.RecordDoc>,
  Fits<LaneOrder, api.LaneOrderDoc>,
  Fits<LaneAnswer, api.LaneAnswer>,
  Fits<PlaybookDoc, api.PlaybookDoc>,
  Fits<PreviewDoc, api.PlaybookPreviewDoc>,
  Fits<Run, api.RunDoc>,
  Fits<RelayDoc, api.RelayDoc>,
  Fits<LagDoc, api.LagDoc>,
  Fits<PeekDoc, api.PeekDoc>,
  Fits<SitesDoc, api.SitesDoc>,
  Fits<Site, api.SiteDoc>,
  Fits<Policy, api.PolicyDoc>,
  Fits<Statistics, api.StatisticsDoc>,
  Fits<Strength, api.StrengthDoc>,
  Fits<Question, api.QuestionDoc>,
  Fits<Operator, api.Operator>,
  Fits<OneSession, api.OneSessionDoc>,
  Fits<Rehearsals, api.RehearsalsDoc>,
  Fits<Job, api.Job>,
];
