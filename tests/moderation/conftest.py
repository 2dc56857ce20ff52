"""One app over fakes for what is refused before anything is folded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from litestar.testing import TestClient

from freshet.http.app import create_app
from freshet.moderation.settings import Moderation
from tests.feed.making import engine_of


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient[Any]]:
    engine: Any = engine_of(tmp_path_factory.mktemp("shared"))
    small = Moderation(upload_bytes=200_000)
    engine.settings = msgspec.structs.replace(engine.settings, moderation=small)
    with TestClient(create_app(engine), raise_server_exceptions=False) as opened:
        yield opened
