"""All features composed: `write` by what it hears, `value` in a viewer's and a video's half.

The values of scope "viewer" come first in the vector, so a request computes them once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from inspect import getsource
from typing import Any

import numpy as np

from freshet.features.ahead import AHEAD, fetch_made_of, fetch_video
from freshet.features.alike import Alike
from freshet.features.content import HashtagRates, SoundRates, TopicRates, VideoTraitRates
from freshet.features.duration import Duration
from freshet.features.effect import VideoEffect
from freshet.features.feature import Feature
from freshet.features.history import HistoryCrosses, HistoryHere
from freshet.features.hour import HourRates
from freshet.features.known import VideoKnown, ViewerKnown
from freshet.features.layout import Ask, Kernel, Layout
from freshet.features.match import Match
from freshet.features.notes import Notes
from freshet.features.placement import (
    PlacementRates,
    SpanPlacement,
    VideoPlacement,
    ViewerPlacement,
)
from freshet.features.ring import RING
from freshet.features.surprise import VideoSurprise, ViewerSurprise
from freshet.features.video_rates import VideoRates
from freshet.features.viewer import Session, ViewerRates, ViewerTraitRates
from freshet.features.world import World
from freshet.state.compiled import generated, kernel, part

FEATURES: tuple[Feature, ...] = (
    World(), Notes(), PlacementRates(), HourRates(),
    ViewerRates(), Session(), ViewerPlacement(), ViewerSurprise(), ViewerTraitRates(),
    HistoryHere(), ViewerKnown(),
    Duration(), VideoRates(), VideoPlacement(), VideoSurprise(), VideoEffect(), SpanPlacement(),
    VideoKnown(),
    TopicRates, HashtagRates, SoundRates, VideoTraitRates,
    HistoryCrosses(), Alike(), Match(),
)  # fmt: skip


@dataclass(frozen=True)
class Composed:
    """Features compiled together.

    Attributes:
        names: of the values of x, (F,); the first `viewer_width` are the viewer's half.
        tallies, moments, known: (state, act) -> None, the writes that hear each, in order.
        viewer: (state, ask, x) -> None fills the viewer's half of x (F,).
        videos: (state, ask, rows, x) -> None fills the videos' half of x (n, F) for the
            viewer of `ask` and each video of `rows` (n,).
    """

    layout: Layout
    names: tuple[str, ...]
    viewer_width: int
    tallies: Kernel
    moments: Kernel
    known: Kernel
    viewer: Kernel
    videos: Kernel


def compose(features: Sequence[Feature] = FEATURES) -> Composed:
    """Lay out and compile `features`.

    Raises:
        ValueError: two features share a name of a column or of a value.
    """
    layout = Layout([*RING, *(column for feature in features for column in feature.columns)])
    ordered = sorted(features, key=lambda feature: feature.scope != "viewer")  # stable
    names: list[str] = []
    writes: dict[str, list[Kernel]] = {"tallies": [], "moments": [], "known": []}
    values: dict[str, list[Kernel]] = {"viewer": [], "video": []}
    for feature in ordered:
        write, value = feature.compile(layout, len(names))
        names.extend(feature.outputs)
        writes[feature.hears].append(write)
        values[feature.scope].append(value)
    if len(set(names)) < len(names):
        raise ValueError("two features share the name of a value")
    made_of = _made_of(layout, ordered)
    # A laboratory's feature may close over anything; only our own are kept compiled.
    keep = all(type(feature).__module__.startswith("freshet.features.") for feature in features)
    return Composed(
        layout=layout,
        names=tuple(names),
        viewer_width=sum(len(f.outputs) for f in features if f.scope == "viewer"),
        tallies=_chain(writes["tallies"], "state, act", f"tallies of {made_of}", keep),
        moments=_chain(writes["moments"], "state, act", f"moments of {made_of}", keep),
        known=_chain(writes["known"], "state, act", f"known of {made_of}", keep),
        viewer=_chain(values["viewer"], "state, ask, x", f"viewer of {made_of}", keep),
        videos=_loop(values["video"], f"videos of {made_of}", keep),
    )


# numba cannot loop over functions, so the text that calls them one by one is generated. It
# says what it is made of, for numba knows a kernel that it kept by its text, not by the parts.


def _made_of(layout: Layout, features: Sequence[Feature]) -> str:
    digest = sha256(repr(layout.columns).encode())
    for feature in features:
        digest.update(f"{vars(feature)} {getsource(type(feature))}".encode())
    return digest.hexdigest()[:16]


def _chain(kernels: Sequence[Kernel], arguments: str, title: str, keep: bool) -> Kernel:
    """One kernel that calls `kernels` in order."""
    calls = [f"    part{k}({arguments})" for k in range(len(kernels))] or ["    pass"]
    return _compiled(kernels, [f"# {title}", f"def chain({arguments}):", *calls], "chain", keep)


def _loop(kernels: Sequence[Kernel], title: str, keep: bool) -> Kernel:
    calls = [f"        part{k}(state, this, x[i])" for k in range(len(kernels))]
    lines = [
        f"# {title}",
        "def each(state, ask, rows, x):",
        "    for i in range(rows.shape[0]):",
        f"        if i + {AHEAD} < rows.shape[0]:",
        f"            fetch_video(state, np.int64(rows[i + {AHEAD}]))",
        f"        if i + {AHEAD // 2} < rows.shape[0]:",
        f"            fetch_made_of(state, np.int64(rows[i + {AHEAD // 2}]))",
        "        this = Ask(",
        "            ask.viewer, np.int64(rows[i]), ask.now, ask.placement, ask.notes, ask.links",
        "        )",
        *calls,
    ]
    return _compiled(kernels, lines, "each", keep)


def _compiled(kernels: Sequence[Kernel], lines: list[str], name: str, keep: bool) -> Kernel:
    space: dict[str, Any] = {f"part{k}": kernel for k, kernel in enumerate(kernels)}
    space |= {"Ask": Ask, "np": np, "fetch_video": fetch_video, "fetch_made_of": fetch_made_of}
    compiler = kernel if keep else part
    return compiler(generated("\n".join(lines) + "\n", space, name))
