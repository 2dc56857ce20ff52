"""Pools: what is rising and what is young, as of the last time they were worked out."""

from __future__ import annotations

import asyncio

import numpy as np

from freshet.retrieval.nearby import Nearby
from freshet.retrieval.pools import POPULAR_MAX, YOUNG_MAX, Popular, Proven, Rising, Young
from freshet.retrieval.settings import Retrieval
from tests.retrieval.items import Table

SETTINGS = Retrieval(exact_max=100, pause_ms=1)


def worth(rows: np.ndarray, now_ms: int) -> np.ndarray:
    """The later the better."""
    return rows.astype(np.float32)


def test_the_fastest_are_rising_by_country_and_in_the_world() -> None:
    table = Table(10)
    table.speed[[2, 4, 6, 8]] = [1, 4, 3, 2]
    table.country[[4, 8]] = 1
    table.eligible[6] = False
    world, here = Rising(table, 10_000, 100).rows(1, 0)
    assert (world.tolist(), here.tolist()) == ([4, 8, 2], [4, 8])


def test_the_most_shown_are_popular_by_country_and_in_the_world() -> None:
    table = Table(2_000)
    table.shown[[2, 4, 6, 8]] = [1, 4, 3, 2]
    table.country[[4, 8]] = 1
    table.eligible[6] = False
    world, here = Popular(table, 10_000, 5_000).rows(1, 0)
    assert (world[:3].tolist(), here.tolist()) == ([4, 8, 2], [4, 8])
    assert len(world) == POPULAR_MAX
    assert len(Popular(table, 10_000, 5_000).rows(7, 0)[1]) == 0


def test_a_pool_lasts_for_its_time_and_is_then_worked_out_anew() -> None:
    table = Table(10)
    rising = Rising(table, 10_000, 100)
    assert not len(rising.rows(-1, 50_000)[0])
    table.speed[2] = 1
    assert not len(rising.rows(-1, 59_999)[0])
    assert rising.rows(-1, 60_000)[0].tolist() == [2]


def test_the_young_are_the_newest_that_were_little_shown() -> None:
    table = Table(10)
    table.shown[[7, 9]] = 50
    table.eligible[8] = False
    assert Young(table, 10_000, 100, 49).pool(0).rows.tolist() == [6, 5, 4, 3, 2, 1, 0]


def test_a_large_catalogue_fills_the_pool_and_no_more() -> None:
    table = Table(20_000)
    pool = Young(table, 10_000, 1 << 20, 0).pool(0)
    assert pool.rows.tolist() == list(range(19_999, 19_999 - YOUNG_MAX, -1))
    near = pool.cosines(table.directions[:2])
    assert near[pool.rows % 20 == 1].min() > near[pool.rows % 20 == 5].max()


def test_the_proven_are_those_of_most_worth_and_stand_by_how_much() -> None:
    table = Table(10)
    table.eligible[9] = False
    proven = Proven(table, 10_000, 100, worth)
    assert sorted(proven.pool(0).rows.tolist()) == list(range(9))
    pool = proven.pool(0)
    standing = dict(zip(pool.rows.tolist(), pool.standing.tolist(), strict=True))
    assert standing[0] < standing[4] == 0 < standing[8]


def test_a_large_catalogue_is_valued_slice_by_slice_around_and_around() -> None:
    table = Table(1_000)
    proven = Proven(table, 10_000, 100, worth)
    for _ in range(3):
        proven.go_on(256, 0)
    assert proven.work_out(0).rows.max() == 767
    assert not proven.been_round
    proven.go_on(512, 0)
    assert proven.been_round  # from now on without haste
    assert proven.work_out(0).rows.max() == 999


def test_a_request_never_works_out_a_pool_of_a_large_catalogue() -> None:
    table = Table(300)
    table.speed[5] = 1
    nearby = Nearby(table, SETTINGS, lambda: 0, worth, 100)
    assert not len(nearby.rising.rows(-1, 0)[0])
    assert not len(nearby.proven.pool(0).rows)
    nearby.maintain()
    assert nearby.rising.rows(-1, 0)[0].tolist() == [5]


async def test_in_the_background_everything_is_kept_up_to_date_until_stopped() -> None:
    table = Table(300)
    table.speed[5] = 1
    nearby = Nearby(table, SETTINGS, lambda: 0, worth, 100)
    nearby.start()
    nearby.start()
    # Nobody tells when a round in the background is over.
    while not (len(nearby.rising.rows(-1, 0)[0]) and len(nearby.proven.work_out(0).rows)):  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    assert nearby.stop()
    await nearby.stopped()
    assert not nearby.stop()
    assert nearby.index.size == 300
    assert np.array_equal(nearby.index.related(5, 1) % 20, [5])
