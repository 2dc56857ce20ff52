"""A small dense world, and `freshet lab world` in it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from freshet.domain.errors import Refused
from freshet.lab import cli_lab
from freshet.lab.dense import matrix
from freshet.lab.dense.bandits import by_chance, popularity


def folder(path: Path, viewers: int = 8, videos: int = 40) -> Path:
    rng = np.random.default_rng(0)
    for name, rows in (("user_factors", viewers), ("item_factors", videos)):
        features = rng.gamma(2.0, 0.3, (rows, 3)).tolist()
        pl.DataFrame({"id": range(rows), "features": features}).write_parquet(
            path / f"{name}.parquet"
        )
    return path


def call(*arguments: object) -> None:
    result = CliRunner().invoke(cli_lab.app, ["world", *map(str, arguments)])
    if result.exception is not None:
        raise result.exception


def test_the_engine_acts_between_chance_and_the_oracle(tmp_path):
    call(folder(tmp_path), "--swipes", 12, "--new", 3, "--seeds", 1, "--json", tmp_path / "out")
    said = json.loads((tmp_path / "out").read_text())
    for start in ("cold", "warm"):
        assert 0 < said[start]["random"] < said[start]["share_of_oracle"] < 1
        assert said[start]["random"] < said[start]["popularity"] < 1
        assert len(said[start]["curve"]) == 20


def test_every_viewer_swipes_as_often_and_warm_counts_only_the_new():
    world = matrix.World(np.ones((6, 30)))
    plan = matrix.warm(world, 10, 2, 0)
    assert np.bincount(plan.order).tolist() == [10] * 6
    assert plan.viewers.tolist() == [4, 5]
    assert matrix.cold(world, 10, 0).viewers.tolist() == [*range(6)]


def test_nobody_is_shown_a_video_twice_so_all_swipes_bring_the_whole_row(tmp_path):
    world = matrix.read_world(folder(tmp_path))
    plan = matrix.cold(world, world.videos, 0)
    for found in (by_chance(world, plan, 0), popularity(world, plan, 0)[0]):
        assert found.sum() == pytest.approx(world.ratio.sum())
    assert world.oracle(plan.viewers, world.videos) == pytest.approx(world.ratio.sum())


def test_popularity_finds_what_everybody_likes():
    ratio = np.full((20, 50), 0.5)
    ratio[:, :10] = 2.0
    world = matrix.World(ratio)
    plan = matrix.cold(world, 10, 0)
    found, _ = popularity(world, plan, 0)
    assert found[100:].mean() > 1.4 > by_chance(world, plan, 0).mean()


def test_the_best_on_average_are_not_the_best_for_each():
    world = matrix.World(np.array([[2.0, 0.0, 1.5], [0.0, 2.0, 1.0]]))
    assert world.same_for_all(np.arange(2), 1) == 2.5  # the third, for both
    assert world.oracle(np.arange(2), 1) == 4.0


@pytest.mark.parametrize(
    ("features", "told"), [([[1.0], [1.0, 2.0]], "lists of one length"), ([[]], "none")]
)
def test_factors_of_different_lengths_are_refused(tmp_path, features, told):
    folder(tmp_path)
    frame = pl.DataFrame({"id": range(len(features)), "features": features},
                         schema={"id": pl.Int64, "features": pl.List(pl.Float64)})  # fmt: skip
    frame.write_parquet(tmp_path / "item_factors.parquet")
    with pytest.raises(Refused):
        matrix.read_world(tmp_path)


def test_more_swipes_than_videos_are_refused(tmp_path):
    with pytest.raises(Refused, match="more than there is"):
        call(folder(tmp_path), "--swipes", 41, "--new", 2)
