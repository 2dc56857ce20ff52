/**
 * One call and its attempts. Every call may be repeated without harm, and is when the
 * connection or the server fails: with the same ids, so that nothing counts twice.
 */
import { Broken, Refused, Unavailable } from "./errors.js";
import { Ids, uuid7 } from "./ids.js";

export type Token = string | (() => string | Promise<string>);

export interface Retries {
  /** 1 = once, no retries. */
  attempts: number;
  /** Doubled each time, up to `longestWaitMs`; chance spreads those who failed together. */
  firstWaitMs: number;
  longestWaitMs: number;
}

export interface TalkOptions {
  /** A viewer token; or what gives one, called again when it has ended. */
  token: Token;
  retries?: Partial<Retries>;
  /** Of one attempt. */
  timeoutMs?: number;
  fetch?: typeof fetch;
  /** Waits; for tests. */
  wait?: (ms: number) => Promise<void>;
}

export type Query = Record<string, string | number | readonly string[] | undefined>;

export interface Call<T> {
  method: "GET" | "POST";
  path: string;
  query?: Query;
  /** Made anew for every attempt, so that it can tell when it was sent. */
  body?: () => unknown;
  /** What makes an answer of a 400, where that is one; undefined if it is none. */
  also400?: (answer: unknown) => T | undefined;
}

const AGAIN = new Set([429, 502, 503, 504]);
const RETRIES: Retries = { attempts: 6, firstWaitMs: 200, longestWaitMs: 10_000 };

export class Talk {
  readonly retries: Retries;
  readonly ids = new Ids();
  private held = "";
  private readonly fetch: typeof fetch;
  private readonly wait: (ms: number) => Promise<void>;

  constructor(
    readonly url: string,
    private readonly options: TalkOptions,
  ) {
    if (!/^https?:\/\//.test(url)) throw new Refused("refused", "url", `'${url}' is no address`, "https://…");
    this.url = url.replace(/\/+$/, "");
    this.retries = { ...RETRIES, ...options.retries };
    // Called bare, a browser's fetch loses the window it belongs to.
    this.fetch = options.fetch ?? ((...args) => globalThis.fetch(...args));
    this.wait = options.wait ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms)));
    if (typeof options.token === "string") this.held = options.token;
  }

  /** The token in hand; "" before the first call if a function gives it. */
  get token(): string {
    return this.held;
  }

  async authorised(): Promise<string> {
    if (!this.held && typeof this.options.token === "function") this.held = await this.options.token();
    return this.held;
  }

  /** How long to wait before the attempt after this one; what the server asks is not undercut. */
  waitMs(attempt: number, askedMs: number): number {
    const most = Math.min(this.retries.longestWaitMs, this.retries.firstWaitMs * 2 ** (attempt - 1));
    return askedMs + Math.random() * most;
  }

  /**
   * @throws Refused the call is wrong
   * @throws Unavailable no attempt got through
   * @throws Broken the server's fault
   */
  async ask<T>(call: Call<T>, attempts = this.retries.attempts): Promise<T> {
    const requestId = uuid7();
    let renewable = typeof this.options.token === "function";
    for (let attempt = 1; ; attempt++) {
      const { response, lost } = await this.attempt(call, requestId);
      if (response?.status === 401 && renewable) {
        renewable = false;
        this.held = "";
        attempt--;
        continue;
      }
      if (response && !AGAIN.has(response.status)) return await answered(call, response);
      const askedMs = retryAfterMs(response);
      if (attempt >= attempts) {
        const trouble = response ? `answered ${response.status}` : lost;
        throw new Unavailable(`${call.method} ${call.path}: ${trouble} (${attempt} attempts)`, askedMs);
      }
      await this.wait(this.waitMs(attempt, askedMs));
    }
  }

  private async attempt<T>(call: Call<T>, requestId: string): Promise<{ response?: Answered; lost?: string }> {
    const headers: Record<string, string> = { "X-Request-Id": requestId };
    const token = await this.authorised();
    if (token) headers["Authorization"] = `Bearer ${token}`;
    const init: RequestInit = { method: call.method, headers };
    if (call.body) {
      headers["Content-Type"] = "application/json";
      init.body = JSON.stringify(call.body());
    }
    init.signal = AbortSignal.timeout(this.options.timeoutMs ?? 10_000);
    try {
      const response = await this.fetch(this.url + call.path + queryOf(call.query), init);
      // The body, too, may be cut off on its way.
      return { response: { status: response.status, headers: response.headers, text: await response.text() } };
    } catch (error) {
      return { lost: `no answer: ${error instanceof Error ? error.message : String(error)}` };
    }
  }
}

interface Answered {
  status: number;
  headers: Headers;
  text: string;
}

function answered<T>(call: Call<T>, { status, text }: Answered): T {
  const what = `${call.method} ${call.path} answered ${status}`;
  let said: unknown;
  try {
    said = JSON.parse(text);
  } catch {
    if (status === 200 || status >= 500) throw new Broken(`${what}, and no JSON`);
  }
  if (status === 200) return said as T;
  if (status === 400 && call.also400) {
    const answer = call.also400(said);
    if (answer !== undefined) return answer;
  }
  if (status < 400 || status >= 500) throw new Broken(what);
  const problem = (said as { error?: Partial<Refused> } | undefined)?.error;
  throw new Refused(
    problem?.code ?? "refused",
    problem?.field ?? "",
    problem?.reason ?? what,
    problem?.right ?? "",
    status,
  );
}

function retryAfterMs(response: Answered | undefined): number {
  const seconds = Number(response?.headers.get("retry-after") ?? 0);
  return Number.isFinite(seconds) ? Math.max(0, 1000 * seconds) : 1000; // a date: only proxies send it
}

export function queryOf(query: Query = {}): string {
  const said = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === "") continue;
    for (const one of Array.isArray(value) ? value : [value]) said.append(name, String(one));
  }
  const text = said.toString();
  return text ? `?${text}` : "";
}

export function pathOf(...parts: string[]): string {
  return `/v1/${parts.map(encodeURIComponent).join("/")}`;
}
