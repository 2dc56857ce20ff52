/**
 * Against a real server, behind a network that fails as FRESHET_URL's proxy is told to.
 * Prints what was told, so that whoever started this can look it up in the log.
 */
import assert from "node:assert/strict";
import { Beacon, type EventIn, FreshetClient, MemoryStore, Refused, uuid7 } from "../src/index.js";
import { close, go, page, Player, show } from "../test/page.js";

const { FRESHET_URL: url = "", FRESHET_TOKEN: token = "" } = process.env;
// More attempts than things go wrong: then none of it is left to chance.
const retries = { attempts: 151, firstWaitMs: 1, longestWaitMs: 20 };
const client = new FreshetClient(url, { token, retries, sessionId: "s1" });

const steps: Record<string, () => Promise<unknown>> = {
  async "a feed, each video with its reasons, and why"() {
    const feed = await client.feed({ n: 5 });
    assert.equal(feed.items.length, 5);
    const why = await client.why(feed.items[0]!.video);
    assert.equal(why.request_id, feed.request_id);
    assert.deepEqual(why.reasons, feed.items[0]!.reasons);
  },

  async "pages that repeat nothing"() {
    const seen: string[] = [];
    for await (const item of client.feedItems({ n: 20, filters: { topics: ["tea"] } })) seen.push(item.video);
    assert.equal(new Set(seen).size, seen.length);
    assert.ok(seen.length > 20, `${seen.length} videos`);
  },

  async "acts and their undo"() {
    const acts = [
      await client.like("v1"),
      await client.favorite("v1"),
      await client.comment("v1", "c1"),
      await client.follow("creator1", { video: "v1" }),
      await client.notInterested("v2"),
      await client.hide("topic", "chess"),
      await client.lessOf("hashtag", "cats"),
      await client.block("creator2"),
    ];
    const undone = [];
    for (const act of acts) undone.push(await act.undo());
    return [...acts, ...undone].map((act) => act.event.event_id);
  },

  async "an error that says the field and what would be right"() {
    await assert.rejects(client.feed({ n: 5_000 }), (error) => error instanceof Refused && error.field === "n");
    await assert.rejects(client.like("v1", { request_id: "r".repeat(300) }), { field: "request_id" });
  },

  async "a batch with one bad record"() {
    const like = (event_id: string): EventIn => ({ type: "like", event_id, time: Date.now(), viewer: client.viewer, video: "v1" });
    const [first, last] = [like(uuid7()), like(uuid7())];
    const taken = await client.tell(first, like("no uuid"), last);
    assert.equal(taken.accepted + taken.repeated, 2);
    assert.deepEqual(taken.errors?.map((error) => [error.index, error.field]), [[1, "event_id"]]);
    return [first.event_id, last.event_id];
  },

  /** Swipes through twenty videos while the network fails, hides the page, and leaves it. */
  async "what a viewer sees, through a page that goes and comes"() {
    const store = new MemoryStore();
    const leaving: Promise<unknown>[] = [];
    // What a browser does with a beacon: it is sent, and nobody hears what came of it.
    const sendBeacon = (to: string, body: string) => {
      leaving.push(fetch(to, { method: "POST", body }).then((response) => response.text()).catch(() => ""));
      return true;
    };
    Object.defineProperty(globalThis, "navigator", { value: { sendBeacon }, configurable: true });
    const told: EventIn[] = [];
    const window = page();
    const beacon = new Beacon(client, { window, store, size: 5, everyMs: 5, reportMs: 5 });
    const add = beacon.queue.add.bind(beacon.queue);
    beacon.queue.add = (event, slot) => (told.push(event), add(event, slot));
    const feed = await client.feed({ n: 20 });
    for (const [position, item] of feed.items.entries()) {
      const player = new Player(window, 5, true);
      beacon.observe(player.element, { video: item.video, position, request_id: feed.request_id });
      show(player.element, 1);
      player.play(1 + position);
      if (position % 7 === 3) go(window, "hidden");
      await new Promise((resolve) => setTimeout(resolve, 10));
      show(player.element, 0);
    }
    window.dispatchEvent(new window.Event("pagehide"));
    await Promise.all(leaving);
    beacon.queue.close(); // the page is gone, with whatever was not told
    const next = new Beacon(client, { window, store });
    while (next.queue.waiting.length) await next.queue.flush();
    await next.close();
    await beacon.close();
    await close(window);
    // Of the progress of one view only the last that waited was told; impressions are all.
    const last = new Map<string, string>();
    for (const event of told) if (event.type === "watch" && event.left) last.set(event.video, event.event_id);
    const impressions = told.filter((event) => event.type === "impression");
    assert.deepEqual([impressions.length, last.size], [feed.items.length, feed.items.length]);
    return [...impressions.map((event) => event.event_id), ...last.values()];
  },
};

const said: Record<string, unknown> = {};
for (const [name, step] of Object.entries(steps)) said[name] = (await step()) ?? [];
process.stdout.write(`${JSON.stringify(said)}\n`);
