"""The index: exact while small, nearly so when large, and never behind."""

from __future__ import annotations

import numpy as np
import pytest

from freshet.retrieval.index import VideoIndex
from freshet.retrieval.settings import Retrieval
from tests.retrieval.items import Table, unit

SMALL = Retrieval(exact_max=200, probes=8)


@pytest.fixture(params=["exact", "lists"])
def table(request: pytest.FixtureRequest) -> Table:
    return Table(100 if request.param == "exact" else 2_000)


@pytest.fixture
def index(table: Table) -> VideoIndex:
    index = VideoIndex(table, SMALL)
    index.maintain()
    assert index.size == (0 if table.count <= SMALL.exact_max else table.count)
    return index


def nearest(index: VideoIndex, vector: np.ndarray, n: int = 1) -> list[int]:
    return index.search(vector[None], n)[0][0].tolist()


def test_a_video_is_nearest_to_itself(table: Table, index: VideoIndex) -> None:
    rows, cosines = index.search(table.vectors[[3, 7]], 5)
    assert rows[:, 0].tolist() == [3, 7]
    assert cosines[:, 0] == pytest.approx([1, 1], abs=0.02)
    assert (np.diff(cosines) <= 0).all()


def test_nearly_all_of_the_nearest_are_found(table: Table, index: VideoIndex) -> None:
    asked = unit(table.directions[:8] + 0.5 * table.directions[8:16])
    rows, _ = index.search(asked, 100)
    exact = np.argsort(-(asked @ table.vectors[: table.count].T), axis=1)[:, :100]
    exact = np.where(np.take_along_axis(asked @ table.vectors.T, exact, 1) > 0, exact, -1)
    found = [len(set(a) & set(b)) / len(set(b)) for a, b in zip(rows, exact, strict=True)]
    assert np.mean(found) > 0.85


def test_a_search_through_more_lists_finds_more() -> None:
    table = Table(2_000)
    index = VideoIndex(table, SMALL)
    index.maintain()
    asked = unit(table.directions[:8] + 0.5 * table.directions[8:16])
    one, usual, every = (index.search(asked, 50, probes)[1].sum() for probes in (1, 0, 10_000))
    assert one < usual <= every
    assert every == index.search(asked, 50, table.count)[1].sum()


def test_a_new_video_is_found_at_once_and_also_once_it_is_filed(
    table: Table, index: VideoIndex
) -> None:
    new, row = unit(-table.directions[0]), table.count
    table.put(row, new)
    assert nearest(index, new) == [row]
    index.maintain()
    assert nearest(index, new) == [row]


def test_a_moved_video_is_found_where_it_is_now(table: Table, index: VideoIndex) -> None:
    there = unit(-table.directions[0])
    table.put(5, there)
    index.maintain()
    assert nearest(index, there) == [5]
    assert 5 not in nearest(index, table.directions[5], 100)


def test_a_removed_video_is_not_found(table: Table, index: VideoIndex) -> None:
    was = table.vectors[5].copy()
    table.put(5, np.zeros(64, np.float32))
    index.maintain()
    assert 5 not in nearest(index, was, table.count)
    assert not len(index.related(5, 10))


def test_related_videos_are_near_and_never_the_video_itself(
    table: Table, index: VideoIndex
) -> None:
    related = index.related(5, 3).tolist()
    assert len(related) == 3
    assert all(row != 5 and row % 20 == 5 for row in related)


def test_what_is_far_is_not_near_however_many_are_asked(table: Table, index: VideoIndex) -> None:
    rows, cosines = index.search(table.directions[:1], table.count + 50)
    assert (cosines[rows >= 0] > 0).all()
    assert (cosines[rows < 0] == 0).all()


def test_an_empty_catalogue_has_nothing() -> None:
    index = VideoIndex(Table(0), SMALL)
    index.maintain()
    assert nearest(index, unit(np.ones(64)), 2) == [-1, -1]


def test_lists_are_trained_at_fixed_sizes_and_alike_each_time() -> None:
    one, other = (VideoIndex(Table(count), SMALL) for count in (300, 200))
    one.maintain()
    other.maintain()
    assert (one.size, other.size) == (300, 0)
    other.live.count = 300  # type: ignore[attr-defined]
    other.live.vectors[:300] = one.live.items(np.arange(300))  # type: ignore[attr-defined]
    other.maintain()
    asked = one.live.items(np.arange(50))
    assert (one.search(asked, 20)[0] == other.search(asked, 20)[0]).all()


def test_a_grown_catalogue_trains_anew_and_loses_nothing() -> None:
    table = Table(1_200)
    table.count = 300
    index = VideoIndex(table, SMALL)
    index.maintain()
    table.count = 1_200
    assert nearest(index, table.vectors[1_100]) == [1_100]  # from the tail
    index.maintain()
    assert index.size == 1_200
    assert nearest(index, table.vectors[1_100]) == [1_100]
