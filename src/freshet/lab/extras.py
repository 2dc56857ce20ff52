"""Libraries that only this layer needs, imported when asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from freshet.domain.errors import Refused


def extra(name: str, module: str, asked_by: str) -> Any:
    """A module of the optional extra `name`; `asked_by` is the option that needs it.

    Raises:
        Refused: it is not installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        reason = f"needs {module}, which does not import ({error})"
        raise Refused(asked_by, reason, f"pip install freshet[{name}]") from None
