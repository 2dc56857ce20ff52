"""Features side by side: each in its own columns, each value in its own place."""

from __future__ import annotations

import numpy as np
import pytest

from freshet.features.compose import FEATURES, compose
from freshet.features.feature import no_write
from freshet.features.layout import Column, Kernel, Layout
from freshet.learning.live import Live
from freshet.state.compiled import part
from tests.learning.telling import START_MS, Story, small_live


class Constant:
    """A feature whose value is a number given to it."""

    scope, hears = "video", "tallies"
    columns: tuple[Column, ...] = ()

    def __init__(self, name: str, number: float, scope: str = "video") -> None:
        self.outputs, self.number, self.scope = (name,), number, scope

    def compile(self, at: Layout, k: int) -> tuple[Kernel, Kernel]:
        number = self.number

        @part
        def value(state, ask, x):  # type: ignore[no-untyped-def]
            x[k] = number

        return no_write, value


class Acts:
    """A feature that counts what it hears of a video."""

    scope = "video"

    def __init__(self, hears: str) -> None:
        self.hears = hears
        self.columns = (Column("video", f"{hears}_heard"),)
        self.outputs = (f"{hears}_heard",)

    def compile(self, at: Layout, k: int) -> tuple[Kernel, Kernel]:
        heard = at(f"video.{self.hears}_heard")

        @part
        def write(state, act):  # type: ignore[no-untyped-def]
            state.video[act.video, heard] += 1.0

        @part
        def value(state, ask, x):  # type: ignore[no-untyped-def]
            x[k] = state.video[ask.video, heard]

        return write, value


WORLD = FEATURES[0]  # its tally must stand first


def vector(live: Live) -> list[float]:
    found: list[float] = live.rank(-1, np.zeros(1, np.int32), START_MS).features[0].tolist()
    return found


def test_columns_of_one_entity_lie_side_by_side() -> None:
    layout = Layout([Column("video", "a", 3), Column("viewer", "b"), Column("video", "c", 2)])
    assert [layout("video.a"), layout("viewer.b"), layout("video.c")] == [0, 0, 3]
    assert (layout.widths["video"], layout.widths["viewer"], layout.widths["topic"]) == (5, 1, 0)


def test_two_features_cannot_own_one_column() -> None:
    with pytest.raises(ValueError, match=r"video\.a"):
        Layout([Column("video", "a"), Column("video", "a")])


def test_two_values_cannot_share_a_name() -> None:
    with pytest.raises(ValueError, match="share the name"):
        compose([WORLD, Constant("same", 1.0), Constant("same", 2.0)])


def test_the_viewers_half_stands_first_whatever_the_order_of_features() -> None:
    composed = compose([WORLD, Constant("b", 2.0), Constant("a", 1.0, "viewer")])
    assert (composed.names, composed.viewer_width) == (("a", "b"), 1)


def test_every_value_has_its_place_and_its_name() -> None:
    features = [WORLD, Constant("b", 2.0), Constant("a", 1.0, "viewer"), Constant("c", 3.0)]
    live = small_live(features=features)
    live.columns.video("x")
    assert live.feature_names == ("a", "b", "c")
    assert vector(live) == [1.0, 2.0, 3.0]


def test_sets_of_features_of_one_size_do_not_run_each_others_code() -> None:
    for number in (1.0, 2.0):
        live = small_live(features=[WORLD, Constant("a", number)])
        live.columns.video("x")
        assert vector(live) == [number]


def test_as_many_that_hear_tallies_as_moments_hear_each_their_own() -> None:
    """`World` hears tallies; were its kernel taken for the other's, nothing would be heard."""
    story = Story(features=[WORLD, Acts("moments")])
    story.publish("x")
    story.shows("ann", "x")
    assert story.values("ann", "x") == {"moments_heard": 1.0}
    story.watches("ann", "x", 5, left=True)
    assert story.values("ann", "x") == {"moments_heard": 2.0}
    assert story.tally("all", "") == 1


def test_all_standard_values_are_numbers_from_the_first_moment() -> None:
    story = Story()
    story.publish("known", topics=("t",), hashtags=("h",), sound="s", traits={"a": "b"})
    story.live.columns.video("only named")
    for viewer in ("nobody", "star"):
        for video in ("known", "only named"):
            assert np.isfinite(list(story.values(viewer, video).values())).all()


def test_a_value_is_the_same_alone_and_among_others() -> None:
    story = Story()
    story.publish(*"abcdefgh", topics=("t",))
    for n, video in enumerate("abcdefgh"):
        story.views("ann", video, 5 * n)
    together = story.ranks("ann", *"abcdefgh").features
    alone = [story.ranks("ann", video).features[0] for video in "abcdefgh"]
    assert together.tobytes() == np.array(alone).tobytes()
