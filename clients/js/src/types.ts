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

/** What may be asked of a feed. Whose it is, the client knows. */
export type FeedQuery = Omit<Schemas["FeedBody"], "viewer" | "session_id" | "consent"> & {
  surface?: Surface;
};
