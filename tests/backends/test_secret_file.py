"""A secret is made once, for its owner only, however many start at once."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from freshet.backends.secret_file import SECRET_BYTES, secret_of
from freshet.domain.errors import Refused


def test_a_secret_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "data" / "secret"
    made = secret_of(file)
    assert len(made) == SECRET_BYTES
    assert secret_of(file) == made
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in file.parent.iterdir()] == ["secret"]


def test_all_who_start_at_once_have_the_same_one(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(secret_of, [tmp_path / "secret"] * 32))
    assert len(found) == 1


def test_a_file_that_was_cut_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"short")
    with pytest.raises(Refused, match="5 bytes"):
        secret_of(tmp_path / "secret")
