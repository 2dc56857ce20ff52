/** What the player shows of a video: as `src/freshet/demo/cards.py` answers. */
import type { Feed, Item } from "@freshet/client";

export interface Card {
  video: string;
  creator: { id: string; username: string; display_name: string; followers: number; followed: boolean };
  sound: { id: string; title: string; original: boolean };
  topics: { id: string; name: string }[];
  caption: string;
  title: string;
  language: string;
  hashtags: string[];
  created: number;
  duration_ms: number;
  cover: string;
  files: { type: string; url: string }[];
  views: number;
  likes: number;
  favorites: number;
  shares: number;
  liked: boolean;
  favorited: boolean;
}

/** One clip of a lane: its card, and the feed that brought it. */
export interface Clip {
  card: Card;
  item: Item;
  request_id: string;
  surface: "for_you" | "following";
  personalised: boolean;
  rung: string;
  trace: Feed["trace"] | undefined;
}

/** The first of its files that this browser plays. */
export function playable(card: Card, probe: HTMLVideoElement): string {
  const best = card.files.find(({ type }) => probe.canPlayType(type) !== "");
  return (best ?? card.files[0])?.url ?? "";
}
