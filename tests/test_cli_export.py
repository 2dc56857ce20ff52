"""What is exported comes back through the import as it was."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from freshet import cli_export
from freshet.backends.sqlite_log import SqliteLog
from freshet.catalogue.store.catalogue import Catalogue
from freshet.catalogue.store.relay import Relay
from freshet.catalogue.store.ties import Tie
from freshet.domain import events as e
from freshet.domain.errors import Refused
from freshet.domain.ids import uuid7
from freshet.lab.readers.catalogue import CatalogueReport, import_catalogue, sources
from freshet.lab.readers.report import ReadReport
from tests.catalogue.store.making import NOW_MS, Clock, hashtag, opened, person, sound, video
from tests.catalogue.store.test_store import FULL


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """The data folders of these tests are opened as the tests do it."""
    monkeypatch.setattr(cli_export, "open_catalogue", opened)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    with opened(folder) as catalogue:
        vera = person("vera", traits={"age": "30", "odd": 'a"b,c'}, interests=("tea, milk",),
                      consent=False, bio_description="two\nlines", is_verified=True)  # fmt: skip
        catalogue.people.save([vera, person("adam", consent=True), person("eve")])
        catalogue.sounds.save([sound("song"), sound("hers", owner="vera", original=True)])
        catalogue.videos.save([FULL, video("v0", "adam", title="“Tee” – чай – お茶")])
        catalogue.hashtags.save([hashtag("tea", description="Pour!"), hashtag("unused")])
        catalogue.ties.tell("follows", [Tie(viewer="adam", person="vera", time=NOW_MS - 9)])
        catalogue.ties.tell("blocks", [Tie(viewer="vera", person="eve")])
        asyncio.run(relayed(catalogue, folder))
    return folder


async def relayed(catalogue: Catalogue, folder: Path, *more: e.Event) -> None:
    log = SqliteLog(folder, Clock())
    await Relay(catalogue.outbox, log.append, catalogue.keys.erase).run_once()
    await log.append(more)
    await log.close()


def export(data: Path, to: Path, *options: str) -> dict[str, int]:
    asked = [str(to), "--data", str(data), "--json", *options]
    result = CliRunner().invoke(cli_export.app, asked)
    if result.exception is not None:
        raise result.exception
    counts: dict[str, int] = json.loads(result.stdout)
    return counts


def held(catalogue: Catalogue) -> dict[str, list[Any]]:
    def plain(records: Any) -> list[Any]:
        return [msgspec.to_builtins(one) | {"update_time": 0, "id": one.id} for one in records]

    shelves = (catalogue.people, catalogue.sounds, catalogue.videos, catalogue.hashtags)
    return {shelf.noun: plain(shelf.all()) for shelf in shelves}  # type: ignore[attr-defined]


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_an_export_imported_elsewhere_is_the_same(data: Path, tmp_path: Path, form: str) -> None:
    out, there = tmp_path / "out", tmp_path / "there"
    counts = export(data, out, "--format", form)
    assert counts == {
        "people": 3, "sounds": 2, "videos": 2, "hashtags": 2, "follows": 1, "blocks": 1,
    }  # fmt: skip
    there.mkdir()
    with opened(there, seed=5) as catalogue:
        report = CatalogueReport(ReadReport())
        import_catalogue(catalogue, sources(out), report, there)
        assert report.lines.examples == []
        asyncio.run(relayed(catalogue, there))
        with opened(data) as original:
            assert held(catalogue) == held(original)
    again = tmp_path / "again"
    assert export(there, again, "--format", form) == counts
    for file in out.iterdir():
        if form == "jsonl":
            assert (again / file.name).read_bytes() == file.read_bytes()


def test_nothing_exported_is_nothing_imported(tmp_path: Path) -> None:
    with opened(tmp_path) as catalogue:
        catalogue.people.save([person("vera")])
    assert export(tmp_path, tmp_path / "out")["follows"] == 0
    assert [one.kind for one in sources(tmp_path / "out")] == ["people"]


def test_ties_are_those_that_hold_between_people_who_have_a_name(
    data: Path, tmp_path: Path
) -> None:
    ids = Random(9)
    with opened(data, seed=9) as catalogue:
        key = catalogue.keys.key

        def made(kind: Any, **fields: Any) -> Any:
            return kind(event_id=uuid7(NOW_MS, ids), time=NOW_MS, **fields)

        asyncio.run(
            relayed(
                catalogue,
                data,
                made(e.Unfollow, viewer=key("adam"), person=key("vera")),
                made(e.Follow, viewer=key("phone"), person=key("eve")),
                made(e.ViewersMerged, viewer=key("phone"), into=key("adam")),
                made(e.Follow, viewer=key("adam"), person=key("gone")),
                made(e.PersonErased, person=key("gone")),
                made(e.Unblock, viewer=key("vera"), person=key("eve")),
            )
        )
    export(data, tmp_path / "out")
    follows = [json.loads(x) for x in (tmp_path / "out/follows.jsonl").read_text().splitlines()]
    assert follows == [{"viewer": "adam", "person": "eve", "time": NOW_MS}]
    assert (tmp_path / "out/blocks.jsonl").read_text() == ""


def test_a_log_without_its_beginning_is_refused_unless_ties_are_not_asked_for(
    data: Path, tmp_path: Path
) -> None:
    async def dropped() -> None:
        log = SqliteLog(data, Clock())
        await log.begin_epoch(3)
        await log.close()

    asyncio.run(dropped())
    with pytest.raises(Refused, match="--no-ties"):
        export(data, tmp_path / "out")
    assert "follows" not in export(data, tmp_path / "out", "--no-ties")


def test_a_folder_without_a_catalogue_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"no catalogue\.sqlite3"):
        export(tmp_path, tmp_path / "out")
