"""The demo's folder, made once and used again.

<data>/demo.json   which world
<data>/world/      its clips
<data>/engine/     log, catalogue and keys of the server
<data>/*.log       what the processes beside it said
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from freshet.domain.errors import Corrupt, Refused

FILE = "demo.json"


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the world of a demo is made from."""

    creators: int
    clips: int
    seed: int


def settle(data: Path, asked: Place) -> Place:
    """What the folder holds already, else what is asked for, which it holds from now on.

    Raises:
        Refused: the folder is in use for something else.
        Corrupt: it cannot be read.
    """
    try:
        return msgspec.json.decode((data / FILE).read_bytes(), type=Place)
    except FileNotFoundError:
        if data.exists() and (not data.is_dir() or any(data.iterdir())):
            right = "an empty or new folder; `freshet serve --data` serves this one"
            raise Refused("data", f"{data} holds something that is no demo", right) from None
    except msgspec.DecodeError as error:
        raise Corrupt(f"{data / FILE} cannot be read: {error}; delete the folder") from error
    data.mkdir(parents=True, exist_ok=True)
    beside = data / f"{FILE}.part"
    beside.write_bytes(msgspec.json.encode(asked))
    os.replace(beside, data / FILE)
    return asked
