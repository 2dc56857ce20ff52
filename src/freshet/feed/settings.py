"""Every number of the For You feed that is configuration, with its default and unit.

`weights` is the value table: the value of a video for a viewer is the sum over the table
of weight × predicted outcome. An outcome is a probability, `watch_s` the expected seconds
of watching. A weight multiplies a predicted *probability*, not a count: reports are far
rarer than likes, so their weight is far larger.
"""

from __future__ import annotations

import msgspec

from freshet.domain.errors import Refused

WEIGHTS: dict[str, float] = {
    "watch_s": 0.02,
    "watched_2s": 0.1,
    "watched_6s": 0.2,
    "long_view": 1.0,
    "finish": 1.0,  # watching a longer video to its end is the strongest single signal
    "rewatch": 1.0,
    "click": 0.1,
    "like": 1.0,
    "comment": 2.0,
    "share": 3.0,
    "favorite": 2.0,
    "follow": 4.0,
    "profile_visit": 0.5,
    "not_interested": -8.0,
    "hide": -12.0,
    "report": -40.0,
}


class FeedSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of one surface.

    Raises:
        Refused: a number outside its range.
    """

    weights: dict[str, float] = msgspec.field(default_factory=lambda: dict(WEIGHTS))
    seed: int = 0  # hashed with each request_id into that request's seed
    candidates_max: int = 10_000  # `Everything` samples the catalogue beyond this
    fresh_max: int = 200  # newest videos that are always candidates
    explore_max: int = 100  # little-shown videos that are always candidates
    explore_share: float = 0.05  # probability that a slot is filled by exploration
    explore_shown_max: int = 100  # a video is little shown up to this many impressions
    topic_spread: float = 0.5  # value lost, in standard deviations, by a wholly familiar topic
    topic_window: int = 5  # neighbouring items whose topics count as familiar
    reopen_seen: bool = False  # last rung of the ladder: show the oldest seen again
    reasons_max: int = 3  # reasons shown per item
    reason_share_min: float = 0.01  # of the item's value a reason must account for
    session_gap_ms: int = 30 * 60_000  # without a session id, a pause this long ends a session
    wait_ms: int = 20  # a feed waits this long for the viewer's own last acts
    slates_kept: int = 20_000  # recent slates held for repeats of a request and for "why"

    def __post_init__(self) -> None:
        for field, low, high in RANGES:
            value = getattr(self, field)
            if not low <= value <= high:
                raise Refused(f"feed.{field}", f"{value:g} is out of range", f"{low:g} to {high:g}")


RANGES: tuple[tuple[str, float, float], ...] = (
    ("candidates_max", 1, 10_000_000),
    ("fresh_max", 0, 1_000_000),
    ("explore_max", 0, 1_000_000),
    ("explore_share", 0, 1),
    ("explore_shown_max", 0, 1_000_000_000),
    ("topic_spread", 0, 100),
    ("topic_window", 0, 100),
    ("reasons_max", 1, 10),
    ("reason_share_min", 0, 1),
    ("session_gap_ms", 0, 7 * 86_400_000),
    ("wait_ms", 0, 10_000),
    ("slates_kept", 1, 100_000_000),
)
