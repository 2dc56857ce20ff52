"""The live state of another process, mapped: what serving processes rank on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from freshet.features.compose import FEATURES
from freshet.features.feature import Feature
from freshet.learning.params import new_params
from freshet.learning.reading import Reading
from freshet.learning.space import LEARNED, NOW, OFFSET, PUBLISHED, Space
from freshet.state.memory import Mapped


class MappedLive(Reading):
    """Reads what the writer folds, at most one batch behind it.

    Args:
        memory: the writer's regions.
        capacity: the writer's, for the layout must be the same.

    Raises:
        Broken: the writer's memory is laid out otherwise.
    """

    def __init__(
        self, memory: Mapped, capacity: dict[str, int] | None = None,
        features: Sequence[Feature] = FEATURES,
    ) -> None:  # fmt: skip
        self.space = Space(capacity, memory, features)
        self.space.columns.names = self.space.tables  # type: ignore[assignment]
        self._params = (new_params(self.inputs, 0), new_params(self.inputs, 0))
        self._turn = -1
        self._scratch = self.space.scratch()
        self.params = self._params[0]

    @property
    def offset(self) -> int:
        return int(self.space.meta[OFFSET])

    @property
    def now(self) -> int:
        return int(self.space.meta[NOW])

    @property
    def views_learned(self) -> int:
        return int(self.space.meta[LEARNED])

    def _current(self) -> Any:
        """A copy of our own, taken again only when the writer has published another."""
        while self._turn != (turn := int(self.space.meta[PUBLISHED])):
            fresh = self._params[0] if self.params is self._params[1] else self._params[1]
            if self.space.weights.read(turn, fresh):
                self.params, self._turn = fresh, turn
        return self.params
