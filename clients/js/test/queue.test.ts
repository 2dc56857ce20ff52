import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { type EventIn, MemoryStore, Queue, type QueueOptions, type Refused, uuid7 } from "../src/index.js";
import { Server, problem } from "./server.js";

let server: Server;
let store: MemoryStore;

beforeEach(() => {
  server = new Server();
  store = new MemoryStore();
});

function queue(options: Partial<QueueOptions> = {}): Queue {
  return new Queue(server.client().talk, { viewer: "ada", store, everyMs: 1e6, ...options });
}

function like(video = "v1"): EventIn {
  return { type: "like", event_id: uuid7(), time: Date.now(), viewer: "ada", video };
}

function stored(): EventIn[] {
  return store.keys().flatMap((key) => JSON.parse(store.get(key)!).map((entry: { event: EventIn }) => entry.event));
}

test("what waits is told in batches, in order, and leaves the store", async () => {
  const waiting = queue({ size: 2 });
  const told = [like("a"), like("b"), like("c")];
  told.forEach((event) => waiting.add(event));
  await waiting.flush();
  assert.deepEqual(server.asked.map((one) => one.body.events?.length), [2, 1]);
  assert.deepEqual(server.events, told);
  assert.ok(server.asked[0]!.body.sent_at! >= told[0]!.time);
  assert.deepEqual([waiting.waiting, stored()], [[], []]);
  waiting.close();
});

test("a network that is cut loses nothing and doubles nothing", async () => {
  const waiting = queue();
  const told = [like("a"), like("b")];
  told.forEach((event) => waiting.add(event));
  server.failures = ["lost", "lost"];
  await waiting.flush();
  assert.deepEqual(waiting.waiting, told);
  await waiting.flush();
  await waiting.flush();
  assert.deepEqual(server.asked.map((one) => one.body.events?.map((event) => event.event_id)), Array(3).fill(told.map((event) => event.event_id)));
  assert.deepEqual(waiting.waiting, []);
  waiting.close();
});

test("after a failure it tries again by itself", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const waiting = queue();
  server.failures = ["lost"];
  waiting.add(like());
  await waiting.flush();
  t.mock.timers.tick(1_000);
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  assert.deepEqual([server.asked.length, waiting.waiting.length], [2, 0]);
});

test("what a page that was closed left is told by the next page of the same viewer", async () => {
  const first = queue();
  const told = like();
  first.add(told);
  first.close();
  assert.deepEqual(stored(), [told]);
  const others = new Queue(server.client().talk, { viewer: "ben", store });
  assert.deepEqual(others.waiting, []);
  const second = queue();
  assert.deepEqual(second.waiting, [told]);
  await second.flush();
  assert.deepEqual([server.events, stored()], [[told], []]);
  second.close();
  others.close();
});

test("what is a week old can no longer be told apart from a repeat and is left", () => {
  const first = queue();
  first.add({ ...like(), time: Date.now() - 8 * 86_400_000 });
  first.close();
  const second = queue();
  assert.deepEqual(second.waiting, []);
  second.close();
});

test("progress of one view replaces what waits of it, but not what is being told", async () => {
  const waiting = queue();
  const [early, later, last] = [like("1"), like("2"), like("3")];
  waiting.add(early, "view");
  const telling = waiting.flush();
  waiting.add(later, "view");
  waiting.add(last, "view");
  assert.deepEqual(waiting.waiting, [early, last]);
  await telling;
  assert.deepEqual(server.events, [early, last]);
  waiting.close();
});

test("a full queue gives up the oldest and says how many", () => {
  let dropped = 0;
  const waiting = queue({ room: 2, onDropped: (count) => (dropped += count) });
  const told = [like("a"), like("b"), like("c")];
  told.forEach((event) => waiting.add(event));
  assert.deepEqual([waiting.waiting, dropped], [told.slice(1), 1]);
  waiting.close();
});

test("a bad record is told of, the others are taken", async () => {
  const refused: [string, string][] = [];
  const waiting = queue({ onRefused: (event, error: Refused) => refused.push([event.event_id, error.field]) });
  const [good, bad] = [like("a"), like("b")];
  waiting.add(good);
  waiting.add(bad);
  const errors = [{ index: 1, code: "refused", field: "video", reason: "is unknown" }];
  server.failures = [{ status: 200, body: { accepted: 1, repeated: 0, errors } }];
  await waiting.flush();
  assert.deepEqual(refused, [[bad.event_id, "video"]]);
  assert.deepEqual(waiting.waiting, []);
  waiting.close();
});

test("a batch that is refused as a whole is halved until the culprit is alone", async () => {
  const refused: string[] = [];
  const waiting = queue({ onRefused: (event) => refused.push(event.event_id) });
  const told = ["a", "b", "c", "d"].map(like);
  told.forEach((event) => waiting.add(event));
  const tooLarge = problem(413, "too_large");
  server.failures = [tooLarge, tooLarge, tooLarge]; // four, two, one of them
  await waiting.flush();
  assert.deepEqual(refused, [told[0]!.event_id]);
  assert.deepEqual(waiting.waiting, []);
  waiting.close();
});

test("a key that is not let in loses nothing", async () => {
  const waiting = queue();
  waiting.add(like());
  server.failures = [problem(403, "forbidden")];
  await waiting.flush();
  assert.equal(waiting.waiting.length, 1);
  waiting.close();
});

test("a page that leaves hands all to the browser, in pieces it takes, and keeps it in the store", (t) => {
  const sent: [string, EventIn[]][] = [];
  const sendBeacon = (url: string, body: string) => {
    assert.ok(body.length <= 64 * 1024);
    sent.push([url, JSON.parse(body).events]);
    return true;
  };
  const before = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  Object.defineProperty(globalThis, "navigator", { value: { sendBeacon }, configurable: true });
  t.after(() => before && Object.defineProperty(globalThis, "navigator", before));
  const waiting = queue({ size: 1_000 });
  const told = Array.from({ length: 600 }, (_, i) => like(`v${i}`));
  told.forEach((event) => waiting.add(event));
  waiting.leave();
  assert.ok(sent.length > 1);
  assert.equal(sent[0]![0], "https://feeds.example.org/v1/events?viewer_token=t");
  assert.deepEqual(sent.flatMap(([, events]) => events), told);
  assert.deepEqual(stored(), told);
  waiting.close();
});

test("ids of a clock that is off by days are made anew by the server's", async (t) => {
  const now = Date.now();
  t.mock.timers.enable({ apis: ["Date"], now: now - 30 * 86_400_000 });
  const waiting = queue();
  waiting.add(like("a"));
  const errors = [{ index: 0, code: "too_late", field: "event_id", reason: "is a month old" }];
  server.failures = [{ status: 400, body: { accepted: 0, repeated: 0, offset: 0, now, errors } }];
  await waiting.flush();
  const [refused, taken] = server.events;
  assert.equal(taken!.event_id.slice(0, 8), uuid7(now).slice(0, 8));
  assert.deepEqual({ ...taken, event_id: "" }, { ...refused, event_id: "" });
  assert.deepEqual(waiting.waiting, []);
  waiting.close();
});
