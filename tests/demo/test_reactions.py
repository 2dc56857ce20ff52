"""The numbers beside a clip are what the log says, whatever is repeated or taken back."""

from __future__ import annotations

from typing import Any

from freshet.demo.reactions import Reactions
from freshet.domain import events as e
from freshet.log.ports import Batch


def after(*happened: e.Event) -> Reactions:
    reactions = Reactions()
    reactions.apply(Batch(1, happened))
    return reactions


def by(kind: Any, viewer: str = "ada", video: str = "v1", **more: Any) -> e.Event:
    made: e.Event = kind(event_id="", time=1, received=1, viewer=viewer, video=video, **more)
    return made


def test_who_likes_twice_is_counted_once_and_may_take_it_back() -> None:
    twice = after(by(e.Like), by(e.Like), by(e.Like, "bo"))
    assert twice.count("likes", "v1") == 2
    assert twice.has("likes", "ada", "v1")
    back = after(by(e.Like), by(e.Unlike))
    assert (back.count("likes", "v1"), back.has("likes", "ada", "v1")) == (0, False)
    assert back.count("favorites", "v1") == 0


def test_a_view_is_the_first_playback_of_an_impression() -> None:
    looped = after(
        by(e.Impression), by(e.Watch, watched_ms=900), by(e.Watch, watched_ms=9_000, loops=3)
    )
    assert looped.views["v1"] == 1
    again = after(
        by(e.Impression), by(e.Watch, watched_ms=9), by(e.Impression), by(e.Watch, watched_ms=9)
    )
    assert again.views["v1"] == 2
    assert after(by(e.Impression), by(e.Watch, watched_ms=0)).views["v1"] == 0
    assert after(by(e.Watch, watched_ms=9)).views["v1"] == 0  # of no impression


def test_who_is_erased_likes_and_follows_nothing() -> None:
    gone = e.PersonErased(event_id="", time=2, received=2, person="ada")
    left = after(by(e.Like), by(e.Like, "bo"), by(e.Follow, video="", person="cy"), gone)
    assert left.count("likes", "v1") == 1
    assert left.count("follows", "cy") == 0
