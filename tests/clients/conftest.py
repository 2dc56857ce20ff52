"""One server for all tests of the clients."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import uuid4

import pytest

from freshet_client import Client
from tests.clients.serving import ADMIN_KEY, API_KEY, Served, supply, without_proxies

JS = Path(__file__).parents[2] / "clients" / "js"
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


def loaded(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[file.stem] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def node() -> Any:
    """Node, with the client's types made from the API as it is now."""
    found = loaded(JS / "with_node.py").found()
    assert found is not None, "there is no Node: `make setup` installs one"
    assert (JS / "node_modules").is_dir(), "its packages are not installed: `make test` does that"
    script = json.loads((JS / "package.json").read_text())["scripts"]["prebuild"]
    types, made = JS / "src" / "schema.ts", JS / "src" / f".schema-{uuid4().hex}.ts"
    words = [word.replace("src/schema.ts", str(made)) for word in script.split()[1:]]
    done = found.run(["node_modules/.bin/openapi-typescript", *words], capture_output=True)
    assert done.returncode == 0, done.stderr
    made.replace(types)  # whole at any moment: other processes may be compiling with it
    return found
