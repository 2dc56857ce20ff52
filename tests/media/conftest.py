"""Films that several tests look at, made once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from freshet.media.fingerprint import Fingerprint, fingerprint
from tests.media.films import Film


@pytest.fixture(scope="session")
def file_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Film], Path]:
    folder = tmp_path_factory.mktemp("films")

    @cache
    def written(film: Film) -> Path:
        return film.write(folder / f"{abs(hash(film))}.mp4")

    return written


@pytest.fixture(scope="session")
def known_by(file_of: Callable[[Film], Path]) -> Callable[[Film], Fingerprint]:
    return cache(lambda film: fingerprint(file_of(film)))
