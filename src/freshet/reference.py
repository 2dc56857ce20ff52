"""The reference pages, written from the code itself: `make docs`.

    events    domain/events.py         docstrings, fields, the comments behind them
    settings  config.py                meaning, default, name in the environment
    routes    http/*.py                handlers, controllers and routers at module level
    stages    feed/*.py and its like   classes with one of the stage verbs
    cli       cli.py                   the tree of commands

and openapi.json, the whole API, from which the client in TypeScript has its types.

`undocumented()` names what has no words of its own; the docs test wants it empty, and
wants the committed pages to equal the generated ones.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import io
import pkgutil
import re
import sys
import textwrap
import tokenize
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
import typer
from litestar import Controller, Router
from litestar.handlers import HTTPRouteHandler

from freshet import cli, config
from freshet.domain import events
from freshet.http.app import described

API = "openapi.json"  # the whole API for machines, beside the pages
STAGE_ROOMS = ("feed", "distribution", "moderation", "search", "trends", "ads", "surfaces")
STAGE_VERBS = {
    "fetch": "source",
    "columns": "enricher",
    "score": "scorer",
    "keep": "filter",
    "select": "selector",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One documented thing: its name, what is said of it, and more about it."""

    name: str
    words: str
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """One file of the reference: a chapter per entry, or all of them in one table."""

    name: str
    idea: str
    columns: tuple[str, ...]
    entries: Callable[[], Iterator[Entry]]
    one_table: bool = False

    def text(self) -> str:
        body = self._table() if self.one_table else self._chapters()
        return "\n\n".join([f"# {self.name.capitalize()}", self.idea, *body]) + "\n"

    def _table(self) -> list[str]:
        # A cell has room for the first paragraph.
        rows = [(f"`{e.name}`", *e.rows[0], e.words.split("\n\n")[0]) for e in self.entries()]
        return [_table(self.columns, rows)] if rows else []

    def _chapters(self) -> Iterator[str]:
        for entry in self.entries():
            yield f"## {entry.name}"
            yield entry.words
            if entry.rows:
                yield _table(self.columns, entry.rows)


# --- what is listed -------------------------------------------------------------------------


def event_entries() -> Iterator[Entry]:
    """Bases and events in reading order; an event also has the fields of its base."""
    for kind in vars(events).values():
        if not (inspect.isclass(kind) and issubclass(kind, msgspec.Struct)):
            continue
        named = f" · `{kind.__struct_config__.tag}`" if kind in events.EVENTS.values() else ""
        base = kind.__bases__[0]
        more = "" if base is msgspec.Struct else f"\n\nHas the fields of {base.__name__} and:"
        more = more if fields(kind) else more.removesuffix(" and:") + "."
        words = own_words(kind)
        yield Entry(kind.__name__ + named, words and words + more, fields(kind))


def setting_entries() -> Iterator[Entry]:
    for setting in config.settings():
        default = f"`{msgspec.json.encode(setting.default).decode()}`"
        # A table is too long for a cell: `freshet settings` shows it.
        shown = "a table" if isinstance(setting.default, dict) else default
        meaning = {row[0]: row[3] for row in fields(setting.section)}[f"`{setting.name}`"]
        yield Entry(setting.path, meaning, ((f"`{setting.variable}`", shown),))
        yield from _named_tables(setting.path, setting.type)


def _named_tables(path: str, hint: Any) -> Iterator[Entry]:
    """Settings of a table whose entries the user names, each a table of its own."""
    if get_origin(hint) is not dict or not hasattr(get_args(hint)[1], "__struct_fields__"):
        return
    kind = get_args(hint)[1]
    hints = get_type_hints(kind)
    for name, _, default, meaning in fields(kind):
        inner = f"{path}.NAME.{name.strip('`')}"
        yield Entry(inner, meaning, (("in the file only", default),))
        yield from _named_tables(inner, hints[name.strip("`")])


def route_entries() -> Iterator[Entry]:
    """Routes of routers with their prefix; handlers and controllers outside any as they stand."""
    things = [thing for module in modules("http") for thing in _served_by(module)]
    routers = [thing for thing in things if isinstance(thing, Router)]
    found = [(path, handler) for router in routers for path, handler in _routed(router)]
    inside = {_full_name(handler) for _, handler in found}
    for thing in things:
        if not isinstance(thing, Router):
            found += [pair for pair in _bare(thing) if _full_name(pair[1]) not in inside]
    entries = {
        f"{method} {path}": Entry(
            f"{method} {path}", _said_of(handler), ((handler.fn.__module__,),)
        )
        for path, handler in found
        for method in handler.http_methods
    }
    yield from (entries[name] for name in sorted(entries, key=lambda name: name.split()[::-1]))


def stage_entries() -> Iterator[Entry]:
    for module in (module for room in STAGE_ROOMS for module in modules(room)):
        for kind in vars(module).values():
            if verb := _stage_verb(module, kind):
                needs, adds = (getattr(kind, name, ()) for name in ("needs", "adds"))
                lists = (
                    ", ".join(names) if isinstance(names, tuple) else "" for names in (needs, adds)
                )
                row = (STAGE_VERBS[verb], *lists, module.__name__)
                yield Entry(kind.__name__, own_words(kind), (row,))


def command_entries() -> Iterator[Entry]:
    yield from _commands("freshet", typer.main.get_command(cli.app))


# fmt: off
PAGES = (
    Page("events", "What can happen. Written from `freshet/domain/events.py`.",
         ("field", "type", "default", "meaning"), event_entries),
    Page("settings", "What can be set, in `freshet.toml` or the environment; "
         "`freshet settings` prints what is in force. Written from `freshet/config.py`.",
         ("setting", "environment", "default", "meaning"), setting_entries, one_table=True),
    Page("routes", "What can be asked over HTTP. Written from `freshet/http/`.",
         ("route", "module", "meaning"), route_entries, one_table=True),
    Page("stages", "What a feed is made of. Written from the stages themselves.",
         ("stage", "kind", "needs", "adds", "module", "idea"), stage_entries, one_table=True),
    Page("cli", "What can be typed. Written from `freshet/cli.py` and what it mounts.",
         ("parameter", "default", "meaning"), command_entries),
)
# fmt: on


def undocumented() -> list[str]:
    """Page and name of everything that has no words of its own."""
    return [f"{p.name}: {entry.name}" for p in PAGES for entry in p.entries() if not entry.words]


def write(folder: Path) -> None:
    """Write all pages into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for page in PAGES:
        (folder / f"{page.name}.md").write_text(page.text(), encoding="utf-8")
    (folder / API).write_bytes(described())


# --- how it is found ------------------------------------------------------------------------


def modules(room: str) -> Iterator[ModuleType]:
    """The package `freshet.<room>` and all modules below it; none if the room is not built."""
    name = f"freshet.{room}"
    if importlib.util.find_spec(name) is None:
        return
    package = importlib.import_module(name)
    yield package
    for found in sorted(pkgutil.walk_packages(package.__path__, name + "."), key=lambda m: m.name):
        yield importlib.import_module(found.name)


def own_words(kind: type) -> str:
    """The docstring a class has itself, not one it inherits or one made for it."""
    words = vars(kind).get("__doc__") or ""
    return "" if words.startswith(f"{kind.__name__}(") else inspect.cleandoc(words)


def fields(kind: type) -> tuple[tuple[str, ...], ...]:
    """Name, type, default and comment of the fields a class declares itself.

    A comment stands behind the field, or on lines of its own right above it.
    """
    source = textwrap.dedent(inspect.getsource(kind))
    comments = {
        token.start[0]: (token.line.lstrip().startswith("#"), token.string.lstrip("# "))
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    declared = [n for n in ast.parse(source).body[0].body if isinstance(n, ast.AnnAssign)]  # type: ignore[attr-defined]
    return tuple(
        (
            f"`{ast.unparse(node.target)}`",
            f"`{ast.unparse(node.annotation)}`",
            f"`{ast.unparse(node.value)}`" if node.value else "required",
            _comment(comments, node),
        )
        for node in declared
    )


def _comment(comments: dict[int, tuple[bool, str]], node: ast.AnnAssign) -> str:
    if node.end_lineno in comments:
        return comments[node.end_lineno][1]
    above: list[str] = []
    line = node.lineno - 1
    while comments.get(line, (False, ""))[0]:
        above.insert(0, comments[line][1])
        line -= 1
    return " ".join(above)


def _served_by(module: ModuleType) -> Iterator[Any]:
    for thing in vars(module).values():
        if isinstance(thing, HTTPRouteHandler):
            home = thing.fn.__module__
        elif type(thing) is Router or (inspect.isclass(thing) and issubclass(thing, Controller)):
            home = getattr(thing, "__module__", module.__name__)
        else:
            continue
        if home == module.__name__ or type(thing) is Router:
            yield thing


def _routed(router: Router) -> Iterator[tuple[str, Any]]:
    for route in router.routes:
        for handler in getattr(route, "route_handlers", ()):
            if handler.http_methods != {"OPTIONS"}:  # the framework's own
                yield route.path, handler


def _bare(thing: Any) -> Iterator[tuple[str, Any]]:
    inside = [thing] if isinstance(thing, HTTPRouteHandler) else vars(thing).values()
    prefix = "" if isinstance(thing, HTTPRouteHandler) else thing.path
    for handler in inside:
        if isinstance(handler, HTTPRouteHandler):
            for path in handler.paths:
                yield re.sub("/+", "/", f"/{prefix}/{path}").rstrip("/") or "/", handler


def _said_of(handler: Any) -> str:
    summary, more = handler.summary or "", inspect.getdoc(handler.fn) or ""
    return ": ".join(part for part in (summary, more) if part)


def _full_name(handler: Any) -> str:
    return f"{handler.fn.__module__}.{handler.fn.__qualname__}"


def _stage_verb(module: ModuleType, kind: Any) -> str | None:
    if not inspect.isclass(kind) or kind.__module__ != module.__name__:
        return None
    if kind.__name__.startswith("_") or getattr(kind, "_is_protocol", False):
        return None
    return next((verb for verb in STAGE_VERBS if callable(getattr(kind, verb, None))), None)


def _commands(name: str, command: Any) -> Iterator[Entry]:
    rows = tuple(
        (f"`{'`, `'.join(param.opts)}`", _default(param), getattr(param, "help", None) or "")
        for param in command.params
        if param.name != "help"
    )
    yield Entry(name, inspect.cleandoc(command.help or ""), rows)
    if hasattr(command, "list_commands"):
        for child in command.list_commands(None):
            yield from _commands(f"{name} {child}", command.get_command(None, child))


def _default(param: Any) -> str:
    if param.required:
        return "required"
    return "" if param.default in (None, False) or callable(param.default) else f"`{param.default}`"


def _table(columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    def line(cells: tuple[str, ...]) -> str:
        return "| " + " | ".join(" ".join(c.replace("|", "\\|").split()) for c in cells) + " |"

    return "\n".join([line(columns), "|" + " --- |" * len(columns), *(line(row) for row in rows)])


if __name__ == "__main__":
    write(Path(sys.argv[1]))
