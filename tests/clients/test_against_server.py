"""The Python client against a real server, and a network that fails between them."""

from __future__ import annotations

import asyncio
from random import Random

import httpx
import pytest

from freshet_client import (
    AsyncClient,
    Batching,
    Boost,
    Client,
    Filters,
    NotFound,
    Refused,
    Retries,
    Unauthorized,
    Unavailable,
    events,
)
from tests.clients.flaky import Flaky
from tests.clients.serving import API_KEY, VIDEOS, Served

# More attempts than any plan here is long: then none of it is left to chance.
QUICK = Retries(attempts=61, first_wait_s=0.001, longest_wait_s=0.02)
WORDS = ("unheard", "unsaid", "torn", "busy", "away")


def plan(seed: int, requests: int) -> list[str]:
    """Most requests fail, in all ways there are."""
    random = Random(seed)
    return [random.choice((*WORDS, "pass")) for _ in range(requests)]


def watch_of(viewer: str, i: int) -> events.Watch:
    return events.Watch(viewer=viewer, video=f"v{i % VIDEOS}", watched_ms=1_000 + i, left=True)


# --- asking ---------------------------------------------------------------------------------


def test_a_feed_is_typed_and_explained(client: Client) -> None:
    feed = client.feed(viewer="ada", n=5)
    assert [item.position for item in feed.items] == [0, 1, 2, 3, 4]
    assert all(item.reasons[0].text for item in feed.items)
    why = client.why(feed.items[0].video, viewer="ada")
    assert (why.request_id, why.reasons) == (feed.request_id, feed.items[0].reasons)


def test_the_same_request_id_gets_the_same_feed(client: Client) -> None:
    first = client.feed(viewer="ben", n=5, request_id="r1")
    assert client.feed(viewer="ben", n=5, request_id="r1") == first


def test_paging_gives_every_video_once(client: Client) -> None:
    videos = [item.video for item in client.feed_items(viewer="cleo", n=20)]
    assert len(videos) == len(set(videos)) == VIDEOS


def test_filters_and_pins_travel_as_json(client: Client) -> None:
    tea = Filters(topics=("tea",))
    feed = client.feed(viewer="dora", n=4, filters=tea, pins={"v0": 2}, exclude=["v3"])
    topics = [int(item.video[1:]) % 3 for item in feed.items]
    assert topics == [0, 0, 0, 0]
    assert feed.items[2].video == "v0"


def test_a_list_is_ranked_and_served(client: Client) -> None:
    boosts = [Boost(kind="video", target="v7", add=5.0)]
    ranked = client.rank(["v1", "v7", "nix"], viewer="eve", boosts=boosts, reasons=True, serve=True)
    assert ranked.ranking.items[0].video == "v7"
    assert ranked.ranking.unknown == ("nix",)
    assert ranked.slate is not None
    assert {item.video for item in ranked.slate.items} == {"v1", "v7"}


def test_an_act_is_in_the_next_feed_and_undone_in_the_one_after(client: Client) -> None:
    hidden = client.hide(viewer="finn", kind="creator", target="creator0")
    creators = {int(item.video[1:]) % 8 for item in client.feed_items(viewer="finn", n=50)}
    assert creators == set(range(1, 8))
    client.undo(hidden)
    creators = {int(item.video[1:]) % 8 for item in client.feed_items(viewer="finn", n=50)}
    assert creators == {0}  # the others are seen


def test_reset_is_answered_when_it_is_in_the_log(client: Client) -> None:
    client.like(viewer="gus", video="v1")
    assert client.reset("gus").offset > 0


def test_every_act_there_is_can_be_told_and_undone(client: Client) -> None:
    acts = [
        client.impression(viewer="hal", video="v1", position=0),
        client.watch(viewer="hal", video="v1", watched_ms=900),
        client.click(viewer="hal", video="v1"),
        client.like(viewer="hal", video="v1"),
        client.comment(viewer="hal", video="v1", comment_id="c1"),
        client.share(viewer="hal", video="v1"),
        client.favorite(viewer="hal", video="v1"),
        client.not_interested(viewer="hal", video="v2"),
        client.report(viewer="hal", video="v2", reason="spam"),
        client.follow(viewer="hal", person="creator1", video="v1"),
        client.profile_visit(viewer="hal", person="creator1"),
        client.block(viewer="hal", person="creator2"),
        client.hide(viewer="hal", kind="topic", target="chess"),
        client.less_of(viewer="hal", kind="hashtag", target="cats"),
        client.search(viewer="hal", topics=("tea",)),
        client.open_app(viewer="hal", country="GB"),
        client.personalisation(viewer="hal", on=True),
    ]
    undone = [client.undo(act) for act in acts if type(act) in events.UNDO]
    assert {type(act) for act in undone} == set(events.UNDO.values())
    with pytest.raises(TypeError, match="nothing takes back a Share"):
        client.undo(acts[5])


# --- errors ---------------------------------------------------------------------------------


def test_what_is_wrong_says_the_field_and_what_would_be_right(client: Client) -> None:
    with pytest.raises(Refused) as refused:
        client.feed(viewer="ada", n=5_000)
    assert refused.value.field == "n"
    with pytest.raises(Refused) as refused:
        client.like(viewer="ada", video="v1", request_id="r" * 300)
    assert (refused.value.field, refused.value.right) == ("request_id", "up to 200")


def test_what_does_not_exist_is_not_found(client: Client) -> None:
    with pytest.raises(NotFound):
        client.why("v1", viewer="nobody ever heard of")


def test_a_wrong_key_is_unauthorized_at_once(server: Served) -> None:
    with Client(server.url, "no key of this server") as client, pytest.raises(Unauthorized):
        client.feed(viewer="ada")


def test_one_bad_record_does_not_keep_out_the_others(client: Client) -> None:
    bad = events.Like(viewer="ada", video="v1", event_id="no uuid")
    taken = client.tell(watch_of("ada", 1), bad, watch_of("ada", 2))
    assert (taken.accepted, taken.repeated) == (2, 0)
    assert [(error.index, error.field) for error in taken.errors] == [(1, "event_id")]


def test_a_batch_without_a_good_record_is_answered_for_each(client: Client) -> None:
    bad = events.Like(viewer="ada", video="v1", event_id="no uuid")
    assert [error.index for error in client.tell(bad, bad).errors] == [0, 1]


def test_a_server_that_is_not_there_is_unavailable() -> None:
    gone = httpx.MockTransport(_no_connection)
    client = Client("http://nowhere", "k", retries=QUICK, transport=gone)
    with client, pytest.raises(Unavailable, match="61 attempts"):
        client.live()


def _no_connection(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused", request=request)


# --- a network that fails -------------------------------------------------------------------


def test_calls_come_through_a_failing_network_as_if_it_did_not_fail(server: Served) -> None:
    flaky = Flaky(server.url, [*WORDS, "pass"] * 3)
    with flaky, Client(flaky.url, API_KEY, retries=QUICK) as client:
        feed = client.feed(viewer="ida", n=5)
        taken = client.tell(*(watch_of("ida", i) for i in range(10)))
        why = client.why(feed.items[0].video, viewer="ida")
    assert [word for word, *_ in flaky.asked] == [*WORDS, "pass"] * 3
    assert len({headers["X-Request-Id"] for _, _, _, headers, _ in flaky.asked}) == 3
    assert why.request_id == feed.request_id  # all attempts were one feed
    assert taken.accepted + taken.repeated == 10
    assert not taken.errors


def test_events_added_through_a_failing_network_are_in_the_log_once(server: Served) -> None:
    told = [watch_of("jim", i) for i in range(500)]
    batching = Batching(size=25, every_s=0.01, closing_s=60, on_trouble=lambda _: None)
    flaky = Flaky(server.url, plan(1, 60))
    with flaky, Client(flaky.url, API_KEY, retries=QUICK, batching=batching) as client:
        for event in told:
            client.events.add(event)
    words = {word for word, *_ in flaky.asked}
    assert words == {*WORDS, "pass"}
    logged = server.logged()
    assert {logged[event.event_id] for event in told} == {1}


async def test_and_so_are_those_of_the_asynchronous_client(server: Served) -> None:
    told = [watch_of("kim", i) for i in range(500)]
    batching = Batching(size=25, every_s=0.01, closing_s=60, on_trouble=lambda _: None)
    with Flaky(server.url, plan(2, 60)) as flaky:
        async with AsyncClient(flaky.url, API_KEY, retries=QUICK, batching=batching) as client:
            for event in told:
                await client.events.add(event)
            feed = await client.feed(viewer="lou", n=3)
            videos = [item.video async for item in client.feed_items(viewer="lou", n=50)]
    assert len(feed.items) == 3
    assert len(videos) == len(set(videos)) > 0
    logged = await asyncio.to_thread(server.logged)
    assert {logged[event.event_id] for event in told} == {1}


def test_of_added_events_a_bad_one_is_told_of_and_the_others_are_taken(server: Served) -> None:
    refused: list[tuple[str, str]] = []
    batching = Batching(
        on_refused=lambda event, error: refused.append((event.event_id, error.field))
    )
    good = [watch_of("leo", i) for i in range(20)]
    with Client(server.url, API_KEY, batching=batching) as client:
        client.events.add(*good[:10], events.Like(viewer="leo", video="v1", event_id="x"))
        client.events.add(*good[10:])
        client.events.flush()
        assert refused == [("x", "event_id")]
    logged = server.logged()
    assert {logged[event.event_id] for event in good} == {1}


def test_what_could_not_be_told_before_closing_is_not_forgotten() -> None:
    gone = httpx.MockTransport(_no_connection)
    batching = Batching(closing_s=0.05, on_trouble=lambda _: None)
    client = Client("http://nowhere", "k", retries=QUICK, batching=batching, transport=gone)
    told = [watch_of("mia", i) for i in range(3)]
    client.events.add(*told)
    with pytest.raises(Unavailable, match="3 events could not be told"):
        client.close()
    assert client.events.waiting == tuple(told)
