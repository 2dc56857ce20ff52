"""What a view can come to: the outcomes that are counted, learned and predicted.

The order is part of stored state (bits of a view, columns of a tally, heads of the
model): append at the end, and raise the fold version.
"""

from __future__ import annotations

OUTCOMES = (
    "watched_2s",      # played >= 2 s
    "watched_6s",      # played >= 6 s, or to the end if shorter
    "finish",          # played to the end, within END_SLACK
    "long_view",       # played >= 18 s, or to the end if shorter
    "rewatch",         # looped, or played >= 1.5 x duration
    "click",
    "like",
    "comment",
    "share",
    "favorite",
    "follow",
    "profile_visit",
    "not_interested",
    "hide",
    "report",
)  # fmt: skip
INDEX = {name: index for index, name in enumerate(OUTCOMES)}

LONG_VIEW_MS = 18_000
END_SLACK = 0.97  # players report the last frame a little early
VIEW_TIMEOUT_MS = 30 * 60_000  # an open view closes after this
SESSION_GAP_MS = 30 * 60_000  # silence that ends a session
