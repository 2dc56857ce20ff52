"""What a replay saw and declared, impression by impression: all that measuring needs.

Rows are impressions in the order they were predicted. n impressions, F features, O outcomes.
A recording is data only: it can be saved, and measured again without replaying.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freshet.domain.errors import Refused
from freshet.lab.main_outcome import MainLabel, main_label

Bools = NDArray[np.bool_]
Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

_TUPLES = ("feature_names", "outcomes", "main")


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """Inputs, predictions and outcomes of every impression of a replay.

    The second pass, in which all that is held per viewer stops at the start of the report
    window, gives `gauc_main` and `gauc_no_viewer` (nan outside the window), and
    `features_frozen`: the vectors as that pass saw them, for the peers' GAUC ((0, F) if it
    was not recorded; the peers then have no GAUC).

    Raises:
        Refused: columns of unequal length, or not finite where they must be.
    """

    viewer: NDArray[np.int32]  # (n,) dense row
    video: NDArray[np.int32]  # (n,) dense row
    time_ms: Ints  # (n,) when predicted
    learn_ms: Ints  # (n,) when the outcomes became known: time_ms + play time
    date: NDArray[np.int32]  # (n,) yyyymmdd, the log's own calendar
    features: Floats  # (n, F) as predicted from
    feature_names: tuple[str, ...]  # (F,)
    predictions: Floats  # (n, O) probabilities
    outcomes: tuple[str, ...]  # (O,)
    main: tuple[str, ...]  # what it is judged by, see `main_outcome.py`
    labels: NDArray[np.uint8]  # (n, O)
    watch_mean_s: Floats  # (n,) declared expected watch
    watch_median_s: Floats  # (n,) declared median watch
    watched_s: Floats  # (n,) as it was, unclipped
    duration_s: Floats  # (n,) 0 = unknown
    gauc_main: Floats  # (n,) score of the main outcome
    gauc_no_viewer: Floats  # (n,)
    features_frozen: Floats  # (n, F) or (0, F)

    def __post_init__(self) -> None:
        n, wide = len(self.viewer), len(self.feature_names)
        shapes = {
            "features": (n, wide),
            "predictions": (n, len(self.outcomes)),
            "labels": (n, len(self.outcomes)),
            "features_frozen": (n if len(self.features_frozen) else 0, wide),
        }
        for field in fields(self):
            if field.name in _TUPLES:
                continue
            column, shape = getattr(self, field.name), shapes.get(field.name, (n,))
            if column.shape != shape:
                raise Refused(field.name, f"shape {column.shape}", str(shape))
        for name in self.main:
            self.outcome(name)
        for name in ("features", "predictions", "watch_mean_s", "watch_median_s"):
            if not np.isfinite(getattr(self, name)).all():
                raise Refused(name, "holds values that are not finite", "finite numbers")

    def __len__(self) -> int:
        return len(self.viewer)

    def window(self, report_from: int | None = None, report_to: int | None = None) -> Bools:
        """(n,) impressions whose date lies in [report_from, report_to], as yyyymmdd.

        Raises:
            Refused: the window holds no impression.
        """
        first = self.date.min(initial=99991231) if report_from is None else report_from
        last = self.date.max(initial=0) if report_to is None else report_to
        inside: Bools = (self.date >= first) & (self.date <= last)
        if not inside.any():
            held = f"{self.date.min()} to {self.date.max()}" if len(self) else "none"
            raise Refused("report_from", f"no impression from {first} to {last}", f"days of {held}")
        return inside

    def outcome(self, name: str) -> int:
        """Column of outcome `name`.

        Raises:
            Refused: it was not recorded.
        """
        if name not in self.outcomes:
            raise Refused("outcome", f"{name!r} was not recorded", ", ".join(self.outcomes))
        return self.outcomes.index(name)

    def main_label(self) -> MainLabel:
        return main_label(self.main, self.outcomes, self.labels)

    def save(self, path: Path) -> None:
        """Write one `.npz` file."""
        columns: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        columns |= {name: np.array(columns[name], dtype=np.str_) for name in _TUPLES}
        with path.open("wb") as file:
            np.savez_compressed(file, **columns)

    @classmethod
    def load(cls, path: Path) -> Recording:
        """Read what `save` wrote.

        Raises:
            Refused: not such a file.
        """
        try:
            with np.load(path, allow_pickle=False) as stored:
                columns: dict[str, Any] = {f.name: stored[f.name] for f in fields(cls)}
        except (ValueError, KeyError, OSError) as error:
            raise Refused(
                str(path), f"not a recording: {error}", "a file of Recording.save"
            ) from None
        return cls(**columns | {name: tuple(map(str, columns[name])) for name in _TUPLES})
