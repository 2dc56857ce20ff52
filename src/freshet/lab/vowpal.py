"""Vowpal Wabbit in one pass: the strongest plain online learner.

One text file holds the whole history in the order in which it happened: an impression is a
line without a label (predicted, not learned) at `time_ms` and a line with one at `learn_ms`.
So labels arrive as late as they do in production, and VW itself does all the work.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np

from freshet.lab.extras import extra
from freshet.lab.metrics import Array, auc
from freshet.lab.recording import Bools, Recording
from freshet.lab.scores import Forecast, Note, PeerForecast, watch_target

# Namespaces: v viewer, i video, r the vector as it is, b the vector in bins: a linear model
# of rates and counts alone would be a weak peer.
GRID = {
    "vector, rate 0.5": "--ignore b -l 0.5",
    "binned vector, rate 0.1": "--ignore r -l 0.1",
    "binned vector, rate 0.2": "--ignore r -l 0.2",
    "vector and bins, rate 0.1": "-l 0.1",
    "vector and bins, viewer x video, rate 0.1": "-q vi -l 0.1",
    "binned vector, ids x bins, rate 0.1": "--ignore r -q vi -q vb -q ib -l 0.1",
}
COMMON = "--adaptive --invariant --normalized --bit_precision 22 --holdout_off --quiet"
MAIN = "--loss_function logistic --link logistic"
MEAN = "--loss_function squared"
MEDIAN = "--loss_function quantile --quantile_tau 0.5"

BINS_PER_DOUBLING = 6
BINS = 1024  # more than there are values of `bins`, so that features do not share any


def vowpal_one_pass(recording: Recording, window: Bools, seed: int, note: Note) -> PeerForecast:
    """Best of `GRID` by AUC in the window; the logarithm of watch time is then learned under
    that setting only, squared loss for the mean and quantile loss for the median.

    Raises:
        Refused: Vowpal Wabbit is not installed.
    """
    started = perf_counter()
    extra("bench", "vowpalwabbit", "peers")
    main = recording.main_label()
    judged = window & main.counts
    signs = [
        ("1 " if positive else "-1 ") if counts else ""  # of no label VW learns nothing
        for positive, counts in zip(main.happened, main.counts, strict=True)
    ]
    with TemporaryDirectory() as folder:
        note("Vowpal Wabbit, writing examples")
        lines = _Lines.of(recording, recording.features)
        history = _History(Path(folder) / "main", recording, lines, signs, seed)
        tried = {}
        for name, options in GRID.items():
            note(f"Vowpal Wabbit, {name}")
            tried[name] = history.run(f"{MAIN} {options}")
        history.remove()
        grid = {name: auc(main.happened[judged], p[judged]) for name, p in tried.items()}
        best = max(grid, key=lambda name: (np.nan_to_num(grid[name]), name))

        note("Vowpal Wabbit, watch time")
        history = _History(Path(folder) / "watch", recording, lines, _watch_labels(recording), seed)
        mean_s, median_s = (
            np.expm1(history.run(f"{loss} {GRID[best]}")) for loss in (MEAN, MEDIAN)
        )
        history.remove()

        gauc_main = None
        if len(recording.features_frozen):
            note("Vowpal Wabbit, second pass")
            lines = _Lines.of(recording, recording.features_frozen)
            history = _History(Path(folder) / "frozen", recording, lines, signs, seed, window)
            gauc_main = history.run(f"{MAIN} {GRID[best]}")
    forecast = Forecast(tried[best], mean_s, median_s, gauc_main)
    return PeerForecast(forecast, best, grid, perf_counter() - started)


def bins(features: Array) -> Array:
    """Each value's bin: about six per doubling, finer near 0, the same whatever the data.

    >>> bins(np.array([[0.0, 0.1, 0.5, 1.0, 1000.0, -1.0]]))
    array([[512, 520, 531, 537, 596, 487]])
    """
    bounded = np.clip(features.astype(np.float64), -1e9, 1e9)
    size = np.round(BINS_PER_DOUBLING * np.log2(1 + 16 * np.abs(bounded)))
    numbers: Array = (np.sign(bounded) * size + BINS // 2).astype(np.int64)
    return numbers


@dataclass(frozen=True, slots=True)
class _Lines:
    """Examples in VW's text format, without their labels."""

    viewer: list[str]  # (n,) apart, because a second pass does not learn it
    rest: list[str]  # (n,)

    @classmethod
    def of(cls, recording: Recording, features: Array) -> _Lines:
        wide = features.shape[1]
        vector = " ".join(f"{j}:%.4g" for j in range(wide))
        binned = bins(features) + BINS * np.arange(wide)
        rest = [
            f"|i {video} |b {' '.join(map(str, bin_row.tolist()))} |r {vector % tuple(row)}\n"
            for video, bin_row, row in zip(recording.video, binned, features, strict=True)
        ]
        return cls([f"|v {viewer} " for viewer in recording.viewer], rest)


class _History:
    """The file of one target, and runs over it."""

    def __init__(
        self,
        path: Path,
        recording: Recording,
        lines: _Lines,
        labels: Sequence[str],
        seed: int,
        viewer_unlearned: Bools | None = None,
    ) -> None:
        self.path, self.seed = path, seed
        self.cache, self.out = path.with_suffix(".cache"), path.with_suffix(".out")
        self.row, self.learned = learning_order(recording)
        anonymous = np.zeros(len(recording), np.bool_)
        if viewer_unlearned is not None:
            anonymous = viewer_unlearned
        with path.open("w") as file:
            for i, learned in zip(self.row.tolist(), self.learned.tolist(), strict=True):
                if learned:
                    file.write(labels[i] + ("" if anonymous[i] else lines.viewer[i]))
                else:
                    file.write(lines.viewer[i])
                file.write(lines.rest[i])

    def run(self, options: str) -> Array:
        """(n,) what VW said when each impression was shown."""
        files = ["-d", str(self.path), "--cache_file", str(self.cache), "-p", str(self.out)]
        arguments = f"{COMMON} --random_seed {self.seed} {options}".split()
        extra("bench", "vowpalwabbit", "peers").Workspace(arg_list=[*files, *arguments]).finish()
        said = np.loadtxt(self.out)[~self.learned]
        predicted = np.empty(len(said))
        predicted[self.row[~self.learned]] = said
        return predicted

    def remove(self) -> None:
        """Free the disk before the next target."""
        for path in (self.path, self.cache, self.out):
            path.unlink(missing_ok=True)


def learning_order(recording: Recording) -> tuple[Array, Bools]:
    """(2 n,) rows as they are predicted and learned, and which of the two it is. In one
    millisecond all is predicted before anything is learned."""
    n = len(recording)
    when = np.r_[recording.time_ms, recording.learn_ms]
    learned = np.repeat([False, True], n)
    order = np.lexsort((learned, when))
    return np.tile(np.arange(n), 2)[order], learned[order]


def _watch_labels(recording: Recording) -> list[str]:
    """None where watch time is not known, so that VW learns nothing."""
    target, known = watch_target(recording)
    return [f"{t:.4f} " if k else "" for t, k in zip(target.tolist(), known.tolist(), strict=True)]
