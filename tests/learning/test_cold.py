"""Viewers on disk come back as if they had never been away."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freshet.domain import events as ev
from freshet.domain.errors import Unavailable
from freshet.learning.live import Live
from freshet.learning.mapped import MappedLive
from freshet.log.ports import Batch
from freshet.state.memory import Mapped, Shared
from freshet.state.slots import COLD, FIRST, NOBODY
from tests.learning.telling import SMALL, Story, differing, folded, small_live
from tests.learning.test_fold import EVENTS, MANY

HOUR_S = 3600


def living(folder: Path, **given_settings: Any) -> Live:
    return small_live(cold_folder=folder, cold_hours=6, **given_settings)


def send_away(live: Live, *, hours: float = 7) -> int:
    """All go whom nothing is waited for, as if it were hours later; how many are cold."""
    now_s = live.now // 1000 - 1_577_836_800 + int(hours * HOUR_S)
    viewers = len(live.columns.names["viewer"])
    for _ in range(2):  # a look that marks them, and one at which they go
        live.cold.let_go(0, viewers, now_s, live._awaited())
    return live.cold.count


@settings(max_examples=5, deadline=None)
@given(st.lists(st.integers(1, EVENTS), max_size=6))
def test_a_fold_gives_the_same_bytes_whoever_was_away_meanwhile(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int]
) -> None:
    live, gone, done = living(tmp_path_factory.mktemp("cold")), 0, 0
    for cut in sorted({*cuts, EVENTS // 2, EVENTS}):
        if cut > done:
            live.apply(Batch(done + 1, MANY[done:cut]))
            done = cut
            gone += send_away(live)
    assert gone > 0
    assert live.cold.woken > 0
    assert differing(live, folded(MANY)) == []


def test_snapshots_hold_who_is_away_and_begin_with_them_away(tmp_path: Path) -> None:
    plain, live = folded(MANY[:2_000]), living(tmp_path)
    live.apply(Batch(1, MANY[:2_000]))
    for turn in range(3):  # from memory, then from files, then from the snapshot before
        send_away(live)
        folder = tmp_path / f"{turn}"
        folder.mkdir()
        live.save(folder)
        (tmp_path / "plain").mkdir(exist_ok=True)
        plain.save(tmp_path / "plain")
        for name in ("viewers.records.npy", "viewers.ends.npy"):
            assert (folder / name).read_bytes() == (tmp_path / "plain" / name).read_bytes()
        live.cold._rebase()
        assert live.cold.bytes == 0  # all of them are in the snapshot now
        again = living(tmp_path)
        again.load(folder)
        assert differing(again, plain) == []
    assert live.cold.count > 0
    for path in folder.iterdir():
        path.unlink()  # a snapshot that is gone is still read by who began with it
    for one in (live, again):
        one.apply(Batch(2_001, MANY[2_000:]))
        assert differing(one, folded(MANY)) == []


def test_a_state_begins_with_those_away_who_did_not_come_lately(tmp_path: Path) -> None:
    story = Story()
    story.publish("a", "b")
    story.tell(ev.Watch, viewer="old", video="a", watched_ms=20_000, left=True)
    story.wait(7 * HOUR_S)
    story.tell(ev.Watch, viewer="new", video="a", watched_ms=20_000, left=True)
    story.live.save(tmp_path)
    live = living(tmp_path)
    live.load(tmp_path)
    slots = live.space.slots.of
    assert slots[live.viewer_row("old")] == COLD
    assert slots[live.viewer_row("new")] >= FIRST
    assert slots[live.viewer_row("star")] == NOBODY  # did nothing yet: a creator
    assert live.held()["cold"] == 1
    rows = np.array([live.video_row("a"), live.video_row("b")], np.int32)
    assert live.seen(live.viewer_row("old"), rows, live.now).tolist() == [True, False]
    assert (live.held()["cold"], live.held()["woken"]) == (0, 1)
    assert differing(live, story.live) == []


def test_who_comes_between_two_looks_stays(tmp_path: Path) -> None:
    live = living(tmp_path)
    live.apply(Batch(1, MANY[:500]))
    now_s = live.now // 1000 - 1_577_836_800 + 7 * HOUR_S
    viewers = len(live.columns.names["viewer"])
    live.cold.let_go(0, viewers, now_s, live._awaited())
    assert live.cold.count == 0
    going = np.flatnonzero(live.space.slots.going)
    assert len(going) > 1
    assert live.away(int(going[0]))
    live.cold.wake(going[:1], now_s)
    assert not live.away(int(going[0]))
    live.cold.let_go(0, viewers, now_s, live._awaited())
    assert live.space.slots.of[going[0]] >= FIRST
    assert live.space.slots.of[going[1]] == COLD


def test_as_many_stay_as_there_is_room_for(tmp_path: Path) -> None:
    live = living(tmp_path)
    live.apply(Batch(1, MANY[:500]))
    taken = live.space.slots.taken
    live.cold._beyond = taken - 2
    assert send_away(live) == 2
    assert live.space.slots.taken == taken - 2
    assert send_away(live) == 2
    live.save(tmp_path)
    viewers = len(live.columns.names["viewer"])
    for beyond, cold in ((viewers, False), (viewers - 1, True)):
        again = living(tmp_path, cold_beyond=beyond)
        again.now = live.now + 7 * HOUR_S * 1000
        again.load(tmp_path)
        assert (again.held()["cold"] > 0) == cold
        assert differing(again, live) == []


def test_slots_of_who_went_are_used_again_and_hold_nothing_of_them(tmp_path: Path) -> None:
    live = living(tmp_path)
    live.apply(Batch(1, MANY[:500]))
    send_away(live)
    slots, rows = live.space.slots, live.blocks["viewer"].ints
    free = np.setdiff1d(np.arange(len(rows)), slots.of)
    assert not rows[free].any()
    assert not rows[:FIRST].any()
    taken = slots.taken
    cold = np.flatnonzero(slots.of == COLD)
    live.cold.wake(cold, 0)
    assert slots.taken == taken + len(cold)
    assert len(set(slots.of[slots.of >= FIRST].tolist())) == slots.taken
    assert slots.of.max() < len(live.columns.names["viewer"]) + FIRST


def test_another_process_sees_who_is_away_and_reads_them_once_they_are_back(tmp_path: Path) -> None:
    memory = Shared()
    live = living(tmp_path, memory=memory)
    live.apply(Batch(1, MANY[:500]))
    read = MappedLive(Mapped(memory.files), SMALL)
    send_away(live)
    viewer = int(np.flatnonzero(live.space.slots.of == COLD)[0])
    assert read.away(viewer)
    with pytest.raises(Unavailable, match="brought back"):
        read.recent(viewer)
    live.wake(viewer)
    assert not read.away(viewer)
    assert read.row_of(viewer).tolist() == live.row_of(viewer).tolist()


def test_a_full_disk_lets_nobody_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    live = living(tmp_path)
    live.apply(Batch(1, MANY[:500]))

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(OSError, match="No space"):
        send_away(live)
    assert live.cold.count == 0
    assert differing(live, folded(MANY[:500])) == []
