/** A video's way, and what was decided, in words for who made it. */
import type { Journey, Ruling, Sentence } from "@freshet/client";

import { capital, percent } from "../lib/words";
import type { Cause, Number, Own } from "./reading";

type Decision = Journey["decisions"][number];

/** Where a video is, in two or three words. */
export function stateName(journey: Journey | null): string {
  if (!journey) return "Not on trial";
  const { state, stage, stages } = journey;
  if (state === "running") return `Stage ${stage + 1} of ${stages}`;
  if (state === "open") return "Open to everybody";
  if (state === "stopped") return `Stopped in stage ${stage + 1}`;
  return "Its trial is over";
}

export function stateLook(journey: Journey | null): "" | "good" | "busy" | "bad" {
  const state = journey?.state;
  return state === "open" ? "good" : state === "running" ? "busy" : state === "stopped" ? "bad" : "";
}

/** And what that means. */
export function stateMeaning(journey: Journey | null): string {
  if (!journey)
    return "This video is shown as any other. Videos that are new go from a small audience to larger ones; this one was not new when it came, or stages are off here.";
  const { state, audience, quota } = journey;
  if (state === "running") {
    const who = audience === "followers" ? "people who follow you" : "people who like such videos, whoever they follow";
    return `It is being shown to ${who}: ${quota.toLocaleString()} impressions in this stage. How they watch decides what comes next.`;
  }
  if (state === "open") return "It went through all stages: it is shown to whoever it fits.";
  if (state === "stopped") return "Its last audience watched less than is usual for such videos. It stays where it is found by itself; no further audience is kept for it.";
  return "Videos are tried while they are new. This one may still be shown to whom it fits.";
}

// A stage that was made longer, or is over its time, is decided by more or less than even.
const EVEN: Record<string, string> = {
  promoted: ", and more than even is enough in the end",
  opened: ", and more than even is enough in the end",
  stopped: ", and less than even is too little in the end",
};

/** One decision of the way: its head, and what it was made on. */
export function decisionWords(decision: Decision, { promote, stop }: Journey): { head: string; on: string } {
  const { verdict, stage, impressions, chance } = decision;
  const heads: Record<string, string> = {
    promoted: `Went on to stage ${stage + 2}`,
    opened: "Went on to everybody",
    extended: `Stage ${stage + 1} was made longer`,
    stopped: `Stopped in stage ${stage + 1}`,
    to_everybody: "Shown beyond your followers",
    ended: "Its trial ended",
  };
  const seen = `${impressions.toLocaleString()} impressions`;
  const sure = `${percent(chance)} sure that it is watched better than the middle of such videos`;
  const why: Record<string, string> = {
    to_everybody: `After ${seen}.`,
    ended: `After ${seen}.`,
    extended: `After ${seen}: ${sure}, which is too little to say either way.`,
  };
  const middling = chance > stop && chance < promote ? (EVEN[verdict] ?? "") : "";
  return { head: heads[verdict] ?? verdict, on: why[verdict] ?? `After ${seen}: ${sure}${middling}.` };
}

export const CAUSES: Record<Cause, { title: string; text: string }> = {
  audience: { title: "The wrong people saw it", text: "Those who saw it like other things than it is about." },
  watching: { title: "They did not watch on", text: "Those who saw it left sooner than is usual for such videos." },
  penalty: { title: "It is held back", text: "A decision keeps it, or all of your videos, out of feeds." },
};

const EFFECTS: Record<string, [string, string]> = {
  duplicate: ["Taken for a copy of another video", "It is in no feed. It stays on your profile and opens by its link."],
  spam: ["Labelled spam", "It is in no feed. It stays on your profile and opens by its link."],
  upsetting: ["Labelled upsetting", "It is in no feed. It stays on your profile and opens by its link."],
  regulated: ["Labelled regulated goods", "It is in no feed. It stays on your profile and opens by its link."],
  age_limited: ["Labelled for adults only", "It is in no feed. It stays on your profile and opens by its link."],
  under_review: ["Under review", "It is in no feed until somebody has looked at it."],
  penalised: ["Your profile is penalised", "None of your videos is recommended. Who follows you still finds them in Following."],
};

/** What was decided, and what that does. */
export function effectWords(ruling: Ruling): { title: string; does: string } {
  const [title, does] = EFFECTS[ruling.effect] ?? [ruling.effect, ""];
  return { title, does };
}

export function decidedBy(actor: string): string {
  return actor.startsWith("moderator") ? "a moderator" : actor.startsWith("rule:") ? "a rule" : actor === "reports" ? "reports" : actor;
}

const NUMBERS: Record<string, string> = {
  watched_2s: "past 2 seconds",
  finish: "to the end",
  long_view: "for long",
  rewatch: "watched again",
  like: "liked",
  comment: "commented",
  share: "shared",
  favorite: "saved",
  follow: "followed you",
  profile_visit: "visited you",
};

export function numberName(name: string): string {
  return NUMBERS[name] ?? name.replaceAll("_", " ");
}

/** Of views: 34 %, 1.4 %. */
export function ofViews(share: Number["value"]): string {
  return share > 0 && share < 0.0995 ? `${(100 * share).toFixed(1)} %` : percent(share);
}

/** What a view is worth, in the feed's own measure: +0.42. */
export function worth(value: number): string {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
}

/** A sentence of the server's: it begins small and has no end. */
export function sentence({ text }: Sentence): string {
  return `${capital(text)}.`;
}

/** Names of topics, as far as one's own videos know them. */
export function topicNames(own: Own[] | undefined): (topic: string) => string {
  const names = new Map((own ?? []).flatMap(({ card }) => card.topics.map(({ id, name }): [string, string] => [id, name])));
  return (topic) => names.get(topic) ?? capital(topic.replaceAll("_", " "));
}
