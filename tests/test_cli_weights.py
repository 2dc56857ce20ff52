"""`freshet weights`: tables with their origin, and what another one would do, from a real log.

The numbers of `try` are worked out a second time here, from the log's events, item by item.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from freshet import cli_weights
from freshet.app import open_for_import
from freshet.backends.sqlite_reader import SqliteReader
from freshet.catalogue.store.catalogue import FILE as CATALOGUE
from freshet.domain import events as e
from freshet.domain.errors import NotFound, Refused
from freshet.domain.outcomes import OUTCOMES
from freshet.feed.meaning import MEANING
from freshet.feed.settings import FOLLOWING_WEIGHTS, WEIGHTS
from tests.feed.making import video
from tests.feed.small_world import SWIPE_MS, make_world

CHANGE = {"like": 30.0, "watch_s": 0.05, "not_interested": 0.0}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    asyncio.run(make_world(folder, viewers=24, videos=60, feeds=3))
    return folder


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")


def run(*args: object) -> str:
    done = CliRunner().invoke(cli_weights.app, [str(arg) for arg in args])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def tried(folder: Path, *more: object, change: dict[str, float] = CHANGE) -> Any:
    sets = [word for name, weight in change.items() for word in ("--set", f"{name}={weight}")]
    return json.loads(run("try", "--data", folder, *sets, "--json", "-", *more))


# --- the same, from the events ----------------------------------------------------------------


def worth(item: e.Served, table: dict[str, float]) -> float:
    named = dict(zip(OUTCOMES, item.predictions, strict=True)) | {"watch_s": item.watch_s}
    return sum(weight * named[name] for name, weight in table.items())


def in_order(
    slate: e.SlateServed, table: dict[str, float], creators: dict[str, str]
) -> list[e.Served]:
    """No app boosts here, no wishes, no sounds."""
    stays = [
        item.source in ("pinned", "explore") or any("new_topic" in r for r in item.reasons)
        for item in slate.items
    ]
    left = [item for item, fixed in zip(slate.items, stays, strict=True) if not fixed]
    left.sort(key=lambda item: -worth(item, table))
    found: list[e.Served] = []
    for k, item in enumerate(slate.items):
        if stays[k]:
            found.append(item)
            continue
        beside = {creators[found[-1].video]} if found else set()
        if k + 1 < len(stays) and stays[k + 1]:
            beside.add(creators[slate.items[k + 1].video])
        fitting = [one for one in left if creators[one.video] not in beside]
        found.append((fitting or left)[0])
        left.remove(found[-1])
    return found


class Again:
    """Everything `try` says, by loops over events."""

    def __init__(self, folder: Path) -> None:
        reader = SqliteReader(folder)
        events = [event for row in reader.rows() for event in row.events()]
        reader.store.close()
        self.creators = {x.video: x.creator for x in events if isinstance(x, e.VideoPublished)}
        self.slates = [x for x in events if isinstance(x, e.SlateServed)]
        # A session here is one slate.
        self.acts: dict[tuple[str, str, str], list[e.Event]] = defaultdict(list)
        for event in events:
            if isinstance(event, e.VideoAct):
                self.acts[event.viewer, event.session_id, event.video].append(event)
        new = WEIGHTS | CHANGE
        self.old = [in_order(slate, WEIGHTS, self.creators) for slate in self.slates]
        self.new = [in_order(slate, new, self.creators) for slate in self.slates]

    def seen(self, slate: e.SlateServed, item: e.Served) -> bool:
        acts = self.acts[slate.viewer, slate.session_id, item.video]
        return any(isinstance(x, e.Impression) for x in acts)

    def came(self, slate: e.SlateServed, item: e.Served, name: str) -> float:
        acts = self.acts[slate.viewer, slate.session_id, item.video]
        watched = max(x.watched_ms for x in acts if isinstance(x, e.Watch))
        if name == "watch_s":
            return watched / 1000  # nobody watches more than once here
        if name == "watched_6s":
            return float(watched >= 6_000)
        return float(any(x.__struct_config__.tag == name for x in acts))

    def reach(self) -> list[float]:
        return [
            sum(self.seen(slate, slate.items[k]) for slate in self.slates if len(slate.items) > k)
            / sum(len(slate.items) > k for slate in self.slates)
            for k in range(max(len(slate.items) for slate in self.slates))
        ]

    def rates(self, orders: list[list[e.Served]], name: str) -> tuple[float, float]:
        """Per 1,000 impressions: predicted, and from what came."""
        theta, above, below = self.reach(), 0.0, 0.0
        weighed, weights = 0.0, 0.0
        for slate, order in zip(self.slates, orders, strict=True):
            for k, item in enumerate(order):
                named = dict(zip(OUTCOMES, item.predictions, strict=True))
                above += theta[k] * (named | {"watch_s": item.watch_s})[name]
                below += theta[k]
                if self.seen(slate, item):
                    w = min(theta[k] / theta[slate.items.index(item)], 10.0)
                    weighed += w * self.came(slate, item, name)
                    weights += w
        return 1000 * above / below, 1000 * weighed / weights


def turned(one: list[e.Served], other: list[e.Served]) -> float:
    pairs = list(combinations(range(len(one)), 2))
    wrong = sum(other.index(one[a]) > other.index(one[b]) for a, b in pairs)
    return 1 - 2 * wrong / len(pairs)


def test_orders_and_outcomes_are_what_the_events_say(world: Path) -> None:
    said, again = tried(world, "--examples", "50"), Again(world)
    slates = len(again.slates)
    both = list(zip(again.old, again.new, strict=True))
    assert (said["slates"], said["viewers"], said["same_table"]) == (slates, 24, 1.0)
    order = {name: one["value"] for name, one in said["order"].items()}
    assert order["changed"] == pytest.approx(sum(a != b for a, b in both) / slates, abs=1e-6)
    assert order["changed"] > 0
    assert order["first"] == pytest.approx(sum(a[0] != b[0] for a, b in both) / slates, abs=1e-6)
    others = sum({x.video for x in a[:3]} != {x.video for x in b[:3]} for a, b in both)
    assert order["top"] == pytest.approx(others / slates, abs=1e-6)
    moved = sum(x != y for a, b in both for x, y in zip(a, b, strict=True))
    assert order["moved"] == pytest.approx(moved / sum(len(a) for a, _ in both), abs=1e-6)
    assert order["tau"] == pytest.approx(sum(turned(a, b) for a, b in both) / slates, abs=1e-6)
    assert said["reach"] == pytest.approx(again.reach(), abs=1e-6)
    for name in ("like", "share", "not_interested", "watched_6s", "watch_s"):
        predicted, came = said["expected"][name], said["came"][name]
        old, new = again.rates(again.old, name), again.rates(again.new, name)
        assert (predicted["old"], came["old"]) == pytest.approx(old, rel=1e-5)
        assert (predicted["new"], came["new"]) == pytest.approx(new, rel=1e-5)
        change = predicted["change"]
        assert change["value"] == pytest.approx(new[0] / old[0] - 1, abs=1e-5)
        assert change["low"] <= change["value"] <= change["high"]
    assert said["expected"]["like"]["change"]["value"] > 0  # what is weighed more comes earlier
    shown = {x["request_id"]: (x["old"], x["new"]) for x in said["examples"]}
    for slate, (a, b) in zip(again.slates, both, strict=True):
        if slate.request_id in shown:
            assert shown[slate.request_id] == ([x.video for x in a], [x.video for x in b])
    assert len(shown) == min(50, sum(a != b for a, b in both))


def test_the_table_in_force_changes_nothing(world: Path) -> None:
    said = tried(world, change={"like": WEIGHTS["like"]})
    assert said["order"]["changed"]["value"] == 0
    assert said["order"]["tau"] == {"value": 1, "low": 1, "high": 1}
    assert {one["change"]["value"] for one in said["expected"].values()} == {0.0}
    assert {one["says"] for one in said["came"].values()} <= {"cannot tell", "too few"}


def test_slates_of_a_time_only(world: Path) -> None:
    everything = tried(world)["slates"]
    late = tried(world, "--last-days", SWIPE_MS * 100 / 86_400_000)["slates"]
    assert 0 < late < everything
    assert tried(world, "--until", "2100-01-01")["slates"] == everything
    with pytest.raises(Refused, match="for that time"):
        tried(world, "--since", "2100-01-01")


def test_another_table_in_force_is_told_and_tried_from(
    world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("freshet.toml").write_text("[feed.for_you.weights]\nlike = 5.0\n")
    said = tried(world)
    assert said["same_table"] == 0
    assert said["old_weights"]["like"] == 5.0


def test_people_are_shown_tables_and_slates_with_titles(world: Path) -> None:
    said = run("try", "--data", world, "--set", "like=30", "--examples", 1)
    assert "tried: like 1 → 30" in said
    assert "places that change hands" in said
    assert "too few" in said
    assert " number " in said  # a title, from the catalogue
    file = Path("found.json")
    run("try", "--data", world, "--set", "like=30", "--json", file)
    assert json.loads(file.read_text())["new_weights"]["like"] == 30.0


def test_titles_that_cannot_be_read_are_told_and_done_without(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli_weights.titles(tmp_path, ["v1"]) == {}
    (tmp_path / CATALOGUE).write_bytes(b"no database" * 100)
    assert cli_weights.titles(tmp_path, ["v1"]) == {}
    assert "no titles" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (["--set", "likes=2"], "weights.likes"),
        (["--set", "like"], "set"),
        (["--set", "like=much"], "weights.like"),
        (["--set", "like=nan"], "weights.like"),
        (["--set", "like=2", "--surface", "search"], "surface"),
        (["--set", "like=2", "--surface", "following"], "data"),  # nobody asked for it here
        (["--set", "like=2", "--since", "yesterday"], "since"),
        (["--set", "like=2", "--since", "2026-01-01", "--last-days", "2"], "since"),
    ],
)
def test_what_cannot_be_tried_is_refused(world: Path, words: list[str], field: str) -> None:
    with pytest.raises(Refused) as refused:
        run("try", "--data", world, *words)
    assert refused.value.field == field
    assert refused.value.right


def test_a_folder_without_slates_or_without_a_log_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"no log\.sqlite"):
        tried(tmp_path)
    asyncio.run(_only_videos(tmp_path))
    with pytest.raises(Refused, match="no ranked slate of for_you"):
        tried(tmp_path)


async def _only_videos(folder: Path) -> None:
    async with open_for_import(folder) as (log, _):
        await log.append([video("v1")])


def test_tables_are_shown_with_what_entries_mean_and_who_says_so() -> None:
    Path("freshet.toml").write_text("[feed.for_you.weights]\nlike = 2.5\n")
    tables = json.loads(run("show", "--json", "-"))
    assert {name: one["weight"] for name, one in tables["following"].items()} == FOLLOWING_WEIGHTS
    assert tables["for_you"]["like"] == {
        "weight": 2.5, "default": 1.0, "where": "freshet.toml", "meaning": MEANING["like"],
    }  # fmt: skip
    assert tables["for_you"]["share"]["where"] == "default"
    said = run("show", "--surface", "for_you")
    assert "freshet.toml (default 1)" in said
    assert "following" not in said
    with pytest.raises(Refused, match="has no table"):
        run("show", "--surface", "search")


def test_every_entry_has_a_meaning() -> None:
    assert set(MEANING) == set(OUTCOMES) | {"watch_s"} == set(WEIGHTS)
