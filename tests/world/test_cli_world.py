"""`freshet world` says what it made, and refuses what cannot be."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from freshet.domain.errors import NotFound, Refused
from freshet.world import cli_world
from freshet.world.manifest import read_world


def run(*arguments: object) -> Any:
    done = CliRunner().invoke(cli_world.app, [str(word) for word in arguments])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def test_a_world_made_is_summed_up_in_a_line(tmp_path: Path) -> None:
    out = tmp_path / "world"
    told = run("make", "--clips", 1, "--creators", 2, "--seed", 3, "--jobs", 1, "--out", out)
    assert told.stdout.startswith(f"1 clips by 2 people in {out}, ")
    assert len(read_world(out).clips) == 1


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (("make", "--clips", 0), "clips"),
        (("make", "--creators", 3000), "creators"),
        (("make", "--seed", -1), "seed"),
        (("make", "--jobs", -1), "jobs"),
        (("live", "--url", "http://here", "--key", "k", "--rate", 0), "rate"),
        (("live", "--url", "http://here", "--key", "k", "--viewers", -1), "viewers"),
        (("live", "--url", "http://here"), "key"),
        (("live", "--url", "http://here", "--key-file", "nowhere"), "key-file"),
        (("live", "--url", "here", "--key", "k"), "url"),
    ],
)
def test_a_wrong_call_is_refused_with_what_would_be_right(
    arguments: tuple[object, ...], field: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Refused) as refused:
        run(*arguments)
    assert refused.value.field == field
    assert refused.value.right


def test_life_needs_a_world(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no world"):
        run("live", "--url", "http://here", "--key", "k", "--world", tmp_path)


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *more: Any) -> Any:
        if name == "av":
            raise ImportError("No module named 'av'", name="av")
        return real(name, *more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(Refused, match=r"needs av.*freshet\[world\]"):
        cli_world.needs_extra()
