"""Pairs of videos: what each view adds is what counting everything anew would give."""

from __future__ import annotations

import numpy as np
import pytest

from freshet.learning.cowatch import AROUND, BEFORE, LATER, Cowatch, Onward, ease

HISTORIES = [np.array([0, 2, 1, 3]), np.array([3, 1]), np.array([2, 2, 0]), np.array([1])]
VIDEOS = 5


def counted(histories: list[np.ndarray]) -> Cowatch:
    sums = Cowatch(VIDEOS)
    for history in histories:
        sums.views(history)
    return sums


def weighted(rows: np.ndarray, fade: float) -> np.ndarray:
    x = np.zeros(VIDEOS)
    for age, row in enumerate(rows[::-1]):
        x[row] += fade**age
    return x


def test_sums_are_those_of_all_histories_as_they_are_in_the_end():
    together = sum(np.outer(x, x) for x in (weighted(h, AROUND) for h in HISTORIES))
    past, future = np.zeros((VIDEOS, VIDEOS)), np.zeros((VIDEOS, VIDEOS))
    for history in HISTORIES:
        trace = np.zeros(VIDEOS)
        for at in range(1, len(history)):
            x = weighted(history[:at], BEFORE)
            past += np.outer(x, x)
            trace = LATER * trace + x
            future[:, history[at]] += trace
    found = counted(HISTORIES)
    assert np.allclose(found.together, together, atol=1e-5)
    assert np.allclose(found.past, past, atol=1e-5)
    assert np.allclose(found.future, future, atol=1e-5)


def test_views_one_by_one_add_up_to_the_same():
    sums = Cowatch(VIDEOS)
    for history in HISTORIES:
        for at in range(len(history)):
            sums.views(history[: at + 1], at)
    whole = counted(HISTORIES)
    for name in ("together", "past", "future"):
        assert np.array_equal(getattr(sums, name), getattr(whole, name))


def test_ease_is_the_closed_form():
    x = np.random.default_rng(0).integers(0, 2, (40, VIDEOS)).astype(np.float32)
    inverse = np.linalg.inv(x.T @ x + 3.0 * np.eye(VIDEOS))
    expected = -inverse / inverse.diagonal()
    np.fill_diagonal(expected, 0.0)
    assert np.allclose(ease(x.T @ x, 3.0), expected, atol=1e-4)


def test_what_always_follows_is_scored_first():
    """0 is followed by 1 and 2 by 3, whatever is popular."""
    histories = [np.array([0, 1])] * 30 + [np.array([2, 3])] * 30 + [np.array([4])] * 90
    model = counted(histories).solved(1.0, 1.0)
    scores = model.scores([np.array([0]), np.array([2])])
    assert scores.argmax(axis=1).tolist() == [1, 3]


def test_the_last_view_counts_most_and_one_watched_twice_twice():
    model = Onward(np.eye(VIDEOS, dtype=np.float32), np.eye(VIDEOS, dtype=np.float32))
    around, _ = model.both(np.array([4, 4, 1]))
    assert around[1] == 1.0
    assert around[4] == pytest.approx(BEFORE + BEFORE**2)


def test_sums_grow_with_the_catalogue():
    small = Cowatch(4)
    small.views(HISTORIES[0])
    grown = small.grown(VIDEOS)
    grown.views(HISTORIES[1])
    assert np.array_equal(grown.future, counted(HISTORIES[:2]).future)
