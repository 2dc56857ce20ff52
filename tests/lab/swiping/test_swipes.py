"""A small world of tastes, and `freshet lab swipes` in it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from freshet.lab import cli_lab
from freshet.lab.swiping import measure
from freshet.lab.swiping.players import Popular
from freshet.lab.swiping.world import Shape, World, true_auc

SMALL = Shape(videos=300, topics=6, viewers=40, new=10)


@pytest.fixture(scope="module")
def world() -> World:
    return World.made(SMALL, 0)


def test_the_best_prediction_there_is_has_the_auc_of_the_protocol(world):
    assert true_auc(world.p.ravel().astype(np.float64)) == pytest.approx(0.80, abs=0.02)
    assert world.p.mean() == pytest.approx(0.25, abs=0.02)


def test_tags_are_right_as_often_as_asked_for():
    exact = World.made(Shape(300, 6, 1.0, 40, 10), 0)
    loose = World.made(Shape(300, 6, 0.0, 40, 10), 0)
    assert not (exact.tag == loose.tag).any()


def test_a_long_view_is_one_to_the_system_too(world):
    rng = np.random.default_rng(0)
    for _ in range(200):
        viewer, video = int(rng.integers(40)), int(rng.integers(300))
        ms, long = world.watched_ms(viewer, video, rng.random(2))
        duration_ms = world.duration_ms[video]
        assert long == (ms >= 18_000 or ms >= 0.97 * duration_ms)


async def test_nobody_is_shown_a_video_twice(world):
    player = Popular(world, 0)
    for _ in range(3):
        for position, video in enumerate(await player.slate(1, 5)):
            await player.viewed(1, video, position, 1_000, True)
    assert len(set(player.seen[1])) == 15


async def test_an_oracle_scores_one_and_chance_scores_nothing(world):
    class Oracle(Popular):
        def scores(self, viewer):
            return world.p[viewer].astype(np.float64)

    class Chance(Popular):
        def scores(self, viewer):
            return self.rng.random(self.videos)

    for kind, score in ((Oracle, 1.0), (Chance, 0.0)):
        shown = await measure._lived(world, kind(world, 0), 5, 0, "", lambda *_: None)
        scored = measure._scored(world, shown)
        assert scored.cold.score["80"] == pytest.approx(score, abs=0.05)
        assert scored.warm.score["10"] == pytest.approx(score, abs=0.1)
        assert scored.cold.now["80"] == pytest.approx(np.mean(scored.cold.curve[75:]), abs=0.05)


@pytest.mark.usefixtures("no_library")
def test_the_command_scores_ours_beside_baselines(tmp_path):
    asked = ["swipes", "--videos", 120, "--topics", 4, "--viewers", 4, "--new", 2, "--json",
             tmp_path / "out"]  # fmt: skip
    result = CliRunner().invoke(cli_lab.app, [str(word) for word in asked])
    assert result.exception is None, result.exception
    said = json.loads((tmp_path / "out").read_text())
    for start in ("cold", "warm"):
        assert set(said[start]["score"]) == {"10", "20", "40", "80"}
        assert -1 < said[start]["score"]["80"] <= 1
        assert set(said["baselines"]) == {"popular"}


@pytest.fixture
def no_library(monkeypatch):
    """Baselines without the library that only benchmarks install."""
    monkeypatch.delitem(measure.BASELINES, "item_based")
