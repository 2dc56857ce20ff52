"""What all tests share: few rounds or many, kernels compiled once, nothing left out unnoticed.

Where `CI` is set, a skipped test fails the run: a check that silently does not run is
worse than none.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path
from typing import Protocol

import hypothesis
import pytest

ROOT = Path(__file__).parent.parent
SKIPPED = pytest.StashKey[list[str]]()
LINES = 25  # that are shown of what a failed test printed


# Kernels are kept between runs; by what they were made of, see state/compiled.py.
os.environ.setdefault("NUMBA_CACHE_DIR", str(ROOT / ".cache" / "numba"))


# No deadline: how fast a shared machine is says nothing about the code.
hypothesis.settings.register_profile("few", deadline=None, derandomize=bool(os.environ.get("CI")))
hypothesis.settings.register_profile("many", deadline=None, max_examples=5_000)


class Rounds(Protocol):
    def __call__(self, few: int, many: int) -> int: ...


@pytest.fixture
def rounds(request: pytest.FixtureRequest) -> Rounds:
    """`rounds(few=3, many=50)`: how often to try; many in `make bench` (`--thorough`)."""
    thorough = request.config.getoption("--thorough")
    return lambda few, many: many if thorough else few


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--thorough", action="store_true", help="Many rounds instead of few.")


def pytest_configure(config: pytest.Config) -> None:
    hypothesis.settings.load_profile("many" if config.getoption("--thorough") else "few")
    config.stash[SKIPPED] = []
    config.pluginmanager.register(Skips(config.stash[SKIPPED]))


class Skips:
    """Notes every test or file that was skipped."""

    def __init__(self, names: list[str]) -> None:
        self.names = names

    @pytest.hookimpl(tryfirst=True)
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:
            self.names.append(report.nodeid)
            if os.environ.get("PYTEST_XDIST_WORKER") and os.environ.get("CI"):
                report.outcome = "failed"  # all that one of several processes tells the first

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped and not hasattr(report, "wasxfail"):
            self.names.append(report.nodeid)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Of what a failed test printed the end: a server's log would bury the reason."""
    report = yield
    report.sections = [
        (name, "\n".join(said.splitlines()[-LINES:])) for name, said in report.sections
    ]
    return report


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    # With nothing but skipped files pytest would end as "no tests collected".
    passed = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
    if os.environ.get("CI") and session.config.stash[SKIPPED] and passed:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if os.environ.get("CI") and (names := config.stash[SKIPPED]):
        terminalreporter.section("skipped, which fails this run", red=True)
        for name in names:
            terminalreporter.line(name)
