"""A feed assembled from parts beside ours: real processes, a tiny world."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from freshet.domain.errors import Refused
from freshet.feed.settings import WEIGHTS
from freshet.lab.bench import feed, tables
from freshet.lab.bench.assembled import beside, night
from freshet.lab.bench.assembled.table import ACTS, LONG, OUTCOMES, WATCH, WATCHED, Table, happened
from freshet.lab.bench.catalogue import made_world
from freshet.lab.bench.folder import Made, made_folder
from freshet.lab.bench.past import Size, last_views, older_views, past_rng
from freshet.lab.bench.truth import true_worth
from freshet.lab.generate.world import World
from freshet.learning.live import Live

MADE = Made(videos=2_000, viewers=60, seed=3)
TREES = 5


def tell(doing: str, done: int = 0, total: int | None = None) -> None: ...


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("assembled") / "data"
    made_folder(path, MADE, tell)
    return path


@pytest.fixture(scope="module")
def world() -> World:
    return made_world(MADE.videos, MADE.viewers, MADE.seed)


@pytest.fixture
def live(folder: Path) -> Live:
    return night._laid(folder)


def table_of(world: World, live: Live) -> Table:
    table, size = night._empty(world, live), Size(MADE.videos, MADE.viewers)
    night.remember(table, older_views(past_rng(MADE.seed), world, size, 10**12, tell))
    table.at_night()
    return table


def test_true_worth_is_what_views_of_the_world_come_to(world: World) -> None:
    rng = np.random.default_rng(0)
    for viewer, video in ((1, 5), (2, 700), (3, 1_999)):
        who, what = np.full(200_000, viewer, np.int32), np.full(200_000, video, np.int32)
        affinity = world.affinity(who, what)
        watched = world.watched_ms(affinity, what, rng)
        duration = world.duration_ms[what]
        did = np.hstack([
            happened(watched, duration),
            np.stack([world.does(act, affinity, rng) for act in ACTS], axis=1),
        ])  # fmt: skip
        row = np.array([WEIGHTS[name] for name in OUTCOMES])
        lived = (did @ row + WEIGHTS["watch_s"] * watched / 1_000).mean()
        expected = true_worth(world, WEIGHTS, who[:1], what[:1])[0]
        assert expected == pytest.approx(lived, rel=0.02)


def test_the_table_holds_the_same_past_as_our_state(world: World, live: Live) -> None:
    table = table_of(world, live)
    last = last_views_of(world)
    for viewer in range(MADE.viewers):
        ours = live.seen_ms(viewer, np.arange(MADE.videos, dtype=np.int32)) > 0
        recent = last[0][last[1] == viewer].tolist()
        assert table.seen[viewer] | set(recent) == set(np.flatnonzero(ours).tolist())
    assert table.videos[:, -1].sum() == table.viewers[:, -1].sum() == MADE.viewers * 24


def last_views_of(world: World) -> tuple[np.ndarray, np.ndarray]:
    rng, size = past_rng(MADE.seed), Size(MADE.videos, MADE.viewers)
    for _ in older_views(rng, world, size, 10**12, tell):
        pass
    views = last_views(rng, world, size, 10**12)
    return views.video, views.viewer


def test_a_view_is_in_the_next_inputs(world: World, live: Live) -> None:
    table = table_of(world, live)
    rows = np.arange(50, dtype=np.int32)
    before = table.inputs(7, rows, 12.0)
    assert before.shape == (50, 178)
    assert np.isfinite(before).all()
    table.note(7, 3, int(world.duration_ms[3]), np.zeros(len(ACTS), np.bool_))
    after = table.inputs(7, rows, 12.0)
    assert 3 in table.seen[7]
    assert table.liked(7)[0] == 3
    assert after[3, WATCH + 1] > before[3, WATCH + 1]  # the video's views
    assert after[3, LONG] > before[3, LONG]
    assert (after != before)[np.arange(50) != 3].any()  # the viewer's and what they share
    assert len(WATCHED) + len(ACTS) == WATCH


def test_both_are_measured_in_turn(folder: Path) -> None:
    how = feed.How(clients=2, seconds=1.0, rounds=1, baseline=True, trees=TREES)
    report = feed.measure(folder, MADE, how, tell)
    found = report.baseline
    assert found is not None
    for one in (found.outcomes, found.value):
        assert one.feeds_per_s_per_core > 0
        assert 0 < one.http_ms.p50 <= one.http_ms.p99
        assert one.stages_ms.keys() == {"retrieve", "features", "predict", "select"}
        assert one.inputs == 178
        assert one.candidates == pytest.approx(found.ours.candidates, rel=0.2)
    assert (found.outcomes.models, found.value.models) == (13, 1)
    assert found.worth_any < found.ours.worth < found.worth_best
    assert found.worth_any < found.worth_by_value < found.worth_best
    assert found.worth_any < found.outcomes.worth < found.worth_best
    told = msgspec.json.decode(msgspec.json.encode(report))
    assert told["baseline"]["ratio"]["outcomes"]["feeds_per_s_per_core"] > 0
    assert told["daily_users"] > 0
    assert tables.feed(report)
    with pytest.raises(Refused, match="put under load"):
        feed.measure(folder, MADE, how, tell)


def test_its_feeds_are_valid(folder: Path, world: World, live: Live) -> None:
    with beside.assembled(folder, MADE, 300, tell, TREES) as pair:
        for one in pair:
            for viewer in range(MADE.viewers):
                first, second = (beside.shown(one, [viewer])[viewer] for _ in range(2))
                assert first == second  # nothing was watched in between
                assert len(set(first)) == 10
                assert len(set(world.creator[first].tolist())) == 10
                assert (live.seen_ms(viewer, np.array(first, np.int32)) == 0).all()
