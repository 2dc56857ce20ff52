"""Videos on trial: who may see them now, and who gets the places kept for them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from freshet.catalogue.trials import EVERYBODY, FOLLOWERS, RUNNING, STOPPED
from freshet.domain import events as e
from freshet.feed.parts import Parts
from freshet.feed.query import FeedQuery
from freshet.feed.settings import ForYou
from freshet.feed.trying import DRAWS, Draw, OnTrial
from freshet.pipeline import Candidates
from tests.feed.making import live_of, make, video
from tests.feed.world import NOW_MS

NAMES = ("roomy", "full", "flying", "for fans", "stopped", *(f"open {n}" for n in range(5)))
FIRST = np.arange(len(NAMES)) == 0
OPEN = set(NAMES[5:])
SLOTS = {
    "roomy": (RUNNING, EVERYBODY, 10, 9, 0),
    "full": (RUNNING, EVERYBODY, 10, 10, 0),
    "flying": (RUNNING, EVERYBODY, 10, 5, 5),
    "for fans": (RUNNING, FOLLOWERS, 10, 0, 0),
    "stopped": (STOPPED, EVERYBODY, 10, 10, 0),
}


def parts_of() -> Parts:
    live = live_of([
        *(video(name, creator="star") for name in NAMES),
        make(e.Follow, viewer="fan", person="star"),
        make(e.OpenApp, viewer="anybody"),
    ])  # fmt: skip
    for slot, (name, (state, audience, quota, shown, flying)) in enumerate(SLOTS.items(), 1):
        row = live.video_row(name)
        live.trials.of[row] = slot
        creator = live.row("creator", "star")
        live.trials.slots[slot] = (
            row, creator, state, 0, audience, 0, 0, quota, shown, flying, 0, 0.0, 0.1
        )  # fmt: skip
        live.trials.used = slot + 1
    return Parts(live, ForYou(), trials=live.trials)


def asked(parts: Parts, viewer: str, n: int = 1) -> FeedQuery:
    return FeedQuery(viewer=parts.live.viewer_row(viewer), n=n, now_ms=NOW_MS, seed=3)


def all_of(parts: Parts, **columns: Any) -> Candidates:
    rows = [parts.live.video_row(name) for name in NAMES]
    return Candidates.of(rows, **columns)


async def named(parts: Parts, viewer: str, column: str, hold: bool = True) -> set[str]:
    found = await OnTrial(parts, hold=hold).columns(asked(parts, viewer), all_of(parts))
    return {name for name, holds in zip(NAMES, found[column], strict=True) if holds}


async def test_a_full_stage_is_shown_to_nobody_until_it_is_decided() -> None:
    parts = parts_of()
    assert await named(parts, "anybody", "in_quota") == {"roomy"} | OPEN
    assert await named(parts, "anybody", "on_trial") == {"roomy"}


async def test_where_there_is_little_else_no_quota_is_kept() -> None:
    parts = parts_of()
    found = await OnTrial(parts, hold=True).columns(asked(parts, "anybody", n=2), all_of(parts))
    assert found["in_quota"].all()


async def test_unless_held_every_video_may_win_a_place_by_its_own_value() -> None:
    parts = parts_of()
    found = await OnTrial(parts).columns(asked(parts, "anybody"), all_of(parts))
    assert found["in_quota"].all()
    assert found["on_trial"].sum() == 1


async def test_what_begins_with_followers_is_theirs_alone() -> None:
    parts = parts_of()
    assert await named(parts, "fan", "in_quota") == {"roomy", "for fans"} | OPEN
    assert await named(parts, "fan", "on_trial") == {"roomy", "for fans"}


async def test_followers_see_nothing_of_a_trial_beyond_their_part_of_its_first_stage() -> None:
    parts = parts_of()
    everything, at_first = set(NAMES), {"roomy", "for fans"} | OPEN
    assert await named(parts, "fan", "in_quota", hold=False) == at_first
    assert await named(parts, "anybody", "in_quota", hold=False) == everything
    parts.live.trials.slots["fans"][1] = 4  # of ten places, a third is theirs
    assert await named(parts, "fan", "in_quota", hold=False) == at_first - {"roomy"}
    parts.live.trials.slots["fans"][1] = 0
    parts.live.trials.slots["stage"][1] = 1
    assert await named(parts, "fan", "in_quota", hold=False) == at_first - {"roomy"}
    assert await named(parts, "anybody", "on_trial") == {"roomy"}


async def test_who_is_predicted_far_below_its_worth_is_spared() -> None:
    parts = parts_of()
    slots = parts.live.trials.slots
    slots["mean"][1] = 50.0
    value = np.arange(len(NAMES), dtype=np.float32)
    candidates = all_of(parts, value=value, on_trial=FIRST)
    drawn = await Draw(parts, 2.0).columns(asked(parts, "anybody"), candidates)
    assert np.isinf(drawn["draws"]).all()
    willing = Draw(parts, 50.0)
    drawn = await willing.columns(asked(parts, "anybody"), candidates)
    assert np.isfinite(drawn["draws"][0]).all()
    assert np.isinf(drawn["draws"][1:]).all()
    assert drawn["draws"].shape == (len(NAMES), DRAWS)


async def test_draws_lie_around_the_value_as_far_as_it_is_unknown() -> None:
    parts = parts_of()
    parts.live.trials.slots["sd"][1] = 2.0
    candidates = all_of(parts, value=np.ones(len(NAMES), np.float32), on_trial=FIRST)
    draws = [
        (await Draw(parts, 9.0).columns(replace(asked(parts, "fan"), seed=seed), candidates))[
            "draws"
        ][0]
        for seed in range(100)
    ]
    assert abs(np.mean(draws) - 1.0) < 0.15
    assert abs(np.std(draws) - 2.0) < 0.15
