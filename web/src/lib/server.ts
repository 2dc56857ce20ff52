/** The server behind the player: who watches, what comes next, and what they did. */
import {
  Beacon,
  type EventIn,
  type FeedQuery,
  FreshetClient,
  type Said,
  Unavailable,
  uuid7,
  type Why,
} from "@freshet/client";

import type { Card, Clip } from "./cards";
import { spoken } from "./words";

export type Query = Pick<FeedQuery, "filters" | "pins"> & { surface: "for_you" | "following" };

export interface Page {
  clips: Clip[];
  cursor: string;
  /** Why it is empty, or what filled it; "" if all is as usual. */
  rung: string;
  personalised: boolean;
}

/** How the running system does: as `src/freshet/demo/glass.py` answers. */
export interface Glass {
  events: number;
  per_second: number[];
  views: number;
  curve: { views: number; model: number; constant: number }[];
  weights: Record<string, number>;
  topic_spread: number;
  topic_novelty: number;
  explore_share: number;
  videos: { video: string; title: string; topic: string; creator: string; shown: number; finished: number; likes: number }[];
}

interface Session {
  token: string;
  viewer: string;
}

const SESSION = "freshet:session";

/** Of what is said to whoever sits before this browser. */
export const LANGUAGE = spoken(navigator.languages);

export class Server {
  readonly beacon: Beacon;

  private constructor(
    readonly client: FreshetClient,
    readonly viewer: string,
  ) {
    this.beacon = new Beacon(client, { reportMs: 2_000, everyMs: 1_500 });
  }

  /** @param fresh as somebody new, whoever this browser was before */
  static async open(fresh = false): Promise<Server> {
    let first: string | undefined;
    const { token, viewer } = await session(fresh);
    first = token;
    const client = new FreshetClient(location.origin, {
      viewer,
      sessionId: sessionId(fresh),
      retries: { attempts: 2 },
      token: async () => {
        const held = first ?? (await session(false)).token;
        first = undefined;
        return held;
      },
    });
    return new Server(client, viewer);
  }

  async page(query: Query, n: number, cursor: string): Promise<Page> {
    const asked: FeedQuery = { ...query, n, trace: true, language: LANGUAGE };
    asked.utc_offset_min = -new Date().getTimezoneOffset();
    if (cursor) asked.cursor = cursor;
    const feed = await this.client.feed(asked);
    const cards = new Map((await this.cards(feed.items.map(({ video }) => video))).map((c) => [c.video, c]));
    const { request_id, trace, personalised = true, rung = "" } = feed;
    const clips = feed.items.flatMap((item): Clip[] => {
      const card = cards.get(item.video);
      return card ? [{ card, item, request_id, surface: query.surface, personalised, rung, trace }] : [];
    });
    return { clips, cursor: feed.cursor ?? "", rung, personalised };
  }

  async glass(): Promise<Glass> {
    return await this.client.talk.ask<Glass>({ method: "GET", path: "/demo/glass" });
  }

  async why(clip: Clip): Promise<Why> {
    return await this.client.why(clip.card.video, clip.surface, LANGUAGE);
  }

  /** Tells an act; kept until the server has it, whatever becomes of the network. */
  act(said: Said): void {
    const { client, beacon } = this;
    beacon.queue.add({ event_id: client.talk.ids.make(), time: Date.now(), ...client.who, ...said } as EventIn);
    void beacon.queue.flush();
  }

  /** Once all acts so far are in the log, or could not be told for now. */
  async told(): Promise<void> {
    await this.beacon.queue.flush();
  }

  private async cards(videos: string[]): Promise<Card[]> {
    if (!videos.length) return [];
    const query = { videos };
    return await this.client.talk.ask<Card[]>({ method: "GET", path: "/demo/cards", query });
  }
}

async function session(fresh: boolean): Promise<Session> {
  let answer: Response;
  try {
    answer = await fetch("/demo/session", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ fresh }),
    });
  } catch (error) {
    throw new Unavailable(String(error));
  }
  if (!answer.ok) throw new Unavailable(`the server answered ${answer.status}`);
  return (await answer.json()) as Session;
}

/** One per tab and visit: a reload goes on with it. */
function sessionId(fresh: boolean): string {
  const known = fresh ? null : sessionStorage.getItem(SESSION);
  const id = known ?? uuid7();
  sessionStorage.setItem(SESSION, id);
  return id;
}
