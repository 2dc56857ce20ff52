import numpy as np
import pytest

from freshet.lab import metrics
from freshet.lab.intervals import Viewers


def feed(viewers, each, seed):
    """Viewers who differ in how often they watch long; predictions know a part of why."""
    random = np.random.default_rng(seed)
    viewer = np.repeat(np.arange(viewers), each)
    taste = random.normal(size=viewers)[viewer] + random.normal(size=len(viewer))
    label = (taste + random.normal(size=len(viewer)) > 0).astype(np.uint8)
    return viewer, label, taste


def test_every_resample_draws_as_many_viewers_as_there_are():
    draws = Viewers.of(np.array([7, 7, 9, 11]), seed=1).draws
    assert draws.shape == (200, 3)
    assert (draws.sum(axis=1) == 3).all()


def test_a_resampled_measure_is_that_of_the_drawn_viewers_impressions():
    viewer, label, score = feed(30, 5, seed=3)
    viewers = Viewers.of(viewer, seed=4, resamples=5)
    found = {
        "auc": viewers.auc(label, score),
        "gauc": viewers.gauc(label, score),
        "mean": viewers.mean(score),
    }
    for r, drawn in enumerate(viewers.draws):
        rows = np.concatenate(
            [np.tile(np.flatnonzero(viewer == v), times) for v, times in enumerate(drawn)]
        )
        copies = np.concatenate(
            [np.repeat(np.arange(times), 5) + 100 * v for v, times in enumerate(drawn)]
        )
        assert found["auc"].resamples[r] == pytest.approx(metrics.auc(label[rows], score[rows]))
        assert found["gauc"].resamples[r] == pytest.approx(
            metrics.gauc(label[rows], score[rows], copies)
        )
        assert found["mean"].resamples[r] == pytest.approx(score[rows].mean())


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    truth = metrics.auc(*feed(20_000, 5, seed=0)[1:])
    held = 0
    for seed in range(60):
        viewer, label, score = feed(80, 5, seed=seed + 1)
        estimate = Viewers.of(viewer, seed).auc(label, score)
        held += estimate.low <= truth <= estimate.high
    assert 50 <= held <= 60


def test_a_paired_difference_is_far_narrower_than_either_interval():
    viewer, label, score = feed(300, 5, seed=5)
    viewers = Viewers.of(viewer, seed=6)
    ours = viewers.auc(label, score)
    nearly = viewers.auc(label, score + np.random.default_rng(7).normal(size=len(score)) / 10)
    difference = ours - nearly
    assert difference.value == ours.value - nearly.value
    assert difference.high - difference.low < (ours.high - ours.low) / 3


def test_the_same_seed_gives_the_same_interval():
    viewer, label, score = feed(50, 5, seed=8)
    first, second = (Viewers.of(viewer, seed=9).auc(label, score) for _ in range(2))
    assert (first.low, first.high) == (second.low, second.high)


def test_without_both_labels_there_is_no_interval():
    estimate = Viewers.of(np.arange(4), seed=0).auc(np.ones(4), np.arange(4.0))
    assert np.isnan([estimate.value, estimate.low, estimate.high]).all()
