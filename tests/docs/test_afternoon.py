"""The guide "An app in an afternoon" works line by line, and leaves nothing of who was erased."""

from __future__ import annotations

from pathlib import Path
from random import SystemRandom

import polars as pl
import pytest

from freshet.app import KEYS_FILE
from freshet.catalogue.keys import PersonKeys
from freshet.ops.traces import traces
from tests.docs.walking import Walk

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "afternoon.md"


def test_an_app_in_an_afternoon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    erased: dict[str, str] = {}
    with Walk(tmp_path) as walk:
        python = walk.python

        def noting(block: str, where: str) -> None:
            if "client.people.delete" in block:  # their keys, as long as somebody knows them
                keys = PersonKeys(tmp_path / "app" / KEYS_FILE, SystemRandom())
                erased.update({name: keys.key(name) for name in ("vera-pours", "ada-1815")})
            python(block, where)

        monkeypatch.setattr(walk, "python", noting)
        walk.through(GUIDE)
    assert traces(tmp_path / "app", list(erased.values())) == []
    for file in (tmp_path / "app").rglob("*"):
        if file.is_file():
            held = file.read_bytes()
            assert [name for name in erased if name.encode() in held] == [], file
    lake = [pl.read_parquet(file) for file in (tmp_path / "app" / "lake").rglob("*.parquet")]
    named = {str(value) for table in lake for value in table.to_numpy().flat}
    assert len(named) > 100
    assert not named & {*erased, *erased.values()}
