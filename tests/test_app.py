"""The composition root: the real log, the real live state and the real keys together."""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import Any

import pytest

from freshet.app import open_catalogue, open_engine, open_for_import, settled
from freshet.catalogue.store.records import Person, Video
from freshet.config import Settings
from freshet.domain import events as e
from freshet.domain.errors import Corrupt
from freshet.domain.events import Event
from freshet.feed.options import Filters, Options
from freshet.surfaces.surfaces import Question
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


async def test_a_log_whose_keys_are_gone_is_not_served_with_new_ones(tmp_path: Path) -> None:
    async with open_for_import(tmp_path) as (log, keys):
        await log.append(supply(keys.key("vera")))
    keys_file = tmp_path / "keys.sqlite3"
    os.unlink(keys_file)
    with pytest.raises(Corrupt, match=r"keys\.sqlite3 is missing"):
        async with open_engine(told(tmp_path)):
            pass
    assert keys_file.name not in os.listdir(tmp_path)


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


async def test_wishes_follows_and_pages_hold_on_the_real_state(tmp_path: Path) -> None:
    async with open_for_import(tmp_path) as (log, keys):
        by = {"creator": keys.key("tess"), "sound": "song", "hashtags": ("tea",)}
        await log.append([video("tea0", **by), video("tea1", **by)])
        await log.append([video(f"v{i}") for i in range(9)])
    async with open_engine(told(tmp_path)) as engine:
        now, key = engine.now_ms(), engine.keys.key("vera")
        await engine.record([make(e.Follow, now, viewer=key, person=by["creator"])])
        names = ["tea0", "tea1", *(f"v{i}" for i in range(9))]

        async def values(**options: Any) -> dict[str, float]:
            await engine.catch_up()
            ranked = await engine.surfaces.rank("for_you", key, names, Options(**options))
            return {item.video: item.value for item in ranked.items}

        before = await values()
        wish = {"viewer": key, "kind": "hashtag", "target": "tea"}
        await engine.record([make(e.LessOf, now, **wish)])
        less = await values()
        assert less["tea0"] == pytest.approx(before["tea0"] - 0.9 * abs(before["tea0"]), rel=1e-2)
        assert less["v1"] == before["v1"]
        await engine.record([make(e.UndoLessOf, now, **wish)])
        assert await values() == before
        stranger = await values(personalised=False)
        await engine.record([make(e.PersonalisationSet, now, viewer=key, on=False)])
        assert await values() == stranger

        followed = await engine.ask("following", Question(key, options=Options(personalised=True)))
        assert [item.video for item in followed.items] in (["tea0"], ["tea1"])
        filters = Filters(hashtags=("tea",), creators=(by["creator"],))
        tea = await engine.ask("for_you", Question(key, options=Options(filters=filters)))
        assert {item.video for item in tea.items} <= {"tea0", "tea1"}
        shown = [item.video for item in (*followed.items, *tea.items)]
        page = await engine.ask("for_you", Question(key, n=4, session_id="s"))
        shown += [item.video for item in page.items]
        while page.items:
            page = await engine.ask("for_you", Question(key, n=4, cursor=page.cursor))
            shown += [item.video for item in page.items]
        assert sorted(shown) == sorted(names)


def test_what_is_there_when_serving_begins_is_left_alone_by_garbage_collections() -> None:
    here = ["a list is tracked"]
    try:
        settled()
        assert gc.get_freeze_count() > 0
        assert not any(one is here for one in gc.get_objects())
    finally:
        gc.unfreeze()
