"""Small recordings of a made-up feed for the tests of this folder."""

import numpy as np
import pytest

from freshet.lab.recording import Recording

DAY_MS = 86_400_000
START_MS = 1_650_816_000_000  # 2022-04-25 00:00 in Beijing
DATES = np.array([20220425, 20220426, 20220427])


@pytest.fixture(scope="session")
def made_up():
    """Makes a recording; columns can be replaced by name."""
    return _made_up


def _made_up(n=3000, viewers=60, seed=0, days=3, **changes):
    """A feed whose first feature tells the long view and the watch time apart from noise."""
    random = np.random.default_rng(seed)
    time_ms = np.sort(random.integers(START_MS, START_MS + days * DAY_MS, n))
    quality = random.normal(size=n).astype(np.float32)
    p = 1 / (1 + np.exp(-1.5 * quality))
    long_view = random.random(n) < p
    duration_s = np.where(random.random(n) < 0.02, 0, random.uniform(5, 60, n))
    watched_s = random.uniform(0, 1, n) * duration_s * np.where(long_view, 3.5, 0.5)
    columns = {
        "viewer": random.integers(0, viewers, n).astype(np.int32),
        "video": random.integers(0, 200, n).astype(np.int32),
        "time_ms": time_ms,
        "learn_ms": time_ms + (watched_s * 1000).astype(np.int64),
        "date": DATES[(time_ms - START_MS) // DAY_MS].astype(np.int32),
        "features": np.column_stack([quality, random.normal(size=n), duration_s]).astype(
            np.float32
        ),
        "feature_names": ("quality", "noise", "duration_s"),
        "predictions": np.column_stack([p, np.full(n, 0.01)]).astype(np.float32),
        "outcomes": ("long_view", "like"),
        "main": ("long_view",),
        "labels": np.column_stack([long_view, random.random(n) < 0.01]).astype(np.uint8),
        "watch_mean_s": (p * duration_s).astype(np.float32),
        "watch_median_s": (p * duration_s).astype(np.float32),
        "watched_s": watched_s.astype(np.float32),
        "duration_s": duration_s.astype(np.float32),
        "gauc_main": p.astype(np.float32),
        "gauc_no_viewer": np.full(n, 0.5, np.float32),
        "features_frozen": np.empty((0, 3), np.float32),
    }
    return Recording(**columns | changes)
