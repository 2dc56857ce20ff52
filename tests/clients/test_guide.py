"""The guide to the clients shows what works."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from freshet_client import Refused
from tests.clients.serving import API_KEY, Served
from tests.docs.walking import blocks, session
from tests.journeys.running import finished

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "guide" / "clients.md"
JS = ROOT / "clients" / "js"


def shown(language: str) -> list[tuple[str, str]]:
    found = blocks(GUIDE.read_text(encoding="utf-8"))
    return [(block, f"{GUIDE.name}:{line}") for name, block, line in found if name == language]


def test_its_python_runs(server: Served) -> None:
    made = finished(
        "keys", "create", "an app", "--scope", "ingest", "--scope", "feed",
        "--data", server.folder, "--json",
    )  # fmt: skip
    names: dict[str, Any] = {
        "url": server.url, "key": API_KEY, "made_key": json.loads(made.stdout)["key"],
        "Refused": Refused,
    }  # fmt: skip
    assert shown("python")
    for block, where in shown("python"):
        session(block, names, where)


@pytest.mark.parametrize(("block", "where"), shown("ts"), ids=lambda text: str(text)[-12:])
def test_its_typescript_fits_the_types(block: str, where: str, node: Any, tmp_path: Path) -> None:
    file = tmp_path / "shown.mts"
    file.write_text(block.replace("@freshet/client", str(JS / "src" / "index.js")))
    config = {"extends": str(JS / "tsconfig.json"), "files": [str(file)], "include": []}
    config["compilerOptions"] = {"noEmit": True, "incremental": False, "rootDir": "/", "types": []}
    (tmp_path / "tsconfig.json").write_text(json.dumps(config))
    done = node.run(["node_modules/.bin/tsc", "--project", str(tmp_path)], capture_output=True)
    assert done.returncode == 0, f"{where}\n{done.stdout}"
