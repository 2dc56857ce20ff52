"""The lock pins every package by hash, and names no place to fetch it from."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
OF_NODE = [ROOT / "clients/js/package-lock.json", ROOT / "web/package-lock.json"]


def pinned(lock: Path) -> dict[str, str]:
    lines = re.findall(r"^([\w.-]+)==([^\s;]+)", lock.read_text(), flags=re.M)
    return {name.lower(): version for name, version in lines}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_a_lock_names_no_address_path_or_index(lock: Path) -> None:
    text = re.sub(r"^ +--hash=sha256:[0-9a-f]{64}( \\)?$", "", lock.read_text(), flags=re.M)
    assert re.findall(r"://|^-|--|@|/", re.sub(r"#.*", "", text), flags=re.M) == []
    assert "://" not in text


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_every_pin_has_a_hash(lock: Path) -> None:
    entries = re.split(r"^(?=\w)", lock.read_text(), flags=re.M)[1:]
    assert entries
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_what_is_installed_to_run_is_what_is_tested() -> None:
    run, everything = (pinned(ROOT / "requirements" / f"{name}.txt") for name in ("run", "all"))
    assert run.items() <= everything.items()


def test_every_declared_dependency_is_pinned_and_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    declared = {re.split(r"[\s;<>=\[]", line)[0] for group in groups for line in group}
    reasons = (ROOT / "docs" / "decisions" / "dependencies.md").read_text()
    assert declared <= pinned(ROOT / "requirements" / "all.txt").keys()
    assert declared == set(re.findall(r"^\| `([\w.-]+)` \|", reasons, flags=re.M))


@pytest.mark.parametrize("lock", OF_NODE, ids=lambda lock: lock.parent.name)
def test_a_lock_of_node_has_names_versions_and_hashes_and_no_address(lock: Path) -> None:
    """npm writes each package's `funding` down, too: leave that out."""
    text = lock.read_text()
    assert re.findall(r"\w+://[^\"]*", text) == []
    fetched = {
        name: one
        for name, one in json.loads(text)["packages"].items()
        if name.startswith("node_modules/") and not one.get("link")
    }
    assert fetched
    assert [name for name, one in fetched.items() if "integrity" not in one] == []
