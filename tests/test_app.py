"""The composition root: the real log, the real live state and the real keys together."""

from __future__ import annotations

from pathlib import Path

from freshet.app import open_catalogue, open_engine, open_for_import
from freshet.catalogue.store.records import Person, Video
from freshet.config import Settings
from freshet.domain import events as e
from freshet.domain.events import Event
from tests.feed.making import make, video, watched


def told(folder: Path) -> Settings:
    return Settings(data=str(folder))


def supply(key: str) -> list[Event]:
    return [
        *(video(f"v{i}", topics=("tea",) if i % 2 else ("coffee",)) for i in range(10)),
        *watched(key, "v1", "v3"),
    ]


async def test_a_data_folder_serves_remembers_and_goes_on_after_a_restart(tmp_path: Path) -> None:
    async with open_for_import(tmp_path) as (log, keys):
        await log.append(supply(keys.key("vera")))
    async with open_engine(told(tmp_path)) as engine:
        key = engine.keys.key("vera")
        first = await engine.feed("for_you", key, 4, "r1", "s")
        shown = {item.video for item in first.items}
        assert len(shown) == 4
        assert all(item.reasons for item in first.items)
        await engine.record([make(e.NotInterested, engine.now_ms(), viewer=key, video="v9")])
    async with open_engine(told(tmp_path)) as engine:
        assert engine.keys.known("vera") == key
        assert (await engine.feed("for_you", key, 4, "r1", "s")).items == first.items
        rest = await engine.feed("for_you", key, 10, "r2", "s")
        assert {item.video for item in rest.items} == {f"v{i}" for i in range(9)} - shown


async def test_what_is_written_to_the_catalogue_is_in_the_next_feed_also_from_beside(
    tmp_path: Path,
) -> None:
    with open_catalogue(tmp_path) as beside:  # no server runs yet
        beside.people.save([Person(id="vera"), Person(id="adam")])
        beside.videos.save([Video(id="v1", creator="vera")])
    async with open_engine(told(tmp_path)) as engine, engine.running():
        await engine.relay()
        reader = engine.keys.key("eve")
        assert [x.video for x in (await engine.feed("for_you", reader, 5, "r1")).items] == ["v1"]
        with open_catalogue(tmp_path) as beside:
            beside.videos.save([Video(id="v2", creator="adam")])
        await engine.relay()
        assert [x.video for x in (await engine.feed("for_you", reader, 5, "r2")).items] == ["v2"]
        assert engine.catalogue.people.remove("vera").videos == 1
        await engine.relay()
        assert engine.keys.known("vera") is None
