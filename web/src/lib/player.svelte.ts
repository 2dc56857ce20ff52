/** The player's state: whose it is, which lane is on, what is open over it. */
import { Unavailable } from "@freshet/client";

import type { Card, Clip } from "./cards";
import { type Kept, Lane } from "./lane.svelte";
import { type Query, Server } from "./server";

export type Sheet = "" | "why" | "menu" | "less" | "keys" | "glass";
export type Theme = "auto" | "light" | "dark";
export type LessKind = "video" | "creator" | "sound" | "topic";

export interface Toast {
  text: string;
  undo?: () => void;
}

interface Visit {
  viewer: string;
  open: string[];
  lanes: Record<string, Kept>;
}

const VISIT = "freshet:visit";
const CHOICES = "freshet:choices";
const TOAST_MS = 6_000;
/** Where what is behind the glass can be linked to. */
export const GLASS = "/glass";
const MAIN = ["for_you", "following"];

export class Player {
  server = $state.raw<Server>();
  /** Nothing can be shown: why. */
  trouble = $state<"" | "offline" | "broken">("");
  /** Keys of the lanes that are open; the last one is on screen. */
  open = $state<string[]>(["for_you"]);
  sheet = $state<Sheet>(location.pathname === GLASS ? "glass" : "");
  toast = $state<Toast>();
  paused = $state(false);
  online = $state(navigator.onLine);
  visible = $state(document.visibilityState === "visible");
  /** A tap or a key came: from then on browsers let us make a sound. */
  touched = $state(false);
  sound = $state(true);
  theme = $state<Theme>("auto");
  personalised = $state(true);
  panel = $state(true);
  private readonly lanes = $state<Record<string, Lane>>({});
  private toastTimer: ReturnType<typeof setTimeout> | undefined;

  readonly lane: Lane | undefined = $derived(this.lanes[this.open.at(-1)!]);
  readonly clip: Clip | undefined = $derived(this.lane?.current);
  readonly muted = $derived(!this.touched || !this.sound);

  constructor() {
    const kept = read<Partial<Record<"theme" | "sound" | "panel", never>>>(localStorage, CHOICES);
    if (kept) Object.assign(this, kept);
  }

  // --- coming and going ---------------------------------------------------------------------

  async start(fresh = false): Promise<void> {
    try {
      this.server = await Server.open(fresh);
    } catch (error) {
      this.trouble = error instanceof Unavailable ? "offline" : "broken";
      setTimeout(() => void this.start(fresh), 2_000);
      return;
    }
    this.trouble = "";
    const visit = fresh ? undefined : read<Visit>(sessionStorage, VISIT);
    const again = visit?.viewer === this.server.viewer ? visit : undefined;
    const linked = again ? "" : linkedVideo();
    for (const lane of Object.values(this.lanes)) lane.close();
    for (const key of Object.keys(this.lanes)) delete this.lanes[key];
    for (const key of again?.open ?? []) this.lanes[key] = this.made(key, again?.lanes[key]);
    this.lanes["for_you"] ??= this.made("for_you", undefined, linked);
    this.open = again?.open ?? ["for_you"];
    this.server.act({ type: "open_app", device: "web", language: navigator.language.slice(0, 2) });
    this.lane!.fill();
  }

  /** Somebody new, of whom nothing is known. */
  async startOver(): Promise<void> {
    await this.server?.beacon.close();
    this.sheet = "";
    this.personalised = true;
    await this.start(true);
    this.say("You are somebody new now");
  }

  keep(): void {
    if (!this.server) return;
    const lanes = Object.fromEntries(this.open.map((key) => [key, this.lanes[key]!.kept()]));
    const visit: Visit = { viewer: this.server.viewer, open: this.open, lanes };
    write(sessionStorage, VISIT, visit);
    write(localStorage, CHOICES, { theme: this.theme, sound: this.sound, panel: this.panel });
  }

  // --- lanes --------------------------------------------------------------------------------

  /** `for_you`, `following`, `tag:…`, `sound:…` or `creator:…`. */
  go(key: string): void {
    const before = this.open;
    const at = before.indexOf(key);
    if (MAIN.includes(key)) this.open = [key];
    else this.open = at >= 0 ? before.slice(0, at + 1) : [...before, key];
    this.lanes[key] ??= this.made(key);
    if (key === "following") this.lanes[key].anew();
    else this.lanes[key].fill();
    this.paused = false;
    this.sheet = "";
  }

  back(): void {
    if (this.open.length > 1) this.open = this.open.slice(0, -1);
    else if (this.open[0] !== "for_you") this.go("for_you");
  }

  private made(key: string, kept?: Kept, pinned = ""): Lane {
    const query = queryOf(key);
    if (pinned) query.pins = { [pinned]: 0 };
    const ask = async (asked: Query, n: number, cursor: string) => {
      const page = await this.server!.page(asked, n, cursor);
      this.personalised = page.personalised; // the server knows what was chosen before
      return page;
    };
    return new Lane(key, query, ask, kept);
  }

  /** Sound on or off. The call comes of a tap or a key, so browsers allow it. */
  hear(): void {
    this.sound = this.muted;
    this.touched = true;
  }

  step(by: 1 | -1): boolean {
    const moved = this.lane?.step(by) ?? false;
    if (moved) this.paused = false;
    return moved;
  }

  // --- acts ---------------------------------------------------------------------------------

  like(on?: boolean): void {
    this.toggle("like", on);
  }

  favorite(): void {
    this.toggle("favorite");
  }

  follow(): void {
    const { clip } = this;
    if (!clip) return;
    const { id, followed, display_name } = clip.card.creator;
    const set = (to: boolean) => {
      for (const { creator } of this.allCards()) {
        if (creator.id === id) [creator.followed, creator.followers] = [to, creator.followers + (to ? 1 : -1)];
      }
    };
    set(!followed);
    this.server!.act({ type: followed ? "unfollow" : "follow", person: id, ...about(clip) });
    this.say(followed ? `You no longer follow ${display_name}` : `You follow ${display_name}`);
  }

  async share(): Promise<void> {
    const { clip } = this;
    if (!clip) return;
    const url = `${location.origin}/v/${encodeURIComponent(clip.card.video)}`;
    const small = matchMedia("(pointer: coarse)").matches;
    try {
      if (small && navigator.share) await navigator.share({ title: clip.card.title, url });
      else await navigator.clipboard.writeText(url);
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") return; // thought better of it
      this.say(`The link: ${url}`);
      return;
    }
    clip.card.shares++;
    this.server!.act({ type: "share", ...about(clip) });
    if (!small) this.say("Link copied");
  }

  /** Not interested: in the video, or in all by its creator, with its sound, on its topic. */
  async less(kind: LessKind): Promise<void> {
    const { clip, lane } = this;
    if (!clip || !lane) return;
    const { card } = clip;
    const topic = card.topics[0];
    const target = { video: card.video, creator: card.creator.id, sound: card.sound.id, topic: topic?.id ?? "" }[kind];
    const where = { request_id: clip.request_id, surface: clip.surface };
    if (kind === "video") this.server!.act({ type: "not_interested", ...about(clip) });
    else this.server!.act({ type: "hide", kind, target, ...where });
    this.sheet = "";
    const keep = (other: Card) => !isOf(kind, target, other);
    lane.only(keep); // at once: the server is told a moment later, and swipes are faster
    this.step(1);
    await this.server!.told();
    this.anew(keep);
    const named = { video: "clips like this", creator: `${card.creator.display_name}`, sound: `“${card.sound.title}”`, topic: topic?.name ?? "" };
    this.say(`No more of ${named[kind]}`, () => {
      if (kind === "video") this.server!.act({ type: "undo_not_interested", ...about(clip) });
      else this.server!.act({ type: "unhide", kind, target, ...where });
      lane.anything();
      void this.server!.told().then(() => this.anew(() => true));
    });
  }

  async reset(): Promise<void> {
    this.server!.act({ type: "reset_feed" });
    this.sheet = "";
    await this.server!.told();
    this.anew();
    this.say("Forgotten. Your feed begins anew");
  }

  async personalise(on: boolean): Promise<void> {
    this.personalised = on;
    this.server!.act({ type: "personalisation_set", on });
    await this.server!.told();
    this.anew();
    this.say(on ? "Your feed learns from you again" : "The same feed for everybody");
  }

  say(text: string, undo?: () => void): void {
    clearTimeout(this.toastTimer);
    this.toast = undo ? { text, undo } : { text };
    this.toastTimer = setTimeout(() => (this.toast = undefined), TOAST_MS);
  }

  undo(): void {
    const undo = this.toast?.undo;
    this.toast = undefined;
    undo?.();
  }

  private toggle(act: "like" | "favorite", on?: boolean): void {
    const { clip } = this;
    if (!clip) return;
    const { card } = clip;
    const [is, count] = act === "like" ? (["liked", "likes"] as const) : (["favorited", "favorites"] as const);
    const to = on ?? !card[is];
    if (to === card[is]) return;
    card[is] = to;
    card[count] += to ? 1 : -1;
    this.server!.act({ type: to ? act : (`un${act}` as "unlike" | "unfavorite"), ...about(clip) });
  }

  /** Every lane asks anew for what was not shown yet. */
  private anew(keep?: (card: Card) => boolean): void {
    for (const [key, lane] of Object.entries(this.lanes)) {
      if (!keep) lane.anything();
      if (this.open.includes(key)) lane.anew(keep);
      else {
        lane.close();
        delete this.lanes[key];
      }
    }
  }

  private *allCards(): Generator<Card> {
    for (const lane of Object.values(this.lanes)) for (const { card } of lane.clips) yield card;
  }
}

function about(clip: Clip) {
  return { video: clip.card.video, request_id: clip.request_id, surface: clip.surface };
}

function isOf(kind: LessKind, target: string, card: Card): boolean {
  if (kind === "topic") return card.topics.some(({ id }) => id === target);
  return { video: card.video, creator: card.creator.id, sound: card.sound.id }[kind] === target;
}

export function queryOf(key: string): Query {
  if (key === "following") return { surface: "following" };
  const [kind, ...rest] = key.split(":");
  const field = { tag: "hashtags", sound: "sounds", creator: "creators" }[kind ?? ""];
  return field ? { surface: "for_you", filters: { [field]: [rest.join(":")] } } : { surface: "for_you" };
}

/** The video of a shared link; the address is then that of the player again. */
function linkedVideo(): string {
  const found = /^\/v\/([^/]+)$/.exec(location.pathname);
  if (!found) return "";
  history.replaceState(null, "", "/");
  return decodeURIComponent(found[1]!);
}

function read<T>(storage: Storage, key: string): T | undefined {
  try {
    return JSON.parse(storage.getItem(key) ?? "null") ?? undefined;
  } catch {
    return undefined;
  }
}

function write(storage: Storage, key: string, value: unknown): void {
  try {
    storage.setItem(key, JSON.stringify(value));
  } catch {
    // No room, or none allowed: a reload then begins anew.
  }
}
