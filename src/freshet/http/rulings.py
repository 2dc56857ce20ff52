"""What moderation answers, with people named by the app's own ids, and its pages."""

from __future__ import annotations

import base64
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from freshet.domain.errors import Refused
from freshet.http.ports import Engine
from freshet.moderation.asks import Ruling
from freshet.moderation.checks import REASON_MAX

MODERATOR = "moderator:"

Name = Annotated[str, Meta(min_length=1, max_length=100)]
Reason = Annotated[str, Meta(min_length=1, max_length=REASON_MAX)]
Id = Annotated[str, Meta(max_length=200)]
T = TypeVar("T")


def named(engine: Engine, key: str) -> str:
    """The app's own id behind a key, "" if it was erased."""
    return (engine.keys.external(key) or "") if key else ""


def by_name(engine: Engine, one: T) -> T:
    """An answer whose `person` is named by the app's own id."""
    told: Any = one
    return msgspec.structs.replace(told, person=named(engine, told.person))  # type: ignore[no-any-return]


def for_owner(engine: Engine, ruling: Ruling) -> Ruling:
    """As whom it is about may see it: that a moderator decided, not which."""
    shown = msgspec.structs.replace(by_name(engine, ruling), actor=_unnamed(ruling.actor))
    if shown.reversal is not None:
        actor = _unnamed(shown.reversal.actor)
        shown = msgspec.structs.replace(
            shown, reversal=msgspec.structs.replace(shown.reversal, actor=actor)
        )
    if shown.appeal is not None:
        actor = _unnamed(shown.appeal.actor)
        shown = msgspec.structs.replace(
            shown, appeal=msgspec.structs.replace(shown.appeal, actor=actor)
        )
    return shown


def actor_of(moderator: str) -> str:
    """
    Raises:
        Refused: no name.
    """
    if not moderator.isprintable() or not moderator.strip():
        raise Refused("moderator", "is no name", "1 to 100 printable characters")
    return MODERATOR + moderator


def one_line(field: str, value: str) -> str:
    """
    Raises:
        Refused: it holds what cannot be shown.
    """
    if not value.isprintable() or not value.strip():
        raise Refused(field, "is no text", "a line of printable characters")
    return value


def cursor_of(list_name: str, at: Any) -> str:
    """A cursor that leads to what comes behind `at`."""
    told = msgspec.json.encode([list_name, at])
    return base64.urlsafe_b64encode(told).decode().rstrip("=")


def place_of(list_name: str, cursor: str, kind: type[T]) -> T | None:
    """Where a cursor leads, None if there is none.

    Raises:
        Refused: it is none of this list.
    """
    if not cursor:
        return None
    right = "the `cursor` of the page before"
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        plain = base64.b64decode(padded, altchars=b"-_", validate=True)
        name, at = msgspec.json.decode(plain, type=tuple[str, Any])
        if name == list_name:
            return msgspec.convert(at, kind)
    except (ValueError, UnicodeError, msgspec.MsgspecError):
        pass
    raise Refused("cursor", "is none of this list", right)


def _unnamed(actor: str) -> str:
    return "moderator" if actor.startswith(MODERATOR) else actor
