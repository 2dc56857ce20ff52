export { Beacon, type BeaconOptions, type Shown } from "./beacon.js";
export { type Act, type ClientOptions, FreshetClient, type Said, UNDO, viewerOf, type Where } from "./client.js";
export { Broken, FreshetError, Refused, Unavailable } from "./errors.js";
export { uuid7 } from "./ids.js";
export { Meter } from "./meter.js";
export { Queue, type QueueOptions } from "./queue.js";
export { defaultStore, LocalStore, MemoryStore, type Store } from "./store.js";
export type { Retries, TalkOptions, Token } from "./talk.js";
export type * from "./types.js";
