/** A creator's page: whose it is, their videos, and what was decided of them. */
import { FreshetClient, type PersonDiagnosis, type PersonStanding, Refused } from "@freshet/client";

import { letIn, keep } from "../operator/door";
import { One, type Trouble, trouble } from "../pages/asked.svelte";
import { Route, to } from "../pages/route.svelte";
import { type Own, type Reading, reading } from "./reading";

export interface Someone {
  id: string;
  display_name: string;
  topic: string;
  videos: number;
}

export class Studio {
  readonly route = new Route("/studio");
  /** Who posts here, for whom is to be chosen; undefined: not known yet. */
  people = $state.raw<Someone[]>();
  trouble = $state.raw<Trouble>();
  /** Nobody who may take a creator's place. */
  shut = $state(false);
  person = $state("");
  said = $state("");
  read = $state.raw<Reading>();
  readonly own = new One<Own[]>(() => this.read!.own());
  readonly standing = new One<PersonStanding>(() => this.read!.standing());
  readonly profile = new One<PersonDiagnosis>(() => this.read!.profile());
  private key = "";

  get name(): string {
    return this.people?.find(({ id }) => id === this.person)?.display_name ?? this.person;
  }

  path(...parts: string[]): string {
    return to("/studio", this.person, ...parts);
  }

  async start(): Promise<void> {
    [this.shut, this.trouble] = [false, undefined];
    try {
      this.key = await letIn();
      this.people = await this.ask<Someone[]>("GET", "/demo/people");
      keep(this.key);
    } catch (error) {
      if (error instanceof Refused) this.shut = true;
      else this.trouble = trouble(error);
    }
  }

  /** Takes the place of a creator: their page by their own token, as their app would open it. */
  open(person: string): void {
    if (person === this.person) return;
    this.person = person;
    this.own.value = this.standing.value = this.profile.value = undefined;
    if (!person) return;
    const token = async () => (await this.ask<{ token: string }>("POST", "/demo/studio", { person })).token;
    this.read = reading(new FreshetClient(location.origin, { token, viewer: person, retries: { attempts: 3 } }));
    void this.own.load();
    void this.standing.load();
    void this.profile.load();
  }

  async appeal(decision: string, text: string): Promise<void> {
    await this.read!.appeal(decision, text);
    this.said = "Your appeal was sent. A moderator answers it.";
    await this.standing.load();
  }

  private async ask<T>(method: "GET" | "POST", path: string, said?: object): Promise<T> {
    const talk = new FreshetClient(location.origin, { token: this.key }).talk;
    return await talk.ask<T>({ method, path, ...(said && { body: () => said }) });
  }
}
