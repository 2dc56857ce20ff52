"""All features composed: `write` by what it hears, `value` in a viewer's and a video's half.

The values of scope "viewer" come first in the vector, so a request computes them once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numba import njit

from freshet.features.content import HashtagRates, SoundRates, TopicRates, VideoTraitRates
from freshet.features.duration import Duration
from freshet.features.feature import Feature
from freshet.features.history import HistoryCrosses, HistoryHere
from freshet.features.hour import HourRates
from freshet.features.layout import Kernel, Layout
from freshet.features.match import Match
from freshet.features.placement import (
    PlacementRates, SpanPlacement, VideoPlacement, ViewerPlacement,
)  # fmt: skip
from freshet.features.surprise import VideoSurprise, ViewerSurprise
from freshet.features.video_rates import VideoRates
from freshet.features.viewer import Session, ViewerRates, ViewerTraitRates
from freshet.features.world import World

FEATURES: tuple[Feature, ...] = (
    World(), PlacementRates(), HourRates(),
    ViewerRates(), Session(), ViewerPlacement(), ViewerSurprise(), ViewerTraitRates(),
    HistoryHere(),
    Duration(), VideoRates(), VideoPlacement(), VideoSurprise(), SpanPlacement(),
    TopicRates(), HashtagRates(), SoundRates(), VideoTraitRates(),
    HistoryCrosses(), Match(),
)  # fmt: skip


@dataclass(frozen=True)
class Composed:
    """Features compiled together.

    Attributes:
        on_tallies, on_moments: (state, act) -> None, the writes that hear each, in order.
        viewer_value, video_value: (state, ask, x) -> None, each fills its half of x.
        names: of the values of x, (F,); the first `viewer_width` are the viewer's half.
    """

    layout: Layout
    on_tallies: Kernel
    on_moments: Kernel
    viewer_value: Kernel
    video_value: Kernel
    names: tuple[str, ...]
    viewer_width: int


def compose(features: Sequence[Feature] = FEATURES) -> Composed:
    """Lay out and compile `features`.

    Raises:
        ValueError: two features share a name of a column or of a value.
    """
    layout = Layout([column for feature in features for column in feature.columns])
    ordered = sorted(features, key=lambda feature: feature.scope != "viewer")  # stable
    names: list[str] = []
    writes: dict[str, list[Kernel]] = {"tallies": [], "moments": []}
    values: dict[str, list[Kernel]] = {"viewer": [], "video": []}
    for feature in ordered:
        write, value = feature.compile(layout, len(names))
        names.extend(feature.outputs)
        writes[feature.hears].append(write)
        values[feature.scope].append(value)
    if len(set(names)) < len(names):
        raise ValueError("two features share the name of a value")
    return Composed(
        layout=layout,
        on_tallies=_chain(writes["tallies"], "state, act"),
        on_moments=_chain(writes["moments"], "state, act"),
        viewer_value=_chain(values["viewer"], "state, ask, x"),
        video_value=_chain(values["video"], "state, ask, x"),
        names=tuple(names),
        viewer_width=sum(len(f.outputs) for f in features if f.scope == "viewer"),
    )


def _chain(kernels: Sequence[Kernel], arguments: str) -> Kernel:
    """One kernel that calls `kernels` in order. Generated, as numba cannot loop over functions."""
    names = {f"part{k}": kernel for k, kernel in enumerate(kernels)}
    body = [f"    {name}({arguments})" for name in names] or ["    pass"]
    source = "\n".join([f"def chain({arguments}):", *body])
    space: dict[str, Any] = dict(names)
    exec(source, space)  # noqa: S102 - our own text, no input reaches it
    return njit(space["chain"])
