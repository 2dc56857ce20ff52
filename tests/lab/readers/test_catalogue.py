"""A catalogue out of files: every good line kept, every other one told with its place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from freshet.catalogue.store.catalogue import Catalogue
from freshet.domain.errors import Refused
from freshet.lab import cli_import
from freshet.lab.readers.catalogue import CatalogueReport, import_catalogue, sources
from freshet.lab.readers.report import ReadReport
from tests.catalogue.store.making import NOW_MS, kinds, opened, told


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    data = tmp_path / "data"
    data.mkdir()
    with opened(data) as catalogue:
        yield catalogue


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def run(catalogue: Catalogue, path: Path) -> CatalogueReport:
    report = CatalogueReport(ReadReport())
    import_catalogue(catalogue, sources(path), report, path.parent)
    return report


def refused(report: CatalogueReport) -> list[tuple[str, int, str]]:
    return [(one.file, one.line, one.field) for one in report.lines.examples]


def test_a_folder_goes_in_in_the_order_that_its_records_need(
    catalogue: Catalogue, folder: Path
) -> None:
    (folder / "videos.jsonl").write_text('{"id": "v1", "creator": "vera", "music_id": "s1"}\n')
    (folder / "sounds.csv").write_text("id,owner,original\ns1,vera,true\n")
    pl.DataFrame({"id": ["vera"], "interests": [["tea", "milk"]]}).write_parquet(
        folder / "people.parquet"
    )
    (folder / "notes.txt").write_text("not ours")
    report = run(catalogue, folder)
    assert report.lines.refused_lines == 0
    assert {kind: dict(counts) for kind, counts in report.done.items()} == {
        kind: {"created": 1} for kind in ("people", "sounds", "videos")
    }
    assert catalogue.people.get("vera").interests == ("tea", "milk")
    assert catalogue.sounds.get("s1").original


def test_cells_of_a_csv_become_what_the_fields_are(catalogue: Catalogue, folder: Path) -> None:
    (folder / "people.csv").write_text(
        'id,is_verified,consent,interests,traits.age,create_time\nvera,1,,"tea, milk",30,\n'
        '71,false,true,"[""a, b""]",,1650812741436\n'
    )
    assert refused(run(catalogue, folder / "people.csv")) == []
    vera, other = catalogue.people.get("vera"), catalogue.people.get("71")
    assert (vera.is_verified, vera.consent, vera.interests) == (True, None, ("tea", "milk"))
    assert (vera.traits, vera.create_time) == ({"age": "30"}, NOW_MS)
    assert (other.is_verified, other.consent, other.interests) == (False, True, ("a, b",))
    assert other.create_time == 1_650_812_741_436


def test_every_bad_line_is_told_with_its_place(catalogue: Catalogue, folder: Path) -> None:
    (folder / "people.jsonl").write_text('{"id": "vera"}\n')
    (folder / "videos.csv").write_text(
        "id,creator,duration_ms,share_url\nv1,vera,9000,\nv2,ghost,9000,\nv3,vera,soon,\n"
        "v4,vera,9000,javascript:alert(1)\nv5,vera\nv6,vera,9.5,\n"
    )
    report = run(catalogue, folder)
    assert sorted(refused(report)) == [
        ("videos.csv", 3, "creator"), ("videos.csv", 4, "duration_ms"),
        ("videos.csv", 5, "share_url"), ("videos.csv", 6, ""), ("videos.csv", 7, "duration_ms"),
    ]  # fmt: skip
    assert [one.id for one in catalogue.videos.all()] == ["v1"]


def test_a_bad_line_of_json_is_told_too(catalogue: Catalogue, folder: Path) -> None:
    lines = ['{"id": "a"}', "{", '{"id": "b", "mood": 1}', "[1]", '{"id": 3}', '{"id": "c"}']
    (folder / "people.jsonl").write_text("\n".join(lines))
    report = run(catalogue, folder)
    assert [(line, field) for _, line, field in refused(report)] == [
        (2, ""), (3, "mood"), (4, ""), (5, "id"),
    ]  # fmt: skip
    assert report.done["people"] == {"created": 2}


def test_the_last_line_of_an_id_counts(catalogue: Catalogue, folder: Path) -> None:
    (folder / "people.csv").write_text("id,country\nvera,GB\nadam,GB\nvera,FR\n")
    assert run(catalogue, folder).done["people"] == {"created": 2, "updated": 1}
    assert catalogue.people.get("vera").country == "FR"


def test_follows_and_blocks_are_told_to_the_log(catalogue: Catalogue, folder: Path) -> None:
    (folder / "follows.csv").write_text(
        f"viewer,person,time\nadam,vera,{NOW_MS - 5}\nadam,adam,\nadam,,\n"
    )
    (folder / "blocks.jsonl").write_text('{"viewer": "vera", "person": "eve"}\n')
    report = run(catalogue, folder)
    assert refused(report) == [("follows.csv", 4, "person"), ("follows.csv", 3, "person")]
    follow, block = told(catalogue)
    assert kinds([follow, block]) == ["follow", "block"]
    assert (follow.time, block.time) == (NOW_MS - 5, NOW_MS)
    assert follow.viewer == catalogue.keys.known("adam")  # type: ignore[attr-defined]


def test_an_import_that_was_killed_goes_on_where_it_was(
    catalogue: Catalogue, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = "".join(f'{{"id": "p{i}"}}\n' for i in range(2_500))
    (folder / "people.jsonl").write_text(many)

    def killed(source: Any, line: int) -> None:
        if line >= 2_000:
            raise KeyboardInterrupt

    first = CatalogueReport(ReadReport())
    with pytest.raises(KeyboardInterrupt):
        import_catalogue(catalogue, sources(folder), first, folder.parent, killed)
    report = run(catalogue, folder)
    assert (report.skipped, dict(report.done["people"])) == (2_000, {"created": 500})
    # Whole imports leave nothing behind: the same files may be imported again.
    assert run(catalogue, folder).done["people"] == {"unchanged": 2_500}


@pytest.mark.parametrize(
    ("files", "field", "reason"),
    [({}, "in", "names no kind"), ({"movies.csv": "id\n1\n"}, "in", "names no kind"),
     ({"people.csv": "id,mood\na,b\n"}, "people.csv.mood", "not a known column"),
     ({"people.csv": "id\na\n", "people.jsonl": "{}"}, "in", "two files"),
     ({"people.parquet": "id\na\n"}, "people.parquet", "not Parquet")],
)  # fmt: skip
def test_files_that_cannot_be_read_are_refused(
    catalogue: Catalogue, folder: Path, files: dict[str, str], field: str, reason: str
) -> None:
    for name, content in files.items():
        (folder / name).write_text(content)
    with pytest.raises(Refused) as error:
        run(catalogue, folder)
    assert error.value.field == field
    assert reason in error.value.reason


def test_what_is_not_there_is_refused(catalogue: Catalogue, folder: Path) -> None:
    with pytest.raises(Refused, match="not there"):
        run(catalogue, folder / "people.csv")


def test_the_command_counts_and_writes_what_it_refused(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "people.csv").write_text("id,country\nvera,GB\nx,Nowhere\n")
    (tmp_path / "data").mkdir()
    monkeypatch.setattr(cli_import, "open_catalogue", opened)
    asked = ["catalogue", folder, "--data", tmp_path / "data", "--report", tmp_path / "r.jsonl"]
    result = CliRunner().invoke(cli_import.app, [*map(str, asked), "--json"])
    counts = json.loads(result.stdout)
    assert (counts["people"], counts["lines_refused"], counts["waiting"]) == ({"created": 1}, 1, 1)
    refusal = json.loads((tmp_path / "r.jsonl").read_text())
    assert (refusal["file"], refusal["line"], refusal["field"]) == ("people.csv", 3, "country")
    shown = CliRunner().invoke(cli_import.app, [*map(str, asked)]).stdout
    assert "1 refused" in shown
    (folder / "people.csv").write_text("id,country\nx,Nowhere\n")
    failed = CliRunner().invoke(cli_import.app, [*map(str, asked)])
    assert isinstance(failed.exception, Refused)
