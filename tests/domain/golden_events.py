"""One example of every event with every field set, and the golden file made from them.

    python -m tests.domain.golden_events

writes `golden/v<SCHEMA>.msgpack` anew. Do that only for a version that was never released:
released files are how we know that old logs can still be read.
"""

from __future__ import annotations

import types
import typing
from pathlib import Path
from typing import Any

import msgspec

from freshet.domain.events import EVENTS, SCHEMA, Event
from freshet.domain.upcast import encode_batch

GOLDEN = Path(__file__).parent / "golden"


def examples() -> list[Event]:
    """Every event, each field set to something other than its default."""
    return [
        kind(
            **{name: _value(hint, f"{tag}.{name}", n) for name, hint in _fields(kind).items()}
            | dict.fromkeys(_true_by_default(kind), False)
        )
        for n, (tag, kind) in enumerate(EVENTS.items(), 1)
    ]


def _true_by_default(kind: type[msgspec.Struct]) -> list[str]:
    return [field.name for field in msgspec.structs.fields(kind) if field.default is True]


def _fields(kind: type[msgspec.Struct]) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    return {field.name: hints[field.name] for field in msgspec.structs.fields(kind)}


def _value(hint: Any, path: str, n: int) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if path.endswith(".event_id"):
        return f"01805c1b-673c-7000-8000-{n:012x}"
    if origin is typing.Literal:
        return arguments[-1]  # the first is often the default
    if origin in (typing.Union, types.UnionType):
        return _value(next(a for a in arguments if a is not type(None)), path, n)
    if origin is tuple:
        return tuple(_value(arguments[0], f"{path}.{i}", n + i) for i in range(2))
    if origin is dict:
        return {f"{path}.key": _value(arguments[1], f"{path}.value", n)}
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return hint(**{k: _value(h, f"{path}.{k}", n) for k, h in _fields(hint).items()})
    plain = {str: path, bytes: path.encode(), bool: True, float: n + 0.25, int: 1_000 + n}
    return plain[hint]


def main() -> None:
    GOLDEN.mkdir(exist_ok=True)
    (GOLDEN / f"v{SCHEMA}.msgpack").write_bytes(encode_batch(examples()))


if __name__ == "__main__":
    main()
