"""Person keys: random, durable before use, gone when erased."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import pytest

from freshet.catalogue.keys import PersonKeys
from freshet.domain.errors import Refused


def opened(folder: Path, seed: int = 1) -> PersonKeys:
    return PersonKeys(folder / "keys.sqlite", Random(seed))


def test_one_person_has_one_key_that_says_nothing(tmp_path: Path) -> None:
    keys = opened(tmp_path)
    key = keys.key("vera@example.org")
    assert keys.key("vera@example.org") == key
    assert key.startswith("p_")
    assert len(key) == 18
    assert keys.external(key) == "vera@example.org"


def test_a_key_is_on_disk_before_anyone_has_it(tmp_path: Path) -> None:
    key = opened(tmp_path).key("vera")  # never closed
    stored = sqlite3.connect(tmp_path / "keys.sqlite").execute("SELECT * FROM person_keys")
    assert stored.fetchall() == [("vera", key)]
    assert opened(tmp_path, seed=2).key("vera") == key


def test_many_people_are_keyed_at_once(tmp_path: Path) -> None:
    keys = opened(tmp_path)
    vera = keys.key("vera")
    made = keys.keys(["vera", "adam", "vera", "eve"])
    assert set(made) == {"vera", "adam", "eve"}
    assert made["vera"] == vera
    assert len(set(made.values())) == 3


def test_who_another_process_keyed_first_keeps_that_key(tmp_path: Path) -> None:
    here, there = opened(tmp_path), opened(tmp_path, seed=2)
    assert there.key("vera") == here.key("vera")


def test_threads_agree(tmp_path: Path) -> None:
    keys = opened(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(keys.key, ["vera"] * 64))) == 1


def test_an_erased_person_is_nobody_and_comes_back_as_another(tmp_path: Path) -> None:
    keys = opened(tmp_path)
    key = keys.key("a quite unmistakable name")
    assert keys.erase(key)
    assert not keys.erase(key)
    assert keys.external(key) is None
    assert keys.known("a quite unmistakable name") is None
    for file in tmp_path.iterdir():
        assert b"unmistakable" not in file.read_bytes()
    assert keys.key("a quite unmistakable name") != key


@pytest.mark.parametrize("wrong", ["", "x" * 201])
def test_an_id_that_is_none_is_refused(tmp_path: Path, wrong: str) -> None:
    keys = opened(tmp_path)
    with pytest.raises(Refused):
        keys.keys(["fine", wrong])
    assert len(keys) == 0
