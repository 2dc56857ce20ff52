/** What is said and answered: names for the types generated from the server's description. */
import type { components } from "./schema.js";

type Schemas = components["schemas"];

/** One event; its `type` says which. */
export type EventIn = Schemas["EventIn"];
export type EventError = Schemas["EventError"];
export type EventsTaken = Schemas["EventsTaken"];
export type Feed = Schemas["Answer"];
export type Item = Schemas["Item"];
export type Reason = Schemas["Reason"];
export type Why = Schemas["Why"];
export type Filters = Schemas["Filters"];
export type Boost = Schemas["Boost"];
export type Surface = NonNullable<Schemas["LikeEvent"]["surface"]>;
export type HideKind = Schemas["HideEvent"]["kind"];
export type LessOfKind = Schemas["LessOfEvent"]["kind"];

/** Where a person stands: what was decided of them and their videos. */
export type PersonStanding = Schemas["PersonStanding"];
/** A new video on its way from stage to stage. */
export type Journey = Schemas["JourneySoFar"];
/** Why a video stalls, and what would help. */
export type Diagnosis = Schemas["Diagnosis"];
/** How all of a creator's videos fare. */
export type PersonDiagnosis = Schemas["PersonDiagnosis"];
/** A sentence by its code. */
export type Sentence = Schemas["Said"];
export type Ruling = Schemas["Ruling"];
export type Effect = Ruling["effect"];
export type QueuePage = Schemas["QueuePage"];
export type QueueLine = Schemas["QueueLine"];
export type Case = Schemas["Case"];
export type Decisions = Schemas["Decisions"];
export type Sides = Schemas["Sides"];
export type Side = Schemas["Side"];
export type Entries = Schemas["Entries"];
export type Entry = Schemas["Entry"];
export type Funnel = Schemas["Funnel"];
/** What the audit log may be narrowed to. */
export interface AuditQuery {
  video?: string;
  person?: string;
  actor?: string;
}

/** What may be asked of a feed. Whose it is, the client knows. */
export type FeedQuery = Omit<Schemas["FeedBody"], "viewer" | "session_id" | "consent"> & {
  surface?: Surface;
};
