"""How log lines look: for people on a terminal, one JSON object a line for machines.

Always to standard error: standard output is for what was asked. A traceback shows where, and
never the values of variables, which may hold keys and people's data.
"""

from __future__ import annotations

import sys
from typing import Any, TextIO

import msgspec
import structlog


def configure(file: TextIO | None = None) -> None:
    """Set up this process's log; before any module is imported that logs."""
    file = file or sys.stderr
    look = _for_people() if file.isatty() else _for_machines()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *look,
        ],
        logger_factory=structlog.WriteLoggerFactory(file),
    )


def _for_people() -> list[Any]:
    plain = structlog.dev.plain_traceback
    return [structlog.dev.ConsoleRenderer(exception_formatter=plain)]


def _for_machines() -> list[Any]:
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(_json)]


def _json(fields: Any, **_: Any) -> str:
    return msgspec.json.encode(fields, enc_hook=repr).decode()
