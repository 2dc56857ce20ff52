"""One forecast, ours or a peer's, and how it scores in the report window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from freshet.lab.intervals import Estimate, Viewers
from freshet.lab.main_outcome import main_score
from freshet.lab.metrics import CLIP_DURATIONS, Array, Watched, clipped_watch
from freshet.lab.recording import Bools, Recording


@dataclass(frozen=True, slots=True, eq=False)
class Forecast:
    """What somebody predicted for each impression; may be nan outside the report window."""

    main: Array  # (n,) probability of the main outcome or any score that rises with it
    watch_mean_s: Array  # (n,) any score in seconds that rises with it: XAUC reads its order
    watch_median_s: Array  # (n,)
    gauc_main: Array | None  # (n,) of the second pass; None if there was none


@dataclass(frozen=True, slots=True, eq=False)
class PeerForecast:
    """A peer's forecast under the best of its settings."""

    forecast: Forecast
    setting: str  # the best, by AUC in the report window
    grid: dict[str, float]  # setting -> AUC in the report window
    seconds: float  # all settings and targets together
    remark: str = ""  # what to know of it in this window


Note = Callable[[str], None]  # told what a long run is busy with
Peer = Callable[[Recording, Bools, int, Note], PeerForecast]  # recording, window, seed, note


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    auc: Estimate
    gauc: Estimate | None
    xauc: Estimate
    xauc_whole_s: Estimate  # of watch time to the nearest second: no pair closer than that
    mae_s: Estimate
    xauc_all: Estimate  # rows of unknown length, too: 0 s, of the label as of the forecast
    mae_all_s: Estimate


@dataclass(frozen=True, slots=True, eq=False)
class Scorer:
    """The report window of a recording, its truth and its draws of viewers."""

    rows: Array  # (m,) impressions in the window
    judged: Array  # indices into `rows` that the main outcome judges
    label: Array  # of those
    viewers: Viewers
    judges: Viewers = field(repr=False)  # `viewers` at `judged`
    watched: Watched  # indices into `rows`
    watchers: Viewers = field(repr=False)  # `viewers` at those
    most_s: Array  # (m,) what a watch is clipped at
    all_watched_s: Array  # (m,) of unknown lengths, too

    @classmethod
    def of(cls, recording: Recording, window: Bools, seed: int) -> Scorer:
        rows = np.flatnonzero(window)
        viewers = Viewers.of(recording.viewer[rows], seed)
        watched = clipped_watch(recording.watched_s[rows], recording.duration_s[rows])
        main = recording.main_label()
        judged = np.flatnonzero(main.counts[rows])
        duration_s = recording.duration_s[rows]
        whole = clipped_watch(recording.watched_s[rows], duration_s, whole=True)
        return cls(
            rows, judged, main.happened[rows[judged]], viewers, viewers.at(judged),
            watched, viewers.at(watched.rows), CLIP_DURATIONS * duration_s, whole.seconds,
        )  # fmt: skip

    def score(self, forecast: Forecast) -> Scores:
        seconds, at = self.watched.seconds, self.rows[self.watched.rows]
        error_s = np.abs(seconds - forecast.watch_median_s[at])
        mean_s, median_s = (
            np.minimum(found[self.rows], self.most_s)
            for found in (forecast.watch_mean_s, forecast.watch_median_s)
        )
        return Scores(
            auc=self.judges.auc(self.label, forecast.main[self.rows[self.judged]]),
            gauc=self.gauc(forecast.gauc_main),
            xauc=self.watchers.xauc(seconds, forecast.watch_mean_s[at]),
            xauc_whole_s=self.watchers.xauc(np.rint(seconds), forecast.watch_mean_s[at]),
            mae_s=self.watchers.mean(error_s),
            xauc_all=self.viewers.xauc(self.all_watched_s, mean_s),
            mae_all_s=self.viewers.mean(np.abs(self.all_watched_s - median_s)),
        )

    def gauc(self, prediction: Array | None) -> Estimate | None:
        """GAUC of a second pass' predictions (n,); None if there was no such pass."""
        if prediction is None:
            return None
        judged = prediction[self.rows[self.judged]]
        return self.judges.gauc(self.label, judged) if np.isfinite(judged).all() else None


def ours(recording: Recording) -> Forecast:
    """What the replayed system itself predicted."""
    return Forecast(
        main_score(recording.main, recording.outcomes, recording.predictions),
        recording.watch_mean_s,
        recording.watch_median_s,
        recording.gauc_main,
    )


def watch_target(recording: Recording) -> tuple[Array, Bools]:
    """What peers learn of watch time, log(1 + clipped seconds), and where it is known.

    Watch time has a long tail: fitted in seconds, a few long views drown the order of all
    others. The median passes through the logarithm unchanged, and XAUC reads order alone.
    """
    watched = clipped_watch(recording.watched_s, recording.duration_s)
    target, known = np.zeros(len(recording)), np.zeros(len(recording), np.bool_)
    target[watched.rows], known[watched.rows] = np.log1p(watched.seconds), True
    return target, known
