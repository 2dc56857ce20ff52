"""POST /v1/events: what viewers did, in batches; repeats change nothing."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import Request, Response, post
from litestar.datastructures import State
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody, Schema

from freshet.domain.errors import Refused
from freshet.domain.events import Event
from freshet.http.edge import decode, keyed, people
from freshet.http.guard import caller_of, needs
from freshet.http.ports import Engine

BATCH_MAX = 1_000
BODY_MAX_BYTES = 4_000_000


class EventError(msgspec.Struct, frozen=True):
    """Why the record at `index` was not taken."""

    index: int
    code: str
    field: str
    reason: str
    right: str = ""


class EventsTaken(msgspec.Struct, frozen=True):
    accepted: int  # new in the log, durable
    repeated: int  # had been taken before
    offset: int  # a feed asked for now reflects the log up to here
    errors: tuple[EventError, ...] = ()


class Body(msgspec.Struct, forbid_unknown_fields=True):
    events: list[msgspec.Raw]


_body = msgspec.json.Decoder(Body | list[msgspec.Raw])


@dataclass
class Batch(Operation):
    """Documents the body, which is decoded by hand so that good records are kept."""

    def __post_init__(self) -> None:
        event = Schema(type="object", description="an event; its `type` says which")  # type: ignore[arg-type]
        self.request_body = RequestBody(
            content={
                "application/json": OpenAPIMediaType(
                    schema=Schema(
                        type="object",  # type: ignore[arg-type]
                        required=["events"],
                        properties={"events": Schema(type="array", items=event)},  # type: ignore[arg-type]
                    )
                )
            },
            required=True,
        )


@post(
    "/v1/events",
    status_code=200,
    guards=[needs("ingest")],
    tags=["events"],
    request_max_body_size=BODY_MAX_BYTES,
    operation_class=Batch,
    summary="Record what viewers did",
)
async def post_events(request: Request[Any, Any, State]) -> Response[EventsTaken]:
    """Takes up to 1,000 events; keeps the good ones and says what is wrong with the others.

    Answers 200 when any record was taken, 400 when none was.
    """
    engine: Engine = request.app.state.engine
    raws = records(await request.body())
    good, errors = _decode_all(raws, engine.now_ms(), caller_of(request).is_admin)
    named = await _keyed(engine, [event for _, event in good])
    taken = await engine.record(named) if named else None
    repeated = 0
    if taken is not None:
        repeated = len(taken.repeated)
        errors += [_error(good[at][0], refused) for at, refused in taken.refused]
    accepted = len(raws) - len(errors) - repeated
    answer = EventsTaken(
        accepted, repeated, taken.last if taken else 0, tuple(sorted(errors, key=_index))
    )
    return Response(answer, status_code=400 if raws and len(errors) == len(raws) else 200)


def records(body: bytes) -> list[msgspec.Raw]:
    """The records of a body, each still to be decoded.

    Raises:
        Refused: not a batch of events, or too long a one.
    """
    try:
        batch = _body.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        right = '{"events": [...]} or a JSON array of events'
        raise Refused("", f"the body is no batch of events: {error}"[:300], right) from None
    raws = batch.events if isinstance(batch, Body) else batch
    if len(raws) > BATCH_MAX:
        raise Refused("events", f"holds {len(raws)} events", f"up to {BATCH_MAX}")
    return raws


def _decode_all(
    raws: list[msgspec.Raw], now_ms: int, admin: bool
) -> tuple[list[tuple[int, Event]], list[EventError]]:
    good: list[tuple[int, Event]] = []
    errors: list[EventError] = []
    for index, raw in enumerate(raws):
        try:
            good.append((index, decode(raw, now_ms, admin)))
        except Refused as refused:
            errors.append(_error(index, refused))
    return good, errors


async def _keyed(engine: Engine, events: list[Event]) -> list[Event]:
    """Events with keys for people. New people's keys wait for the disk, off the loop."""
    names = {name for event in events for name in people(event)}
    keys = {name: key for name in names if (key := engine.keys.known(name)) is not None}
    if new := names - keys.keys():
        keys |= await asyncio.to_thread(engine.keys.keys, sorted(new))
    return [keyed(event, keys.__getitem__) for event in events]


def _error(index: int, refused: Refused) -> EventError:
    return EventError(index, refused.code, refused.field, refused.reason, refused.right)


def _index(error: EventError) -> int:
    return error.index
