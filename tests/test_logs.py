"""Log lines: JSON for machines, words for people, and no variable's value in either."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import pytest
import structlog

from freshet import logs


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def fail() -> None:
    secret = "of nobody's business"
    raise RuntimeError("went wrong at " + str(len(secret)))


def logged(file: io.StringIO) -> str:
    logs.configure(file)
    log = structlog.get_logger("test")
    with structlog.contextvars.bound_contextvars(request_id="r1"):
        log.info("request", ms=1.5, odd=object)
        try:
            fail()
        except RuntimeError as error:
            log.error("failed", exc_info=error)
    return file.getvalue()


def test_for_machines_a_line_is_one_json_object_with_all_that_is_bound() -> None:
    first, second = map(json.loads, logged(io.StringIO()).splitlines())
    assert (first["event"], first["level"], first["request_id"]) == ("request", "info", "r1")
    assert first["ms"] == 1.5
    assert "went wrong at 20" in second["exception"]


@pytest.mark.parametrize("file", [io.StringIO(), Terminal()], ids=["machine", "terminal"])
def test_a_traceback_shows_no_values(file: io.StringIO) -> None:
    shown = logged(file)
    assert "in fail" in shown
    assert "went wrong at 20" in shown
    assert shown.count("of nobody's business") <= shown.count('secret = "of nobody')
