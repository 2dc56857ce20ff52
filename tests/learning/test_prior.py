"""Before it has learned anything of note, the model takes it that tastes exist."""

from __future__ import annotations

import numpy as np

from freshet.domain import events as ev
from freshet.domain.outcomes import INDEX, OUTCOMES
from freshet.learning.prior import LIKES
from tests.learning.telling import Story

LONG, NOT = INDEX["long_view"], INDEX["not_interested"]


def test_one_view_tells_a_taste_in_a_system_that_knows_nothing() -> None:
    story = Story()
    for topic in ("cats", "chess"):
        for k in range(2):
            story.publish(f"{topic} {k}", creator=f"{topic} {k}", topics=(topic,))
    # Each topic is watched long by one, and skipped by the other.
    for viewer, liked, other in (("vera", "cats", "chess"), ("otto", "chess", "cats")):
        story.views(viewer, f"{liked} 0", 40)
        story.views(viewer, f"{other} 0", 1)
    for viewer, liked, other in (("vera", "cats", "chess"), ("otto", "chess", "cats")):
        p = story.ranks(viewer, f"{liked} 1", f"{other} 1").predictions
        assert p[0, LONG] > 1.15 * p[1, LONG]
        assert p[0, NOT] < p[1, NOT]


def test_a_declared_interest_and_ones_own_language_come_first_before_anything_was_watched() -> None:
    story = Story()
    for k in range(20):  # enough to know how inputs vary
        for viewer in ("vera", "otto"):
            interests = ("cats",) if viewer == "vera" else ("chess",)
            story.tell(ev.PersonSaved, person=viewer, language="it", interests=interests)
            story.publish(f"{viewer} {k}", creator=f"{k}", topics=interests, language="it")
            story.publish(f"{viewer} nl {k}", creator=f"{k}", topics=interests, language="nl")
    for k in range(20):
        story.shows("vera", f"{('vera', 'otto')[k % 2]}{(' nl', '')[k // 2 % 2]} {k}")
    p = story.ranks("vera", "vera 0", "otto 0", "vera nl 0").predictions[:, LONG]
    assert p[0] > 1.02 * max(p[1], p[2])


def test_what_is_disliked_goes_the_other_way_and_the_rest_begins_at_nothing() -> None:
    live = Story().live
    weights = live.params.w3
    begun = {name for name, row in zip(live.feature_names, weights, strict=True) if row.any()}
    assert begun == set(LIKES)
    topic = weights[live.feature_names.index("topic_surprise")]
    against = [OUTCOMES[r] for r in np.flatnonzero(topic[: len(OUTCOMES)] < 0)]
    assert against == ["not_interested", "hide", "report"]


def test_inputs_it_speaks_of_keep_their_unit_however_little_they_vary() -> None:
    story = Story()
    story.publish("a", "b", topics=("cats",))
    before = story.live.params._replace(mean=story.live.params.mean.copy())
    for k in range(40):
        story.views("vera", "ab"[k % 2], k)
    believed = np.array([name in LIKES for name in story.live.feature_names])
    moved = story.live.params.mean != before.mean
    assert not moved[believed].any()
    assert moved[~believed].any()
