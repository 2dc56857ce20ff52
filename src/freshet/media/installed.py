"""Whether files can be looked at here: the decoders are packages of their own."""

from __future__ import annotations

import importlib.util

from freshet.domain.errors import Unavailable


def must_be_installed() -> None:
    """
    Raises:
        Unavailable: they are not installed.
    """
    if importlib.util.find_spec("av") is None:
        raise Unavailable("files cannot be looked at here: pip install freshet[media]")
