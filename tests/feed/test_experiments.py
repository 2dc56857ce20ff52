"""Who is in which arm, and what an arm changes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from freshet import config
from freshet.domain import events as e
from freshet.domain.errors import Refused
from freshet.feed.experiments import Arm, Experiment, check, laid_over
from freshet.feed.settings import WEIGHTS, Following, ForYou
from freshet.surfaces.surfaces import Question
from tests.feed.making import engine_of, video

HALVES = Experiment(arms={"a": Arm(share=0.5), "b": Arm(share=0.5)})


def test_viewers_are_split_by_the_shares_and_stay_where_they_are() -> None:
    one = Experiment(holdout=0.1, arms={"a": Arm(share=0.2), "b": Arm(share=0.3)})
    where = {f"p{i}": one.arm_of("x", f"p{i}") for i in range(20_000)}
    shares = Counter(where.values())
    expected = {"holdout": 0.1, "a": 0.2, "b": 0.3, "": 0.4}
    for arm, share in expected.items():
        assert shares[arm] / 20_000 == pytest.approx(share, abs=0.02)
    assert all(one.arm_of("x", viewer) == arm for viewer, arm in where.items())


@pytest.mark.parametrize("changes", [{"name": "y"}, {"seed": 1}])
def test_another_name_or_seed_splits_independently(changes: dict[str, Any]) -> None:
    other = msgspec.structs.replace(HALVES, seed=changes.get("seed", 0))
    both = Counter(
        (HALVES.arm_of("x", f"p{i}"), other.arm_of(changes.get("name", "x"), f"p{i}"))
        for i in range(8_000)
    )
    assert len(both) == 4
    assert all(count == pytest.approx(2_000, abs=200) for count in both.values())


def test_an_arm_lies_over_its_surface_and_leaves_the_rest() -> None:
    arm = Arm(share=0.5, weights={"like": 9.0}, explore_share=0.2, settings={"topic_spread": 0.0})
    changed = laid_over("arms.b", ForYou(), arm)
    assert changed.weights == WEIGHTS | {"like": 9.0}
    assert (changed.explore_share, changed.topic_spread) == (0.2, 0.0)
    assert msgspec.structs.replace(
        changed, weights=WEIGHTS, explore_share=0.05, topic_spread=1.0
    ) == ForYou()  # fmt: skip


@pytest.mark.parametrize(
    ("arm", "field"),
    [
        (Arm(share=1, settings={"mood": 1}), "arms.b.mood"),
        (Arm(share=1, settings={"weights": {}}), "arms.b.weights"),
        (Arm(share=1, settings={"wait_ms": "long"}), "arms.b"),
        (Arm(share=1, explore_share=0.1), "arms.b.explore_share"),
    ],
)
def test_an_arm_that_sets_what_is_not_there_is_refused(arm: Arm, field: str) -> None:
    with pytest.raises(Refused) as caught:
        laid_over("arms.b", Following(), arm)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("experiments", "field"),
    [
        ({"x": Experiment(holdout=0.5, arms={"a": Arm(share=0.6)})}, "experiments.x.arms"),
        ({"x": Experiment(arms={"a/b": Arm(share=0.6)})}, "experiments.x.arms"),
        ({"x": Experiment(arms={"holdout": Arm(share=0.6)})}, "experiments.x.arms"),
        ({"x": HALVES, "y": HALVES}, "experiments.y.surface"),
        ({"x": msgspec.structs.replace(HALVES, control="c")}, "experiments.x.control"),
    ],
)
def test_experiments_that_cannot_be_are_refused(experiments: Any, field: str) -> None:
    with pytest.raises(Refused) as caught:
        check(experiments)
    assert caught.value.field == field


def test_an_experiment_that_does_not_run_makes_room_for_another() -> None:
    check({"x": msgspec.structs.replace(HALVES, running=False), "y": HALVES})


def test_experiments_are_read_from_the_settings_file(tmp_path: Path) -> None:
    file = tmp_path / "freshet.toml"
    file.write_text(
        "[experiments.likes]\nholdout = 0.1\ncontrol = 'as is'\n"
        "[experiments.likes.arms.'as is']\nshare = 0.4\n"
        "[experiments.likes.arms.more]\nshare = 0.4\nweights.like = 3.0\n"
    )
    (one,) = config.load(file, {}).experiments.values()
    assert one.arms["more"].weights == {"like": 3.0}
    file.write_text("[experiments.likes.arms.more]\nshare = 0.4\nmood = 1\n")
    with pytest.raises(Refused, match="mood"):
        config.load(file, {})


async def test_a_feed_is_served_by_the_viewers_arm_and_says_which(tmp_path: Path) -> None:
    arms = {"up": Arm(share=0.4), "down": Arm(share=0.4, weights={"long_view": -50.0})}
    experiment = Experiment(holdout=0.1, arms=arms)
    engine = engine_of(tmp_path, experiments={"x": experiment}, explore_share=0.0)
    await engine.record([video(f"v{i}", age_h=10 * i) for i in range(6)])
    await engine.catch_up()
    shown: dict[str, set[tuple[str, ...]]] = {}
    for i in range(40):
        viewer = f"p{i}"
        answer = await engine.ask("for_you", Question(viewer, n=6))
        slate = engine.log.events[-1]  # type: ignore[attr-defined]
        assert isinstance(slate, e.SlateServed)
        label = experiment.arm_of("x", viewer)
        assert answer.arm == slate.arm == (f"x/{label}" if label else "")
        shown.setdefault(label, set()).add(tuple(item.video for item in answer.items))
        ranked = await engine.surfaces.rank("for_you", viewer, ["v1"])
        assert ranked.arm == answer.arm
        slate_, item = await engine.why("for_you", viewer, answer.items[0].video)
        assert engine.surfaces.value_parts(slate_, item)
        assert (await engine.ask("following", Question(viewer))).arm == ""
    (up,), (down,) = shown["up"], shown["down"]
    assert up == down[::-1]
    assert shown["holdout"] == shown[""] == {up}
