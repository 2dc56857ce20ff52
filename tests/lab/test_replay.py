"""The replay predicts with what was known, and with nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from freshet.domain.errors import Refused
from freshet.features.compose import FEATURES
from freshet.features.duration import Duration
from freshet.features.feature import Feature, no_write
from freshet.features.layout import Kernel, Layout
from freshet.features.world import World
from freshet.lab.generate.columns import make_columns
from freshet.lab.leaks import Leak, expect_blind_to_future, expect_chance
from freshet.lab.main_outcome import main_score
from freshet.lab.metrics import auc, xauc
from freshet.lab.readers import kuairand
from freshet.lab.readers.layouts import open_folder
from freshet.lab.recording import Recording
from freshet.lab.replay import replay
from freshet.state.compiled import part

NOW_MS = 1_800_000_000_000
Columns = dict[str, Any]


def feed_log(impressions: int, viewers: int, videos: int, seed: int = 3) -> Columns:
    """A generated log as KuaiRand's columns, over four days."""
    made = make_columns(seed, impressions=impressions, viewers=viewers, videos=videos, days=4.0)
    date = (made.time_ms - made.time_ms[0]) // 86_400_000
    flags = {name: np.zeros(impressions, np.int64) for name in ("is_comment", "is_forward")}
    done = made.outcomes
    key = np.stack([made.viewer, made.video, made.time_ms], 1)
    once = np.sort(np.unique(key, axis=0, return_index=True)[1])  # rows are impressions, once
    log = {
        "user_id": made.viewer, "video_id": made.video, "time_ms": made.time_ms,
        "date": 20260105 + date, "tab": np.ones(impressions, np.int64),
        "play_time_ms": made.watched_ms, "duration_ms": made.duration_ms,
        "long_view": made.long_view, "is_click": made.watched_ms > 3000,
        "is_like": done["like"], "is_follow": done["follow"],
        "is_profile_enter": done["profile_visit"], "is_hate": done["not_interested"], **flags,
    }  # fmt: skip
    return {name: np.asarray(column)[once].astype(np.int64) for name, column in log.items()}


def replayed(
    folder: Path, features: Callable[[Columns], Sequence[Feature]] = lambda _: FEATURES
) -> Callable[[Mapping[str, Any]], Recording]:
    """Replays columns through a real file, reader, events and fold."""

    def run(columns: Mapping[str, Any]) -> Recording:
        pl.DataFrame(dict(columns)).write_parquet(folder / "log.parquet")
        found = kuairand.find(folder)
        used = features(dict(columns))
        return replay(found, now_ms=NOW_MS, features=used, personal=False).recording

    return run


class Planted:
    """A feature that is the row's own outcome: what must never get past the checks."""

    scope = "video"
    hears = "tallies"
    columns = ()
    outputs = ("planted",)

    def __init__(self, log: Columns) -> None:
        order = np.argsort(log["time_ms"], kind="stable")
        self.times, self.labels = log["time_ms"][order], log["long_view"][order]

    def compile(self, at: Layout, k: int) -> tuple[Kernel, Kernel]:
        times, labels = self.times, self.labels.astype(np.float32)

        @part
        def value(state, ask, x):  # type: ignore[no-untyped-def]
            x[k] = labels[min(np.searchsorted(times, ask.now), len(labels) - 1)]

        return no_write, value


def with_planted(log: Columns) -> tuple[Feature, ...]:
    return World(), Duration(), Planted(log)


def open_moment(log: Columns, share: float) -> int:
    """A moment at which a view has just begun, so that its outcome is unknown."""
    watched = np.sort(log["time_ms"][log["play_time_ms"] > 0])
    return int(watched[int(share * len(watched))])


@pytest.fixture(scope="module")
def small() -> Columns:
    return feed_log(3000, 150, 60)


def test_a_replay_learns(tmp_path: Path) -> None:
    recording = replayed(tmp_path)(feed_log(20_000, 800, 200))
    late = slice(10_000, None)
    label = recording.labels[late, recording.outcome("long_view")]
    assert auc(label, recording.predictions[late, recording.outcome("long_view")]) > 0.65


def test_outcomes_dealt_out_anew_cannot_be_predicted(tmp_path: Path) -> None:
    expect_chance(replayed(tmp_path), feed_log(90_000, 4000, 600), seed=5)


def test_predictions_do_not_know_outcomes_still_open(tmp_path: Path, small: Columns) -> None:
    """So the state used to predict is the fold of the events strictly before."""
    moments = [open_moment(small, share) for share in (0.3, 0.9)]
    expect_blind_to_future(replayed(tmp_path), small, moments, seed=1)


def test_a_feature_that_is_the_rows_own_outcome_is_found(tmp_path: Path, small: Columns) -> None:
    moments = [open_moment(small, 0.6)]
    with pytest.raises(Leak, match="used outcomes unknown"):
        expect_blind_to_future(replayed(tmp_path, with_planted), small, moments, seed=1)


def test_a_planted_outcome_is_what_the_replay_would_learn(tmp_path: Path, small: Columns) -> None:
    recording = replayed(tmp_path, with_planted)(small)
    outcome = recording.outcome("long_view")
    assert auc(recording.labels[1000:, outcome], recording.predictions[1000:, outcome]) > 0.95


def test_impressions_of_one_millisecond_are_predicted_before_any_is_learned(
    tmp_path: Path, small: Columns
) -> None:
    twins = {name: column[:2].copy() for name, column in small.items()}
    twins["user_id"][:], twins["time_ms"][:] = 7, twins["time_ms"][0]
    twins["video_id"][:], twins["play_time_ms"][:] = [1, 2], 0
    twins["duration_ms"][:] = 9000
    liked = twins | {"is_like": 1 - twins["is_like"]}
    one, two = replayed(tmp_path)(twins), replayed(tmp_path)(liked)
    assert (one.predictions == two.predictions).all()


def test_viewers_held_still_and_hidden_are_measured_beside(tmp_path: Path, small: Columns) -> None:
    pl.DataFrame(small).write_parquet(tmp_path / "log.parquet")
    recording = replay(kuairand.find(tmp_path), now_ms=NOW_MS).recording
    window = recording.date >= 20260107
    assert np.isfinite(recording.gauc_main[window]).all()
    assert np.isnan(recording.gauc_no_viewer[~window]).all()
    before = np.flatnonzero(~window)
    assert (recording.features[before] == recording.features_frozen[before]).all()
    assert (recording.features[window] != recording.features_frozen[window]).any()
    views = recording.feature_names.index("viewer_views")
    last = recording.features_frozen[window, views], recording.viewer[window]
    for viewer in np.unique(last[1]):
        assert len(np.unique(last[0][last[1] == viewer])) == 1  # they stand still


def test_two_replays_of_one_log_are_the_same_bytes(tmp_path: Path, small: Columns) -> None:
    run = replayed(tmp_path)
    one, two = run(small), run(small)
    for name in ("features", "predictions", "watch_mean_s", "watch_median_s"):
        assert getattr(one, name).tobytes() == getattr(two, name).tobytes()


def test_a_log_without_impressions_is_refused(tmp_path: Path, small: Columns) -> None:
    pl.DataFrame({name: column[:0] for name, column in small.items()}).write_parquet(
        tmp_path / "log.parquet"
    )
    with pytest.raises(Refused, match="at least one impression"):
        replay(kuairand.find(tmp_path), now_ms=NOW_MS)


def test_of_what_was_liked_or_hated_the_replay_learns_which(tmp_path: Path) -> None:
    random, n = np.random.default_rng(1), 3000
    video = random.integers(0, 40, n)
    log = {
        "user_id": random.integers(0, 60, n), "video_id": video,
        "time_ms": 1_760_000_000_000 + 90_000 * np.arange(n), "play_time_ms": np.full(n, 5000),
        "duration_ms": np.full(n, 9000), "liked_1_hated_0": random.random(n) < video / 40,
        **dict.fromkeys(
            ("is_click", "long_view", "is_follow", "is_comment", "is_forward", "is_profile_enter"),
            np.zeros(n, np.int64),
        ),
    }  # fmt: skip
    pl.DataFrame(log).write_parquet(tmp_path / "log.parquet")
    recording = replay(open_folder(tmp_path), now_ms=NOW_MS).recording
    main = recording.main_label()
    late = recording.date >= recording.date[n // 2]
    assert main.counts.all()
    score = main_score(recording.main, recording.outcomes, recording.predictions)
    assert auc(main.happened[late], score[late]) > 0.7
    assert auc(main.happened[late], recording.gauc_main[late]) > 0.65


def test_views_in_seconds_are_replayed_for_their_watch_time(tmp_path: Path) -> None:
    random, n = np.random.default_rng(1), 2000
    lasts = random.uniform(5, 90, 500).round(2)[np.arange(n) % 500]
    pl.DataFrame({
        "user_id": random.integers(0, 60, n), "video_id": np.arange(n) % 500,
        "exposed_time": 1_760_000_000 + 90 * np.arange(n), "duration_s": lasts,
        "watch_time_s": (random.uniform(0.6, 1.0, n) * lasts).astype(int),
        "collect": random.random(n) < 0.1,
    }).write_parquet(tmp_path / "interactions.parquet")  # fmt: skip
    recording = replay(open_folder(tmp_path), now_ms=NOW_MS, personal=False).recording
    assert recording.labels[:, recording.outcome("favorite")].sum() > 100
    late = slice(n // 2, None)
    assert xauc(recording.watched_s[late], recording.watch_mean_s[late]) > 0.8
