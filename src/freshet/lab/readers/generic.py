"""Any table of events read with a mapping file, and our own events as JSON lines.

    lines of the file ─▶ plain cells ─▶ mapping ─▶ events ─▶ in time order
    JSON lines of ours ───────────────────────────▶

Every line becomes events or a refusal that names file, line and field (with their column).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from freshet.catalogue.tags import as_counted
from freshet.domain.events import EVENTS, AnyEvent, Event
from freshet.domain.ids import uuid7_ms
from freshet.lab.readers.ids import content_id
from freshet.lab.readers.lines import Line, lines_of
from freshet.lab.readers.mapping import SPANS, TRAIT, Mapping, fields_of
from freshet.lab.readers.report import (
    RIGHT_SPAN,
    RIGHT_TIME,
    ReadReport,
    Refusal,
    wrong_span,
    wrong_time,
)
from freshet.lab.readers.sorting import in_time_order
from freshet.lab.readers.unknown import introduced

FACTORS = {"s": 1_000.0, "ms": 1.0, "us": 0.001}
YES, NO = ("1", "true", "yes", "y", "t"), ("", "0", "false", "no", "n", "f", "none", "null", "nan")
LISTS = ("hashtags", "topics", "interests", "watched", "liked", "long_watched")
FLAGS = ("completed", "left", "original_sound", "original", "commercial")

_encode = msgspec.json.Encoder(order="deterministic").encode
_native = msgspec.json.Decoder(AnyEvent)


class Wrong(Exception):
    """A line that cannot be an event: the field, why, and what would be right."""

    def __init__(self, field: str, reason: str, right: str) -> None:
        self.field, self.reason, self.right = field, reason, right
        super().__init__(field)


def native_events(path: Path, *, now_ms: int, report: ReadReport) -> Iterator[Event]:
    """Our own events, one JSON object per line, in time order. `received` is the log's to set."""

    def found() -> Iterator[Event]:
        for line in lines_of(path, None, report):
            report.lines += 1
            try:
                event = _kept(_decoded(line), now_ms, report)
            except Wrong as error:
                _refuse(path, line, error, report)
            else:
                report.kept += 1
                yield event

    return in_time_order(found())


def mapped_events(
    path: Path, mapping: Mapping, *, now_ms: int, report: ReadReport
) -> Iterator[Event]:
    """Events of the CSV, JSONL or Parquet file at `path`, in time order.

    Raises:
        Refused: the file is not what its name says, or lacks a column of the mapping.
    """

    def found() -> Iterator[Event]:
        for line in lines_of(path, mapping.wanted, report):
            report.lines += 1
            try:
                events = [_kept(event, now_ms, report)
                          for event in _mapped(line, mapping, now_ms)]  # fmt: skip
            except Wrong as error:
                _refuse(path, line, _in_their_words(error, mapping), report)
            else:
                report.kept += bool(events)
                yield from events

    ordered = in_time_order(found())
    return introduced(ordered) if mapping.publish_unknown else ordered


def _refuse(path: Path, line: Line, error: Wrong, report: ReadReport) -> None:
    report.refuse(Refusal(path.name, line.number, error.field, error.reason, error.right))


def _in_their_words(error: Wrong, mapping: Mapping) -> Wrong:
    column = mapping.columns.get(error.field, error.field)
    field = error.field if column == error.field else f"{column} ({error.field})"
    return Wrong(field, error.reason, error.right)


# --- one line -------------------------------------------------------------------------------


def _decoded(line: Line) -> Event:
    try:
        event: Event = _native.decode(line.text)
    except msgspec.ValidationError as error:
        raise wrong_fit(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Wrong("", f"is not JSON: {error}", "one event as a JSON object") from None
    try:
        uuid7_ms(event.event_id)
    except ValueError as error:
        raise Wrong("event_id", str(error), "a UUIDv7") from None
    return msgspec.structs.replace(event, received=0)


def _kept(event: Event, now_ms: int, report: ReadReport) -> Event:
    """`event` if it can have happened, its hashtags as they are counted."""
    if reason := wrong_time(event.time, now_ms):
        raise Wrong("time", reason, RIGHT_TIME)
    for name in SPANS:
        span = getattr(event, name, 0)
        if reason := wrong_span(span, "watch time" if name == "watched_ms" else "duration"):
            raise Wrong(name, reason, RIGHT_SPAN)
    if hasattr(event, "watched_ms") and not getattr(event, "duration_ms", 0):
        report.unknown_duration += 1
    return as_counted(event)


def _mapped(line: Line, mapping: Mapping, now_ms: int) -> list[Event]:
    """The events of one line: its own, and one for each column of `also` that says yes."""
    kind = mapping.type or _kind(line, mapping)
    if not kind:
        return []
    cells: dict[str, Any] = dict(mapping.constant or {})
    for ours, theirs in mapping.columns.items():
        value = line.cells.get(theirs)
        if value is not None and value != "":
            cells[ours] = value
    if "time" not in cells:
        raise Wrong("time", "is missing", RIGHT_TIME)
    cells["time"] = _time(cells["time"], "time", mapping.unit("time"))
    if reason := wrong_time(cells["time"], now_ms):
        raise Wrong("time", reason, RIGHT_TIME)
    more = [name for name, column in (mapping.also or {}).items()
            if _flag(line.cells.get(column), column)]  # fmt: skip
    return [_event(name, cells, mapping) for name in (*more, kind)]


def _kind(line: Line, mapping: Mapping) -> str:
    word = str(line.cells.get(mapping.type_column) or "")
    if mapping.type_values is None:
        if word not in EVENTS:
            raise Wrong(mapping.type_column, f"{word!r} is no type of event",
                        "one of " + ", ".join(EVENTS))  # fmt: skip
        return word
    if word not in mapping.type_values:
        raise Wrong(mapping.type_column, f"{word!r} is not in type.values",
                    "one of " + ", ".join(mapping.type_values))  # fmt: skip
    return mapping.type_values[word]


def _event(name: str, cells: dict[str, Any], mapping: Mapping) -> Event:
    kind = EVENTS[name]
    plain: dict[str, Any] = {
        field: _cell(field, cells[field], mapping) for field in fields_of(kind) if field in cells
    }
    traits = {name: str(cell) for name, cell in cells.items() if name.startswith(TRAIT)}
    if traits and "traits" in kind.__struct_fields__:
        plain["traits"] = {name.removeprefix(TRAIT): text for name, text in traits.items()}
    if name == "video_published":
        plain.setdefault("created", plain["time"])
        plain.setdefault("creator", f"of-{plain.get('video', '')}")
    own_id = plain.pop("event_id", "")
    plain["event_id"] = _event_id(str(own_id), name, plain)
    try:
        return msgspec.convert(plain, kind, strict=False)
    except msgspec.ValidationError as error:
        raise wrong_fit(error) from None


def _event_id(own: str, name: str, plain: dict[str, Any]) -> str:
    """Theirs if it is a UUIDv7; else one made from theirs, or from what the line says."""
    try:
        uuid7_ms(own)
    except ValueError:
        content = own.encode() if own else _encode(plain)
        return content_id(plain["time"], name.encode(), content)
    return own


def _cell(field: str, value: Any, mapping: Mapping) -> Any:
    if field == "time":  # read already
        return value
    if field == "created":
        return _time(value, field, mapping.unit(field))
    if field in SPANS:
        return _number(value, field, FACTORS[mapping.unit(field)])
    if field in LISTS and isinstance(value, str):
        cut = (part.strip() for part in value.split(mapping.list_separator))
        return [part for part in cut if part]
    if field in LISTS and isinstance(value, list | tuple):
        return [str(part) for part in value if part is not None]
    if field in FLAGS:
        return _flag(value, field)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _time(value: Any, field: str, unit: str) -> int:
    if isinstance(value, datetime):
        return _epoch_ms(value)
    if unit != "iso":
        return _number(value, field, FACTORS[unit])
    try:
        return _epoch_ms(datetime.fromisoformat(str(value)))
    except ValueError:
        raise Wrong(field, f"{value!r} is no ISO time", "such as 2022-04-25T00:05:41Z") from None


def _epoch_ms(when: datetime) -> int:
    """Times without a zone are UTC."""
    return round((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() * 1000)


def _number(value: Any, field: str, factor: float) -> int:
    try:
        if factor == 1.0 and isinstance(value, str | int):
            return int(value)  # exact; a float loses digits beyond 2^53
        return round(float(value) * factor)
    except (TypeError, ValueError, OverflowError):
        raise Wrong(field, f"{value!r} is not a number", "a number") from None


def _flag(value: Any, field: str) -> bool:
    word = str(value if value is not None else "").strip().lower().removesuffix(".0")
    if word in YES:
        return True
    if word in NO:
        return False
    raise Wrong(field, f"{value!r} is no yes or no", "1 or 0, true or false, yes or no")


def wrong_fit(error: msgspec.ValidationError) -> Wrong:
    """msgspec says "Expected `int`, got `str` - at `$.watched_ms`"."""
    says, _, path = str(error).partition(" - at `$")
    field = path.strip("`.").replace("[...]", "")
    if "required field" in says:
        return Wrong(says.split("`")[1], "is missing", "a value")
    if "unknown field" in says:
        return Wrong(says.split("`")[1], "is unknown", "a known field")
    return Wrong(field, says, "a value of the field's type")
