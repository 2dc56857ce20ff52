"""A pytest plugin that writes what became of each test to the file `OUTCOMES` names."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

import freshet

_outcomes: dict[str, str] = {}


def pytest_configure() -> None:
    source = Path(os.environ["SOURCE"])
    if not Path(freshet.__file__).is_relative_to(source):
        raise pytest.UsageError(f"tests would run {freshet.__file__}, not the copy in {source}")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call" or report.outcome != "passed":
        broke_outside = report.when != "call" and report.outcome == "failed"
        _outcomes[report.nodeid] = "error" if broke_outside else report.outcome


def pytest_sessionfinish() -> None:
    Path(os.environ["OUTCOMES"]).write_text(json.dumps(_outcomes))
