import assert from "node:assert/strict";
import { test } from "node:test";
import { ModerationClient, Unavailable } from "../src/index.js";
import { Server } from "./server.js";

function desk(server: Server): ModerationClient {
  return new ModerationClient("https://feeds.example.org", { token: "k", moderator: "kim", fetch: server.fetch });
}

test("lists are read from where their cursor leads, narrowed as asked", async () => {
  const server = new Server();
  await desk(server).queue({ cursor: "c", max_count: 5 });
  await desk(server).decisions({ effect: "penalised" });
  await desk(server).audit({ actor: "moderator:kim", video: "" });
  assert.deepEqual(
    server.asked.map(({ url }) => url.pathname + url.search),
    [
      "/v1/moderation/queue?cursor=c&max_count=5",
      "/v1/moderation/decisions?effect=penalised",
      "/v1/moderation/audit?actor=moderator%3Akim",
    ],
  );
});

test("a case is that of a video or of a person, whatever they are called", async () => {
  const server = new Server();
  await desk(server).videoCase("a/b");
  await desk(server).personCase("zoë");
  assert.deepEqual(
    server.asked.map(({ url }) => url.pathname),
    ["/v1/moderation/videos/a%2Fb", "/v1/moderation/people/zo%C3%AB"],
  );
});

test("a decision is said once, by whom it is made", async () => {
  const server = new Server();
  await desk(server).decide({ effect: "spam", reason: "seen", video: "v1", until: 5 });
  assert.deepEqual(server.asked[0]!.body, { moderator: "kim", effect: "spam", reason: "seen", video: "v1", until: 5 });
  server.failures = ["lost"];
  await assert.rejects(desk(server).reverse("d1", "mistaken"), Unavailable);
  assert.equal(server.asked.length, 2);
  await desk(server).answer("d1", false, "it stands");
  assert.equal(server.asked[2]!.url.pathname, "/v1/moderation/decisions/d1/answer");
});
