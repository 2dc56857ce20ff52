"""Every setting, with its meaning and default.

A setting comes from the first of these that names it:

    environment   FRESHET_LOG_QUEUE_LIMIT=1000     JSON, except for text
    file          [log] queue_limit = 1000         `freshet.toml`, or what FRESHET_CONFIG names
    default       below

Tables such as `weights` are laid over their defaults entry by entry, so changing one
weight takes one line. A name that is not here is refused: a misspelt setting that silently
does nothing is found too late.

The tree is made of structs with a default for every field; the comment behind a field is
its meaning in the reference. A struct may live where it is used, in a lower layer.
"""

from __future__ import annotations

import difflib
import math
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from freshet.distribution.settings import Stages
from freshet.domain.errors import NotFound, Refused
from freshet.feed.experiments import Experiment
from freshet.feed.settings import Following, ForYou, Shedding
from freshet.feed.watching import Alerts
from freshet.http.settings import Http as Http
from freshet.learning.settings import Shadow, Versions
from freshet.moderation.settings import Moderation
from freshet.retrieval.settings import Retrieval

PREFIX = "FRESHET_"
FILE_VARIABLE = "FRESHET_CONFIG"
DEFAULT_FILE = Path("freshet.toml")

SECRET_ENDINGS = ("_key", "_secret", "_password")  # never printed

Count = Annotated[int, Meta(ge=0)]
Positive = Annotated[int, Meta(ge=1)]
Name = Annotated[str, Meta(min_length=1)]


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file."""


class Log(Section, frozen=True):
    """The event log."""

    queue_limit: Positive = 50_000  # events that may wait to be written; more are put off
    dedup_days: Positive = 7  # a repeated event is found this long; older ones are refused
    tick_ms: Count = 1_000  # time is logged this often while serving; 0 = never
    snapshot_every: Count = 1_000_000  # events between snapshots; 0 = only on closing


class Lake(Section, frozen=True):
    """The log as Parquet files, in `<data>/lake`."""

    enabled: bool = True  # seal what the log holds while serving
    segment_events: Positive = 1_000_000  # a segment of files ends after so many events
    # ... or with so many hours of its UTC day: fewer are seen sooner, in more files
    segment_hours: Annotated[int, Meta(ge=1, le=24)] = 24


class Erasure(Section, frozen=True):
    """Erased people leave what was written before, too."""

    sweep_days: Count = 7  # how long erasures are gathered, then done together
    deadline_days: Positive = 30  # until which an erasure must be done


class Backup(Section, frozen=True):
    """Copies of the data folder, from which it can be restored."""

    every_hours: Count = 0  # a running server makes one so often; 0 = never
    folder: Name = "backups"  # where they go: another disk, or a folder that is copied to one
    # So many of the newest stay when the server has made another. People are in backups until
    # these are gone: keep none longer than `erasure.deadline_days`.
    keep: Positive = 7
    lake: Literal["needed", "all", "none"] = "needed"  # needed: what the log no longer holds


class Feed(Section, frozen=True):
    """Each surface has a section of its own, and so has what holds for all under load."""

    for_you: ForYou = ForYou()
    following: Following = Following()
    shedding: Shedding = Shedding()


class Learner(Section, frozen=True):
    """The online ranker."""

    seed: Count = 0  # of its first weights
    versions: Versions = Versions()
    shadow: Shadow = Shadow()


class Viewers(Section, frozen=True):
    """Viewers in memory, and on disk."""

    # Who did not come for so many hours is kept on disk until they do, which takes a
    # millisecond or two; 0 = all are in memory.
    cold_hours: Count = 6
    # However long they were away, so many are in memory: they take 1.5 KB each.
    cold_beyond: Count = 50_000


class Settings(Section, frozen=True):
    """The whole."""

    data: Name = "data"  # folder that holds all state
    http: Http = Http()
    log: Log = Log()
    lake: Lake = Lake()
    erasure: Erasure = Erasure()
    backup: Backup = Backup()
    feed: Feed = Feed()
    learner: Learner = Learner()
    viewers: Viewers = Viewers()
    retrieval: Retrieval = Retrieval()
    stages: Stages = Stages()
    alerts: Alerts = Alerts()
    moderation: Moderation = Moderation()
    # Splits of a surface's viewers into arms, by name: `[experiments.NAME]` and, for each arm,
    # `[experiments.NAME.arms.ARM]`.
    experiments: dict[str, Experiment] = {}

    @property
    def folder(self) -> Path:
        return Path(self.data)


@dataclass(frozen=True, slots=True)
class Setting:
    """One leaf of the tree: where it stands and what it holds."""

    path: str  # feed.for_you.wait_ms
    section: type[msgspec.Struct]
    type: Any
    default: Any

    @property
    def variable(self) -> str:
        """Its name in the environment.

        >>> next(s.variable for s in settings() if s.path == "feed.for_you.wait_ms")
        'FRESHET_FEED_FOR_YOU_WAIT_MS'
        """
        return PREFIX + self.path.replace(".", "_").upper()

    @property
    def name(self) -> str:
        return self.path.rpartition(".")[2]

    @property
    def secret(self) -> bool:
        return self.name.endswith(SECRET_ENDINGS)


def settings(section: type[msgspec.Struct] = Settings, prefix: str = "") -> Iterator[Setting]:
    """All leaves, in the order they are declared."""
    hints = get_type_hints(section)
    defaults = section()
    for name in section.__struct_fields__:
        hint, path = hints[name], prefix + name
        if isinstance(hint, type) and not get_origin(hint) and issubclass(hint, msgspec.Struct):
            yield from settings(hint, path + ".")
        else:
            yield Setting(path, section, hint, getattr(defaults, name))


def value_at(found: Settings, path: str) -> Any:
    """What a setting holds."""
    value: Any = found
    for name in path.split("."):
        value = getattr(value, name)
    return value


def load(file: Path | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """The settings in force.

    Args:
        file: TOML to read; None takes FRESHET_CONFIG, else `freshet.toml` if there is one.
        environment: None takes this process's.

    Raises:
        NotFound: the file named does not exist.
        Refused: not TOML, an unknown name, or a value of the wrong type or range.
    """
    values = msgspec.to_builtins(Settings())
    origin: dict[str, str] = {}
    for path, value, where in named(file, environment):
        _put(values, path, value)
        origin[path] = where
    return _checked(values, origin)


def named(
    file: Path | None = None, environment: Mapping[str, str] | None = None
) -> list[tuple[str, Any, str]]:
    """What is set, as (path, value, where): each is laid over those before it.

    Args and raises: as `load`, but values are not checked.
    """
    environment = os.environ if environment is None else environment
    known = {setting.path: setting for setting in settings()}
    return [*_from_file(file, environment, known), *_from_variables(environment)]


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
    for setting in settings():
        _finite(setting.path, _at(values, setting.path))
    try:
        return msgspec.convert(values, Settings)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at ")
        path = where.partition("$")[2].strip(".`")
        source = next((origin[p] for p in origin if path.startswith(p)), "")
        raise Refused(
            path, what[:1].lower() + what[1:], f"see {source}" if source else ""
        ) from None


def _at(values: Any, path: str) -> Any:
    for name in path.split("."):
        values = values[name]
    return values


def _finite(path: str, value: Any) -> None:
    """TOML knows `nan` and `inf`; no setting of ours does."""
    if isinstance(value, float) and not math.isfinite(value):
        raise Refused(path, f"{value} is not a finite number")
    if isinstance(value, dict):
        for name, inner in value.items():
            _finite(f"{path}.{name}", inner)
