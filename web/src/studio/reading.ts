/** What a creator's page reads: their own videos, and what the server makes of them. */
import { type Diagnosis, FreshetClient, type Journey, type PersonDiagnosis, type PersonStanding } from "@freshet/client";

import type { Card } from "../lib/cards";

/** As `src/freshet/demo/studio.py` answers. */
export interface Own {
  card: Card;
  shown: number;
  finished: number;
  journey: Journey | null;
}

export type Cause = "audience" | "watching" | "penalty";
export type Number = Diagnosis["numbers"][number];
export type Leaving = NonNullable<Diagnosis["leaving"]>;
export type Audience = NonNullable<Diagnosis["audience"]>;
export type Topics = Diagnosis["topics"];

export interface Reading {
  own: () => Promise<Own[]>;
  standing: () => Promise<PersonStanding>;
  appeal: (decision: string, text: string) => Promise<unknown>;
  diagnosis: (video: string) => Promise<Diagnosis>;
  profile: () => Promise<PersonDiagnosis>;
}

/** @param client a creator's own, by their token */
export function reading(client: FreshetClient): Reading {
  return {
    own: () => client.talk.ask<Own[]>({ method: "GET", path: "/demo/own" }),
    standing: () => client.standing(),
    appeal: (decision, text) => client.appeal(decision, text),
    diagnosis: (video) => client.diagnosis(video),
    profile: () => client.profile(),
  };
}

/** undefined where none is known. */
export function causeOf({ cause }: { cause: string }): Cause | undefined {
  return cause ? (cause as Cause) : undefined;
}
