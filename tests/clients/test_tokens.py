"""Viewer tokens: made by the server, and made by the app's backend without asking it."""

from __future__ import annotations

import json

import pytest

from freshet_client import Client, Forbidden, Refused, Unauthorized, events, viewer_token
from tests.clients.serving import Served
from tests.journeys.running import finished


@pytest.fixture(scope="module")
def key(server: Served) -> str:
    scopes = ("--scope", "ingest", "--scope", "feed")
    done = finished("keys", "create", "an app", *scopes, "--data", server.folder, "--json")
    assert done.returncode == 0, done.stderr
    said: dict[str, str] = json.loads(done.stdout)
    return said["key"]


def test_a_token_made_here_opens_its_viewers_feed_and_nobody_elses(
    server: Served, key: str
) -> None:
    token = viewer_token(key, "wanda", consent=True)
    with Client(server.url, token) as client:
        feed = client.feed(n=3)
        liked = client.tell(events.Like(video=feed.items[0].video))
        assert (len(feed.items), liked.accepted) == (3, 1)
        with pytest.raises(Forbidden):
            client.feed(viewer="ada")


def test_a_token_made_by_the_server_is_the_same(server: Served, client: Client) -> None:
    made = client.viewer_token(anonymous=True, ttl_s=60)
    assert made.viewer.startswith("anon_")
    with Client(server.url, made.token) as own:
        assert len(own.feed(n=3).items) == 3


def test_a_token_that_has_ended_is_asked_for_anew(server: Served, key: str) -> None:
    given = iter(["eyJ0.ended.long_ago", viewer_token(key, "wanda")])
    with Client(server.url, lambda: next(given)) as client:
        assert len(client.feed(n=3).items) == 3


def test_a_token_of_a_changed_key_opens_nothing(server: Served, key: str) -> None:
    token = viewer_token(key[:-1] + "_", "wanda")
    with Client(server.url, token) as client, pytest.raises(Unauthorized):
        client.feed()


@pytest.mark.parametrize(
    ("given", "field"),
    [({"key": "no key"}, "key"), ({"viewer": ""}, "viewer"), ({"ttl_s": 10**6}, "ttl_s")],
)
def test_a_token_that_cannot_be_made_says_why(given: dict[str, object], field: str) -> None:
    said = {"key": "fk_abcdefghij_" + "x" * 43, "viewer": "ada"} | given
    with pytest.raises(Refused) as refused:
        viewer_token(**said)  # type: ignore[arg-type]
    assert refused.value.field == field
