"""Reading the live state: whole columns worked out once, and only what fits is loaded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from freshet.catalogue import facts
from freshet.domain import events as ev
from freshet.domain.errors import Corrupt, Unavailable
from freshet.domain.ids import uuid7
from freshet.learning.live import Live

NOW_MS = 1_767_571_200_000  # 5 January 2026, 00:00 UTC
ROOM = {"viewer": 64, "video": 64, "tie": 1 << 18}
_ids = Random(3)


def make(kind: type[ev.Event], at: int = NOW_MS, /, **fields: Any) -> ev.Event:
    return kind(event_id=uuid7(at, _ids), time=at, received=at, **fields)


def video(name: str, **fields: Any) -> ev.Event:
    told = {"creator": f"maker of {name}", "created": NOW_MS, "duration_ms": 9_000} | fields
    return make(ev.VideoPublished, video=name, **told)


@pytest.fixture
def live() -> Live:
    found = Live(capacity=ROOM, pending=256)
    found.fold([
        video("plain", sound="song"),
        video("own", sound="voice", original_sound=True),
        make(ev.Impression, viewer="vera", video="plain"),
    ])  # fmt: skip
    return found


CHANGES = {
    "published": (lambda: video("new", sound="hum"), [True, True, True], [0, -1, 2]),
    "first heard of": (
        lambda: make(ev.Impression, viewer="vera", video="new"), [True, True, False], [0, -1, -1]
    ),
    "published again": (lambda: video("plain", sound="hum"), [True, True], [2, -1]),
    "made private": (
        lambda: make(ev.VideoChanged, video="plain", privacy="SELF_ONLY"), [False, True], [0, -1]
    ),
    "removed": (lambda: make(ev.VideoRemoved, video="own"), [True, False], [0, -1]),
    "labelled": (
        lambda: make(ev.LabelSet, video="own", label="spam", actor="m"), [True, False], [0, -1]
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "eligible", "sound"), CHANGES.values(), ids=CHANGES.keys())
def test_a_column_worked_out_earlier_follows_a_change_of_the_catalogue(
    live: Live, change: Callable[[], ev.Event], eligible: list[bool], sound: list[int]
) -> None:
    assert (live.eligible[:2].tolist(), live.sound[:2].tolist()) == ([True, True], [0, -1])
    live.fold([change()])
    now = slice(live.video_count())
    assert (live.eligible[now].tolist(), live.sound[now].tolist()) == (eligible, sound)


def test_a_viewers_own_videos_are_hidden_from_them_alone(live: Live) -> None:
    live.fold([make(ev.OpenApp, viewer="vera"), video("selfie", creator="vera")])
    rows = np.arange(3, dtype=np.int32)
    assert live.hidden(live.viewer_row("vera"), rows).tolist() == [False, False, True]
    assert live.hidden(live.viewer_row("maker of plain"), rows).tolist() == [True, False, False]
    assert not live.hidden(-1, rows).any()


def decided(effect: str, until: int = 0) -> ev.Event:
    return make(
        ev.DecisionMade, decision="d1", effect=effect, person="maker of plain", actor="rule:x",
        reason="three videos barred", until=until, video="" if effect == "penalised" else "plain",
    )  # fmt: skip


def test_a_penalised_persons_videos_are_recommended_to_nobody_but_stay_with_followers(
    live: Live,
) -> None:
    live.fold([decided("penalised"), video("later", creator="maker of plain")])
    assert live.eligible[:3].tolist() == [False, True, False]
    assert live.followable[:3].tolist() == [True, True, True]
    live.fold([make(ev.DecisionReversed, decision="d1", actor="moderator:kim")])
    assert live.eligible[:3].tolist() == [True, True, True]


def test_a_labelled_video_is_not_even_shown_to_followers(live: Live) -> None:
    live.fold([decided("upsetting")])
    assert live.followable[:2].tolist() == live.eligible[:2].tolist() == [False, True]


def test_a_penalty_ends_with_the_first_tick_at_its_end(live: Live) -> None:
    live.fold([decided("penalised", NOW_MS + 1_000), make(ev.Tick, NOW_MS + 999)])
    assert live.eligible[:2].tolist() == [False, True]
    live.fold([make(ev.Tick, NOW_MS + 1_000)])
    assert live.eligible[:2].tolist() == [True, True]


def test_a_decision_that_was_saved_can_be_reversed_and_ends(live: Live, tmp_path: Path) -> None:
    live.fold([decided("penalised", NOW_MS + 1_000)])
    live.save(tmp_path)
    reversed_, ended = Live(capacity=ROOM, pending=256), Live(capacity=ROOM, pending=256)
    for other in (reversed_, ended):
        other.load(tmp_path)
        assert other.eligible[:2].tolist() == [False, True]
    reversed_.fold([make(ev.DecisionReversed, decision="d1", actor="moderator:kim")])
    ended.fold([make(ev.Tick, NOW_MS + 1_000)])
    assert reversed_.eligible[:2].tolist() == ended.eligible[:2].tolist() == [True, True]


def test_what_was_saved_is_loaded_columns_included(live: Live, tmp_path: Path) -> None:
    live.save(tmp_path)
    other = Live(capacity=ROOM, pending=256)
    assert not other.video_count()
    other.load(tmp_path)
    assert other.eligible[:2].tolist() == [True, True]
    assert other.created_ms[:2].tolist() == live.created_ms[:2].tolist()


def other_features(folder: Path) -> Live:
    """A layout whose blocks have the very shapes of the standard one."""
    live = Live(capacity=ROOM, pending=256)
    columns = live.composed.layout.columns
    live.composed.layout.columns = (*columns[1:], columns[0])
    return live


def less_room(folder: Path) -> Live:
    return Live(capacity=ROOM | {"video": 1}, pending=256)


def older(folder: Path) -> Live:
    (folder / "layout.msgpack").unlink()
    return Live(capacity=ROOM, pending=256)


def cut(folder: Path) -> Live:
    file = folder / "facts.video.npy"
    file.write_bytes(file.read_bytes()[:-3])
    return Live(capacity=ROOM, pending=256)


MISFITS = [(other_features, Corrupt), (less_room, Unavailable), (older, Corrupt), (cut, Corrupt)]


@pytest.mark.parametrize(("wrong", "error"), MISFITS)
def test_what_does_not_fit_is_not_loaded_and_changes_nothing(
    live: Live, tmp_path: Path, wrong: Callable[[Path], Live], error: type[Exception]
) -> None:
    live.save(tmp_path)
    other = wrong(tmp_path)
    with pytest.raises(error):
        other.load(tmp_path)
    assert (other.video_count(), other.offset) == (0, 0)
    assert not other.columns.videos.ints[:, facts.CREATOR].any()
