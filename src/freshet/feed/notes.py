"""What a trace tells beyond its stages: pins that fell out, boosts, wishes, why it is empty."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import numpy as np

from freshet.domain.events import SlateServed
from freshet.feed.answer import FeedTrace, PinDropped
from freshet.feed.ladder import Filled
from freshet.feed.parts import Parts
from freshet.feed.query import FeedQuery

DAY_MS = 86_400_000

EMPTY = {
    "filtered": "the app's filters and exclusions let nothing through that may be shown",
    "no_follows": "the viewer follows nobody",
    "exhausted": "everything there is was seen, or may not be shown to this viewer",
}


def noted(
    trace: FeedTrace,
    parts: Parts,
    query: FeedQuery,
    filled: Filled,
    slate: SlateServed,
    features: bool = False,
) -> FeedTrace:
    """The trace with what became of the app's options, and what values are made of.

    Args:
        features: tell those of every item, by name.
    """
    return msgspec.structs.replace(
        trace,
        empty="" if slate.items else EMPTY[filled.rung.name],
        pins_dropped=tuple(_dropped(parts, query, filled)),
        boosts={item.video: item.boost for item in slate.items if item.boost},
        less_of={item.video: item.less_of for item in slate.items if item.less_of},
        weights=parts.settings.weights,
        features=_features(parts, filled, slate) if features and slate.features else {},
    )


def _features(parts: Parts, filled: Filled, slate: SlateServed) -> dict[str, dict[str, float]]:
    names, rows = parts.live.feature_names, filled.slate["features"].tolist()
    return {
        item.video: {name: round(value, 6) for name, value in zip(names, row, strict=True)}
        for item, row in zip(slate.items, rows, strict=True)
    }


def _dropped(parts: Parts, query: FeedQuery, filled: Filled) -> Iterator[PinDropped]:
    for video, place in query.wanted.unknown_pins:
        yield PinDropped(video, place, "unknown video")
    for row, place in query.wanted.pins:
        if row not in filled.slate.rows:
            yield PinDropped(parts.live.video_id(row), place, _why(parts, query, row))


def _why(parts: Parts, query: FeedQuery, row: int) -> str:
    live, rows = parts.live, np.array([row], np.int32)
    if not live.eligible[rows][0]:
        return "not eligible"
    if live.hidden(query.viewer, rows)[0]:
        return "hidden or blocked"
    horizon_ms = parts.settings.seen_horizon_days * DAY_MS
    if (
        row in query.served
        or live.seen(query.viewer, rows, query.now_ms, horizon_ms, query.served_since_s)[0]
    ):
        return "seen"
    if not query.wanted.passes(live, rows)[0]:
        return "outside the filters"
    return "beside its neighbours it would repeat a creator or a sound"
