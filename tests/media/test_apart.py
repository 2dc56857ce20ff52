"""In a process of its own, a file can at worst end that process."""

from __future__ import annotations

import sys

import pytest

from freshet.domain.errors import NotFound, Refused
from freshet.media import apart
from tests.media.films import Film


async def test_a_fingerprint_made_apart_is_the_same(known_by, file_of):
    made = await apart.fingerprint_apart(file_of(Film()))
    assert made.to_bytes() == known_by(Film()).to_bytes()


async def test_what_is_refused_apart_is_refused_in_the_same_words(tmp_path):
    with pytest.raises(NotFound, match=r"there is no file gone\.mp4"):
        await apart.fingerprint_apart(tmp_path / "gone.mp4")
    (tmp_path / "bad.mp4").write_bytes(b"no video" * 99)
    with pytest.raises(Refused, match=r"cannot be decoded: .*right would be a whole video"):
        await apart.fingerprint_apart(tmp_path / "bad.mp4")


async def test_a_decoder_that_dies_costs_the_upload_alone(file_of, tmp_path, monkeypatch):
    dies = tmp_path / "python"
    dies.write_text("#!/bin/sh\nkill -SEGV $$\n")
    dies.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(dies))
    with pytest.raises(Refused, match="could not be decoded within its limits"):
        await apart.fingerprint_apart(file_of(Film()))


async def test_a_decoder_that_hangs_is_ended(file_of, tmp_path, monkeypatch):
    hangs = tmp_path / "python"
    hangs.write_text("#!/bin/sh\nexec sleep 600\n")
    hangs.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(hangs))
    with pytest.raises(Refused, match="took over"):
        await apart.fingerprint_apart(file_of(Film()), seconds_max=0)
