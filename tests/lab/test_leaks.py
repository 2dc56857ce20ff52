from functools import partial

import numpy as np
import pytest

from freshet.lab.leaks import Leak, change_future, expect_blind_to_future, expect_chance


def small_log(n=4000, seed=0):
    random = np.random.default_rng(seed)
    return {
        "user_id": random.integers(0, 40, n),
        "time_ms": np.sort(random.integers(0, 10_000_000, n)),
        "play_time_ms": random.integers(0, 60_000, n).astype(np.int32),
        "duration_ms": np.full(n, 20_000, np.int32),
        "long_view": (random.random(n) < 0.1 + 0.8 * random.random(40)[3]).astype(np.int8),
        "is_like": (random.random(n) < 0.05).astype(np.int8),
    }


@pytest.fixture
def replay_of(made_up):
    """Makes a replay whose only input and prediction is `features(columns)`."""

    def replay(features, columns):
        n = len(columns["time_ms"])
        seen = features(columns).astype(np.float32)
        return made_up(
            n,
            time_ms=columns["time_ms"],
            features=np.column_stack([seen] * 3),
            learn_ms=columns["time_ms"] + columns["play_time_ms"],
            predictions=np.column_stack([seen, seen]),
            watch_mean_s=seen,
            watch_median_s=seen,
            labels=np.column_stack([columns["long_view"], columns["is_like"]]).astype(np.uint8),
        )

    return lambda features: partial(replay, features)


def known_rate(columns, extra_ms=0):
    """Mean label known strictly before each impression; `extra_ms` looks ahead."""
    known_ms = columns["time_ms"] + columns["play_time_ms"]
    order = np.argsort(known_ms, kind="stable")
    total = np.r_[0, np.cumsum(columns["long_view"][order])]
    count = np.searchsorted(known_ms[order], columns["time_ms"] + extra_ms, side="left")
    return (total[count] + 1) / (count + 2)


MOMENTS_MS = (2_000_000, 5_000_000, 9_000_000)


def test_an_honest_replay_passes(replay_of):
    expect_blind_to_future(replay_of(known_rate), small_log(), MOMENTS_MS, seed=1)


def test_a_planted_copy_of_the_label_is_found_both_ways(replay_of):
    planted = replay_of(lambda columns: columns["long_view"])
    with pytest.raises(Leak, match="permuted"):
        expect_chance(planted, small_log(), seed=1)
    with pytest.raises(Leak, match="features"):
        expect_blind_to_future(planted, small_log(), MOMENTS_MS, seed=1)


def test_an_outcome_learned_when_shown_instead_of_when_watched_is_found(replay_of):
    early = replay_of(lambda columns: known_rate(columns, extra_ms=30_000))
    with pytest.raises(Leak, match="features of impression"):
        expect_blind_to_future(early, small_log(), MOMENTS_MS, seed=1)


def test_an_input_that_says_nothing_is_at_chance(replay_of):
    log = small_log(40_000)
    noise = np.random.default_rng(2).random(40_000)
    assert (
        abs(expect_chance(replay_of(lambda columns: noise), log, 1, tolerance=0.015) - 0.5) < 0.015
    )


def test_changing_the_future_leaves_what_was_known():
    log, now_ms = small_log(), 5_000_000
    changed = change_future(log, now_ms, seed=3)
    n = len(changed["time_ms"])
    known = log["time_ms"][:n] + log["play_time_ms"][:n] < now_ms
    assert (changed["time_ms"] <= now_ms).all()
    assert (changed["long_view"][known] == log["long_view"][:n][known]).all()
    assert (changed["long_view"][~known] != log["long_view"][:n][~known]).all()
    assert (changed["time_ms"] + changed["play_time_ms"] >= now_ms)[~known].all()
