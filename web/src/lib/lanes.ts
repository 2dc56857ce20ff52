/** What lanes are called. */
import type { Card } from "./cards";

/** @param card a clip of the lane: it knows the names of sounds and people */
export function laneName(key: string, card?: Card): string {
  const [kind, ...rest] = key.split(":");
  const of = rest.join(":");
  if (kind === "for_you") return "For You";
  if (kind === "following") return "Following";
  if (kind === "tag") return `#${of}`;
  if (kind === "sound") return card?.sound.id === of ? card.sound.title : "This sound";
  return card?.creator.id === of ? card.creator.display_name : `@${of}`;
}
