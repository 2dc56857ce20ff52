"""Unknown fields of what viewers did: dropped and counted, so that an older server loses no
act of a newer app. Everywhere else an unknown field is refused: there it is a mistake."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec

from freshet.domain.events import EVENTS, VIEWER_EVENTS

NAMES_MAX = 50  # different names told of one batch
NAME_MAX = 60  # characters of a name told

_KNOWN = {name: {"type", *EVENTS[name].__struct_fields__} for name in VIEWER_EVENTS}


class Dropped:
    """What was dropped of one batch: by field for the caller, by type of event for metrics."""

    def __init__(self) -> None:
        self.fields: Counter[str] = Counter()
        self.types: Counter[str] = Counter()

    def add(self, kind: str, names: set[str]) -> None:
        self.types[kind] += len(names)
        for name in sorted(names):
            shown = name[:NAME_MAX]
            if shown in self.fields or len(self.fields) < NAMES_MAX:
                self.fields[shown] += 1


def mended(raw: bytes | msgspec.Raw, viewer: str) -> tuple[bytes, str, set[str]] | None:
    """A record that did not fit, with what may be put right about it put right: unknown fields
    dropped, and the viewer of the caller's token filled in. With its type and what was dropped.

    None: there is nothing of the kind, so what is wrong with it stands.
    """
    try:
        record: Any = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return None
    kind = record.get("type") if isinstance(record, dict) else None
    if not isinstance(kind, str) or kind not in _KNOWN:
        return None
    unknown = record.keys() - _KNOWN[kind]
    lacks = bool(viewer) and "viewer" not in record
    if not unknown and not lacks:
        return None
    kept = {name: value for name, value in record.items() if name not in unknown}
    if lacks:
        kept["viewer"] = viewer
    return msgspec.json.encode(kept), kind, unknown
