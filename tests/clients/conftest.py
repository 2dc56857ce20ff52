"""One server for all tests of the clients."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from freshet_client import Client
from tests.clients.serving import ADMIN_KEY, API_KEY, Served, supply, without_proxies

PATIENCE_S = 120  # a busy machine is no reason to say a thing twice


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    without_proxies()
    with Served(tmp_path_factory.mktemp("clients") / "data") as served:
        with Client(served.url, ADMIN_KEY) as admin:
            taken = admin.tell(*supply())
            assert not taken.errors
        yield served


@pytest.fixture
def client(server: Served) -> Iterator[Client]:
    with Client(server.url, API_KEY, timeout_s=PATIENCE_S) as client:
        yield client


@pytest.fixture
def admin(server: Served) -> Iterator[Client]:
    with Client(server.url, ADMIN_KEY, timeout_s=PATIENCE_S) as client:
        yield client
