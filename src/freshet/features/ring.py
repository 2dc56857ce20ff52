"""Where a viewer's last views lie in the viewer's own row: video, when, what came of it, how
long, and what had been expected. The fold writes it; features, retrieval and tests read it.
"""

from __future__ import annotations

from freshet.domain.outcomes import INDEX, OUTCOMES
from freshet.features.layout import Column

HISTORY = 24

# bits of a view: one per outcome, then
COUNTED = 1 << len(OUTCOMES)  # it counts in the tallies
CLOSED = COUNTED << 1  # over, and learned
UNTIMED = CLOSED << 1  # from before the log; no time is known
PLACE_SHIFT = 22  # the placement stands above

LONG_BIT = 1 << INDEX["long_view"]

# The ring stands first in a viewer's row, whatever the features, and the fold writes it.
RING = (
    Column("viewer", "h_count"),  # int: views ever opened
    Column("viewer", "h_video", HISTORY),  # int
    Column("viewer", "h_s", HISTORY),  # int, seconds since 2020
    Column("viewer", "h_bits", HISTORY),  # int
    Column("viewer", "h_watched", HISTORY),  # int, ms
    Column("viewer", "h_expected", HISTORY),  # float, predicted long view
)
H_COUNT, H_VIDEO, H_S, H_BITS, H_WATCHED, H_EXPECTED = (
    0, *(1 + k * HISTORY for k in range(5))
)  # fmt: skip
