"""Worlds from a seed: the same bytes again, in order, and with something to learn in them."""

from __future__ import annotations

import hashlib
from collections import Counter
from itertools import pairwise

import msgspec
import numpy as np

from freshet.domain.events import (
    EVENTS,
    Impression,
    Like,
    SlateServed,
    VideoPublished,
    VideoRemoved,
    Watch,
)
from freshet.domain.ids import uuid7_ms
from freshet.domain.upcast import decode_batch, encode_batch
from freshet.lab.generate.columns import OUTCOMES, make_columns
from freshet.lab.generate.mixed import mixed_events
from freshet.lab.generate.week import week_events, write_week
from freshet.lab.generate.world import NO, make_world
from freshet.lab.readers.generic import native_events
from freshet.lab.readers.report import ReadReport

SMALL = {"viewers": 30, "videos": 80, "impressions": 600}


def auc(score: np.ndarray, label: np.ndarray) -> float:
    """
    >>> auc(np.array([1, 2, 3]), np.array([False, True, True]))
    1.0
    """
    rank = np.argsort(np.argsort(score)) + 1
    ones = label.sum()
    return float((rank[label].sum() - ones * (ones + 1) / 2) / (ones * (len(label) - ones)))


# --- the world ------------------------------------------------------------------------------


def test_a_viewer_has_two_to_four_different_topics():
    world = make_world(3, viewers=500, videos=50)
    likes = [[topic for topic in row if topic != NO] for row in world.viewer_topics.tolist()]
    assert {len(row) for row in likes} == {2, 3, 4}
    assert all(len(set(row)) == len(row) for row in likes)


def test_taste_tells_who_watches_long_and_who_likes():
    columns = make_columns(1, impressions=40_000, viewers=2_000, videos=1_000)
    taste = columns.world.affinity(columns.viewer, columns.video)
    assert auc(taste, columns.long_view) > 0.65
    assert auc(taste, columns.outcomes["like"]) > 0.65
    assert auc(taste, columns.outcomes["not_interested"]) < 0.35


# --- columns --------------------------------------------------------------------------------


def test_columns_are_in_time_order_and_within_their_world():
    columns = make_columns(2, impressions=20_000, viewers=5_000, videos=3_000)
    assert len(columns) == 20_000
    assert (np.diff(columns.time_ms) >= 0).all()
    assert columns.viewer.min() >= 0
    assert columns.viewer.max() < 5_000
    assert columns.video.max() < 3_000
    assert (columns.watched_ms >= 0).all()
    assert set(columns.outcomes) == set(OUTCOMES)


def test_columns_of_one_seed_are_the_same_and_of_another_are_not():
    def mark(seed: int) -> str:
        columns = make_columns(seed, impressions=5_000, viewers=900, videos=700)
        arrays = (columns.viewer, columns.video, columns.time_ms, columns.watched_ms,
                  columns.world.video_topics, *columns.outcomes.values())  # fmt: skip
        return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()

    assert mark(7) == mark(7) != mark(8)


# --- a week -------------------------------------------------------------------------------


def test_the_week_is_read_back_whole_by_our_own_reader(tmp_path):
    count = write_week(tmp_path / "week.jsonl", **SMALL)
    report = ReadReport()
    events = list(native_events(tmp_path / "week.jsonl", now_ms=2_000_000_000_000, report=report))
    assert len(events) == count == report.kept
    assert events == week_events(**SMALL)


def test_the_week_of_one_seed_has_the_same_bytes_every_time(tmp_path):
    for name in ("a", "b"):
        write_week(tmp_path / name, 5, **SMALL)
    write_week(tmp_path / "c", 6, **SMALL)
    first, again, other = ((tmp_path / name).read_bytes() for name in ("a", "b", "c"))
    assert first == again != other


def test_in_the_week_nobody_sees_a_video_twice_or_when_it_is_not_there():
    events = week_events(**SMALL)
    published = {event.video: event.time for event in events if isinstance(event, VideoPublished)}
    shown = [event for event in events if isinstance(event, Impression)]
    assert len(shown) == 600
    assert all(published[event.video] <= event.time for event in shown)
    removed = {event.video: event.time for event in events if isinstance(event, VideoRemoved)}
    assert removed
    assert all(event.time < removed.get(event.video, event.time + 1) for event in shown)
    assert max(Counter((event.viewer, event.video) for event in shown).values()) == 1


def test_in_the_week_every_view_ends_once_and_after_what_was_done_in_it():
    events = week_events(**SMALL)
    closed = {(event.viewer, event.video): i for i, event in enumerate(events)
              if isinstance(event, Watch) and event.left}  # fmt: skip
    assert len(closed) == 600
    assert all(closed[event.viewer, event.video] > i for i, event in enumerate(events)
               if isinstance(event, Like))  # fmt: skip


# --- every kind -----------------------------------------------------------------------------


def test_mixed_events_are_of_every_kind_in_order_and_have_ids_of_their_own():
    events = list(mixed_events(40_000, viewers=300, videos=400))
    assert len(events) == 40_000
    assert {type(event) for event in events} == set(EVENTS.values())
    assert all(a.time <= b.time for a, b in pairwise(events))
    assert len({event.event_id for event in events}) == len(events)
    assert all(uuid7_ms(event.event_id) == event.time == event.received for event in events)
    assert decode_batch(encode_batch(events)) == events


def test_mixed_events_of_one_seed_are_the_same():
    def mark(seed: int) -> bytes:
        return b"".join(map(msgspec.msgpack.encode, mixed_events(3_000, seed=seed, viewers=50,
                                                                 videos=60)))  # fmt: skip

    assert mark(1) == mark(1) != mark(2)


def test_slates_carry_finite_features_of_the_width_asked_for():
    slates = [event for event in mixed_events(9_000, features=12, viewers=50, videos=60)
              if isinstance(event, SlateServed)]  # fmt: skip
    for slate in slates:
        vectors = np.frombuffer(slate.features, np.float16).reshape(len(slate.items), 12)
        assert np.isfinite(vectors).all()
    assert slates
