/**
 * A lane: clips one after another, and where the viewer is in it. Little is asked for ahead,
 * so that what they do is felt a few swipes later.
 */
import { Refused, Unavailable } from "@freshet/client";

import type { Card, Clip } from "./cards";
import type { Page, Query } from "./server";

/** What comes behind the last clip. */
export type Tail = "loading" | "end" | "offline" | "broken";

export interface Kept {
  clips: Clip[];
  index: number;
}

export type Ask = (query: Query, n: number, cursor: string) => Promise<Page>;

const AHEAD = 2; // clips held ready behind the one on screen
const FEW = 3;
const MANY = 8; // when somebody is faster than we
const AGAIN_MS = 2_000;
const NEWS_MS = 8_000; // how often it is asked for new clips at the end
const KEPT_BEHIND = 20;

export class Lane {
  clips = $state<Clip[]>([]);
  /** `clips.length` is the tail. */
  index = $state(0);
  tail = $state<Tail>("loading");
  /** Why there is nothing: `no_follows`, `exhausted`, `filtered`. */
  rung = $state("");
  readonly current: Clip | undefined = $derived(this.clips[this.index]);
  private cursor = "";
  private asking: Promise<void> | undefined;
  private again: ReturnType<typeof setTimeout> | undefined;
  private wanted: (card: Card) => boolean = () => true; // whatever the server still sends
  private round = 0; // raised by `anew`: answers to what was asked before are let go

  constructor(
    readonly key: string,
    readonly query: Query,
    private readonly ask: Ask,
    kept?: Kept,
  ) {
    if (kept) [this.clips, this.index] = [kept.clips, kept.index];
  }

  get atTail(): boolean {
    return this.index >= this.clips.length;
  }

  /** One clip on or back; false if there is none. */
  step(by: 1 | -1): boolean {
    const to = this.index + by;
    if (to < 0 || to > this.clips.length) return false;
    this.index = to;
    this.fill();
    return true;
  }

  /** Sees to it that the next clips are there. */
  fill(): void {
    if (this.clips.length - this.index > AHEAD || this.asking) return;
    if (this.tail === "end" && this.again) return; // asked again in time
    const asking = this.more().finally(() => {
      if (this.asking === asking) this.asking = undefined; // else it was let go, and another runs
    });
    this.asking = asking;
  }

  /** Ask at once, where a later time was planned. */
  retry(): void {
    clearTimeout(this.again);
    this.again = undefined;
    this.fill();
  }

  /** Drop what was not shown yet, as far as `keep` does not hold, and ask anew. */
  anew(keep: (card: Card) => boolean = () => false): void {
    this.round++;
    this.cursor = "";
    this.drop(keep);
    this.tail = "loading";
    this.asking = undefined;
    this.retry();
  }

  /** From now on nothing comes for which `keep` does not hold; the server is told meanwhile. */
  only(keep: (card: Card) => boolean): void {
    const before = this.wanted;
    this.wanted = (card) => before(card) && keep(card);
    this.drop(keep);
  }

  /** What comes is the server's choice again. */
  anything(): void {
    this.wanted = () => true;
  }

  /** Drop what was not shown yet, as far as `keep` does not hold. */
  private drop(keep: (card: Card) => boolean): void {
    const shown = this.clips.slice(0, this.index + 1);
    this.clips = [...shown, ...this.clips.slice(this.index + 1).filter(({ card }) => keep(card))];
  }

  /** What a reload needs to go on here. */
  kept(): Kept {
    const from = Math.max(0, this.index - KEPT_BEHIND);
    return { clips: $state.snapshot(this.clips.slice(from)) as Clip[], index: this.index - from };
  }

  close(): void {
    clearTimeout(this.again);
    this.round++;
  }

  private async more(): Promise<void> {
    const round = this.round;
    clearTimeout(this.again);
    this.again = undefined;
    try {
      const page = await this.ask(this.query, this.atTail ? MANY : FEW, this.cursor);
      if (round === this.round) this.take(page);
    } catch (error) {
      if (round === this.round) this.failed(error);
    }
  }

  private take({ clips, cursor, rung }: Page): void {
    this.cursor = cursor;
    this.rung = rung;
    // To the server, who wants no personal feed is somebody else from then on, and has seen nothing.
    const here = new Set(this.clips.map(({ card }) => card.video));
    this.clips.push(...clips.filter(({ card }) => !here.has(card.video) && this.wanted(card)));
    this.tail = clips.length || cursor ? "loading" : "end";
    if (this.tail === "end") this.plan(NEWS_MS);
    else queueMicrotask(() => this.fill());
  }

  private failed(error: unknown): void {
    if (error instanceof Refused && error.field === "cursor") {
      this.cursor = "";
      queueMicrotask(() => this.fill());
      return;
    }
    const away = error instanceof Unavailable || !navigator.onLine;
    this.tail = away ? "offline" : "broken";
    this.plan(AGAIN_MS);
  }

  private plan(ms: number): void {
    clearTimeout(this.again);
    this.again = setTimeout(() => this.retry(), ms);
  }
}
