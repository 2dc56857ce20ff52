"""A folder whose past is laid, a server on it, and load: everything at its smallest."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from freshet.domain.errors import Refused
from freshet.lab.bench import events, feed, freshness
from freshet.lab.bench.folder import Made, made_folder
from freshet.lab.bench.past import BUSY_VIEWS
from freshet.learning.live import Live
from freshet.log.snapshots import Snapshots
from freshet.state.ties import SEEN, SHOWN

MADE = Made(videos=3_000, viewers=100, seed=1)
HOW = feed.How(clients=2, seconds=1.0, rounds=1, compared=3)


def tell(doing: str, done: int = 0, total: int | None = None) -> None: ...


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bench") / "data"
    made_folder(path, MADE, tell)
    return path


def laid(folder: Path) -> Live:
    live = Live()
    snapshots = Snapshots(folder / "snapshots")
    saved = snapshots.at(snapshots.offsets()[-1], live)
    assert saved is not None
    live.load(saved)
    return live


def test_every_viewer_has_seen_what_they_were_shown_and_remembers_the_last_of_it(
    folder: Path,
) -> None:
    live = laid(folder)
    for viewer in range(MADE.viewers):
        ties = live.ties.copied(live.blocks["viewer"].sequence, viewer, SHOWN)
        seen = live.seen_ms(viewer, np.arange(MADE.videos, dtype=np.int32)) > 0
        # Popular videos come twice to some; the last views of the past are more than these.
        assert seen.sum() == ties.shape[1] > BUSY_VIEWS * 0.7
        assert seen[live.recent(viewer)].all()
        assert len(live.recent(viewer)) == 24
    assert (ties[0] >> 28 == SEEN).all()


def test_everything_is_eligible_and_has_a_vector(folder: Path) -> None:
    live, rows = laid(folder), np.arange(MADE.videos, dtype=np.int32)
    assert live.eligible[rows].all()
    assert np.allclose(np.linalg.norm(live.items(rows), axis=1), 1.0, atol=1e-3)
    assert live.views_learned > 5_000


def test_a_creators_videos_hang_together(folder: Path) -> None:
    live = laid(folder)
    creators = live.creator[: MADE.videos]
    for creator in np.unique(creators)[:20]:
        own = live.videos_of(int(creator), MADE.videos)
        assert own.tolist() == np.flatnonzero(creators == creator)[::-1].tolist()


def test_a_folder_that_is_there_is_used_as_it_is(folder: Path, tmp_path: Path) -> None:
    before = (folder / "log.sqlite").stat().st_mtime_ns
    made_folder(folder, MADE, tell)
    assert (folder / "log.sqlite").stat().st_mtime_ns == before
    with pytest.raises(Refused, match="was made of"):
        made_folder(folder, Made(videos=3_000, viewers=101, seed=1), tell)
    (tmp_path / "mine").write_text("something")
    with pytest.raises(Refused, match="holds something else"):
        made_folder(tmp_path, MADE, tell)


def test_feeds_are_measured_on_the_real_server(folder: Path) -> None:
    report = feed.measure(folder, MADE, HOW, tell)
    assert report.feeds_per_s > 0
    assert report.feeds_per_s_per_core > 0
    assert report.survived > 200
    assert {"predict", "not_seen", "diverse", "reasons"} <= report.stages_ms.keys()
    assert report.engine_ms.p50 <= report.http_ms.p99
    assert report.pss_mb > 50
    assert report.start_s > 0
    assert report.recall100 is not None
    assert 0.5 < report.recall100 <= 1
    assert report.slate_value is not None
    assert 0.5 < report.slate_value <= 1.001
    assert report.load["null_over_ours"] > 1


def test_acts_reach_the_feeds_of_another_worker(folder: Path) -> None:
    report = freshness.measure(folder, MADE, workers=2, seconds=2.0, seed=1, tell=tell)
    assert report.probes > 0
    assert report.freshness_ms.p50 > 0
    with pytest.raises(Refused, match="no other worker"):
        freshness.measure(folder, MADE, workers=1, seconds=2.0, seed=1, tell=tell)


def test_events_are_counted_behind_those_the_log_holds(tmp_path: Path) -> None:
    made = Made(videos=300, viewers=100, seed=1, log_events=5_001)
    report = events.measure(
        tmp_path / "data", made, workers=1, seconds=1.0, rounds=1, seed=1, tell=tell
    )
    assert report.batched_per_s > report.single_per_s > 0
    assert report.run["log_events"] == 5_001
