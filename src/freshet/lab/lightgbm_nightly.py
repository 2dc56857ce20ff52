"""LightGBM retrained every midnight: what most teams would run.

    night d: examples whose outcome is known by midnight -> 300 trees -> predict day d

Before the first night nothing is known, and the forecast is a constant.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from freshet.lab.extras import extra
from freshet.lab.metrics import Array, auc
from freshet.lab.recording import Bools, Recording
from freshet.lab.scores import Forecast, Note, PeerForecast, watch_target

TREES = 300
THREADS = 2
VIEWER = -1  # column of the inputs
CONSTANT = 0.5  # said before anything is known
DAY_MS = 86_400_000
HALF_HOUR_MS = 1_800_000

Settings = dict[str, Any]
GRID: dict[str, Settings] = {
    f"{leaves} leaves of {least}+, rate {rate}": {
        "num_leaves": leaves,
        "min_data_in_leaf": least,
        "learning_rate": rate,
    }
    for leaves, least, rate in [(15, 200, 0.05), (31, 100, 0.05), (31, 200, 0.03), (63, 500, 0.03)]
}
COMMON: dict[str, Any] = {
    "feature_fraction": 0.3,  # rates of many keys say nearly the same: faster and no worse
    "feature_pre_filter": False,
    "deterministic": True,
    "force_col_wise": True,
    "verbose": -1,
    "num_threads": 1,  # nights run beside each other: threads of one fit spin
}


@dataclass(frozen=True, slots=True, eq=False)
class Night:
    known: Bools  # (n,) examples whose outcome is known by this midnight
    day: Bools  # (n,) impressions of the day that follows


def nights(recording: Recording) -> Iterator[Night]:
    """Every midnight within the log, in the log's own time zone.

    A log's `date` may be stamped a little off its `time_ms` near midnight; a model must not
    know what came after it, so days are cut by time.
    """
    offset_ms = utc_offset_ms(recording.time_ms, recording.date)
    day = (recording.time_ms + offset_ms) // DAY_MS
    for number in np.unique(day)[1:]:
        yield Night(recording.learn_ms < number * DAY_MS - offset_ms, day == number)


def utc_offset_ms(time_ms: Array, date: Array) -> int:
    """The offset from UTC, in half hours, under which `time_ms` agrees best with `date`.

    >>> last_and_first = np.array([1650815999000, 1650816000000])  # of two days in Beijing
    >>> utc_offset_ms(last_and_first, np.array([20220424, 20220425])) / 3_600_000
    8.0
    """
    stamps, which = np.unique(date, return_inverse=True)
    text = [f"{s // 10000:04}-{s // 100 % 100:02}-{s % 100:02}" for s in stamps.tolist()]
    stamped = np.array(text, dtype="datetime64[D]").astype(np.int64)[which]
    half_hours = sorted(range(-24, 29), key=abs)  # the nearest to UTC of equally good ones
    agreement = [((time_ms + h * HALF_HOUR_MS) // DAY_MS == stamped).sum() for h in half_hours]
    return half_hours[int(np.argmax(agreement))] * HALF_HOUR_MS


def lightgbm_nightly(recording: Recording, window: Bools, seed: int, note: Note) -> PeerForecast:
    """Best of `GRID` by AUC in the window; the logarithm of watch time is then fitted under
    that setting only, squared error for the mean and absolute error for the median.

    Raises:
        Refused: LightGBM is not installed.
    """
    started, machine = perf_counter(), _Machine(recording, seed, note)
    main = recording.main_label()
    label, judged = main.happened.astype(np.float32), window & main.counts
    binary = {name: {**settings, "objective": "binary"} for name, settings in GRID.items()}
    inputs, usable = machine.inputs(recording.features), main.counts

    tried = machine.forecasts(binary, inputs, inputs, label, usable, window)
    grid = {name: auc(label[judged], p[judged]) for name, p in tried.items()}
    best = max(grid, key=lambda name: (np.nan_to_num(grid[name]), name))
    p_main = tried[best]
    other_days = ~machine.days_of(window)
    if other_days.any():  # only the learning curve shows these
        one = {best: binary[best]}
        before = machine.forecasts(one, inputs, inputs, label, usable, other_days)[best]
        p_main[other_days] = before[other_days]

    log_watch, timed = watch_target(recording)
    losses = {name: {**GRID[best], "objective": name} for name in ("regression", "regression_l1")}
    watch = machine.forecasts(losses, inputs, inputs, log_watch, timed, window)
    mean_s, median_s = (np.expm1(watch[name]) for name in losses)

    gauc_main = None
    if len(recording.features_frozen):
        frozen = machine.inputs(recording.features_frozen)
        learned = frozen.copy()
        learned[window, VIEWER] = np.nan  # nothing is learned of a viewer within the window
        one = {best: binary[best]}
        gauc_main = machine.forecasts(one, frozen, learned, label, usable, window)[best]
    forecast = Forecast(p_main, mean_s, median_s, gauc_main)
    dark = int(np.count_nonzero(window & ~machine.days_after(usable)))
    remark = f"no night before {dark:,} impressions reported: a constant" if dark else ""
    return PeerForecast(forecast, best, grid, perf_counter() - started, remark)


class _Machine:
    """Fits and predicts night after night."""

    def __init__(self, recording: Recording, seed: int, note: Note) -> None:
        self.lightgbm = extra("bench", "lightgbm", "peers")
        self.recording, self.note = recording, note
        self.nights = list(nights(recording))
        self.common = {**COMMON, "seed": seed}

    def inputs(self, features: Array) -> Array:
        """(n, F + 2): the vectors, the viewer's and the video's row."""
        ids = [self.recording.video, self.recording.viewer]
        return np.column_stack([features, *ids]).astype(np.float32)

    def days_of(self, wanted: Bools) -> Bools:
        """(n,) impressions of the days on which any impression is wanted."""
        days = np.zeros(len(wanted), np.bool_)
        for night in self.nights:
            days |= night.day & (night.day & wanted).any()
        return days

    def days_after(self, usable: Bools) -> Bools:
        """(n,) impressions of days before which a night had something to learn."""
        days = np.zeros(len(usable), np.bool_)
        for night in self.nights:
            days |= night.day & (night.known & usable).any()
        return days

    def forecasts(
        self,
        variants: dict[str, Settings],
        inputs: Array,
        learned: Array,
        target: Array,
        usable: Bools,
        wanted: Bools,
    ) -> dict[str, Array]:
        """(n,) per variant: each day with wanted impressions, from the night before it.

        Models learn `target` of the `usable` rows of `learned` and predict from `inputs`.
        """
        found = {name: np.full(len(target), CONSTANT) for name in variants}

        def fit(night: Night) -> None:
            known = night.known & usable
            data = self.lightgbm.Dataset(learned[known], target[known], params=self.common)
            for name, settings in variants.items():
                self.note(f"LightGBM, {known.sum():,} known examples, {name}")
                model = self.lightgbm.train({**self.common, **settings}, data, TREES)
                found[name][night.day] = model.predict(inputs[night.day], num_threads=1)

        asked = [night for night in self.nights if (night.day & wanted).any()]
        with ThreadPoolExecutor(THREADS) as pool:
            # the last night is the longest: it goes first
            list(pool.map(fit, [n for n in reversed(asked) if (n.known & usable).any()]))
        return found
