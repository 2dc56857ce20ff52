"""After a sweep, nobody finds an erased person in any byte of the data folder."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import polars as pl
import pytest

from freshet.domain import events as e
from freshet.domain.errors import Broken, Unavailable
from freshet.lake.read import batches
from freshet.lake.segments import Segments, damage
from freshet.log.files import FolderLock
from freshet.log.inspect import verify
from freshet.ops.erasures import wanted
from freshet.ops.sweep import LOCK, Swept
from freshet.ops.traces import traces
from tests.lake.making import act
from tests.ops.making import House, bytes_with


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """Vera watched and followed, also before she signed up; Bob likes; snapshots and a lake
    hold her; then she is erased, while one more act of hers was on its way."""
    house = House.open(tmp_path / "data")
    vera, bob, anon = house.keys.keys(["vera@example.org", "bob@example.org", "guest-17"]).values()
    await house.happen([act(e.Impression, viewer=anon, video="v1")])
    await house.happen([act(e.ViewersMerged, viewer=anon, into=vera)])
    for n in range(20):
        await house.happen([act(e.Like, viewer=bob, video=f"v{n}")])
        await house.happen([act(e.Watch, viewer=vera, video=f"v{n}", watched_ms=n)])
    await house.happen([act(e.Follow, viewer=bob, person=vera)])
    house.follower.save()
    await house.lake.seal(rest=True)
    await house.happen([act(e.Like, viewer=vera, video="v3")])
    house.follower.save()
    await house.happen([act(e.PersonErased, person=vera), act(e.Like, viewer=vera, video="late")])
    yield house
    await house.close()


async def test_no_byte_of_the_folder_names_an_erased_person(house: House) -> None:
    vera, anon = (house.keys.key(name) for name in ("vera@example.org", "guest-17"))
    assert bytes_with(house.data, vera) != []
    swept = await house.sweep().run()
    assert (swept.people, swept.left) == (2, ())
    assert bytes_with(house.data, vera, anon, "vera@example.org", "guest-17") == []
    for path in files(house.data):
        assert not {vera, anon} & set(map(str, pl.read_parquet(path).to_numpy().flat))


async def test_everybody_else_stays_in_state_log_and_lake(house: House) -> None:
    bob = house.keys.key("bob@example.org")
    swept = await house.sweep().run()
    assert house.counted.counts == {bob: 21}  # 20 likes, and that he followed her
    assert house.keys.external(bob) == "bob@example.org"
    likes = [event for batch in batches(house.data / "lake") for event in batch.events
             if isinstance(event, e.Like)]  # fmt: skip
    assert [like.video for like in likes] == [f"v{n}" for n in range(20)]
    assert (house.log.base, house.log.epoch) == (swept.base, 2)
    assert verify(house.log.rows(), house.log.base).damage == []
    assert damage(Segments(house.data / "lake")) == []


async def test_a_restart_after_a_sweep_goes_on_from_the_base(house: House) -> None:
    await house.sweep().run()
    bob = house.keys.key("bob@example.org")
    await house.happen([act(e.Like, viewer=bob, video="new")])
    counts = dict(house.counted.counts)
    await house.close()
    again = House.open(house.data, house.clock)
    await again.follower.catch_up()
    assert again.counted.counts == counts
    await again.lake.seal(rest=True)
    assert again.lake.lake.sealed == again.log.last
    await again.close()


async def test_a_second_sweep_has_nothing_to_do(house: House) -> None:
    await house.sweep().run()
    assert await house.sweep().run() == Swept()
    assert not wanted(house.data, house.data / "lake")


@pytest.mark.parametrize("step", ["strip", "forget", "seal"])
async def test_a_sweep_that_broke_off_is_done_by_the_next(
    house: House, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    async def killed(*_: object, **__: object) -> None:
        raise OSError("killed")

    vera, anon = (house.keys.key(name) for name in ("vera@example.org", "guest-17"))
    with monkeypatch.context() as broken:
        broken.setattr(type(house.lake), step, killed)
        with pytest.raises(OSError, match="killed"):
            await house.sweep().run()
    assert wanted(house.data, house.data / "lake").people == {vera, anon}
    assert (await house.sweep().run()).left == ()
    assert bytes_with(house.data, vera, anon, "vera@example.org", "guest-17") == []


async def test_a_state_that_keeps_a_name_is_told_before_anything_is_dropped(tmp_path: Path) -> None:
    house = House.open(tmp_path / "data", forgets=False)
    await house.happen([act(e.Like, viewer="p_vera", video="v1")])
    await house.happen([act(e.PersonErased, person="p_vera")])
    with pytest.raises(Broken, match=r"still names one of them, in counted/counts\.msgpack"):
        await house.sweep().run()
    assert house.log.base == 0
    await house.close()


async def test_no_sweep_while_a_backup_is_made(house: House) -> None:
    with FolderLock(house.data, LOCK), pytest.raises(Unavailable, match="backed up or swept"):
        await house.sweep().run()


async def test_without_a_lake_the_log_alone_says_who_is_to_go(tmp_path: Path) -> None:
    house = House.open(tmp_path / "data")
    await house.happen([act(e.Like, viewer="p_vera", video="v1")])
    await house.happen([act(e.PersonErased, person="p_vera")])
    found = wanted(house.data, house.data / "lake")
    assert (found.people, found.asked, found.oldest) == ({"p_vera"}, 1, house.clock.now_ms)
    assert found.due_ms(30) - found.oldest == 30 * 86_400_000
    await house.close()


def test_a_key_is_found_wherever_it_lies(tmp_path: Path) -> None:
    key = "p_" + "a2" * 8
    (tmp_path / "across.bin").write_bytes(bytes(2**22 - 5) + key.encode() + bytes(9))
    (tmp_path / "within.bin").write_bytes(b"p_bbbbbbbbbbbbbbbb p_odd")
    assert traces(tmp_path, {key}) == ["across.bin"]
    assert traces(tmp_path, {"p_odd"}) == ["within.bin"]


def files(data: Path) -> list[Path]:
    return sorted(data.rglob("*.parquet"))
