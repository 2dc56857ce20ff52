"""What the catalogue's routes share: batches, pages, changes, and who may.

    body ─▶ records, each decoded for itself ─▶ tables ─▶ relay ─▶ answer

An answer leaves when what it tells is in the log too: the next feed may hold the video.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar, cast

import msgspec
from litestar import Request, Response
from litestar.datastructures import State
from litestar.params import Parameter

from freshet.catalogue.store.catalogue import Catalogue
from freshet.catalogue.store.records import R
from freshet.catalogue.store.shelf import SAVED_MOST, Outcome, S, Shelf
from freshet.domain.errors import Refused
from freshet.http.guard import needs
from freshet.http.ports import Engine
from freshet.http.problems import misfit

T = TypeVar("T")
Asked = Request[Any, Any, State]

Cursor = Annotated[str, Parameter(max_length=2_000, description="of the page before")]
MaxCount = Annotated[int, Parameter(ge=1, le=1_000, description="how many at most")]
Filter = Annotated[str, Parameter(max_length=200, description="only those; empty = all")]


# Of every route of the catalogue: it holds personal data, and has a scope of its own.
GUARDS = [needs("catalogue")]

# Where records are kept one by one: 400 has the shape of 200 when none of them was good.
PARTIAL = {"partial": True}


class RecordError(msgspec.Struct, frozen=True):
    """Why the record at `index` was not saved."""

    index: int
    code: str
    field: str
    reason: str
    right: str = ""


class Saved(msgspec.Struct, frozen=True):
    """What became of the records of one request."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0  # said again as it was
    errors: tuple[RecordError, ...] = ()


@dataclass(frozen=True, slots=True)
class Slice(Generic[R, S]):
    """One kind of record over HTTP."""

    plural: str
    kind: type[R]
    shelf: Callable[[Catalogue], Shelf[R, S]]

    async def save(self, request: Asked) -> Response[Saved]:
        """Good records are kept; 400 when there are only bad ones."""
        engine = entered(request)
        body = await request.body()
        saved = await asyncio.to_thread(self._save, engine.catalogue, body)
        if saved.created + saved.updated + saved.unchanged:
            # Also for unchanged ones: perhaps the relay could not when they were new.
            await engine.relay()
            return Response(saved, status_code=200)
        return Response(saved, status_code=400 if saved.errors else 200)

    async def get(self, request: Asked, record_id: str) -> S:
        engine = entered(request)
        return await asyncio.to_thread(self.shelf(engine.catalogue).get, record_id)

    async def page(
        self, request: Asked, cursor: str, max_count: int, narrowed: Mapping[str, str]
    ) -> tuple[list[S], str]:
        """The records behind the cursor, and the cursor of the next page; "" at the end."""
        engine = entered(request, {"cursor", "max_count", *narrowed})
        narrowed = {name: value for name, value in narrowed.items() if value}
        after = self._after(cursor, narrowed)
        shelf = self.shelf(engine.catalogue)
        found = await asyncio.to_thread(shelf.page, after, max_count + 1, narrowed)
        page = found[:max_count]
        if len(found) <= max_count:
            return page, ""
        last = cast(Any, page[-1]).id
        named = msgspec.json.encode([self.plural, narrowed, last])
        return page, base64.urlsafe_b64encode(named).decode().rstrip("=")

    async def change(self, request: Asked, record_id: str) -> S:
        engine = entered(request)
        change = self._laid_over(decoded(await request.body(), dict[str, Any]))
        changed = await asyncio.to_thread(self.shelf(engine.catalogue).change, record_id, change)
        await engine.relay()
        return changed

    async def remove(self, request: Asked, record_id: str) -> Any:
        engine = entered(request)
        removed = await asyncio.to_thread(self.shelf(engine.catalogue).remove, record_id)
        await engine.relay()
        return removed

    # --- in a thread --------------------------------------------------------------------------

    def _save(self, catalogue: Catalogue, body: bytes) -> Saved:
        errors: dict[int, Refused] = {}
        good: dict[int, R] = {}
        for index, raw in enumerate(self.records(body)):
            try:
                good[index] = decoded(raw, self.kind)
            except Refused as refused:
                errors[index] = refused
        outcomes = self.shelf(catalogue).save(list(good.values()))
        for index, outcome in zip(good, outcomes, strict=True):
            if isinstance(outcome, Refused):
                errors[index] = outcome
        return _counted(outcomes, errors)

    def records(self, body: bytes) -> list[msgspec.Raw]:
        """The records of a body, each still to be decoded: one, a list, or a list by name.

        Raises:
            Refused: the body is none of these, or too long.
        """
        right = f'a JSON object, an array of them, or {{"{self.plural}": [...]}}'
        try:
            found: dict[str, msgspec.Raw] | list[msgspec.Raw] = _raws.decode(body)
            if isinstance(found, dict) and found.keys() == {self.plural}:
                found = _raws.decode(found[self.plural])
                if isinstance(found, dict):
                    raise Refused(self.plural, "is no array", "an array of records")
        except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
            raise Refused("", f"the body holds no records: {error}"[:300], right) from None
        if isinstance(found, dict):
            return [msgspec.Raw(body)]
        if len(found) > SAVED_MOST:
            raise Refused(self.plural, f"holds {len(found)} records", f"up to {SAVED_MOST}")
        return found

    def _laid_over(self, given: dict[str, Any]) -> Callable[[S], R]:
        fields = self.kind.__struct_fields__

        def change(now: S) -> R:
            said: dict[str, Any] = msgspec.to_builtins(now)
            kept = {name: value for name, value in said.items() if name in fields}
            try:
                return msgspec.convert(kept | given, self.kind)
            except msgspec.ValidationError as error:
                raise misfit(error) from None

        return change

    def _after(self, cursor: str, narrowed: Mapping[str, str]) -> str:
        if not cursor:
            return ""
        right = "the `cursor` of the page before, with the same filters"
        try:
            padded = cursor + "=" * (-len(cursor) % 4)
            named = base64.b64decode(padded, altchars=b"-_", validate=True)
            plural, wanted, after = msgspec.json.decode(named, type=tuple[str, dict[str, str], str])
        except (ValueError, UnicodeError, msgspec.DecodeError):
            raise Refused("cursor", "is none of this server", right) from None
        if (plural, wanted) != (self.plural, narrowed):
            raise Refused("cursor", "is that of another list", right)
        return after


def entered(request: Asked, known: set[str] | None = None) -> Engine:
    """The engine, once the names of the query's fields are right."""
    engine: Engine = request.app.state.engine
    if unknown := sorted(set(request.query_params) - (known or set())):
        right = ", ".join(sorted(known)) if known else "none"
        raise Refused(unknown[0], "is not a known parameter", right)
    return engine


def decoded(raw: bytes | msgspec.Raw, kind: type[T]) -> T:
    """
    Raises:
        Refused: says which field and what would be right.
    """
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError as error:
        raise misfit(error) from None
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise Refused("", f"not JSON: {error}"[:300], "a JSON object") from None


_raws: msgspec.json.Decoder[Any] = msgspec.json.Decoder(dict[str, msgspec.Raw] | list[msgspec.Raw])


def _counted(outcomes: list[Outcome], errors: Mapping[int, Refused]) -> Saved:
    told = tuple(
        RecordError(index, refused.code, refused.field, refused.reason, refused.right)
        for index, refused in sorted(errors.items())
    )
    done = [outcome for outcome in outcomes if isinstance(outcome, str)]
    return Saved(done.count("created"), done.count("updated"), done.count("unchanged"), told)
