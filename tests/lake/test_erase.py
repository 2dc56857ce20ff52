"""Whoever is erased is in no file of the lake; everybody else is as before."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from freshet.domain import events as e
from freshet.lake.erase import forget, merged, pending, strip
from freshet.lake.seal import Lake
from freshet.lake.segments import Segments, damage
from freshet.log.people import people_of
from tests.lake.making import act, files, hours, in_lake, log_of

ANN, BOB = "p_ann", "p_bob"


def lives() -> list[e.Event]:
    """Ann and Bob watch, publish, follow and hide; a moderator named Ann decides; Ann goes."""
    return [
        *hours(3, ANN),
        act(e.VideoPublished, video="of ann", creator=ANN, created=1),
        act(e.VideoPublished, video="of bob", creator=BOB, created=1),
        act(e.Follow, viewer=BOB, person=ANN),
        act(e.Hide, viewer=BOB, kind="creator", target=ANN),
        act(e.Hide, viewer=BOB, kind="hashtag", target="tea"),
        act(e.LabelSet, video="of bob", label="spam", actor=ANN),
        act(e.ViewersMerged, viewer="p_anon", into=ANN),
        act(e.Impression, viewer="p_anon", video="of bob"),
        act(e.SlateServed, viewer=ANN, request_id="r", items=()),
        *hours(3, BOB),
        act(e.PersonErased, person=ANN),
    ]


@pytest.fixture
async def folder(tmp_path: Path) -> Path:
    # By hand, not in order of time: the log takes a later time for what comes late.
    await Lake(tmp_path, segment_events=5).seal(await log_of(lives()), rest=True)
    return tmp_path


def words(folder: Path) -> str:
    """Every value of every file."""
    return " ".join(str(pl.read_parquet(p).to_dicts()) for p in files(folder))


async def test_an_erasure_waits_until_it_is_forgotten(folder: Path) -> None:
    assert [wanted.person for wanted in pending(folder)] == [ANN]
    assert merged(folder) == {ANN: {"p_anon"}}
    strip(folder, {ANN, "p_anon"})
    assert [wanted.person for wanted in pending(folder)] == [ANN]
    forget(folder, {ANN, "p_anon"})
    assert pending(folder) == []


async def test_nothing_names_an_erased_person_any_more(folder: Path) -> None:
    before = in_lake(folder)
    gone = strip(folder, {ANN, "p_anon"}) + forget(folder, {ANN, "p_anon"})
    assert ANN not in words(folder)
    assert "p_anon" not in words(folder)
    assert not any(ANN.encode() in path.read_bytes() for path in files(folder, "*.*"))
    after = in_lake(folder)
    assert len(before) - len(after) == gone
    assert damage(Segments(folder)) == []


async def test_everything_else_stays_as_it_was(folder: Path) -> None:
    before = in_lake(folder)
    strip(folder, {ANN, "p_anon"})
    forget(folder, {ANN, "p_anon"})
    after = dict(in_lake(folder))
    for offset, event in before:
        if isinstance(event, e.LabelSet):
            assert after[offset].actor == ""  # type: ignore[attr-defined]
        else:
            theirs = {ANN, "p_anon"} & set(people_of(event))
            assert after.get(offset) == (None if theirs else event)


async def test_erasing_again_changes_nothing(folder: Path) -> None:
    strip(folder, {ANN})
    inodes = {path: path.stat().st_ino for path in files(folder)}
    assert strip(folder, {ANN}) == 0
    assert {path: path.stat().st_ino for path in files(folder)} == inodes


async def test_an_erasure_that_broke_off_is_finished_by_the_next(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(Segments, "_finish", lambda *_: (_ for _ in ()).throw(OSError("killed")))
        with pytest.raises(OSError, match="killed"):
            strip(folder, {ANN})
    strip(folder, {ANN})
    assert not any(isinstance(event, e.Impression) and event.viewer == ANN
                   for _, event in in_lake(folder))  # fmt: skip
    assert damage(Segments(folder)) == []
    assert files(folder, "*.new*") == []


def test_a_folder_without_a_lake_has_nobody_to_erase(tmp_path: Path) -> None:
    assert pending(tmp_path / "lake") == []
    assert strip(tmp_path / "lake", {ANN}) == 0
