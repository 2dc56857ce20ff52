/** A server in memory: answers calls, and fails when a test says so. */
import { FreshetClient, type ClientOptions, type EventIn } from "../src/index.js";

export interface Asked {
  url: URL;
  method: string;
  headers: Record<string, string>;
  body: { events?: EventIn[]; sent_at?: number; [name: string]: unknown };
}

type Failure = "lost" | { status: number; headers?: Record<string, string>; body?: unknown };

export class Server {
  readonly asked: Asked[] = [];
  /** What becomes of the next calls; then all are answered. */
  failures: Failure[] = [];
  answers: unknown[] = [];
  readonly waits: number[] = [];
  private readonly ids = new Set<string>();

  get events(): EventIn[] {
    return this.asked.flatMap((one) => one.body.events ?? []);
  }

  readonly fetch = async (url: RequestInfo | URL, init: RequestInit = {}): Promise<Response> => {
    await Promise.resolve();
    const body = init.body ? JSON.parse(String(init.body)) : {};
    const headers = init.headers as Record<string, string>;
    this.asked.push({ url: new URL(String(url)), method: init.method ?? "GET", headers, body });
    const failure = this.failures.shift();
    if (failure === "lost") throw new TypeError("network cut");
    if (failure) return Response.json(failure.body ?? {}, { status: failure.status, headers: failure.headers ?? {} });
    if (body.events) return Response.json(this.take(body.events));
    return Response.json(this.answers.shift() ?? {});
  };

  client(options: Partial<ClientOptions> = {}): FreshetClient {
    const wait = async (ms: number) => void this.waits.push(ms);
    return new FreshetClient("https://feeds.example.org/", { token: "t", viewer: "ada", fetch: this.fetch, wait, ...options });
  }

  private take(events: EventIn[]) {
    const news = events.filter((event) => !this.ids.has(event.event_id));
    news.forEach((event) => this.ids.add(event.event_id));
    return { accepted: news.length, repeated: events.length - news.length, offset: 1, now: Date.now() };
  }
}

export function problem(status: number, code: string, field = "", right = "") {
  return { status, body: { error: { code, field, reason: "so it is", right } } };
}

export function tokenOf(viewer: string): string {
  const part = (said: object) => Buffer.from(JSON.stringify(said)).toString("base64url");
  return `${part({ alg: "HS256" })}.${part({ sub: viewer })}.signature`;
}
