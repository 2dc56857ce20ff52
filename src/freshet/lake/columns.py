"""Events as Arrow tables and back: one typed column per field, nothing lost.

    offset, time, received, event_id, then the fields of the event as `domain/events.py`
    declares them; served items are a list of structs, traits a map

Times that are instants are timestamps; numbers with a unit in their name stay numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec
import pyarrow as pa

from freshet.domain.events import EVENTS, SCHEMA, AnyEvent, Event, Served
from freshet.domain.upcast import UPCASTERS, Plain
from freshet.log.ports import Offset

INSTANT = pa.timestamp("ms", tz="UTC")
INSTANTS = frozenset({"time", "received", "created"})
FIRST = ("time", "received", "event_id")
PLAIN = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_(),
         bytes: pa.binary()}  # fmt: skip
VERSION = b"freshet.schema"  # key in a file's metadata: the version of the event table


@cache
def schema_of(name: str) -> pa.Schema:
    """The columns of one event's files."""
    hints = get_type_hints(EVENTS[name])
    hints.pop("__struct_config__", None)
    fields = [pa.field("offset", pa.int64(), nullable=False)]
    for field in sorted(EVENTS[name].__struct_fields__, key=_early):
        kind = INSTANT if field in INSTANTS else _arrow(hints[field])
        fields.append(pa.field(field, kind, nullable=False))
    return pa.schema(fields, metadata={VERSION: str(SCHEMA)})


def _early(field: str) -> int:
    return FIRST.index(field) if field in FIRST else len(FIRST)


def _arrow(hint: Any) -> pa.DataType:
    origin, inside = get_origin(hint), get_args(hint)
    if origin is Literal:
        return pa.string()
    if origin is tuple:
        return pa.list_(_arrow(inside[0]))
    if origin is dict:
        return pa.map_(_arrow(inside[0]), _arrow(inside[1]))
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return pa.struct([(name, _arrow(h)) for name, h in get_type_hints(hint).items()])
    return PLAIN[hint]


# --- there ----------------------------------------------------------------------------------


def table_of(name: str, offsets: Sequence[Offset], events: Sequence[Event]) -> pa.Table:
    """Events of one kind as a table, one row each."""
    schema = schema_of(name)
    columns = [pa.array(offsets, pa.int64())]
    for field in schema.names[1:]:
        kind = schema.field(field).type
        told = _teller(kind)
        columns.append(_array([told(getattr(event, field)) for event in events], kind))
    return pa.Table.from_arrays(columns, schema=schema)


def _array(values: list[Any], kind: pa.DataType) -> pa.Array:
    try:
        return pa.array(values, kind)
    except (OverflowError, pa.ArrowInvalid):
        # A client's number beyond 64 bits: no fold counts that far either.
        return pa.array([min(max(value, -(2**63)), 2**63 - 1) for value in values], kind)


def _teller(kind: pa.DataType) -> Callable[[Any], Any]:
    """What Arrow takes for a value of ours."""
    if pa.types.is_map(kind):
        return lambda value: list(value.items())
    if pa.types.is_list(kind) and pa.types.is_struct(kind.value_type):
        return lambda value: [msgspec.structs.asdict(item) for item in value]
    return lambda value: value


# --- and back -------------------------------------------------------------------------------


def events_of(name: str, table: pa.Table) -> Iterator[tuple[Offset, Event]]:
    """The events of a file's rows with their offsets, in the file's order.

    Files of an older version of the event table are brought up to date.
    """
    version = int((table.schema.metadata or {}).get(VERSION, SCHEMA))
    plain_of = {field.name: _plainer(field.type) for field in table.schema}
    for row in _whole_numbers(table).to_pylist():
        offset = row.pop("offset")
        plain: Plain = {"type": name} | {key: plain_of[key](row[key]) for key in row}
        for step in range(version, SCHEMA):
            plain = UPCASTERS[step](plain)
        yield offset, msgspec.convert(plain, AnyEvent)


def _whole_numbers(table: pa.Table) -> pa.Table:
    """Timestamps as integers again: not every instant in ms is a date that Python has."""
    fields = [
        pa.field(field.name, pa.int64()) if pa.types.is_timestamp(field.type) else field
        for field in table.schema
    ]
    return table.cast(pa.schema(fields))


def _plainer(kind: pa.DataType) -> Callable[[Any], Any]:
    """What MessagePack would hold for a value of Arrow's: a served item is an array."""
    if pa.types.is_map(kind):
        return dict
    if pa.types.is_list(kind) and pa.types.is_struct(kind.value_type):
        return lambda value: [[item[name] for name in Served.__struct_fields__] for item in value]
    return lambda value: value
