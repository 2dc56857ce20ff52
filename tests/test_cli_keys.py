"""`freshet keys`: made and shown once, listed without secrets, revoked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from freshet import cli_keys
from freshet.domain.errors import NotFound, Refused


def run(folder: Path, *args: str) -> Any:
    return CliRunner().invoke(cli_keys.app, [*args, "--data", str(folder)])


def told(folder: Path, *args: str) -> Any:
    done = run(folder, *args, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_a_key_is_made_listed_and_revoked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    made = told(tmp_path, "create", "our app", "--scope", "feed", "--scope", "ingest")
    assert made["key"].startswith(f"fk_{made['id']}_")
    assert made["scopes"] == ["ingest", "feed"]
    listed = run(tmp_path, "list").stdout
    assert "our app" in listed
    assert made["key"] not in listed
    assert made["signing_secret"] not in run(tmp_path, "list", "--json").stdout
    assert told(tmp_path, "revoke", made["id"])["state"] == "revoked"
    assert [key["state"] for key in told(tmp_path, "list")["keys"]] == ["revoked"]


def test_only_the_key_and_its_signing_secret_go_to_standard_output(tmp_path: Path) -> None:
    done = run(tmp_path, "create", "app", "--scope", "admin", "--expires-days", "7")
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["key", "signing"]
    (key,) = told(tmp_path, "list")["keys"]
    assert key["expires"] - key["created"] == pytest.approx(7 * 86_400_000, abs=60_000)


def test_what_cannot_be_is_refused(tmp_path: Path) -> None:
    assert isinstance(run(tmp_path, "create", "app", "--scope", "write").exception, Refused)
    assert isinstance(run(tmp_path, "revoke", "none").exception, NotFound)
    assert isinstance(run(tmp_path / "none", "list").exception, Refused)
