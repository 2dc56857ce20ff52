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


def test_the_digest_changes_with_any_source_that_can_hold_a_kernel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digests = []
    for text in ("A = 1", "A = 2"):
        for room in compiled.ROOMS:
            folder = tmp_path / room
            folder.mkdir(exist_ok=True)
            (folder / "kernels.py").write_text(text)
            monkeypatch.setattr(compiled, "__file__", str(tmp_path / "state" / "compiled.py"))
            digests.append(digest_of_sources())
    assert len(set(digests)) == len(digests)


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
