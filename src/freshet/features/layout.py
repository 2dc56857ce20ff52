"""Where everything lies: columns that features declare, and the state kernels are given.

A feature asks for columns of an entity's row; `Layout` lays them side by side and tells
each feature where its own begin. Row 0 of every entity is a real row; "none" is -1.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from freshet.state.block import Block
from freshet.state.memory import Memory

Entity = Literal[
    "viewer",     # people, as viewers and as creators
    "video", "sound", "hashtag", "topic", "trait",
    "placement",  # where a feed is shown: surface, and the app's own name for the place
    "span",       # bucket of duration
    "span_placement",
    "hour",       # of the day, UTC
    "all",        # one row
]  # fmt: skip
ENTITIES: tuple[Entity, ...] = get_args(Entity)

# Rows reserved per entity; "person", "video", ... can be raised by configuration.
CAPACITY: dict[str, int] = {
    "viewer": 1 << 21, "video": 1 << 21, "sound": 1 << 20, "hashtag": 1 << 20, "topic": 1 << 14,
    "trait": 1 << 16, "placement": 1 << 8, "span": 16, "span_placement": 256, "hour": 24, "all": 1,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Column:
    """`width` neighbouring 32-bit words of an entity's row, float32 unless a kernel says int."""

    entity: Entity
    name: str
    width: int = 1


# What kernels see: per entity the rows as floats and, for viewers, as ints; the facts of the
# catalogue; ties between viewers and things.
State = namedtuple(
    "State",
    [
        *ENTITIES,
        "viewer_ints",
        "video_ints",
        "video_slots",  # which row of `video` and of the vectors is a video's
        "viewer_slots",  # which row of `viewer` and of `served` is a viewer's, see state/slots.py
        "viewer_facts",
        "video_facts",
        "viewer_sequence",
        "video_sequence",
        "served",  # int32, as rows of `viewer` lie, see learning/sessions.py
        "vector_bytes",  # item vectors as rows of `video` lie, see learning/vectors.py
        "vector_shorts",
        "vector_ints",
        "vector_ends",
        "vector_sequence",
        "tie_heads",
        "tie_words",
        "tie_used",
    ],
)

# One change to the world, as a feature's `write` sees it.
#   delta     float32 (TALLY,) what the viewer-video pair adds to every tally, see tally.py
#   opened    the video just came on screen          closed   the view is over, and learned
#   surprise  (3,) observed - predicted of long view, log watch, watched 2 s; when closed
Act = namedtuple("Act", "viewer video now placement delta opened closed surprise")

# What a feature's `value` is asked: this video for this viewer, now, here.
#   notes  float32 (NOTES,): what is worked out once for a viewer and read for every video,
#          see features/notes.py
#   links  int32 (LINKS,): which of the last views had what, see features/links.py
Ask = namedtuple("Ask", "viewer video now placement notes links")


class Layout:
    """Offsets of columns in their entity's row."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self.columns = tuple(columns)
        self.offsets: dict[str, int] = {}
        self.widths: dict[str, int] = dict.fromkeys(ENTITIES, 0)
        for column in columns:
            key = f"{column.entity}.{column.name}"
            if key in self.offsets:
                raise ValueError(f"two features declare the column {key}")
            self.offsets[key] = self.widths[column.entity]
            self.widths[column.entity] += column.width

    def __call__(self, name: str) -> int:
        """Offset of a column named `entity.column`."""
        return self.offsets[name]

    def blocks(self, capacity: dict[str, int], memory: Memory | None = None) -> dict[str, Block]:
        """Fresh, zeroed blocks for every entity, or in `memory` those that are there."""
        return {
            entity: Block(
                entity,
                max(self.widths[entity], 1),
                capacity.get(entity, CAPACITY[entity]),
                memory,
            )
            for entity in ENTITIES
        }


Kernel = Any  # a numba dispatcher
