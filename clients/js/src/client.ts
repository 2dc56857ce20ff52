/**
 * A viewer's own client of a Freshet server, for a browser or an app.
 *
 *     const client = new FreshetClient("https://feeds.example.org", { token });
 *     const feed = await client.feed({ n: 5 });
 *     const liked = await client.like(feed.items[0].video, { request_id: feed.request_id });
 *     await liked.undo();
 */
import { Refused } from "./errors.js";
import { uuid7 } from "./ids.js";
import { isOfWrongClock, tellCall } from "./queue.js";
import { type Query, Talk, type TalkOptions, pathOf } from "./talk.js";
import type {
  Diagnosis,
  EventIn,
  EventsTaken,
  Feed,
  FeedQuery,
  HideKind,
  Item,
  Journey,
  LessOfKind,
  PersonDiagnosis,
  PersonStanding,
  Ruling,
  Surface,
  Why,
} from "./types.js";

export interface ClientOptions extends TalkOptions {
  /** The app's own id of the viewer; with a viewer token theirs, and left out. */
  viewer?: string;
  /** Told with every feed and act. */
  sessionId?: string;
}

/** An act that is in the log. */
export interface Act {
  event: EventIn;
  /** Takes it and its effect back; the next feed is as if it had not been. */
  undo(): Promise<Act>;
}

/** Where an act happened. */
export interface Where {
  request_id?: string;
  surface?: Surface;
}

export class FreshetClient {
  readonly talk: Talk;
  private readonly named: string;
  private readonly sessionId: string;

  constructor(url: string, options: ClientOptions) {
    this.talk = new Talk(url, options);
    this.named = options.viewer ?? "";
    this.sessionId = options.sessionId ?? "";
  }

  /** Whose client this is: who was named, or whom the token names. */
  get viewer(): string {
    const viewer = this.named || viewerOf(this.talk.token);
    if (!viewer) throw new Refused("refused", "viewer", "is not known yet", "`viewer` among the options");
    return viewer;
  }

  /** What every act says of who did it. */
  get who(): { viewer: string; session_id?: string } {
    return { viewer: this.viewer, ...(this.sessionId && { session_id: this.sessionId }) };
  }

  // --- feeds --------------------------------------------------------------------------------

  /** The next videos, best first; fewer than `n` when no more may follow. */
  async feed(query: FeedQuery = {}): Promise<Feed> {
    const { surface = "for_you", filters, exclude, pins, boosts, personalised, trace, features, ...rest } = query;
    const who = { viewer: this.named, session_id: this.sessionId };
    const said = stripped({ ...who, request_id: rest.cursor ? "" : uuid7(), ...rest });
    const path = pathOf("feeds", surface);
    const options = stripped({ filters, exclude, pins, boosts });
    if (Object.keys(options).length) {
      const body = stripped({ ...said, ...options, personalised, trace, features });
      return await this.talk.ask<Feed>({ method: "POST", path, body: () => body });
    }
    const flags: Query = {};
    if (personalised === false) flags["personalised"] = 0;
    if (trace) flags["trace"] = 1;
    if (features) flags["features"] = 1;
    return await this.talk.ask<Feed>({ method: "GET", path, query: { ...said, ...flags } });
  }

  /** Videos one after another; a page of `n` is asked for when its first video is. */
  async *feedItems(query: Omit<FeedQuery, "cursor" | "request_id" | "pins"> = {}): AsyncGenerator<Item> {
    for (let cursor = ""; ; ) {
      const feed = await this.feed(cursor ? { ...query, cursor } : query);
      yield* feed.items;
      cursor = feed.cursor ?? "";
      if (!cursor) return;
    }
  }

  /** Why a video was shown: from the record of the latest feed that held it. */
  async why(video: string, surface: Surface = "for_you", language = ""): Promise<Why> {
    const query = stripped({ viewer: this.named, language }) as Query;
    return await this.talk.ask<Why>({ method: "GET", path: pathOf("feeds", surface, "why", video), query });
  }

  // --- as a creator -------------------------------------------------------------------------

  /** What was decided of this viewer and their videos, with reasons and ends. */
  async standing(): Promise<PersonStanding> {
    await this.talk.authorised(); // by then it is known who the viewer is
    return await this.talk.ask<PersonStanding>({ method: "GET", path: pathOf("people", this.viewer, "standing") });
  }

  /** Says why a decision about oneself or one's video is wrong: once, while it stands. */
  async appeal(decision: string, text: string): Promise<Ruling> {
    const body = () => stripped({ person: this.named, decision, text });
    // Once: a repeated appeal is refused as a second one.
    return await this.talk.ask<Ruling>({ method: "POST", path: "/v1/appeals", body }, 1);
  }

  /** A new video of this viewer's on its way from stage to stage. */
  async journey(video: string): Promise<Journey> {
    return await this.talk.ask<Journey>({ method: "GET", path: pathOf("videos", video, "journey") });
  }

  /** Its journey, who saw it, its numbers beside its like; why it stalls, and what would help. */
  async diagnosis(video: string): Promise<Diagnosis> {
    return await this.talk.ask<Diagnosis>({ method: "GET", path: pathOf("videos", video, "diagnosis") });
  }

  /** How all of this viewer's videos fare. */
  async profile(): Promise<PersonDiagnosis> {
    await this.talk.authorised();
    return await this.talk.ask<PersonDiagnosis>({ method: "GET", path: pathOf("people", this.viewer, "diagnosis") });
  }

  // --- acts ---------------------------------------------------------------------------------

  /** Tells what happened; good events are kept, `errors` says what is wrong with the others. */
  async tell(...events: EventIn[]): Promise<EventsTaken> {
    const taken = await this.talk.ask<EventsTaken>(tellCall(events));
    this.talk.ids.heard(taken.now);
    return taken;
  }

  like(video: string, where: Where = {}): Promise<Act> {
    return this.act({ type: "like", video, ...where });
  }

  unlike(video: string, where: Where = {}): Promise<Act> {
    return this.act({ type: "unlike", video, ...where });
  }

  favorite(video: string, where: Where = {}): Promise<Act> {
    return this.act({ type: "favorite", video, ...where });
  }

  unfavorite(video: string, where: Where = {}): Promise<Act> {
    return this.act({ type: "unfavorite", video, ...where });
  }

  comment(video: string, comment_id: string, where: Where = {}): Promise<Act> {
    return this.act({ type: "comment", video, comment_id, ...where });
  }

  deleteComment(video: string, comment_id: string, where: Where = {}): Promise<Act> {
    return this.act({ type: "delete_comment", video, comment_id, ...where });
  }

  share(video: string, where: Where = {}): Promise<Act> {
    return this.act({ type: "share", video, ...where });
  }

  report(video: string, reason: string, where: Where = {}): Promise<Act> {
    return this.act({ type: "report", video, reason, ...where });
  }

  notInterested(video: string, where: Where = {}): Promise<Act> {
    return this.act({ type: "not_interested", video, ...where });
  }

  follow(person: string, where: Where & { video?: string } = {}): Promise<Act> {
    return this.act({ type: "follow", person, ...where });
  }

  unfollow(person: string, where: Where & { video?: string } = {}): Promise<Act> {
    return this.act({ type: "unfollow", person, ...where });
  }

  block(person: string, where: Where & { video?: string } = {}): Promise<Act> {
    return this.act({ type: "block", person, ...where });
  }

  unblock(person: string, where: Where & { video?: string } = {}): Promise<Act> {
    return this.act({ type: "unblock", person, ...where });
  }

  hide(kind: HideKind, target: string, where: Where = {}): Promise<Act> {
    return this.act({ type: "hide", kind, target, ...where });
  }

  unhide(kind: HideKind, target: string, where: Where = {}): Promise<Act> {
    return this.act({ type: "unhide", kind, target, ...where });
  }

  /** Wants to see less of one creator, sound, hashtag or topic. */
  lessOf(kind: LessOfKind, target: string, where: Where = {}): Promise<Act> {
    return this.act({ type: "less_of", kind, target, ...where });
  }

  /** A feed that learns from this viewer, or one that does not. */
  personalise(on: boolean): Promise<Act> {
    return this.act({ type: "personalisation_set", on });
  }

  /** Forget what was learned; what was seen stays seen. */
  resetFeed(): Promise<Act> {
    return this.act({ type: "reset_feed" });
  }

  /** Tells one act; what is wrong with it is thrown. */
  async act(said: Said): Promise<Act> {
    await this.talk.authorised(); // by then it is known who the viewer is
    const { ids } = this.talk;
    let event = { event_id: ids.make(), time: Date.now(), ...this.who, ...said } as EventIn;
    let wrong = (await this.tell(event)).errors?.[0];
    if (wrong && isOfWrongClock(event, wrong, this.talk)) {
      event = { ...event, event_id: ids.make() };
      wrong = (await this.tell(event)).errors?.[0];
    }
    if (wrong) throw new Refused(wrong.code, wrong.field, wrong.reason, wrong.right);
    return { event, undo: () => this.undo(event) };
  }

  private async undo(event: EventIn): Promise<Act> {
    const type = UNDO[event.type];
    if (!type) throw new Refused("refused", "type", `nothing takes back '${event.type}'`, Object.keys(UNDO).join(", "));
    const { event_id: _, time: __, ...said } = event;
    return await this.act({ ...said, type } as Said);
  }
}

/** What an act says beyond its id, its time and its viewer. */
export type Said = { [K in EventIn["type"]]: Omit<Extract<EventIn, { type: K }>, "event_id" | "time" | "viewer"> }[EventIn["type"]];

/** Acts, and the events that take them back. */
export const UNDO: Partial<Record<EventIn["type"], EventIn["type"]>> = {
  like: "unlike",
  comment: "delete_comment",
  favorite: "unfavorite",
  not_interested: "undo_not_interested",
  follow: "unfollow",
  block: "unblock",
  hide: "unhide",
  less_of: "undo_less_of",
};

/** Whom a viewer token speaks for; "" if it is none. */
export function viewerOf(token: string): string {
  try {
    const claims = token.split(".")[1]!.replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(claims), (character) => character.charCodeAt(0));
    const viewer: unknown = JSON.parse(new TextDecoder().decode(bytes)).sub;
    return typeof viewer === "string" ? viewer : "";
  } catch {
    return "";
  }
}

/** Without what was not said. */
function stripped<T extends object>(said: T): { [K in keyof T]?: Exclude<T[K], undefined | null> } {
  return Object.fromEntries(
    Object.entries(said).filter(([, value]) => value !== undefined && value !== null && value !== ""),
  ) as { [K in keyof T]?: Exclude<T[K], undefined | null> };
}
