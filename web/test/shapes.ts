// What the API answers fits what the screens expect: the compiler says so, or
// names the field. Nothing of this is run.
import type * as api from "../src/console/api-types";
import type { Policy, Site } from "../src/console/screens/captcha-form";
import type { PlaybookDoc } from "../src/console/screens/playbook";
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
  Fits<AuditEntry, api.Entry>,
  Fits<LaneOrder, api.LaneOrderDoc>,
  Fits<PlaybookDoc, api.PlaybookDoc>,
  Fits<Site, api.SiteDoc>,
  Fits<Policy, api.PolicyDoc>,
  Fits<Job, api.Job>,
];
