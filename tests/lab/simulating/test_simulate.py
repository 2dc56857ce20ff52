"""`freshet lab simulate`: a small world, lived by who chooses."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from statistics import mean
from typing import Any

import pytest
from typer.testing import CliRunner

from freshet.domain.errors import Refused
from freshet.lab import cli_lab
from freshet.lab.simulating.measure import gini
from freshet.world.plan import make_plan

SMALL = ("--viewers", 12, "--creators", 20, "--clips", 240, "--days", 2, "--sessions", 1.5)


def call(*arguments: object) -> str:
    result = CliRunner().invoke(cli_lab.app, ["simulate", *map(str, arguments)])
    if result.exception is not None:
        raise result.exception
    return result.output


def lived(path: Path, *arguments: object, seed: int = 1) -> dict[str, Any]:
    call(*SMALL, "--seed", seed, *arguments, "--json", path)
    told: dict[str, Any] = json.loads(path.read_text())
    return told


def test_tastes_are_found_and_the_same_seed_lives_the_same(tmp_path: Path) -> None:
    picture = tmp_path / "lived.png"
    one = lived(tmp_path / "one.json", "--picture", picture)
    assert one == lived(tmp_path / "two.json")
    assert picture.read_bytes().startswith(b"\x89PNG")
    last = {name: days[-1] for name, days in one["players"].items()}
    worlds = [one, *(lived(tmp_path / f"{seed}.json", seed=seed) for seed in (2, 3))]
    wanted = {
        name: mean(world["players"][name][-1]["wanted"] for world in worlds) for name in last
    }  # in one world so small it goes up and down by .1
    assert wanted["ours"] > wanted["chance"] + 0.1
    assert last["ours"]["watch_s"] > last["chance"]["watch_s"]
    assert last["ours"]["auc"] > 0.55
    assert last["chance"]["auc"] is None
    # A catalogue that is ranked whole is all there is.
    assert one["sources"]["everything"]["recall"] == 1.0
    assert one["sources"]["everything"]["found"] == one["finished_looked_for"] > 0


def test_another_seed_is_another_world(tmp_path: Path) -> None:
    one, two = (lived(tmp_path / f"{seed}.json", "--seed", seed) for seed in (1, 2))
    assert one["players"]["chance"] != two["players"]["chance"]


def test_a_world_that_cannot_be_is_refused() -> None:
    with pytest.raises(Refused, match="opening"):
        call(*SMALL, "--opening", 0)
    with pytest.raises(Refused, match="clips"):
        call("--clips", 1_000_000)


def test_exposure_is_spread_evenly_or_all_to_one() -> None:
    plan = make_plan(4, 8, 0)
    names = [person.id for person in plan.people]
    assert gini(plan, Counter(dict.fromkeys(names, 5))) == 0.0
    assert gini(plan, Counter({names[0]: 9})) == 0.75
    assert gini(plan, Counter()) == 0.0
