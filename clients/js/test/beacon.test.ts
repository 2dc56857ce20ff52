import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { Beacon, type EventIn, MemoryStore } from "../src/index.js";
import { close, go, page, Player, show } from "./page.js";
import { Server } from "./server.js";

let server: Server;
let window: ReturnType<typeof page>;
let beacon: Beacon;

beforeEach(() => {
  server = new Server();
  window = page();
  beacon = new Beacon(server.client({ sessionId: "s1" }), { window, store: new MemoryStore(), everyMs: 1e6, reportMs: 5_000 });
});

afterEach(async () => {
  await beacon.close();
  await close(window);
});

type Said = EventIn & Record<string, unknown>;

/** Types and what matters of the events that wait. */
function told(...fields: string[]): unknown[][] {
  return (beacon.queue.waiting as Said[]).map((event) => [event.type, ...fields.map((field) => event[field])]);
}

test("an impression is told when half of the pixels are on screen, once", () => {
  const player = new Player(window, 10);
  beacon.observe(player.element, { video: "v1", position: 3, request_id: "r1" });
  show(player.element, 0.49);
  assert.deepEqual(told(), []);
  show(player.element, 0.5);
  show(player.element, 1);
  assert.deepEqual(told("video", "position", "request_id", "viewer", "session_id"), [["impression", "v1", 3, "r1", "ada", "s1"]]);
});

test("out of view and back is a new impression", () => {
  const player = new Player(window, 10);
  beacon.observe(player.element, { video: "v1" });
  show(player.element, 1);
  show(player.element, 0.2);
  show(player.element, 1);
  assert.deepEqual(told().map(([type]) => type), ["impression", "watch", "impression"]);
});

test("leaving tells what was played, without pauses and seeks", () => {
  const player = new Player(window, 10);
  beacon.observe(player.element, { video: "v1", request_id: "r1" });
  show(player.element, 1);
  player.play(2);
  player.pause();
  player.play(1);
  player.jump(8);
  player.play(1);
  show(player.element, 0);
  player.play(1); // out of view
  assert.deepEqual(told("watched_ms", "duration_ms", "loops", "completed", "left", "request_id")[1], [
    "watch", 4000, 10_000, 0, false, true, "r1",
  ]);
});

test("a video that loops is completed, and each full replay counts", () => {
  const player = new Player(window, 4, true);
  beacon.observe(player.element, { video: "v1" });
  show(player.element, 1);
  player.play(11);
  show(player.element, 0);
  assert.deepEqual(told("watched_ms", "loops", "completed")[1], ["watch", 11_000, 1, true]);
});

test("a video that ends and starts over by hand is the same", () => {
  const player = new Player(window, 4);
  beacon.observe(player.element, { video: "v1" });
  show(player.element, 1);
  player.play(4);
  player.jump(0);
  player.play(4);
  show(player.element, 0);
  assert.deepEqual(told("watched_ms", "loops", "completed")[1], ["watch", 8000, 1, true]);
});

test("progress is told every five seconds while it plays, and replaces what waits", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const own = new Beacon(server.client(), { window, store: new MemoryStore(), everyMs: 1e6, reportMs: 5_000 });
  const player = new Player(window, 60);
  own.observe(player.element, { video: "v1" });
  show(player.element, 1);
  const watched = () => own.queue.waiting.flatMap((event) => (event.type === "watch" ? [event.watched_ms] : []));
  t.mock.timers.tick(5_000);
  assert.deepEqual(watched(), []); // nothing was played
  player.play(5);
  t.mock.timers.tick(5_000);
  assert.deepEqual(watched(), [5000]);
  player.play(5);
  t.mock.timers.tick(5_000);
  assert.deepEqual(watched(), [10_000]);
  await own.queue.flush();
  t.mock.timers.tick(5_000);
  assert.deepEqual(watched(), []); // paused: no news
  await own.close();
  t.mock.timers.reset();
});

test("an element that shows another video ends the view of the one before", () => {
  const player = new Player(window, 10);
  beacon.observe(player.element, { video: "v1" });
  show(player.element, 1);
  player.play(1);
  beacon.observe(player.element, { video: "v2" });
  show(player.element, 1);
  assert.deepEqual(told("video"), [["impression", "v1"], ["watch", "v1"], ["impression", "v2"]]);
});

test("a cover without a video has impressions alone", () => {
  const cover = window.document.createElement("img");
  beacon.observe(cover, { video: "v1", surface: "discover", context: "grid" });
  show(cover, 1);
  show(cover, 0);
  assert.deepEqual(told("surface", "context"), [["impression", "discover", "grid"]]);
});

test("a page that is hidden tells how far it has come, one that goes ends its views", (t) => {
  const sent: EventIn[][] = [];
  const sendBeacon = (_: string, body: string) => sent.push(JSON.parse(body).events) > 0;
  const before = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  Object.defineProperty(globalThis, "navigator", { value: { sendBeacon }, configurable: true });
  t.after(() => before && Object.defineProperty(globalThis, "navigator", before));
  const player = new Player(window, 10);
  beacon.observe(player.element, { video: "v1" });
  show(player.element, 1);
  player.play(3);
  go(window, "hidden");
  assert.deepEqual(sent[0]!.map((event) => [event.type, (event as Said)["left"]]), [["impression", undefined], ["watch", false]]);
  player.play(1);
  window.dispatchEvent(new window.Event("pagehide"));
  const last = sent[1]!.at(-1) as Said;
  assert.deepEqual([last.type, last["watched_ms"], last["left"]], ["watch", 4000, true]);
  assert.equal(beacon.queue.waiting.length, 2); // nobody knows whether it arrived
  window.dispatchEvent(new window.Event("pageshow"));
  assert.deepEqual(told().map(([type]) => type), ["impression", "watch", "impression"]);
});
