"""`freshet lab ope` from the command line, on small logs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from freshet.domain.errors import Refused
from freshet.lab import cli_lab
from freshet.lab.ope.bandit import Bandit


def call(*arguments: object) -> str:
    result = CliRunner().invoke(cli_lab.app, ["ope", *map(str, arguments)])
    if result.exception is not None:
        raise result.exception
    return result.stdout


def open_bandit(folder: Path, items: int = 4) -> Path:
    """A uniform log, and one by a policy that favours item 0; item 0 is clicked most."""
    rng, chance = np.random.default_rng(0), np.array([0.7, 0.1, 0.1, 0.1])
    for name, shares in (("bts_men", chance), ("random_men", np.full(items, 0.25))):
        item = rng.choice(items, size=4000, p=shares)
        click = rng.random(4000) < np.where(item == 0, 0.5, 0.1)
        lines = [f"{i},{rng.integers(1, 4)},{int(c)},{shares[i]}" for i, c in zip(item, click)]  # noqa: B905
        header = "item_id,position,click,propensity_score"
        (folder / f"{name}.csv").write_text("\n".join([header, *lines]) + "\n")
    return folder


def test_the_truth_of_a_uniform_policy_is_found_in_anothers_log(tmp_path):
    call(open_bandit(tmp_path), "--runs", 2, "--rounds", 500, "--json", tmp_path / "out.json")
    said = json.loads((tmp_path / "out.json").read_text())
    assert said["on_policy"] == pytest.approx(0.2, abs=0.02)
    for name in ("ips", "snips", "dr", "dm"):
        assert said["estimates"][name]["value"] == pytest.approx(0.2, abs=0.02)
        if name != "dm":  # which knows nothing of what its model gets wrong
            assert said["estimates"][name]["low"] < 0.2 < said["estimates"][name]["high"]
    assert 1000 < said["ess"] < 4000


def test_the_same_seed_measures_the_same(tmp_path):
    for name in ("a", "b"):
        call("--runs", 3, "--rounds", 500, "--seed", 5, "--json", tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    said = json.loads((tmp_path / "a").read_text())
    assert set(said["coverage"]) == set(said["rmse"]) == {"ips", "snips", "dm", "dr"}


def test_doubly_robust_is_nearer_to_the_truth_than_weighting_alone(tmp_path):
    call("--runs", 12, "--rounds", 2000, "--json", tmp_path / "out.json")
    rmse = json.loads((tmp_path / "out.json").read_text())["rmse"]
    assert rmse["dr"] < rmse["ips"]
    assert rmse["snips"] < rmse["ips"]


def test_policies_of_the_bandit_are_probabilities():
    x = np.random.default_rng(0).normal(size=(50, 5))
    for policy in (Bandit.pinned().logging(x), Bandit.pinned().asked(x)):
        assert policy.shape == (50, 10)
        assert np.allclose(policy.sum(axis=1), 1.0)


def test_a_folder_without_logs_is_refused_in_words(tmp_path):
    with pytest.raises(Refused, match=r"no bts\*\.csv or bts\*\.parquet"):
        call(tmp_path)


def test_a_line_that_is_no_number_is_refused_with_its_place(tmp_path):
    path = open_bandit(tmp_path) / "bts_men.csv"
    path.write_text(path.read_text().replace("\n0,", "\nzero,", 1))
    with pytest.raises(Refused, match=r"bts_men.csv: line \d+ holds what is no number"):
        call(tmp_path)
