/** What moderation calls things, in words that moderators read. */
import type { Effect, Entry, QueueLine, Ruling } from "@freshet/client";

/** What a decision does, and the name of the choice to make it. */
export const EFFECTS: Record<Effect, { name: string; does: string }> = {
  none: { name: "Dismiss", does: "Nothing is wrong with it: answers what was reported or asked." },
  review: { name: "Ask a colleague", does: "Puts it into the queue; nothing else changes." },
  under_review: { name: "Hold back", does: "In no feed until somebody has decided." },
  duplicate: { name: "Duplicate", does: "A copy of another video: in no feed, still on the profile." },
  spam: { name: "Spam", does: "In no feed, still on the profile." },
  upsetting: { name: "Upsetting", does: "In no feed, still on the profile." },
  regulated: { name: "Regulated goods", does: "In no feed, still on the profile." },
  age_limited: { name: "Age limited", does: "In no feed, still on the profile." },
  penalised: { name: "Penalise", does: "None of their videos is recommended, but to who follows them." },
};

export const OF_VIDEOS: Effect[] = ["none", "spam", "duplicate", "upsetting", "regulated", "age_limited", "under_review", "review"];
export const OF_PEOPLE: Effect[] = ["none", "penalised", "review"];

/** A decision that was made, as a name. */
export function effectName(effect: string): string {
  if (effect === "none") return "Dismissed";
  if (effect === "review") return "Question";
  if (effect === "under_review") return "Held back";
  if (effect === "penalised") return "Penalised";
  return EFFECTS[effect as Effect]?.name ?? effect;
}

/** bars: keeps something out of feeds. */
export function barsFeeds(effect: string): boolean {
  return effect !== "none" && effect !== "review";
}

const RULES: Record<string, string> = {
  reports: "the reports",
  duplicates: "the rule on copies",
  bursts: "the rule on bursts",
  tags: "the rule on hashtags",
  captions: "the rule on captions",
  rings: "the rule on rings",
  strikes: "the rule on strikes",
};

/** Who decided, in words. */
export function actorName(actor: string): string {
  const [kind, ...rest] = actor.split(":");
  if (kind === "moderator") return rest.join(":") || "a moderator";
  if (kind === "rule") return RULES[rest.join(":")] ?? actor;
  return RULES[actor] ?? (actor || "the owner");
}

export const WHY: Record<QueueLine["why"], string> = {
  reports: "Reported",
  rule: "A rule asks",
  appeal: "Appeal",
  moderator: "A colleague asks",
};

const STATES: Record<Ruling["state"], string> = {
  stands: "in force",
  settled: "answered",
  ended: "over",
  reversed: "reversed",
};

export function stateName({ state, effect }: Ruling): string {
  return state === "stands" && !barsFeeds(effect) ? "" : STATES[state];
}

export const WHAT: Record<Entry["what"], string> = {
  decided: "decided",
  reversed: "reversed",
  appealed: "appealed",
  answered: "answered an appeal",
  label_set: "set a label of the app's",
  label_cleared: "cleared a label of the app's",
};

const BY: Record<string, string> = {
  exact: "the very same file",
  file: "the very same file",
  pictures: "its pictures",
  both: "its pictures and its sound",
};

/** What a decision was made on, name by name. */
export function evidence(ruling: Ruling): [string, string][] {
  return Object.entries(ruling.evidence).map(([name, value]) => {
    if (name === "by") return ["found by", BY[value] ?? value];
    if (name === "score") return ["alike", `${Math.round(100 * Number(value))} %`];
    if (name === "changes") return ["changed", value];
    if (name === "original") return ["copy of", value];
    return [name.replaceAll("_", " "), value];
  });
}
