"""What of a video its window does not hold, against the determinants it is defined by."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from freshet.feed.varied import ALIKE, enter, held, likeness

TOPICS = np.array([[1, -1], [1, 2], [2, 3], [4, -1], [-1, -1], [1, -1]], np.int32)


def lost(window: list[int]) -> Any:
    alike = np.zeros((5, len(TOPICS)), np.float32)
    around = np.full((5, 2), -1, np.int32)
    for place, one in enumerate(window):
        enter(np.ascontiguousarray(TOPICS.T), TOPICS[one], alike[place])
        around[place] = TOPICS[one]
    out = np.empty(len(TOPICS))
    held(alike, around, len(window), out)
    return out


def kernel() -> Any:
    """Cosines of vectors of ones, made apart from the code."""
    ones = np.zeros((len(TOPICS), 5))
    for row, topics in zip(ones, TOPICS, strict=True):
        row[topics[topics >= 0]] = 1
    length = np.linalg.norm(ones, axis=1, keepdims=True)
    ones /= np.where(length > 0, length, 1)
    whole = ALIKE * ones @ ones.T
    np.fill_diagonal(whole, 1)
    return whole


@pytest.mark.parametrize("window", [[], [0], [0, 1], [2, 1, 0], [0, 1, 2, 3, 4]])
def test_what_is_left_of_a_video_is_a_ratio_of_volumes(window: list[int]) -> None:
    whole = kernel()
    within = np.linalg.det(whole[np.ix_(window, window)]) if window else 1.0
    found = lost(window)
    for one in range(len(TOPICS)):
        if one not in window:
            places = [*window, one]
            left = np.linalg.det(whole[np.ix_(places, places)]) / within
            assert found[one] == pytest.approx(-np.log(left), abs=1e-5)


def test_the_second_of_a_topic_costs_more_than_the_fifth() -> None:
    costs = [lost([0] * many)[5] for many in range(5)]
    more = np.diff(costs)
    assert costs[0] == 0
    assert (more > 0).all()
    assert (np.diff(more) < 0).all()


def test_of_no_topic_is_like_nothing() -> None:
    assert lost([0, 1, 2])[4] == 0
    assert likeness(TOPICS[0], TOPICS[4]) == 0
    assert likeness(TOPICS[0], TOPICS[5]) == ALIKE
