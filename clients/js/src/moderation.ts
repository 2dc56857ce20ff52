/**
 * A moderator's client: who waits, one case, decisions and their reversal, duplicates, the audit
 * log, and how new videos fare. Its key opens what no viewer may see: never ship it with a page
 * that viewers get.
 *
 *     const desk = new ModerationClient("https://feeds.example.org", { token: key, moderator: "kim" });
 *     const { lines } = await desk.queue();
 *     await desk.decide({ video: lines[0].video, effect: "none", reason: "nothing wrong with it" });
 */
import { type Query, Talk, type TalkOptions, pathOf } from "./talk.js";
import type {
  AuditQuery,
  Case,
  Decisions,
  Effect,
  Entries,
  Funnel,
  QueuePage,
  Ruling,
  Sides,
} from "./types.js";

export interface ModerationOptions extends TalkOptions {
  /** Who decides; kept in the audit log. */
  moderator: string;
}

/** What is decided of a video, or of a person. */
export interface Deciding {
  effect: Effect;
  /** Whom it is about reads it. */
  reason: string;
  video?: string;
  person?: string;
  /** ms since 1970; left out = for good. */
  until?: number;
  /** Of a duplicate: the video it is a copy of. */
  original?: string;
}

export interface Paging {
  cursor?: string;
  max_count?: number;
}

export class ModerationClient {
  readonly talk: Talk;
  moderator: string;

  constructor(url: string, options: ModerationOptions) {
    this.talk = new Talk(url, options);
    this.moderator = options.moderator;
  }

  /** Who waits, the most weight first. */
  queue(paging: Paging = {}): Promise<QueuePage> {
    return this.read<QueuePage>(pathOf("moderation", "queue"), { ...paging });
  }

  /** Everything that bears on a video. */
  videoCase(video: string): Promise<Case> {
    return this.read<Case>(pathOf("moderation", "videos", video));
  }

  /** Everything that bears on a person; what bears on their videos is with those. */
  personCase(person: string): Promise<Case> {
    return this.read<Case>(pathOf("moderation", "people", person));
  }

  /** Labels and penalties in force, the newest first. */
  decisions(query: Paging & { effect?: Effect } = {}): Promise<Decisions> {
    return this.read<Decisions>(pathOf("moderation", "decisions"), { ...query });
  }

  /** Suspected copies beside what they are taken for a copy of, the newest first. */
  duplicates(paging: Paging & { past?: 0 | 1 } = {}): Promise<Sides> {
    return this.read<Sides>(pathOf("moderation", "duplicates"), { ...paging });
  }

  /** Who did what and why, the newest first. */
  audit(query: Paging & AuditQuery = {}): Promise<Entries> {
    return this.read<Entries>(pathOf("moderation", "audit"), { ...query });
  }

  /** How new videos fare from stage to stage. */
  stages(): Promise<Funnel> {
    return this.read<Funnel>(pathOf("admin", "stages"));
  }

  /** Holds from the next feed on. */
  decide(deciding: Deciding): Promise<Ruling> {
    return this.write(pathOf("moderation", "decisions"), deciding);
  }

  /** As if the decision had never been made, with all that followed from it. */
  reverse(decision: string, reason: string): Promise<Ruling> {
    return this.write(pathOf("moderation", "decisions", decision, "reverse"), { reason });
  }

  /** Answers an appeal; granted, the decision is reversed. */
  answer(decision: string, granted: boolean, reason: string): Promise<Ruling> {
    return this.write(pathOf("moderation", "decisions", decision, "answer"), { granted, reason });
  }

  private read<T>(path: string, query: Query = {}): Promise<T> {
    return this.talk.ask<T>({ method: "GET", path, query });
  }

  private write(path: string, said: object): Promise<Ruling> {
    const body = () => ({ moderator: this.moderator, ...said });
    // Once: a decision has no id of the caller's, and said twice it would be made twice.
    return this.talk.ask<Ruling>({ method: "POST", path, body }, 1);
  }
}
