import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from freshet.lab import metrics

ROWS = st.integers(1, 40)
COARSE = st.integers(0, 6).map(lambda k: k / 6)  # few values, so that ties are common


@st.composite
def labelled(draw):
    n = draw(ROWS)
    label = draw(hnp.arrays(np.uint8, n, elements=st.integers(0, 1)))
    prediction = draw(hnp.arrays(np.float32, n, elements=COARSE.map(np.float32)))
    group = draw(hnp.arrays(np.int64, n, elements=st.integers(0, 4)))
    return label, prediction, group


def brute_auc(label, prediction):
    positives, negatives = prediction[label > 0], prediction[label == 0]
    if not len(positives) or not len(negatives):
        return np.nan
    above = (positives[:, None] > negatives).mean()
    return above + 0.5 * (positives[:, None] == negatives).mean()


def brute_xauc(value, prediction):
    right = pairs = 0
    for i in range(len(value)):
        for j in range(len(value)):
            if value[i] < value[j]:
                pairs += 1
                right += prediction[i] < prediction[j]
    return right / pairs if pairs else np.nan


@settings(deadline=None, max_examples=60)  # the first example compiles
@given(labelled())
def test_auc_is_the_share_of_ordered_pairs_with_ties_half(case):
    label, prediction, _ = case
    assert metrics.auc(label, prediction) == pytest.approx(
        brute_auc(label, prediction), nan_ok=True
    )


@settings(deadline=None, max_examples=60)  # the first example compiles
@given(labelled())
def test_gauc_weighs_the_auc_of_each_viewer_with_both_labels_by_impressions(case):
    label, prediction, group = case
    total = weight = 0.0
    for viewer in np.unique(group):
        mine = group == viewer
        found = brute_auc(label[mine], prediction[mine])
        if np.isfinite(found):
            total, weight = total + mine.sum() * found, weight + mine.sum()
    expected = total / weight if weight else np.nan
    assert metrics.gauc(label, prediction, group) == pytest.approx(expected, nan_ok=True)


@settings(deadline=None, max_examples=60)  # the first example compiles
@given(labelled())
def test_xauc_counts_all_pairs_of_different_value_and_ties_as_wrong(case):
    _, prediction, group = case
    value = group.astype(np.float64)
    assert metrics.xauc(value, prediction) == pytest.approx(
        brute_xauc(value, prediction), nan_ok=True
    )


@settings(deadline=None, max_examples=60)  # the first example compiles
@given(labelled(), st.integers(0, 1000))
def test_weights_are_the_same_as_copies_of_the_rows(case, seed):
    label, prediction, group = case
    draws = np.random.default_rng(seed).integers(0, 3, (3, 5))
    value = np.round(prediction[::-1] * 3).astype(np.float64)
    weighted = metrics.aucs(label, prediction, group, draws)
    crossed = metrics.xaucs(value, prediction, group, draws)
    for r in range(3):
        rows = np.repeat(np.arange(len(label)), draws[r][group])
        assert weighted[r] == pytest.approx(brute_auc(label[rows], prediction[rows]), nan_ok=True)
        assert crossed[r] == pytest.approx(brute_xauc(value[rows], prediction[rows]), nan_ok=True)


def test_a_prediction_of_one_constant_has_auc_one_half_and_xauc_zero():
    constant = np.full(4, 0.3)
    assert metrics.auc(np.array([0, 1, 1, 0]), constant) == 0.5
    assert metrics.xauc(np.array([1.0, 2.0, 3.0, 4.0]), constant) == 0.0


def test_nothing_to_measure_is_nan_not_a_number():
    none = np.empty(0)
    assert np.isnan(metrics.auc(none, none))
    assert np.isnan(metrics.gauc(none, none, none.astype(np.int64)))
    assert np.isnan(metrics.xauc(none, none))
