"""A session without consent has a key of its own, the same in all processes, gone tomorrow."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from random import Random

from freshet.catalogue.access_file import open_access
from freshet.catalogue.session_keys import DAY_MS, SessionKeys

NOW_MS = 1_700_000_000_000


class Clock:
    now = NOW_MS

    def __call__(self) -> int:
        return self.now


def opened(folder: Path, clock: Clock, seed: int = 1) -> SessionKeys:
    return SessionKeys(open_access(folder / "access.sqlite3"), clock, Random(seed))


def test_a_session_has_one_key_in_every_process(tmp_path: Path) -> None:
    clock = Clock()
    here, there = opened(tmp_path, clock, 1), opened(tmp_path, clock, 2)
    assert here.key("vera", "s1") == there.key("vera", "s1")
    assert here.key("vera", "s1").startswith("s_")


def test_other_sessions_and_other_viewers_have_other_keys(tmp_path: Path) -> None:
    keys = opened(tmp_path, Clock())
    made = {keys.key(*each) for each in (("vera", "s1"), ("vera", "s2"), ("walt", "s1"), ("v", ""))}
    assert len(made) == 4


def test_where_viewer_ends_and_session_begins_matters(tmp_path: Path) -> None:
    keys = opened(tmp_path, Clock())
    assert keys.key("ab", "c") != keys.key("a", "bc")


def test_tomorrow_it_has_another_key_and_the_salt_is_gone(tmp_path: Path) -> None:
    clock = Clock()
    keys = opened(tmp_path, clock)
    today = keys.key("vera", "s1")
    clock.now += DAY_MS
    assert keys.key("vera", "s1") != today
    with sqlite3.connect(tmp_path / "access.sqlite3") as file:
        days = [day for (day,) in file.execute("SELECT day FROM salts")]
    assert days == [clock.now // DAY_MS]


def test_the_file_names_nobody(tmp_path: Path) -> None:
    key = opened(tmp_path, Clock()).key("vera the viewer", "s1")
    written = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"vera" not in written
    assert key.encode() not in written
