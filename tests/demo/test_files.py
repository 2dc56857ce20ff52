"""Files are given out whole or in the part asked for, as RFC 9110 has it; nothing else is."""

from __future__ import annotations

from pathlib import Path

import pytest

from freshet.demo.files import FOREVER, file_answer, part_of

CONTENT = bytes(range(100))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "clip.mp4").write_bytes(CONTENT)
    (tmp_path / "manifest.txt").write_text("not for browsers")
    (tmp_path / "inner.mp4").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("bytes=0-9", range(10)),
        ("bytes=10-", range(10, 100)),
        ("bytes=-7", range(93, 100)),
        ("bytes=-700", range(100)),  # more than there is: all of it
        ("bytes=90-700", range(90, 100)),
        ("bytes=99-99", range(99, 100)),
    ],
)
async def test_a_part_is_given_with_its_place(folder: Path, asked: str, part: range) -> None:
    answer = await file_answer(folder, "clip.mp4", asked)
    assert (answer.status_code, answer.content) == (206, CONTENT[part.start : part.stop])
    assert answer.headers["Content-Range"] == f"bytes {part.start}-{part.stop - 1}/100"
    assert answer.media_type == "video/mp4"


@pytest.mark.parametrize("asked", ["", "bytes=-", "bytes=0-1,5-6", "seconds=0-1", "bytes=a-b"])
async def test_what_asks_for_no_part_that_we_know_gets_all(folder: Path, asked: str) -> None:
    answer = await file_answer(folder, "clip.mp4", asked)
    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert answer.headers["Cache-Control"] == FOREVER
    assert answer.headers["Accept-Ranges"] == "bytes"


@pytest.mark.parametrize("asked", ["bytes=100-", "bytes=100-200", "bytes=9-3", "bytes=-0"])
async def test_a_part_that_is_not_there_is_refused(folder: Path, asked: str) -> None:
    answer = await file_answer(folder, "clip.mp4", asked)
    assert (answer.status_code, answer.headers["Content-Range"]) == (416, "bytes */100")


@pytest.mark.parametrize(
    "name",
    ["none.mp4", "manifest.txt", "inner.mp4", "../clip.mp4", ".hidden.mp4", "a/clip.mp4", ""],
)
async def test_nothing_else_is_found(folder: Path, name: str) -> None:
    assert (await file_answer(folder / "inner.mp4", name, "")).status_code == 404
    if name != "../clip.mp4":
        assert (await file_answer(folder, name, "")).status_code == 404


def test_an_empty_file_has_no_parts() -> None:
    with pytest.raises(ValueError, match="bytes=0-"):
        part_of("bytes=0-", 0)
