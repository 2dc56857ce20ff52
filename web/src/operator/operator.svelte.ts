/** The operator's page: whose key it holds, what it may ask, and what clips and people are called. */
import { FreshetError, ModerationClient, Refused } from "@freshet/client";

import type { Card } from "../lib/cards";
import { Pages } from "../pages/asked.svelte";
import { Route } from "../pages/route.svelte";
import { keep, letIn } from "./door";

const NAME = "freshet:moderator";
const CARDS_AT_ONCE = 50;
const AWAY = "The server does not answer just now.";

export interface Someone {
  id: string;
  display_name: string;
  topic: string;
  videos: number;
}

export class Operator {
  readonly route = new Route("/operator");
  /** undefined: it is not known yet whether there is a key. */
  signedIn = $state<boolean>();
  /** Why there is no key, or no longer. */
  refused = $state("");
  name = $state(localStorage.getItem(NAME) ?? "operator");
  said = $state("");
  cards = $state.raw(new Map<string, Card>());
  people = $state.raw(new Map<string, Someone>());
  client!: ModerationClient;
  readonly queue = new Pages(async (cursor) => {
    const { lines, cursor: next } = await this.ask(() => this.client.queue({ cursor }));
    await this.meet(lines.map(({ video }) => video));
    return { items: lines, cursor: next };
  });
  private readonly asked = new Set<string>();

  async start(): Promise<void> {
    let key: string;
    try {
      key = await letIn();
    } catch (error) {
      this.refused = error instanceof Refused ? error.reason && `The link's code ${error.reason}.` : AWAY;
      this.signedIn = false;
      return;
    }
    try {
      await this.enter(key);
    } catch (error) {
      if (error instanceof Refused) this.leave("Your key is no longer good.");
      else [this.refused, this.signedIn] = [AWAY, false];
    }
  }

  /** @throws Refused it is no key, or not one that opens this */
  async enter(key: string): Promise<void> {
    const client = new ModerationClient(location.origin, { token: key, moderator: this.name, retries: { attempts: 3 } });
    await client.queue({ max_count: 1 });
    keep(key);
    this.client = client;
    this.refused = "";
    this.signedIn = true;
    void this.queue.load();
    void this.meetPeople();
  }

  leave(why = ""): void {
    keep("");
    this.refused = why;
    this.signedIn = false;
  }

  rename(name: string): void {
    this.name = name.trim() || "operator";
    this.client.moderator = this.name;
    localStorage.setItem(NAME, this.name);
  }

  /** Asks; where the key is no longer good, the page says so. */
  async ask<T>(asking: () => Promise<T>): Promise<T> {
    try {
      return await asking();
    } catch (error) {
      if (error instanceof Refused && error.code === "unauthorized") this.leave("Your key is no longer good.");
      throw error;
    }
  }

  /** Decides something, says so, and looks again at who waits. */
  async act<T>(acting: () => Promise<T>, said: string): Promise<T> {
    this.client.moderator = this.name;
    const done = await this.ask(acting);
    this.said = "";
    queueMicrotask(() => (this.said = said)); // said anew, also if it is the same again
    void this.queue.load();
    return done;
  }

  /** Learns what videos look like, where this server shows any. */
  async meet(videos: Iterable<string>): Promise<void> {
    const fresh = [...new Set(videos)].filter((video) => video && !this.asked.has(video));
    fresh.forEach((video) => this.asked.add(video));
    for (let at = 0; at < fresh.length; at += CARDS_AT_ONCE) {
      const videos = fresh.slice(at, at + CARDS_AT_ONCE);
      const cards = await this.optional<Card[]>("/demo/cards", { videos });
      this.cards = new Map([...this.cards, ...cards.map((card): [string, Card] => [card.video, card])]);
    }
  }

  title(video: string): string {
    return this.cards.get(video)?.title || video;
  }

  person(id: string): string {
    return this.people.get(id)?.display_name || id || "somebody erased";
  }

  private async meetPeople(): Promise<void> {
    const people = await this.optional<Someone[]>("/demo/people");
    this.people = new Map(people.map((one) => [one.id, one]));
  }

  /** What only some servers have, and only some keys open: without it the page has less to show. */
  private async optional<T extends unknown[]>(path: string, query: Record<string, string[]> = {}): Promise<T | []> {
    try {
      return await this.client.talk.ask<T>({ method: "GET", path, query });
    } catch (error) {
      if (error instanceof FreshetError) return [];
      throw error;
    }
  }
}

