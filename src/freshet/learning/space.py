"""Where the live state lies: every array that requests read, in one place.

    columns   names and facts of people and things      blocks   features' rows
    ties      what viewers were shown and chose          served   sessions
    slots     where the rows of viewers and of videos lie
    vectors   where videos lie among their like           trials   where new videos stand
    meta      how far the folds are                      weights  the model, published twice

The same `Space` is laid out by the writer over memory it shares and by serving processes
over that memory mapped, so the two cannot disagree on what lies where.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from freshet.catalogue.columns import KINDS, Columns
from freshet.catalogue.trials import Trials
from freshet.domain.outcomes import OUTCOMES
from freshet.features.compose import FEATURES, compose
from freshet.features.feature import Feature
from freshet.features.layout import CAPACITY, ENTITIES, State
from freshet.learning import kernels
from freshet.learning.learner import THRESHOLDS_S
from freshet.learning.params import new_params
from freshet.learning.prior import LIKES
from freshet.learning.sessions import WIDTH
from freshet.learning.vectors import Vectors, attract
from freshet.state.block import Block
from freshet.state.compiled import address_of
from freshet.state.memory import Memory
from freshet.state.names import NameTable
from freshet.state.slots import Slots, ViewerSlots
from freshet.state.ties import Ties

HEAD_NAMES = (*OUTCOMES, *(f"watched_over_{t:g}s" for t in THRESHOLDS_S))
SMALL = 1 << 12  # names of languages, countries, devices

# words of `meta`
OFFSET, NOW, LEARNED, PUBLISHED, BEAT = range(5)
ACKNOWLEDGED, BUCKETS = 16, 1 << 16  # the newest offset of a viewer's own acts, by bucket


class Space:
    """Arrays of the live state.

    Args:
        capacity: rows reserved per entity, where not the default.
        memory: shared between processes; None keeps everything in this one.
        features: other than the standard ones, for laboratories and tests.
    """

    def __init__(
        self, capacity: dict[str, int] | None = None, memory: Memory | None = None,
        features: Sequence[Feature] = FEATURES,
    ) -> None:  # fmt: skip
        room = CAPACITY | (capacity or {})
        self.composed = compose(features)
        inputs = len(self.composed.names)
        self.tables: dict[str, NameTable] = {}
        if memory is not None:
            self.tables = {kind: NameTable(kind, room.get(kind, SMALL), memory) for kind in KINDS}
        self.columns = Columns(room["viewer"], room["video"], memory, self.tables)
        self.slots = ViewerSlots(room["viewer"], memory)
        self.video_slots = Slots("video", room["video"], memory)
        by_slot = room | {"viewer": self.slots.rows, "video": self.video_slots.rows}
        self.blocks = self.composed.layout.blocks(by_slot, memory)
        self.ties = Ties(room["viewer"], room.get("tie", 1 << 29), memory)
        self.vectors = Vectors(self.video_slots, memory)
        self.served = Block("served", WIDTH, by_slot["viewer"], memory)
        self.trials = Trials(room["video"], memory)
        self.meta = _region(memory, "meta", ACKNOWLEDGED + BUCKETS)
        self.weights = Weights(inputs, memory)
        self.state: Any = cast(Any, State)(  # no checker knows its fields, they are computed
            **{entity: self.blocks[entity].floats for entity in ENTITIES},
            viewer_ints=self.blocks["viewer"].ints, video_ints=self.blocks["video"].ints,
            viewer_slots=self.slots.of, video_slots=self.video_slots.of,
            viewer_facts=self.columns.viewers.ints,
            video_facts=self.columns.videos.ints,
            viewer_sequence=self.blocks["viewer"].sequence,
            video_sequence=self.blocks["video"].sequence, served=self.served.ints,
            **self.vectors.of_state(),
            tie_heads=self.ties.heads, tie_words=self.ties.words, tie_used=self.ties.used,
        )  # fmt: skip

    def scratch(self) -> Any:
        """Scratch that holds the addresses of our features' kernels, compiled now."""
        inputs = len(self.composed.names)
        blank = kernels.new_scratch(inputs, kernels.Calls._make([0] * len(kernels.Calls._fields)))
        calls = {
            name: address_of(getattr(self.composed, name, attract), *arguments)
            for name, arguments in kernels.samples(self.state, blank).items()
        }
        return kernels.new_scratch(inputs, kernels.Calls(**calls))

    def digest(self) -> str:
        """Of what lies where: the columns of every block, the features, the model's heads; and
        of what the model began with.

        Two layouts can have blocks of equal shapes, and then the numbers of one would be
        read as those of the other."""
        columns = [f"{c.entity}.{c.name}:{c.width}" for c in self.composed.layout.columns]
        began = [f"{name}:{weight:g}" for name, weight in LIKES.items()]
        text = "\n".join((*columns, "", *self.composed.names, "", *HEAD_NAMES, "", *began))
        return hashlib.sha256(text.encode()).hexdigest()


class Weights:
    """The model's parameters for those who only read them: two copies, written in turn.

    A reader takes the copy that was finished last and looks afterwards whether the writer
    has begun on it meanwhile. Without shared memory there are none.
    """

    def __init__(self, inputs: int, memory: Memory | None) -> None:
        self.shapes = [(a.shape, a.dtype) for a in new_params(inputs, 0)]
        self.size = sum(int(np.prod(shape)) * dtype.itemsize for shape, dtype in self.shapes)
        self.shared = memory is not None
        words = -(-self.size // 8) + 1  # the first: odd while it is written
        self._copies = _region(memory, "weights", 2 * words).reshape(2, words)

    def write(self, turn: int, params: Any) -> None:
        copy = self._copies[turn % 2]
        copy[0] += 1
        data, at = copy[1:].view(np.uint8), 0
        for array in params:
            size = array.nbytes
            data[at : at + size] = array.reshape(-1).view(np.uint8)
            at += size
        copy[0] += 1

    def read(self, turn: int, params: Any) -> bool:
        """Fill `params` with the copy of a turn; False if it was written meanwhile."""
        copy = self._copies[turn % 2]
        before = int(copy[0])
        data, at = copy[1:].view(np.uint8), 0
        for array in params:
            size = array.nbytes
            array.reshape(-1).view(np.uint8)[:] = data[at : at + size]
            at += size
        return before % 2 == 0 and int(copy[0]) == before


def _region(memory: Memory | None, name: str, words: int) -> npt.NDArray[np.int64]:
    if memory is None:
        return np.zeros(words, np.int64)
    return memory.region(name, words * 8).view(np.int64)
