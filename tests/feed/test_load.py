"""The steps of a loaded server: by the shortest wait, one at a time, and without flapping."""

from __future__ import annotations

from prometheus_client import generate_latest

from freshet.feed.load import LAST, STEPS, Load, load_gauges
from freshet.feed.settings import Shedding

TARGET = 0.05
SETTINGS = Shedding(target_ms=50, interval_ms=200, calm_ms=1_000, queue=8)


class Timer:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def made(settings: Shedding = SETTINGS) -> tuple[Load, Timer]:
    timer = Timer()
    return Load(settings, timer), timer


def waited(load: Load, timer: Timer, *waits: float, every: float = 0.02) -> int:
    """A feed every `every` seconds, each of which had waited so long; the step after them."""
    for wait in waits:
        timer.now += every - wait
        asked = load.asked()
        timer.now += wait
        load.its_turn(asked)
    return load.step


def pressed(load: Load, timer: Timer, seconds: float = 0.24) -> int:
    return waited(load, timer, *[2 * TARGET] * round(seconds / 0.02))


def calm(load: Load, timer: Timer, seconds: float) -> int:
    return waited(load, timer, *[0.001] * round(seconds / 0.02))


def up(load: Load, timer: Timer, step: int) -> None:
    while load.step < step:
        pressed(load, timer, 0.02)


def test_a_queue_that_empties_now_and_then_is_none() -> None:
    load, timer = made()
    for _ in range(50):
        assert waited(load, timer, *[0.2] * 5, 0.0) == 0


def test_a_queue_that_stands_is_met_step_by_step_and_no_further_than_the_last() -> None:
    load, timer = made()
    found = [pressed(load, timer) for _ in range(6)]
    assert found == sorted(found)
    assert {0, 1, 2, 3} >= set(found) >= {1, 2, LAST}
    assert found[-1] == LAST == len(STEPS) - 1


def test_a_few_waits_say_nothing() -> None:
    load, timer = made()
    assert waited(load, timer, 0.5, 0.5, 0.5, every=0.7) == 0
    assert waited(load, timer, *[0.5] * 4, every=1.5) == 0


def test_slow_feeds_are_judged_too_over_a_longer_time() -> None:
    load, timer = made()
    assert waited(load, timer, *[0.4] * 6, every=0.3) == 1


def test_calm_takes_one_step_back_at_a_time() -> None:
    load, timer = made()
    up(load, timer, LAST)
    assert calm(load, timer, 0.8) == LAST
    assert calm(load, timer, 0.6) == LAST - 1
    assert calm(load, timer, 1.0) == LAST - 2
    assert calm(load, timer, 1.0) == 0


def test_waits_near_the_target_change_nothing() -> None:
    load, timer = made()
    up(load, timer, 2)
    assert waited(load, timer, *[0.8 * TARGET] * 300) == 2


def test_who_is_not_asked_is_calm() -> None:
    load, timer = made()
    up(load, timer, LAST)
    timer.now += 10
    assert load.step == 0


def test_a_step_that_comes_back_at_once_is_kept_longer_each_time() -> None:
    load, timer = made()
    kept = []
    for _ in range(6):
        up(load, timer, 1)
        begun = timer.now
        while load.step:
            calm(load, timer, 0.02)
        kept.append(round(timer.now - begun))
    assert kept == sorted(kept)
    assert kept[0] == 1
    assert kept[-1] == 8  # and no longer
    timer.now += 60
    load.step_of_next()
    up(load, timer, 1)
    begun = timer.now
    while load.step:
        calm(load, timer, 0.02)
    assert round(timer.now - begun) == 1


def test_all_steps_of_a_relapse_are_kept_longer() -> None:
    load, timer = made()
    up(load, timer, 1)
    while load.step:
        calm(load, timer, 0.02)
    up(load, timer, LAST)
    assert calm(load, timer, 1.5) == LAST
    assert calm(load, timer, 1.0) == LAST - 1
    assert calm(load, timer, 1.2) == LAST - 1
    assert calm(load, timer, 1.0) == LAST - 2


def test_a_crowd_is_answered_at_the_least_cost_before_anybody_has_waited() -> None:
    load, _ = made()
    asked = [load.asked() for _ in range(SETTINGS.queue + 2)]
    load.its_turn(asked[0])
    assert load.step_of_next() == LAST
    assert load.step == 0
    load.its_turn(asked[1])
    assert load.step_of_next() == 0


def test_switched_off_all_is_in_full() -> None:
    load, timer = made(Shedding(on=False, queue=1))
    assert pressed(load, timer, 5.0) == 0
    for _ in range(5):
        load.asked()
    assert load.step_of_next() == 0


def test_the_step_and_what_each_answered_are_told() -> None:
    load, timer = made()
    up(load, timer, 2)
    for rung in ("", "popular", "cached_slate", "cached_slate"):
        load.answered("for_you", rung)
    told = generate_latest(load_gauges(load)).decode()
    assert "freshet_load_step 2.0" in told
    assert 'freshet_feeds_total{step="full",surface="for_you"} 2.0' in told
    assert 'freshet_feeds_total{step="cached_slate",surface="for_you"} 2.0' in told
