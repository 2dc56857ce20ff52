"""`freshet lab retrieval` on small histories in both layouts."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from freshet.domain.errors import Refused
from freshet.lab import cli_lab
from freshet.lab.retrieving import measure
from freshet.lab.retrieving.histories import read_histories


def walks(viewers: int = 120, videos: int = 12) -> list[list[int]]:
    """Each viewer goes around a circle of videos, mostly one step at a time."""
    rng = np.random.default_rng(0)
    steps = 1 + (rng.random((viewers, 6)) < 0.2)
    starts = rng.integers(0, videos, (viewers, 1))
    return ((starts + np.cumsum(steps, axis=1)) % videos * 7).tolist()


def kuairand(folder: Path) -> Path:
    path = folder / "user_history.parquet"
    pl.DataFrame({"user_id": range(120), "long_watch_seq": walks()}).write_parquet(path)
    return path


def call(*arguments: object) -> None:
    result = CliRunner().invoke(cli_lab.app, ["retrieval", *map(str, arguments)])
    if result.exception is not None:
        raise result.exception


@pytest.fixture
def no_ials(monkeypatch):
    """Peers without the library that only benchmarks install."""
    monkeypatch.delitem(measure.PEERS, "ials")


@pytest.mark.usefixtures("no_ials")
def test_order_tells_what_comes_next_and_co_occurrence_alone_does_not(tmp_path):
    path = kuairand(tmp_path)
    out, picture = tmp_path / "out.json", tmp_path / "out.png"
    call(path, "--chosen-among", 12, "--json", out, "--picture", picture)
    said = json.loads(out.read_text())
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert said["ours"]["curve"][9] == said["ours"]["hr10"]
    assert set(said["peers"]) == {"ease"}
    assert said["ours"]["ndcg10"] > said["peers"]["ease"]["ndcg10"] + 0.1
    assert said["fit_s"] > 0
    assert said["margin"]["ndcg10"] > 0


def test_ratings_of_movielens_are_histories_in_order_of_time(tmp_path):
    lines = ["7::50::5::300", "7::51::3::100", "7::52::4::200", "8::50::1::5"]
    (tmp_path / "ratings.dat").write_text("\n".join(lines) + "\n")
    read = read_histories(tmp_path)
    assert read.videos == 3
    assert [one.tolist() for one in read.viewers] == [[1, 2, 0]]


def test_a_video_watched_before_is_not_asked_for():
    rows = [np.array([1, 2, 1]), np.array([1, 2, 0])]
    pasts, videos = measure.Histories(rows, 3, "").left_out(1)
    assert (len(pasts), videos.tolist()) == (1, [0])


def test_rank_counts_neither_what_was_watched_nor_is_it_flattered_by_ties():
    pasts, videos = [np.array([0]), np.array([1])], np.array([2, 2])
    scores = np.zeros((2, 30), np.float32)
    scores[0, 0], scores[0, 2] = 9.0, 1.0
    rank = measure.ranks(lambda a, b: scores[a:b], pasts, videos, 30)
    hit, gain = measure.quality(rank)
    assert (hit, gain) == (0.5, 0.5)


@pytest.mark.parametrize("text", ["", "user::item\n1::2\n"])
def test_a_broken_file_of_ratings_is_refused(tmp_path, text):
    (tmp_path / "ratings.dat").write_text(text)
    with pytest.raises(Refused):
        read_histories(tmp_path)


def test_a_folder_without_histories_is_refused(tmp_path):
    with pytest.raises(Refused, match="holds no history"):
        read_histories(tmp_path)
