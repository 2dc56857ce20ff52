"""The command line answers with data on one stream, words on the other, and a code."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import typer

from freshet import __version__, cli
from freshet.domain.errors import Corrupt, NotFound, Overloaded, Refused, TooLate, Unavailable


def freshet(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    plain = {key: value for key, value in os.environ.items() if not key.startswith("FRESHET_")}
    plain["PYTHONPATH"] = str(Path(cli.__file__).parents[1])  # may be given relative to elsewhere
    return subprocess.run(
        [sys.executable, "-m", "freshet", *words],
        cwd=folder, env=plain | variables, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_it_says_its_version(tmp_path: Path) -> None:
    assert freshet(tmp_path, "--version").stdout == f"freshet {__version__}\n"


def test_settings_in_force_are_printed_as_json(tmp_path: Path) -> None:
    told = freshet(tmp_path, "settings", "--json", FRESHET_HTTP_PORT="9000")
    assert json.loads(told.stdout)["http.port"] == 9000


def test_a_refusal_is_told_in_words_with_code_2(tmp_path: Path) -> None:
    told = freshet(tmp_path, "settings", FRESHET_PORT="9000")
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr.startswith("refused: FRESHET_PORT: no such setting\n  right would be: ")


def test_a_refusal_is_told_as_json_to_a_program(tmp_path: Path) -> None:
    told = freshet(tmp_path, "settings", "--json", FRESHET_PORT="9000")
    assert json.loads(told.stderr)["field"] == "FRESHET_PORT"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Refused("n", "is negative"), 2),
        (NotFound("viewer", "unknown"), 2),
        (TooLate("time", "too old"), 2),
        (Overloaded("the queue", 0.5), 75),
        (Corrupt("a block"), 70),
    ],
)
def test_each_kind_of_error_has_its_exit_code(error: cli.FreshetError, code: int) -> None:
    assert cli.exit_code(error) == code


def test_a_mounted_command_is_imported_when_called_and_keeps_its_own_options(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tea = typer.Typer()

    @tea.command()
    def brew(cups: int = 1) -> None:
        """Brew tea."""

    module = ModuleType("kitchen")
    vars(module).update(app=tea)
    monkeypatch.setitem(sys.modules, "kitchen", module)
    monkeypatch.setitem(cli.COMMANDS, "tea", ("kitchen:app", "Tea."))
    root: Any = typer.main.get_command(cli.app)
    command = root.get_command(None, "tea")
    assert "tea" in root.list_commands(None)
    assert (command.name, command.help) == ("tea", "Brew tea.")
    assert [param.name for param in command.params] == ["cups"]


def test_every_mounted_command_is_a_typer_application() -> None:
    for target, _ in cli.COMMANDS.values():
        module, _, attribute = target.partition(":")
        assert isinstance(getattr(import_module(module), attribute), typer.Typer)


def test_the_list_of_commands_needs_none_of_their_modules() -> None:
    code = "import sys; from freshet import cli; cli.app(['--help'], standalone_mode=False); "
    code += "sys.exit('numba' in sys.modules or 'litestar' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    assert all(name in told.stdout for name in cli.COMMANDS)


def test_a_command_misspelt_is_refused_and_the_one_meant_is_named(tmp_path: Path) -> None:
    told = freshet(tmp_path, "bakup", "--json")
    assert told.returncode == 2
    assert json.loads(told.stderr)["right"] == "backup"


def test_what_the_system_says_of_a_file_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no such file or directory"), cli.told_as_ours():
        (tmp_path / "nowhere" / "file").touch()
    with pytest.raises(Unavailable, match="No space left"), cli.told_as_ours():
        raise OSError(errno.ENOSPC, "No space left on device", "data")
    with pytest.raises(OSError, match="Illegal seek"), cli.told_as_ours():
        raise OSError(errno.ESPIPE, "Illegal seek")
