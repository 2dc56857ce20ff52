"""A command shown in the README or the guide exists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from freshet import reference

ROOT = Path(__file__).parents[2]
TEXTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def shown(text: str) -> Iterator[str]:
    """Command lines of the console blocks: what follows `$ `.

    >>> list(shown("```console\\n$ make test\\n1 passed\\n```"))
    ['make test']
    """
    for block in re.findall(r"^```console\n(.*?)^```", text, flags=re.M | re.S):
        yield from re.findall(r"^\$ (.*)$", block, flags=re.M)


def missing(line: str, commands: set[str], targets: set[str]) -> str:
    """The part of a command line that does not exist, "" if all does.

    >>> missing("freshet settings --json", {"freshet", "freshet settings"}, set())
    ''
    >>> missing("freshet set", {"freshet", "freshet settings"}, set())
    'freshet set'
    >>> missing("make tea", set(), {"test"})
    'make tea'
    """
    words = line.split("#")[0].split()
    if words[0] == "make":
        wanted = [word for word in words[1:] if "=" not in word]
        return "" if set(wanted) <= targets else line
    if words[0].split("/")[-1] != "freshet":
        return ""
    name = "freshet"
    for word in words[1:]:
        if word.startswith("-") or not any(c.startswith(name + " ") for c in commands):
            break
        name += f" {word}"
    return "" if name in commands else name


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_shown_exists(path: Path) -> None:
    commands = {entry.name for entry in reference.command_entries()}
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), flags=re.M))
    lines = shown(path.read_text(encoding="utf-8"))
    assert [gone for line in lines if (gone := missing(line, commands, targets))] == []
