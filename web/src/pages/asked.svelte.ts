/** What was asked of the server: not answered yet, answered, or why not. */
import { Refused, Unavailable } from "@freshet/client";

export type Trouble = { text: string; again: boolean };

/** In words; `again` where trying once more may help. */
export function trouble(error: unknown): Trouble {
  if (error instanceof Refused && error.code === "forbidden")
    return { text: `Your key does not open this: it takes ${error.right || "another one"}.`, again: false };
  if (error instanceof Refused) return { text: sentence(error.message), again: false };
  if (error instanceof Unavailable) return { text: "The server does not answer just now.", again: true };
  return { text: "The server failed at this.", again: true };
}

/** One answer. */
export class One<T> {
  value = $state.raw<T>();
  trouble = $state.raw<Trouble>();
  busy = $state(false);
  private turn = 0;

  constructor(private readonly ask: () => Promise<T>) {}

  /** Asks anew; what was answered before stays until then. */
  async load(): Promise<void> {
    const turn = ++this.turn;
    this.busy = true;
    try {
      const value = await this.ask();
      if (turn !== this.turn) return; // asked again meanwhile
      this.value = value;
      this.trouble = undefined;
    } catch (error) {
      if (turn === this.turn) this.trouble = trouble(error);
    } finally {
      if (turn === this.turn) this.busy = false;
    }
  }
}

/** A list that comes in pages. */
export class Pages<T> {
  items = $state.raw<T[]>();
  trouble = $state.raw<Trouble>();
  busy = $state(false);
  more = $state(false);
  private cursor = "";
  private turn = 0;

  constructor(private readonly ask: (cursor: string) => Promise<{ items: T[]; cursor: string }>) {}

  /** From the beginning. */
  load = (): Promise<void> => this.read("");

  next = (): Promise<void> => this.read(this.cursor);

  private async read(cursor: string): Promise<void> {
    const turn = ++this.turn;
    this.busy = true;
    try {
      const page = await this.ask(cursor);
      if (turn !== this.turn) return;
      this.items = cursor ? [...(this.items ?? []), ...page.items] : page.items;
      this.cursor = page.cursor;
      this.more = page.cursor !== "";
      this.trouble = undefined;
    } catch (error) {
      if (turn === this.turn) this.trouble = trouble(error);
    } finally {
      if (turn === this.turn) this.busy = false;
    }
  }
}

function sentence(text: string): string {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}
