"""One engine over fakes and one client of its app, for every test of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient

from freshet.engine import OneProcess as Engine
from freshet.http.app import create_app
from tests.feed.making import engine_of


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return engine_of(tmp_path)


@pytest.fixture
def client(engine: Engine) -> Iterator[TestClient[Any]]:
    with TestClient(create_app(engine), raise_server_exceptions=False) as opened:
        yield opened


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient[Any], Engine]]:
    """One app for the tests that leave nothing behind which another would notice."""
    engine = engine_of(tmp_path_factory.mktemp("shared"))
    with TestClient(create_app(engine), raise_server_exceptions=False) as opened:
        yield opened, engine
