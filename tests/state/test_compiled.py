"""Kernels joined by address, and kept by what they are made of."""

from __future__ import annotations

from pathlib import Path

import numba
import numpy as np
import pytest

from freshet.state import compiled
from freshet.state.compiled import address_of, call_at, digest_of_sources, generated, kernel


@kernel
def add(words, amount):  # type: ignore[no-untyped-def]
    words[0] += amount


@kernel
def double(words, amount):  # type: ignore[no-untyped-def]
    words[0] *= 2 * amount


@kernel
def twice(address, words, amount):  # type: ignore[no-untyped-def]
    call_at(address, (words, amount))
    call_at(address, (words, amount))


def test_a_kernel_called_by_address_does_its_work() -> None:
    words, amount = np.array([1], np.int64), np.int64(3)
    at = {each: address_of(each, words, amount) for each in (add, double)}
    twice(at[add], words, amount)
    assert words[0] == 7
    twice(at[double], words, amount)
    assert words[0] == 7 * 36


def test_the_digest_is_of_kernels_and_of_all_they_import(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiled, "PACKAGE", tmp_path)

    def put(path: str, text: str) -> str:
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
        return digest_of_sources()

    put("catalogue/facts.py", "A = 1")
    put("catalogue/names.py", "B = 1")
    first = put("features/rates.py", "from freshet.catalogue.facts import A\n@part\ndef f(): ...")
    assert put("catalogue/names.py", "B = 2") == first
    assert put("learning/plain.py", "C = 1") == first
    second = put("catalogue/facts.py", "A = 2")
    third = put("learning/kernels.py", "@kernel\ndef g(): ...")
    assert len({first, second, third}) == 3


def test_every_room_whose_kernels_others_call_is_in_the_digest() -> None:
    package = Path(compiled.__file__).parent.parent
    with_kernels = {
        path.relative_to(package).parts[0]
        for path in package.rglob("*.py")
        if "@kernel" in (text := path.read_text()) or "@part" in text
    }
    assert with_kernels - {"lab"} <= set(compiled.ROOMS)  # nobody imports the laboratory


def test_generated_text_stands_in_a_file_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    one = generated("def f():\n    return 1\n", {}, "f")
    two = generated("def f():\n    return 2\n", {}, "f")
    again = generated("def f():\n    return 1\n", {}, "f")
    assert (one(), two(), again()) == (1, 2, 1)
    assert len(list(tmp_path.iterdir())) == 2
    assert one.__code__.co_filename == again.__code__.co_filename
