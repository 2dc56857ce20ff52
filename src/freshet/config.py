"""Every setting, with its meaning and default.

A setting comes from the first of these that names it:

    environment   FRESHET_LOG_QUEUE_LIMIT=1000     JSON, except for text
    file          [log] queue_limit = 1000         `freshet.toml`, or what FRESHET_CONFIG names
    default       below

Tables such as `feed.weights` are laid over their defaults entry by entry, so changing one
weight takes one line. A name that is not here is refused: a misspelt setting that silently
does nothing is found too late.
"""

from __future__ import annotations

import difflib
import math
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import msgspec
from msgspec import Meta

from freshet.domain.errors import NotFound, Refused
from freshet.domain.events import Surface

PREFIX = "FRESHET_"
FILE_VARIABLE = "FRESHET_CONFIG"
DEFAULT_FILE = Path("freshet.toml")

# A weight multiplies a predicted probability, not a count: reports are far rarer than
# likes, so their weight is far larger.
FOR_YOU_WEIGHTS = {
    "p_long_view": 1.0,
    "p_finish": 0.5,
    "p_rewatch": 0.5,
    "p_like": 1.0,
    "p_comment": 2.0,
    "p_share": 3.0,
    "p_favorite": 2.0,
    "p_follow": 3.0,
    "p_not_interested": -5.0,
    "p_report": -50.0,
}


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file."""


class Http(Section, frozen=True):
    """Where the API listens."""

    host: Annotated[str, Meta(min_length=1, description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65535, description="TCP port.")] = 8420


class Log(Section, frozen=True):
    """The event log."""

    queue_limit: Annotated[
        int, Meta(ge=1, description="Events that may wait to be written; more are put off (503).")
    ] = 50_000
    dedup_days: Annotated[
        int, Meta(ge=1, description="Days in which a repeated event is found; older are refused.")
    ] = 7


class Feed(Section, frozen=True):
    """How a feed is put together."""

    candidates: Annotated[
        int, Meta(ge=1, description="Videos that reach ranking, from all sources together.")
    ] = 600
    spacing: Annotated[
        int, Meta(ge=1, description="Videos between two of one creator or of one sound.")
    ] = 1
    seen_horizon_days: Annotated[
        int, Meta(ge=1, description="Days until a video that was seen may be shown again.")
    ] = 90
    reopen_seen: Annotated[
        bool, Meta(description="Show the oldest seen rather than nothing when all else is used up.")
    ] = False
    wait_ms: Annotated[
        int, Meta(ge=0, description="Longest wait for the viewer's own last act to be folded.")
    ] = 20
    weights: Annotated[
        dict[Surface, dict[str, float]],
        Meta(description="Per surface, what a predicted outcome adds to the value of a video."),
    ] = msgspec.field(default_factory=lambda: {"for_you": dict(FOR_YOU_WEIGHTS)})


class Learner(Section, frozen=True):
    """The online ranker."""

    seed: Annotated[
        int, Meta(ge=0, description="Seed of its first weights and of exploration.")
    ] = 0


class Settings(Section, frozen=True):
    """The whole."""

    data: Annotated[str, Meta(min_length=1, description="Folder that holds all state.")] = "data"
    http: Http = Http()
    log: Log = Log()
    feed: Feed = Feed()
    learner: Learner = Learner()

    @property
    def folder(self) -> Path:
        return Path(self.data)


@dataclass(frozen=True, slots=True)
class Setting:
    """One leaf of the tree: what it is called, holds and means."""

    path: str  # feed.wait_ms
    type: Any
    default: Any
    meaning: str

    @property
    def variable(self) -> str:
        """Its name in the environment.

        >>> next(s.variable for s in settings() if s.path == "feed.wait_ms")
        'FRESHET_FEED_WAIT_MS'
        """
        return PREFIX + self.path.replace(".", "_").upper()


def settings(section: type[Section] = Settings, prefix: str = "") -> Iterator[Setting]:
    """All leaves, in the order they are declared."""
    hints = get_type_hints(section, include_extras=True)
    defaults = section()
    for name in section.__struct_fields__:
        hint, path = hints[name], prefix + name
        if isinstance(hint, type) and issubclass(hint, Section):
            yield from settings(hint, path + ".")
        else:
            meta = next((m for m in getattr(hint, "__metadata__", ()) if isinstance(m, Meta)), None)
            meaning = (meta.description if meta else None) or ""
            yield Setting(path, hint.__origin__ if meta else hint, getattr(defaults, name), meaning)


def load(file: Path | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """The settings in force.

    Args:
        file: TOML to read; None takes FRESHET_CONFIG, else `freshet.toml` if there is one.
        environment: None takes this process's.

    Raises:
        NotFound: the file named does not exist.
        Refused: not TOML, an unknown name, or a value of the wrong type or range.
    """
    environment = os.environ if environment is None else environment
    values = msgspec.to_builtins(Settings())
    origin: dict[str, str] = {}
    known = {setting.path: setting for setting in settings()}
    for path, value, where in [
        *_from_file(file, environment, known),
        *_from_variables(environment),
    ]:
        _put(values, path, value)
        origin[path] = where
    return _checked(values, origin)


def _from_file(
    file: Path | None, environment: Mapping[str, str], known: Mapping[str, Setting]
) -> Iterator[tuple[str, Any, str]]:
    if file is None and FILE_VARIABLE in environment:
        file = Path(environment[FILE_VARIABLE])
    if file is None:
        if not DEFAULT_FILE.exists():
            return
        file = DEFAULT_FILE
    try:
        tree = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotFound(str(file), "no such settings file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise Refused(str(file), f"cannot be read: {error}", "a TOML file in UTF-8") from None
    for path, value in _leaves(tree, known):
        yield path, value, str(file)


def _leaves(
    tree: Mapping[str, Any], known: Mapping[str, Setting], prefix: str = ""
) -> Iterator[tuple[str, Any]]:
    for name, value in tree.items():
        path = prefix + name
        if path in known:
            yield path, value
        elif not any(other.startswith(path + ".") for other in known):
            raise Refused(path, "no such setting", _like(path, known))
        elif not isinstance(value, dict):
            raise Refused(path, f"is a table of settings, not {value!r}", f"[{path}]")
        else:
            yield from _leaves(value, known, path + ".")


def _from_variables(environment: Mapping[str, str]) -> Iterator[tuple[str, Any, str]]:
    known = {setting.variable: setting for setting in settings()}
    for name in sorted(environment):
        if not name.startswith(PREFIX) or name == FILE_VARIABLE:
            continue
        if name not in known:
            raise Refused(name, "no such setting", _like(name, known))
        setting = known[name]
        yield setting.path, _value(setting, name, environment[name]), name


def _value(setting: Setting, name: str, text: str) -> Any:
    if setting.type is str:
        return text
    try:
        return msgspec.json.decode(text.encode())
    except msgspec.DecodeError:
        right = "JSON such as " + msgspec.json.encode(setting.default).decode()
        raise Refused(name, f"{text!r} cannot be read", right) from None


def _like(name: str, known: Mapping[str, Setting]) -> str:
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.6)
    return " or ".join(close or ["one of " + ", ".join(known)])


def _put(values: dict[str, Any], path: str, value: Any) -> None:
    *sections, name = path.split(".")
    for section in sections:
        values = values[section]
    values[name] = _laid_over(values[name], value)


def _laid_over(below: Any, above: Any) -> Any:
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return above
    return below | {key: _laid_over(below.get(key), value) for key, value in above.items()}


def _checked(values: dict[str, Any], origin: Mapping[str, str]) -> Settings:
    try:
        found = msgspec.convert(values, Settings)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at ")
        path = where.partition("$")[2].strip(".`")
        source = next((origin[p] for p in origin if path.startswith(p)), "")
        raise Refused(
            path, what[:1].lower() + what[1:], f"see {source}" if source else ""
        ) from None
    for surface, weights in found.feed.weights.items():
        for outcome, weight in weights.items():
            if not math.isfinite(weight):
                raise Refused(
                    f"feed.weights.{surface}.{outcome}", f"{weight} is not a weight", "finite"
                )
    return found
