/**
 * Tells what a viewer sees, from the page's own elements.
 *
 *     const beacon = new Beacon(client);
 *     beacon.observe(element, { video: "v1", position: 0, request_id: feed.request_id });
 *
 * An *impression* is told when at least half of an element's pixels come on screen; it opens a
 * view. While it lasts, the element's `<video>` (itself, or the first inside) is followed: what
 * was played is told every few seconds and on leaving. Out of view and back is a new one.
 */
import type { FreshetClient, Said } from "./client.js";
import { type Ids, uuid7 } from "./ids.js";
import { Meter } from "./meter.js";
import { Queue, type QueueOptions } from "./queue.js";
import type { EventIn, Surface } from "./types.js";

/** What an element shows. */
export interface Shown {
  video: string;
  /** In its feed, from 0. */
  position?: number;
  /** Of the feed it came with. */
  request_id?: string;
  surface?: Surface;
  session_id?: string;
  /** The app's own name of the placement, finer than `surface`. */
  context?: string;
}

export interface BeaconOptions extends Partial<QueueOptions> {
  /** How often watching is told. */
  reportMs?: number;
  /** The page to listen to; for tests. */
  window?: Window & typeof globalThis;
}

type Who = { viewer: string; session_id?: string };
type Tell = (act: Said, slot?: string) => void;

const HALF = 0.5;

export class Beacon {
  readonly queue: Queue;
  private readonly window: Window & typeof globalThis;
  private readonly seen: IntersectionObserver;
  private readonly observed = new Map<Element, Observed>();
  private readonly timer: ReturnType<typeof setInterval>;
  private readonly listeners: [EventTarget, string, () => void][] = [];
  private readonly who: Who;
  private readonly ids: Ids;

  /** @throws Refused the client does not know its viewer yet */
  constructor(client: FreshetClient, options: BeaconOptions = {}) {
    this.who = client.who;
    this.ids = client.talk.ids;
    this.window = options.window ?? (globalThis as unknown as Window & typeof globalThis);
    this.queue = new Queue(client.talk, { viewer: client.viewer, ...options });
    this.seen = new this.window.IntersectionObserver((entries) => this.moved(entries), {
      threshold: [0, HALF],
    });
    this.timer = setInterval(() => this.report(), options.reportMs ?? 5_000);
    const { document } = this.window;
    this.listen(document, "visibilitychange", () => document.visibilityState === "hidden" && this.hidden());
    this.listen(this.window, "pagehide", () => this.gone());
    this.listen(this.window, "pageshow", () => this.back());
    this.listen(this.window, "online", () => void this.queue.flush());
  }

  private readonly tell: Tell = (act, slot) => {
    this.queue.add({ event_id: this.ids.make(), time: Date.now(), ...act } as EventIn, slot);
  };

  /** Follow an element until `unobserve`. Observed again it may show another video. */
  observe(element: Element, shown: Shown): void {
    this.unobserve(element);
    this.observed.set(element, new Observed(element, { ...this.who, ...shown }, this.tell));
    this.seen.observe(element);
  }

  /** The element is gone, or shows something else: its view ends. */
  unobserve(element: Element): void {
    this.moved(this.seen.takeRecords()); // what came on screen did so as what it was until now
    this.seen.unobserve(element);
    this.observed.get(element)?.close();
    this.observed.delete(element);
  }

  /** End all views, tell what waits, and listen no more. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    this.seen.disconnect();
    for (const one of this.observed.values()) one.close();
    this.observed.clear();
    for (const [target, name, listener] of this.listeners) target.removeEventListener(name, listener);
    await this.queue.flush();
    this.queue.close();
  }

  private moved(entries: IntersectionObserverEntry[]): void {
    for (const entry of entries) {
      const inView = entry.isIntersecting && entry.intersectionRatio >= HALF;
      this.observed.get(entry.target)?.visible(inView);
    }
  }

  private report(): void {
    for (const one of this.observed.values()) one.report(false);
  }

  /** Perhaps the last that is heard of this page, perhaps a glance at another tab. */
  private hidden(): void {
    this.report();
    this.queue.leave();
  }

  private gone(): void {
    for (const one of this.observed.values()) one.close();
    this.queue.leave();
  }

  /** Out of the browser's cache of pages: what is on screen is seen anew. */
  private back(): void {
    for (const one of this.observed.values()) one.reopen();
  }

  private listen(target: EventTarget, name: string, listener: () => void): void {
    target.addEventListener(name, listener);
    this.listeners.push([target, name, listener]);
  }
}

/** One element, and the view of its video while it is on screen. */
class Observed {
  private view: View | undefined;
  private inView = false;

  constructor(
    private readonly element: Element,
    private readonly shown: Shown & Who,
    private readonly tell: Tell,
  ) {}

  visible(inView: boolean): void {
    this.inView = inView;
    if (!inView) this.close();
    else this.view ??= new View(videoOf(this.element), this.shown, this.tell);
  }

  reopen(): void {
    if (this.inView) this.visible(true);
  }

  report(left: boolean): void {
    this.view?.report(left);
  }

  close(): void {
    this.view?.close();
    this.view = undefined;
  }
}

/** From an impression to leaving. */
class View {
  private readonly id = uuid7();
  private readonly meter: Meter;
  private readonly listeners: [string, () => void][] = [];
  private told = "";

  constructor(
    private readonly media: HTMLVideoElement | null,
    private readonly shown: Shown & Who,
    private readonly tell: Tell,
  ) {
    this.meter = new Meter(media?.currentTime ?? 0);
    const { position = 0, context = "", ...act } = shown;
    tell({ ...act, type: "impression", position, context });
    if (!media) return;
    this.on("timeupdate", () => this.meter.progress(media.currentTime));
    this.on("pause", () => this.meter.progress(media.currentTime));
    this.on("seeking", () => this.meter.seek(media.currentTime, durationS(media), media.loop));
    this.on("seeked", () => this.meter.seeked(media.currentTime));
    this.on("ended", () => this.meter.end(durationS(media)));
  }

  /** Tells how far it has come, if that is news. */
  report(left: boolean): void {
    const { media, meter } = this;
    if (!media) return;
    if (!media.paused && !media.seeking) meter.progress(media.currentTime);
    const watched = {
      watched_ms: Math.round(1000 * meter.playedS),
      duration_ms: Math.round(1000 * durationS(media)),
      loops: meter.loops,
      completed: meter.ends > 0,
      left,
    };
    const news = JSON.stringify(watched);
    if (news === this.told || (!left && !watched.watched_ms)) return;
    this.told = news;
    const { position: _, context: __, ...act } = this.shown;
    this.tell({ ...act, type: "watch", ...watched }, this.id);
  }

  close(): void {
    this.report(true);
    for (const [name, listener] of this.listeners) this.media?.removeEventListener(name, listener);
  }

  private on(name: string, listener: () => void): void {
    this.media?.addEventListener(name, listener);
    this.listeners.push([name, listener]);
  }
}

function videoOf(element: Element): HTMLVideoElement | null {
  return element.matches("video") ? (element as HTMLVideoElement) : element.querySelector("video");
}

/** 0 while it is not known, and for a stream without end. */
function durationS(media: HTMLVideoElement): number {
  return Number.isFinite(media.duration) ? media.duration : 0;
}
