import assert from "node:assert/strict";
import { test } from "node:test";
import { Broken, Refused, Unavailable, uuid7, viewerOf } from "../src/index.js";
import { Server, problem, tokenOf } from "./server.js";

test("ids are UUIDv7 and open with their time", () => {
  assert.match(uuid7(), /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(uuid7(1_650_812_741_436).slice(0, 13), "01805c1b-673c");
  assert.notEqual(uuid7(), uuid7());
});

test("a feed is asked for with an id of its own, kept on all attempts", async () => {
  const server = new Server();
  server.failures = ["lost", { status: 503 }];
  await server.client().feed({ n: 3 });
  assert.equal(server.asked.length, 3);
  assert.equal(new Set(server.asked.map((one) => one.url.search)).size, 1);
  assert.equal(new Set(server.asked.map((one) => one.headers["X-Request-Id"])).size, 1);
  assert.equal(server.asked[0]!.url.searchParams.get("n"), "3");
});

test("options go as JSON, flags as flags", async () => {
  const server = new Server();
  await server.client().feed({ filters: { topics: ["tea"] }, personalised: false });
  assert.equal(server.asked[0]!.method, "POST");
  assert.deepEqual(server.asked[0]!.body["filters"], { topics: ["tea"] });
  await server.client().feed({ personalised: false, cursor: "c" });
  assert.equal(server.asked[1]!.url.search, "?viewer=ada&cursor=c&personalised=0");
});

test("items follow one another over pages", async () => {
  const server = new Server();
  const items = (...videos: string[]) => videos.map((video) => ({ video }));
  server.answers = [{ items: items("a", "b"), cursor: "c1" }, { items: items("c"), cursor: "c2" }, { items: [] }];
  const seen: string[] = [];
  for await (const item of server.client().feedItems()) seen.push(item.video);
  assert.deepEqual(seen, ["a", "b", "c"]);
  assert.deepEqual(server.asked.map((one) => one.url.searchParams.get("cursor")), [null, "c1", "c2"]);
});

test("an act is told again with the same id, and undone by its opposite", async () => {
  const server = new Server();
  server.failures = ["lost"];
  const liked = await server.client().like("v1", { request_id: "r1" });
  await liked.undo();
  const [first, second, undone] = server.events;
  assert.deepEqual(first, second);
  assert.deepEqual([first!.type, undone!.type], ["like", "unlike"]);
  assert.notEqual(first!.event_id, undone!.event_id);
  assert.equal((undone as { video: string }).video, "v1");
});

test("what nothing takes back says so", async () => {
  const shared = await new Server().client().share("v1");
  await assert.rejects(shared.undo(), Refused);
});

test("what the server asks to wait is waited", async () => {
  const server = new Server();
  server.failures = [{ status: 429, headers: { "Retry-After": "3" } }];
  await server.client().why("v1");
  assert.equal(server.waits.length, 1);
  assert.ok(server.waits[0]! >= 3000);
});

test("a call that is wrong is not repeated and says the field and what would be right", async () => {
  const server = new Server();
  server.failures = [problem(400, "refused", "n", "1 to 50")];
  await assert.rejects(server.client().feed({ n: 500 }), (error: Refused) => {
    assert.deepEqual([error.code, error.field, error.right], ["refused", "n", "1 to 50"]);
    return error instanceof Refused;
  });
  assert.equal(server.asked.length, 1);
});

test("a server that stays away is unavailable, one that fails or talks otherwise is broken", async () => {
  const server = new Server();
  server.failures = Array(6).fill("lost");
  await assert.rejects(server.client().feed(), Unavailable);
  server.failures = [{ status: 500 }];
  await assert.rejects(server.client().feed(), Broken);
});

test("a record that is refused is thrown by the act that told it", async () => {
  const server = new Server();
  const errors = [{ index: 0, code: "refused", field: "video", reason: "is empty", right: "an id" }];
  server.failures = [{ status: 400, body: { accepted: 0, repeated: 0, errors } }];
  await assert.rejects(server.client().like(""), { name: "Refused", field: "video" });
});

test("a token that has ended is asked for anew, once a call", async () => {
  const server = new Server();
  let given = 0;
  const client = server.client({ token: async () => `token${++given}` });
  server.failures = [problem(401, "unauthorized")];
  await client.feed();
  assert.deepEqual(server.asked.map((one) => one.headers["Authorization"]), ["Bearer token1", "Bearer token2"]);
  server.failures = [problem(401, "unauthorized"), problem(401, "unauthorized")];
  await assert.rejects(client.feed(), { code: "unauthorized" });
});

test("a token says whose client it is", () => {
  assert.equal(viewerOf(tokenOf("zoë")), "zoë");
  assert.equal(viewerOf("an API key"), "");
  const { viewer: _, ...options } = { viewer: "", token: tokenOf("ben") };
  assert.equal(new Server().client({ ...options, viewer: "" }).viewer, "ben");
});

test("a creator asks where they and their videos stand, and appeals once", async () => {
  const server = new Server();
  server.failures = [problem(503, "unavailable")];
  await assert.rejects(server.client().appeal("d1", "it is mine"), Unavailable);
  await server.client().appeal("d1", "it is mine");
  await server.client().standing();
  await server.client().profile();
  await server.client().diagnosis("v1");
  await server.client().journey("v1");
  const [, appeal, standing, ...others] = server.asked;
  assert.deepEqual(appeal!.body, { person: "ada", decision: "d1", text: "it is mine" });
  assert.equal(standing!.url.pathname, "/v1/people/ada/standing");
  assert.deepEqual(
    others.map(({ url }) => url.pathname),
    ["/v1/people/ada/diagnosis", "/v1/videos/v1/diagnosis", "/v1/videos/v1/journey"],
  );
});
