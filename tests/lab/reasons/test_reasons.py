"""Reasons of a small world, held against the raw log; and lies that are found out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from freshet.domain import events as ev
from freshet.domain.events import Event
from freshet.feed import reasons
from freshet.feed.reason import Reason, reason
from freshet.lab import cli_lab
from freshet.lab.reasons import measure as measuring
from freshet.lab.reasons.measure import Found, as_json, measure
from freshet.lab.reasons.recount import Raw
from freshet.lab.reasons.world import Shape

SMALL = Shape(feeds=10, viewers=2, creators=12, videos=150, topics=4, sounds=12,
              between_ms=2_700_000)  # fmt: skip
HOUR_MS = 3_600_000
NOW_MS = 500_000 * HOUR_MS


async def lived(shape: Shape = SMALL) -> Found:
    return await measure(shape, 3, lambda *_: None)


async def test_every_reason_is_true_and_without_the_acts_it_names_the_video_is_worth_less() -> None:
    found = await lived()
    assert found.holds, as_json(found)
    total = as_json(found)["reasons"]["all"]
    assert (found.feeds, found.items) == (10, 100)
    assert total["removed"] >= 8
    assert total["lowered"] >= 0.9 * total["removed"]


@pytest.mark.parametrize(
    ("name", "lie"),
    [
        ("window", lambda since_s, whole_since_s, begun: "hour"),
        ("reason", lambda code, weight=0.0, **params: reason(
            code, weight, **params | ({"count": "9"} if "act" in params else {}))),
        ("reason", lambda code, weight=0.0, **params: reason(code, 1.5 * weight, **params)),
    ],
    ids=["a time that is not of the acts", "acts that were not", "a weight that is not"],
)  # fmt: skip
async def test_a_lie_is_found_out(name: str, lie: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reasons, name, lie)
    monkeypatch.setattr(measuring, "_remove", lambda *_: None)
    assert not (await lived()).holds


def test_the_command_prints_what_it_found_and_fails_if_anything_is_untrue(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def found(shape: Shape, seed: int, tell: Any) -> Found:
        said = measuring.Said(said=10, untrue=1, removed=4, lowered=3)
        return Found(shape.feeds, 10, {"hashtag": said}, {})

    monkeypatch.setattr(measuring, "measure", found)
    asked = ["reasons", "--feeds", "2", "--json", str(tmp_path / "out")]
    done = CliRunner().invoke(cli_lab.app, asked)
    assert done.exit_code == 1
    assert "hashtag" in done.output
    told = json.loads((tmp_path / "out").read_text())
    assert told["feeds"] == 2
    assert told["reasons"]["hashtag"]["lowered_share"]["share"] == 0.75


# --- the recount ----------------------------------------------------------------------------


def raw(*told: Event) -> Raw:
    log = Raw()
    videos = [
        ev.VideoPublished(
            event_id=name, time=0, received=0, video=name, creator="ann", created=0,
            duration_ms=10_000, hashtags=("tea",),
        )
        for name in ("a", "b", "c", "this")
    ]  # fmt: skip
    for event in (*videos, *told):
        log.add(event)
    return log


def did(kind: type[Event], video: str, ago_h: float, **more: Any) -> Event:
    time = NOW_MS - int(ago_h * HOUR_MS)
    fields = {"viewer": "v", "video": video} | more
    return kind(event_id=f"{kind.__name__} {video} {ago_h}", time=time, received=time, **fields)


def view(video: str, ago_h: float, watched_ms: int = 10_000) -> list[Event]:
    return [did(ev.Impression, video, ago_h), did(ev.Watch, video, ago_h, watched_ms=watched_ms)]


def claim(act: str, count: int, when: str) -> Reason:
    return reason("hashtag", 0.1, hashtag="tea", act=act, count=str(count), when=when)


def true(log: Raw, one: Reason) -> bool | None:
    return log.holds(one, "v", "this", NOW_MS)


def test_a_count_is_true_of_its_time_alone() -> None:
    log = raw(*view("a", 30), *view("b", 2), *view("c", 0.5), *view("c", 0.4))
    assert true(log, claim("finished", 1, "hour"))
    assert true(log, claim("finished", 2, "day"))
    assert true(log, claim("finished", 3, "week"))
    assert true(log, claim("finished", 3, "lately"))
    for count, when in ((2, "hour"), (3, "day"), (2, "week"), (4, "lately")):
        assert not true(log, claim("finished", count, when))


def test_what_was_taken_back_or_forgotten_is_not_claimed() -> None:
    likes = did(ev.Like, "a", 1.9), did(ev.Like, "b", 1.8)
    log = raw(*view("a", 2), *view("b", 2), *likes)
    assert true(log, claim("liked", 2, "day"))
    log.add(did(ev.Unlike, "a", 1))
    assert not true(log, claim("liked", 2, "day"))
    assert true(log, claim("liked", 1, "day"))
    log.add(ev.ResetFeed(event_id="r", time=NOW_MS, received=NOW_MS, viewer="v"))
    assert not true(log, claim("liked", 1, "day"))


def test_the_acts_of_a_reason_are_all_that_was_told_of_those_views() -> None:
    log = raw(*view("a", 2), did(ev.Like, "a", 1.9), *view("b", 3, watched_ms=1_000))
    acts = set(log.acts(claim("finished", 1, "day"), "v", "this", NOW_MS))
    assert acts == {"Impression a 2", "Watch a 2", "Like a 1.9"}


def test_a_video_that_does_not_have_the_tag_is_not_said_to() -> None:
    assert not true(raw(*view("a", 2)), reason(
        "hashtag", 0.1, hashtag="cake", act="finished", count="0", when="day"))  # fmt: skip
