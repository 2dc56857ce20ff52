"""Families of inputs are left out by name, and then say nothing."""

from __future__ import annotations

import pytest

from freshet.domain.errors import Refused
from freshet.lab.families import NAMES, inputs_of
from tests.learning.telling import Story


def test_inputs_that_are_left_out_change_no_prediction() -> None:
    story = Story()
    story.publish("a", "b", topics=("cats",))
    left = inputs_of(["crosses", "similarity"])
    story.live.leave_out(left)
    for k in range(30):
        story.views("vera", "ab"[k % 2], 40 * (k % 2))
    x = story.ranks("vera", "a", "b").features
    other = x.copy()
    for j, name in enumerate(story.live.feature_names):
        other[:, j] += 3.0 if name in left else 0.0
    one, two = story.live.predict(x), story.live.predict(other)
    assert one.predictions.tobytes() == two.predictions.tobytes()
    other[:, story.live.feature_names.index("video_long_view")] += 3.0
    assert (story.live.predict(other).predictions != one.predictions).any()


def test_every_family_has_inputs_that_the_model_has() -> None:
    known = set(Story().live.feature_names)
    assert all(set(inputs_of([family])) <= known for family in NAMES)
    assert all(inputs_of([family]) for family in NAMES)


def test_an_unknown_family_is_refused_with_those_there_are() -> None:
    with pytest.raises(Refused, match="similarity"):
        inputs_of(["creators"])
