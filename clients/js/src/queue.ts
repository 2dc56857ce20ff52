/**
 * Events on their way: in memory and in a store, told in batches, kept until the server has
 * answered for each. A network that is cut, a page that goes and a repeated batch lose nothing
 * and double nothing: an event keeps its id.
 */
import { Refused, Unavailable } from "./errors.js";
import { uuid7 } from "./ids.js";
import { defaultStore, type Store } from "./store.js";
import type { Talk } from "./talk.js";
import { pathOf, queryOf } from "./talk.js";
import type { EventError, EventIn, EventsTaken } from "./types.js";

export interface QueueOptions {
  /** Whose events these are: nobody else's client takes them over. */
  viewer: string;
  /** The longest that an event waits for others. */
  everyMs?: number;
  /** Events told at once, at most 1,000. */
  size?: number;
  /** Events that may wait; beyond, the oldest are given up and counted by `onDropped`. */
  room?: number;
  store?: Store;
  /** The server will not take this event, and why. */
  onRefused?: (event: EventIn, error: Refused) => void;
  onDropped?: (count: number) => void;
}

interface Entry {
  event: EventIn;
  /** Events of one name replace one another while they wait: only the last counts. */
  slot: string;
}

const PREFIX = "freshet:events:";
const BEACON_BYTES = 60_000; // browsers give all beacons on their way 64 KiB together
const SAVE_MS = 200;
const DAYS_7_MS = 7 * 86_400_000; // older repeats cannot be found, so the server refuses them

export class Queue {
  private entries: Entry[] = [];
  private telling: Promise<void> | undefined;
  private inFlight = 0; // entries at the head that are being told: not to be replaced
  private failures = 0;
  private most = 0; // entries at once, now; less while a batch as a whole is refused
  private readonly key: string;
  private readonly store: Store;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private saver: ReturnType<typeof setTimeout> | undefined;
  private closed = false;

  constructor(
    private readonly talk: Talk,
    private readonly options: QueueOptions,
  ) {
    this.store = options.store ?? defaultStore();
    this.key = `${PREFIX}${encodeURIComponent(options.viewer)}:${uuid7()}`;
    this.takeOver();
  }

  /** Events that the server has not answered for. */
  get waiting(): EventIn[] {
    return this.entries.map((entry) => entry.event);
  }

  add(event: EventIn, slot = ""): void {
    const at = slot ? this.entries.findIndex((entry, i) => i >= this.inFlight && entry.slot === slot) : -1;
    if (at >= 0) this.entries[at] = { event, slot };
    else this.entries.push({ event, slot });
    this.shorten();
    this.saver ??= setTimeout(() => this.save(), SAVE_MS);
    if (this.entries.length >= (this.options.size ?? 50)) this.plan(0);
    else this.plan(this.options.everyMs ?? 5_000);
  }

  /** Tell all that is waiting. Settles when it is told, or the first attempt has failed. */
  async flush(): Promise<void> {
    while (this.entries.length) {
      const before = this.entries.length;
      this.telling ??= this.tell().finally(() => (this.telling = undefined));
      await this.telling;
      if (this.failures && this.entries.length >= before) return;
    }
  }

  /**
   * The page is leaving: hand what waits to the browser, which tells it even when we are gone.
   * It says nothing of what came of it, so all of it stays in the store.
   */
  leave(): void {
    this.save();
    const [path, query] = [pathOf("events"), queryOf({ viewer_token: this.talk.token })];
    for (let from = 0; from < this.entries.length; ) {
      const batch = this.fitting(from);
      from += batch.length;
      const body = bodyOf(batch);
      // As text it needs no preflight, for which a page that is leaving has no time.
      if (globalThis.navigator?.sendBeacon?.(`${this.talk.url}${path}${query}`, body)) continue;
      const headers = { "Content-Type": "application/json", Authorization: `Bearer ${this.talk.token}` };
      fetch(this.talk.url + path, { method: "POST", keepalive: true, headers, body }).catch(() => {});
    }
  }

  /** Stops; what waits stays in the store. */
  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    this.save();
  }

  // --- telling ------------------------------------------------------------------------------

  private plan(ms: number): void {
    if (this.closed || this.failures) return; // after a failure its own wait is planned
    if (this.timer !== undefined && ms > 0) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.due(), ms);
  }

  private due(): void {
    this.timer = undefined;
    void this.flush();
  }

  private async tell(): Promise<void> {
    const size = this.most || Math.min(this.options.size ?? 50, 1_000);
    const batch = this.entries.slice(0, size).map((entry) => entry.event);
    this.inFlight = batch.length;
    try {
      const taken = await this.talk.ask(tellCall(batch), 1);
      this.entries.splice(0, batch.length);
      this.failures = this.most = 0;
      this.talk.ids.heard(taken.now);
      for (const error of taken.errors ?? []) this.refused(batch[error.index]!, error);
    } catch (error) {
      this.failed(batch, error);
    } finally {
      this.inFlight = 0;
      this.save();
    }
  }

  private failed(batch: EventIn[], error: unknown): void {
    const theirs = error instanceof Refused && error.status !== 401 && error.status !== 403;
    if (theirs && batch.length > 1) {
      this.most = Math.floor(batch.length / 2); // to find which one it is
      return;
    }
    if (theirs) {
      this.entries.shift();
      this.refused(batch[0]!, error);
      return;
    }
    this.failures++;
    if (this.closed) return;
    clearTimeout(this.timer);
    const askedMs = error instanceof Unavailable ? error.retryAfterMs : 0;
    this.timer = setTimeout(() => this.due(), this.talk.waitMs(Math.min(this.failures, 20), askedMs));
  }

  private refused(event: EventIn, why: EventError | Refused): void {
    if (isOfWrongClock(event, why, this.talk)) {
      // It was not taken, so it counts once under another id, too.
      this.entries.push({ event: { ...event, event_id: this.talk.ids.make() }, slot: "" });
      return;
    }
    this.options.onRefused?.(event, new Refused(why.code, why.field, why.reason, why.right));
  }

  private shorten(): void {
    const over = this.entries.length - (this.options.room ?? 5_000);
    if (over <= 0) return;
    this.entries.splice(this.inFlight, over);
    this.options.onDropped?.(over);
  }

  private fitting(from: number): EventIn[] {
    const batch: EventIn[] = [];
    let bytes = 0;
    for (const { event } of this.entries.slice(from, from + 1_000)) {
      bytes += new TextEncoder().encode(JSON.stringify(event)).length + 1;
      if (bytes > BEACON_BYTES && batch.length) break;
      batch.push(event);
    }
    return batch;
  }

  // --- keeping ------------------------------------------------------------------------------

  private save(): void {
    clearTimeout(this.saver);
    this.saver = undefined;
    try {
      if (this.entries.length) this.store.set(this.key, JSON.stringify(this.entries));
      else this.store.remove(this.key);
    } catch {
      // No room there. What waits is in memory, and the next change tries again.
    }
  }

  private takeOver(): void {
    const mine = `${PREFIX}${encodeURIComponent(this.options.viewer)}:`;
    const oldest = Date.now() - DAYS_7_MS;
    for (const key of this.store.keys().filter((one) => one.startsWith(mine))) {
      try {
        const left = JSON.parse(this.store.get(key) ?? "[]") as Entry[];
        this.entries.push(...left.filter(({ event }) => event.time > oldest));
      } catch {
        // Not ours, or damaged: nothing can be read from it.
      }
      this.store.remove(key);
    }
    this.shorten();
    if (this.entries.length) {
      this.save();
      this.plan(this.options.everyMs ?? 5_000);
    }
  }
}

/** The event's id was refused for its time, and now we know what time it is. */
export function isOfWrongClock(event: EventIn, why: EventError | Refused, talk: Talk): boolean {
  return (why.code === "too_late" || why.field === "event_id") && talk.ids.isOff(event.event_id);
}

/** The call that tells events; `sent_at` is that of each attempt. */
export function tellCall(events: EventIn[]) {
  return {
    method: "POST" as const,
    path: pathOf("events"),
    body: () => ({ events, sent_at: Date.now() }),
    also400: (said: unknown) =>
      said && typeof said === "object" && "accepted" in said ? (said as EventsTaken) : undefined,
  };
}

function bodyOf(events: EventIn[]): string {
  return JSON.stringify({ events, sent_at: Date.now() });
}
