"""POST /v1/events: what viewers did, in batches; repeats change nothing, good ones are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import Request, Response, post
from litestar.datastructures import State

from freshet.domain.errors import Refused
from freshet.domain.events import Event, VideoAct, VideoPublished
from freshet.http import examples
from freshet.http.batches import batch_of
from freshet.http.callers import Caller
from freshet.http.clocks import Clock
from freshet.http.edge import Edge
from freshet.http.fields import Dropped
from freshet.http.guard import caller_of, needs
from freshet.http.metrics import HttpMetrics
from freshet.http.naming import named
from freshet.http.ports import Engine
from freshet.http.rates import Rates
from freshet.log.ports import Appended


class EventError(msgspec.Struct, frozen=True):
    """Why the record at `index` was not taken."""

    index: int
    code: str
    field: str
    reason: str
    right: str = ""


class EventsTaken(msgspec.Struct, frozen=True):
    """What became of a batch. `accepted`, `repeated` and `errors` add up to its records."""

    accepted: int  # new in the log, durable
    repeated: int  # had been taken before
    offset: int  # a feed asked for now reflects the log up to here
    now: int  # the server's clock, ms since 1970
    errors: tuple[EventError, ...] = ()
    parked: int = 0  # accepted, about videos not known yet; they count once those are published
    dropped: dict[str, int] = {}  # unknown fields left out, and of how many events
    corrected: int = 0  # times moved by how wrong `sent_at` was
    clamped: int = 0  # times that could not be, held to now


INGEST = needs("ingest", viewer_tokens=True, in_query=True)


@post(
    "/v1/events",
    status_code=200,
    guards=[INGEST],
    tags=["events"],
    summary="Record what viewers did",
    opt={"example": examples.TAKEN, "example_body": examples.BATCH, "partial": True},
)
async def post_events(request: Request[Any, Any, State]) -> Response[EventsTaken]:
    """Takes a batch of events; keeps the good ones and says what is wrong with the others.

    Answers 200 when any record was taken, 400 when none was.
    """
    state = request.app.state
    taking = Taking(state.engine, state.rates, state.metrics)
    status, answer = await taking.take(caller_of(request), await request.body())
    return Response(answer, status_code=status)


@dataclass(frozen=True, slots=True)
class Taking:
    """What batches of events become."""

    engine: Engine
    rates: Rates
    metrics: HttpMetrics

    async def take(self, caller: Caller, body: bytes) -> tuple[int, EventsTaken]:
        """The status, and what became of the batch that `body` holds.

        Raises:
            Refused: the body holds no batch.
            TooMany: events of this viewer, of late.
            Unavailable: the log does not take them now.
        """
        engine = self.engine
        batch = batch_of(body, engine.http.limits.batch)
        self.rates.events(caller, len(batch.events))
        clock = Clock(engine.http.clocks, engine.now_ms(), batch.sent_at)
        dropped = Dropped()
        good, errors = _decode_all(batch.events, Edge(caller, clock, dropped))
        events = [event for _, event in good]
        waiting = parked(engine, events)
        keyed = await named(engine, caller, events, batch.consent) if good else []
        for index in waiting:
            keyed[index] = msgspec.structs.replace(keyed[index], parked=True)
        taken = await engine.record(keyed) if keyed else Appended(())
        repeated, refused = set(taken.repeated), dict(taken.refused)
        errors += [_error(good[at][0], error) for at, error in refused.items()]
        answer = EventsTaken(
            accepted=len(batch.events) - len(errors) - len(repeated),
            repeated=len(repeated),
            offset=taken.last,
            now=clock.now_ms,
            errors=tuple(sorted(errors, key=lambda error: error.index)),
            parked=len(waiting - repeated - refused.keys()),
            dropped=dict(dropped.fields),
            corrected=clock.corrected,
            clamped=clock.clamped,
        )
        self.metrics.events(answer, dropped.types)
        all_wrong = bool(batch.events) and len(errors) == len(batch.events)
        return 400 if all_wrong else 200, answer


def parked(engine: Engine, events: list[Event]) -> set[int]:
    """Which of the events are about videos that are not known, by index."""
    about = {event.video for event in events if isinstance(event, VideoAct)}
    unknown = {video for video in about if not engine.knows_video(video)}
    waiting: set[int] = set()
    if unknown:
        for index, event in enumerate(events):
            if isinstance(event, VideoPublished):
                unknown.discard(event.video)  # earlier in this very batch
            elif isinstance(event, VideoAct) and event.video in unknown:
                waiting.add(index)
    return waiting


def _decode_all(records: list[Any], edge: Edge) -> tuple[list[tuple[int, Event]], list[EventError]]:
    if edge.takes_as_they_are(records):
        return list(enumerate(records)), []
    good: list[tuple[int, Event]] = []
    errors: list[EventError] = []
    for index, record in enumerate(records):
        try:
            good.append((index, edge.event(record)))
        except Refused as refused:
            errors.append(_error(index, refused))
    return good, errors


def _error(index: int, refused: Refused) -> EventError:
    return EventError(index, refused.code, refused.field, refused.reason, refused.right)
