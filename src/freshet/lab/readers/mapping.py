"""The mapping file: which column of somebody's file is which field of our events.

    type = "watch"                 # one type for every line, or a table:
    [type]
    column = "action"
    values = { play = "watch", heart = "like", ad = "" }     # "" leaves the line out

    [columns]                      # our field = their column
    viewer = "uid"
    video = "vid"
    time = "ts"
    watched_ms = "seconds"
    "traits.age" = "age_group"

    [units]                        # ms if not said
    time = "s"                     # s, ms, us, iso
    watched_ms = "s"               # s, ms

    [constant]                     # the same for every line
    surface = "for_you"

    [also]                         # one more event where this column says yes
    like = "liked"

    [options]
    list_separator = ","           # of hashtags, topics … in one cell
    publish_unknown = false        # introduce a video or person before its first use

A word that is not one of these is refused with the ones that are.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast, get_args

import msgspec

from freshet.domain.errors import Refused
from freshet.domain.events import EVENTS, Event

TimeUnit = Literal["s", "ms", "us", "iso"]
SpanUnit = Literal["s", "ms"]
SECTIONS = ("type", "columns", "units", "constant", "also", "options")
SPANS = ("watched_ms", "duration_ms")
NOT_MAPPED = ("received", "items", "features")  # the log's own, and what no cell can hold
TRAIT = "traits."


@dataclass(frozen=True, slots=True)
class Mapping:
    """A mapping file that was found sound."""

    columns: dict[str, str]  # our field -> their column
    type: str = ""  # for every line; "" = by `type_column`
    type_column: str = ""
    type_values: dict[str, str] | None = None  # None = their words are ours
    units: dict[str, str] | None = None
    constant: dict[str, Any] | None = None
    also: dict[str, str] | None = None  # type of event -> their column
    list_separator: str = ","
    publish_unknown: bool = False

    def unit(self, field: str) -> str:
        return (self.units or {}).get(field, "ms")

    @property
    def wanted(self) -> tuple[str, ...]:
        """Every column of theirs that is read."""
        own = [self.type_column] if self.type_column else []
        return tuple(dict.fromkeys([*own, *self.columns.values(), *(self.also or {}).values()]))


def fields_of(kind: type[Event]) -> tuple[str, ...]:
    return tuple(name for name in kind.__struct_fields__ if name not in NOT_MAPPED)


FIELDS = tuple(dict.fromkeys(name for kind in EVENTS.values() for name in fields_of(kind)))


def read_mapping(path: Path) -> Mapping:
    """The mapping at `path`.

    Raises:
        Refused: not there, not TOML, or with a word that is not ours; names it and the right ones.
    """
    try:
        plain = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise Refused(path.name, f"cannot be read: {error.strerror}", "a mapping file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Refused(path.name, f"is not TOML: {error}", "TOML in UTF-8") from None
    try:
        return parse_mapping(plain)
    except Refused as error:
        raise Refused(f"{path.name}: {error.field}", error.reason, error.right) from None


def parse_mapping(plain: dict[str, Any]) -> Mapping:
    """The mapping that the TOML tables `plain` say."""
    _known("", plain, SECTIONS)
    columns = _texts("columns", plain.get("columns", {}))
    _known("columns", [name for name in columns if not name.startswith(TRAIT)], FIELDS)
    for needed in ("time",):
        if needed not in columns:
            raise Refused(f"columns.{needed}", "is missing", "the column that holds it")
    kind, column, values = _type(plain.get("type"))
    also = _texts("also", plain.get("also", {}))
    _known("also", also, tuple(EVENTS))
    constant = dict(plain.get("constant", {}))
    _known("constant", constant, FIELDS)
    for twice in constant.keys() & columns.keys():
        raise Refused(f"constant.{twice}", "is also a column", "one of the two")
    options = plain.get("options", {})
    _known("options", options, ("list_separator", "publish_unknown"))
    mapping = Mapping(
        columns, kind, column, values, _units(plain.get("units", {})), constant, also,
        **_options(options),
    )  # fmt: skip
    _complete(mapping)
    return mapping


def _type(given: Any) -> tuple[str, str, dict[str, str] | None]:
    if isinstance(given, str):
        _known("type", [given], tuple(EVENTS))
        return given, "", None
    if not isinstance(given, dict) or not isinstance(given.get("column"), str):
        raise Refused("type", "says neither a type nor a column",
                      'type = "watch", or [type] with column = "…"')  # fmt: skip
    _known("type", given, ("column", "values"))
    if "values" not in given:
        return "", given["column"], None
    values = _texts("type.values", given["values"])
    for word, ours in values.items():
        if ours:
            _known(f"type.values.{word}", [ours], tuple(EVENTS))
    return "", given["column"], values


def _units(given: Any) -> dict[str, str]:
    units = _texts("units", given)
    times = ("time", "created")
    _known("units", units, (*times, *SPANS))
    for field, unit in units.items():
        right = get_args(TimeUnit if field in times else SpanUnit)
        _known(f"units.{field}", [unit], right)
    return units


def _options(given: dict[str, Any]) -> dict[str, Any]:
    for name, kind in (("list_separator", str), ("publish_unknown", bool)):
        if name in given and not isinstance(given[name], kind):
            raise Refused(f"options.{name}", f"is {given[name]!r}", f"a {kind.__name__}")
    return given


def _texts(section: str, given: Any) -> dict[str, str]:
    if not isinstance(given, dict):
        raise Refused(section, f"is {given!r}", f"a table [{section}]")
    flat: dict[str, str] = {}
    for name, value in given.items():
        if name == "traits" and isinstance(value, dict):  # TOML reads traits.age as a table
            flat |= _texts(section, {f"{TRAIT}{trait}": text for trait, text in value.items()})
        elif isinstance(value, str):
            flat[name] = value
        else:
            raise Refused(f"{section}.{name}", f"is {value!r}", "text in quotes")
    return flat


def _known(section: str, given: Any, right: tuple[str, ...]) -> None:
    for name in given:
        if name not in right:
            where = f"{section}.{name}" if section and name != section else name
            raise Refused(where, "is unknown", "one of " + ", ".join(sorted(right)))


def _complete(mapping: Mapping) -> None:
    """Refuse a mapping under which no line of one of its types could ever be whole."""
    types = {mapping.type} if mapping.type else set((mapping.type_values or {}).values()) - {""}
    have = {"event_id", "created", *mapping.columns, *(mapping.constant or {})}
    for name in sorted(types | set(mapping.also or {})):
        for field in msgspec.structs.fields(cast(Any, EVENTS[name])):
            if field.required and field.name not in have and field.name not in ("creator",):
                raise Refused(f"columns.{field.name}", f"is missing, {name} needs it",
                              "the column that holds it, or a constant")  # fmt: skip
