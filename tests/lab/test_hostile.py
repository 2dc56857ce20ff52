"""Hostile viewers in a replay: put where the log's own are, and judged by what those get."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
from typer.testing import CliRunner

from freshet.lab import cli_lab
from tests.lab.test_replay import feed_log


def test_one_in_a_hundred_viewers_who_are_hostile_move_little(tmp_path: Path) -> None:
    pl.DataFrame(feed_log(6_000, 800, 100)).write_parquet(tmp_path / "log.parquet")
    asked = ["hostile", str(tmp_path), "--views", "10", "--json", str(tmp_path / "out")]
    result = CliRunner().invoke(cli_lab.app, asked, catch_exceptions=False)
    said = json.loads((tmp_path / "out").read_text())
    assert said["hostile_views"] == 10 * said["hostile_viewers"] >= 70
    assert said["auc"] > 0.55
    assert {how: abs(by) < 0.02 for how, by in said["moved_by"].items()} == {
        "random": True, "coordinated": True,
    }  # fmt: skip
    assert all(by != 0 for by in said["moved_by"].values())  # they were there
    assert "coordinated" in result.stdout
