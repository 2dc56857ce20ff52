/** A page in memory: elements that come into view and videos that play when a test says so. */
import { Window } from "happy-dom";

type Page = globalThis.Window & typeof globalThis;

/** Its callbacks come when a test calls `show`. */
class Watched implements IntersectionObserver {
  static all: Watched[] = [];
  readonly root = null;
  readonly rootMargin = "";
  readonly thresholds: readonly number[];
  readonly targets = new Set<Element>();

  constructor(
    private readonly seen: IntersectionObserverCallback,
    options: IntersectionObserverInit = {},
  ) {
    this.thresholds = [options.threshold ?? 0].flat();
    Watched.all.push(this);
  }

  observe(target: Element): void {
    this.targets.add(target);
  }

  unobserve(target: Element): void {
    this.targets.delete(target);
  }

  disconnect(): void {
    this.targets.clear();
  }

  takeRecords(): IntersectionObserverEntry[] {
    return [];
  }

  tell(target: Element, ratio: number): void {
    if (!this.targets.has(target)) return;
    const entry = { target, intersectionRatio: ratio, isIntersecting: ratio > 0 };
    this.seen([entry as IntersectionObserverEntry], this);
  }
}

export function page(): Page {
  Watched.all = [];
  const window = new Window({ url: "https://app.example.org/" }) as unknown as Page;
  window.IntersectionObserver = Watched as unknown as typeof IntersectionObserver;
  return window;
}

/** Ends what the page still has to do. */
export async function close(window: Page): Promise<void> {
  await (window as unknown as Window).happyDOM.close();
}

/** So much of the element's pixels is on screen. */
export function show(element: Element, ratio: number): void {
  for (const one of Watched.all) one.tell(element, ratio);
}

export function go(window: Page, state: "visible" | "hidden"): void {
  Object.defineProperty(window.document, "visibilityState", { value: state, configurable: true });
  window.document.dispatchEvent(new window.Event("visibilitychange"));
}

/** An element with a video inside that plays by hand. */
export class Player {
  readonly element: HTMLElement;
  private readonly media: HTMLVideoElement;
  private at = 0;
  private paused = true;
  private seeking = false;

  constructor(
    private readonly window: Page,
    private readonly durationS: number,
    loop = false,
  ) {
    this.element = window.document.createElement("div");
    this.media = window.document.createElement("video");
    this.element.append(this.media);
    window.document.body.append(this.element);
    for (const [name, get] of Object.entries({
      currentTime: () => this.at,
      duration: () => this.durationS,
      paused: () => this.paused,
      seeking: () => this.seeking,
      loop: () => loop,
    })) {
      Object.defineProperty(this.media, name, { get });
    }
  }

  /** Plays for so long, as browsers do: with a `timeupdate` every quarter of a second. */
  play(seconds: number): void {
    this.paused = false;
    for (let left = seconds; left > 1e-9; ) {
      const step = Math.min(0.25, left, this.durationS - this.at);
      left -= step;
      this.at += step;
      if (this.at < this.durationS - 1e-9) this.say("timeupdate");
      else if (this.media.loop) this.jump(0);
      else {
        this.say("timeupdate", "pause", "ended");
        this.paused = true;
        return;
      }
    }
  }

  pause(): void {
    this.paused = true;
    this.say("pause");
  }

  jump(to: number): void {
    this.at = to;
    this.seeking = true;
    this.say("seeking", "timeupdate");
    this.seeking = false;
    this.say("seeked", "timeupdate");
  }

  private say(...names: string[]): void {
    for (const name of names) this.media.dispatchEvent(new this.window.Event(name));
  }
}
