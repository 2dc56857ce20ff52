"""A secret of the data folder: drawn once, for its owner only, the same for all processes."""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from freshet.domain.errors import Refused
from freshet.log.files import make_folder, sync_folder

CURSORS = "cursor_secret"  # signs cursors of feeds
SECRET_BYTES = 32


def secret_of(path: Path) -> bytes:
    """The secret in `path`, made on the first call.

    Raises:
        Refused: the file is too short to be one.
    """
    if not path.exists():
        make_folder(path.parent)
        _make(path)
    secret = path.read_bytes()
    if len(secret) < SECRET_BYTES:
        reason = f"holds {len(secret)} bytes"
        raise Refused(str(path), reason, f"{SECRET_BYTES}, or no such file: then one is made")
    return secret


def _make(path: Path) -> None:
    """Whole or not at all: of processes that start together one is first, the others read."""
    made, name = tempfile.mkstemp(prefix=path.name, suffix=".new", dir=path.parent)
    new = Path(name)  # its owner's only, as mkstemp makes files
    with os.fdopen(made, "wb") as file:
        file.write(secrets.token_bytes(SECRET_BYTES))
        file.flush()
        os.fsync(file.fileno())
    with suppress(FileExistsError):
        os.link(new, path)
    new.unlink()
    sync_folder(path.parent)
