"""Chores are done when they are due, without making anybody wait, and again if they fail."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import msgspec
import pytest

from freshet.config import Backup, Erasure, Lake, Log, Settings
from freshet.domain import events as e
from freshet.domain.errors import Broken, Unavailable
from freshet.ops.housekeeping import AGAIN_MS, ERASURES_MS, Housekeeping
from freshet.ops.lake_hands import LakeProcess
from freshet.ops.restore import restore
from tests.lake.making import act
from tests.log.making import DAY_MS, HOUR_MS, watches
from tests.ops.making import House, bytes_with


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    house = House.open(tmp_path / "data")
    await house.happen(watches(0, 30))
    yield house
    await house.close()


def keeping(house: House, **settings: object) -> Housekeeping:
    told = msgspec.structs.replace(Settings(data=str(house.data)), **settings)
    return Housekeeping(
        told, house.log, house.follower, house.keys, house.clock, Random(4), house.lake
    )


async def test_a_snapshot_is_saved_once_enough_was_folded(house: House) -> None:
    chores = keeping(house, log=Log(snapshot_every=40))
    await chores.once()
    assert house.follower.saved == 0
    await house.happen(watches(30, 45))
    await chores.once()
    assert (house.follower.saved, chores.failed) == (45, {})


async def test_the_lake_is_sealed_when_a_day_has_ended_or_enough_has_happened(
    house: House,
) -> None:
    house.lake.lake._events = 50
    chores = keeping(house, lake=Lake(segment_events=50))
    assert await chores.seal() == 0  # nothing has come behind this day yet
    house.clock.now_ms += DAY_MS
    await house.happen(watches(30, 31, house.clock.now_ms))
    assert await chores.seal() == 30
    await house.happen(watches(31, 79, house.clock.now_ms))
    assert await chores.seal() == 30
    await house.happen(watches(79, 80, house.clock.now_ms))
    assert await chores.seal() == 80


async def test_without_a_lake_nothing_is_sealed(house: House) -> None:
    house.clock.now_ms += DAY_MS
    await keeping(house, lake=Lake(enabled=False)).once()
    assert not (house.data / "lake").exists()


async def test_erasures_are_gathered_until_the_oldest_has_waited_long_enough(
    house: House,
) -> None:
    await house.happen([act(e.PersonErased, person="v3")])
    chores = keeping(house, erasure=Erasure(sweep_days=7))
    house.clock.now_ms += 6 * DAY_MS
    await chores.once()
    assert house.log.base == 0
    house.clock.now_ms += DAY_MS
    await chores.once()
    assert (house.log.epoch, chores.failed) == (2, {})
    house.clock.now_ms += ERASURES_MS
    await chores.once()
    assert house.log.epoch == 2


async def test_a_chore_that_fails_is_told_and_tried_again_later_and_the_others_go_on(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []

    async def full(*_: object, **__: object) -> int:
        tried.append(house.clock.now_ms)
        raise Unavailable("the disk is full")

    monkeypatch.setattr(type(house.lake), "seal", full)
    chores = keeping(house, log=Log(snapshot_every=30))
    await chores.once()
    await chores.once()
    assert chores.failed == {"lake": "the disk is full"}
    assert (len(tried), house.follower.saved) == (1, 30)
    house.clock.now_ms += AGAIN_MS
    monkeypatch.undo()
    await chores.once()
    assert chores.failed == {}


async def test_a_process_of_its_own_does_the_same_to_the_lake(house: House) -> None:
    await house.happen([act(e.Like, viewer="p_vera", video="v"),
                        act(e.PersonErased, person="p_vera")])  # fmt: skip
    hands = LakeProcess(house.data, Lake())
    assert await hands.seal(rest=True) == 32
    wanted = await hands.wanted()
    assert (wanted.people, wanted.oldest) == ({"p_vera"}, house.clock.now_ms)
    assert await hands.strip(wanted.people) == 1
    assert await hands.forget(wanted.people) == 1
    assert bytes_with(house.data / "lake", "p_vera") == []


async def test_what_a_process_says_went_wrong_is_raised_here(house: House) -> None:
    hands = LakeProcess(house.data, Lake())
    await hands.seal(rest=True)
    newest = house.data / "lake" / "segments" / "000000000001-000000000030.json"
    newest.write_text("{")
    with pytest.raises(Broken, match="seal of the lake failed"):
        await hands.seal()


async def test_a_backup_is_made_when_the_newest_is_old_enough_and_few_are_kept(
    house: House, tmp_path: Path
) -> None:
    house.follower.save()
    told = Backup(every_hours=6, folder=str(tmp_path / "backups"), keep=1)
    chores = keeping(house, backup=told)
    first = await chores.backup()
    house.clock.now_ms += 6 * HOUR_MS - 1
    assert await chores.backup() == ""
    house.clock.now_ms += 1
    second = await chores.backup()
    assert first < second
    assert [path.name for path in (tmp_path / "backups").iterdir()] == [second]
    assert restore(tmp_path / "backups", tmp_path / "back").log.last == 30
