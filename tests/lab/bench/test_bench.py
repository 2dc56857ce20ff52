"""A folder whose past is laid, a server on it, and load: everything at its smallest."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from freshet.domain.errors import Refused
from freshet.lab.bench import events, feed, folding, freshness, overload, soak, tables
from freshet.lab.bench.drive import Quantiles
from freshet.lab.bench.folder import Made, made_folder
from freshet.lab.bench.load import Done
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


def test_above_capacity_one_side_sheds_and_the_other_does_not(folder: Path) -> None:
    report = overload.measure(
        folder, MADE, workers=1, seconds=2.0, times=2.0, seed=1, tell=tell
    )  # fmt: skip
    assert report.asked_per_s == pytest.approx(2 * report.capacity_per_s, rel=0.01)
    assert report.without.answered.keys() <= {"full"}
    for side in (report.without, report.shedding):
        assert side.asked == sum(side.answered.values()) + side.failed > 0
        assert side.repeats == 0
    assert report.shedding.full_after_s is not None


def test_a_soak_tells_errors_repeats_latency_and_memory(folder: Path) -> None:
    report = soak.measure(folder, MADE, workers=1, minutes=0.1, share=0.4, seed=1, tell=tell)
    assert (report.errors, report.repeats) == (0, 0)
    assert sum(one.feeds for one in report.intervals) == report.asked > 0
    first, last = report.held[0], report.held[-1]
    assert last.at_s > first.at_s
    assert last.events > first.events > 0
    assert (first.viewers, first.videos) == (MADE.viewers, MADE.videos)
    assert last.tie_mb >= first.tie_mb > 0
    assert min(one.pss_mb for one in report.held) > 50
    assert report.pss_mb_per_hour is None
    assert "too short to tell of memory" in report.verdict
    assert report.sound == report.verdict.startswith("sound:")


def held(at_s: float, pss_mb: float, events: int) -> soak.Held:
    return soak.Held(at_s, pss_mb, 1_000, 1_000, 8.0, events, 1.0, 0)


def test_viewers_on_disk_are_not_the_states_memory_until_they_come_back() -> None:
    away = soak.Held(0, 500, 1_000, 1_000, 8.0, 0, 1.0, 0, cold=400)
    back = soak.Held(9, 500, 1_000, 1_000, 8.0, 0, 1.0, 0, cold=100)
    assert back.state_mb - away.state_mb == pytest.approx(300 * soak.ROW_BYTES / 1e6)


def test_what_memory_grows_beyond_the_state_is_told_apart() -> None:
    growth = soak.grown([held(60 * n, 500 + 2 * n, 50_000 * n) for n in range(8)])
    assert growth == (120.0, 36.0)
    assert growth.beyond == 84.0
    assert soak.grown([held(60 * n, 500, n) for n in range(3)]) is None


@pytest.mark.parametrize(
    ("done", "p99", "growth", "said"),
    [
        (Done(steps=9), [40, 40, 40], soak.Growth(150, 60), []),
        (Done(steps=9), [10, 20, 45], None, []),
        (Done(steps=9, failed=1, failure="503"), [40] * 3, None, ["1 of 10 steps failed (503)"]),
        (Done(steps=9, repeats=2), [40] * 3, None, ["2 videos came twice"]),
        (Done(steps=9), [40, 60, 90], None, ["p99 went from 40 to 90 ms"]),
        (
            Done(steps=9), [40] * 3, soak.Growth(200, 60),
            ["memory grows by 140 MB/h more than the state does"],
        ),
    ],
)  # fmt: skip
def test_what_is_not_sound_is_said(
    done: Done, p99: list[float], growth: soak.Growth | None, said: list[str]
) -> None:
    intervals = [soak.Interval(n, 1, Quantiles(1.0, ms)) for n, ms in enumerate(p99)]
    assert list(soak.faults(done, intervals, growth)) == said


def test_acts_reach_the_feeds_of_another_worker(folder: Path) -> None:
    report = freshness.measure(folder, MADE, workers=2, seconds=2.0, seed=1, tell=tell)
    assert report.probes > 0
    assert report.freshness_ms.p50 > 0
    with pytest.raises(Refused, match="no other worker"):
        freshness.measure(folder, MADE, workers=1, seconds=2.0, seed=1, tell=tell)


def test_feeds_are_asked_alone_and_beside_events(folder: Path) -> None:
    report = folding.measure(
        folder, MADE, workers=1, seconds=2.0, feeds=10.0, events=1_000, seed=1, tell=tell
    )
    assert 0 < report.idle_ms.p50 <= report.idle_ms.p99
    assert 0 < report.folding_ms.p50 <= report.folding_ms.p99
    assert report.events_per_s > 500
    assert tables.folding(report)


def test_events_are_counted_behind_those_the_log_holds(tmp_path: Path) -> None:
    made = Made(videos=300, viewers=100, seed=1, log_events=5_001)
    report = events.measure(
        tmp_path / "data", made, workers=1, seconds=1.0, rounds=1, seed=1, tell=tell
    )
    assert report.batched_per_s > report.single_per_s > 0
    assert report.run["log_events"] == 5_001
