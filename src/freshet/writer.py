"""The writing side: one process appends to the log, folds it, learns, and records slates.

append, commit ─▶ log ─▶ Folding ─▶ projections (the live state, recent slates, …)
                     └▶ Acknowledged: how far a viewer's next feed must have been folded
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from random import Random
from typing import Any, Protocol

import msgspec
import numpy as np
import numpy.typing as npt
import structlog

from freshet.catalogue.keys import PersonKeys
from freshet.catalogue.store.catalogue import Catalogue
from freshet.catalogue.store.relay import Relay
from freshet.catalogue.verdicts import Subject
from freshet.config import Settings
from freshet.distribution.diagnosing import Diagnosing
from freshet.distribution.diagnosis import Diagnosis, Penalty, PersonDiagnosis
from freshet.distribution.stages import Stages
from freshet.distribution.standing import Funnel, JourneySoFar, funnel, standing
from freshet.domain.errors import Broken, NotFound
from freshet.domain.events import Event, SlateServed, Tick, ViewerEvent
from freshet.domain.ids import uuid7
from freshet.feed.arm_table import ArmTable, arm_table
from freshet.feed.arms import ArmSums
from freshet.feed.drift import Drift
from freshet.feed.gauges import drift_gauges, log_gauges, state_gauges
from freshet.feed.model_gauges import model_alerts, model_gauges
from freshet.feed.parts import Live
from freshet.feed.recorder import Committed, Recorder, SlateBook
from freshet.feed.served import RecentSlates
from freshet.feed.telemetry import Telemetry
from freshet.learning.standing import Standing
from freshet.log.follow import Follower
from freshet.log.ports import Appended, EventLog, Offset, Projection
from freshet.log.snapshots import Snapshots
from freshet.moderating import Around
from freshet.moderation.asks import Ask
from freshet.moderation.book import Book
from freshet.moderation.desk import Desk as ModerationDesk
from freshet.moderation.gauges import moderation_gauges
from freshet.moderation.views import holding
from freshet.ops.housekeeping import Housekeeping

LOG_FILE = "log.sqlite"

_log = structlog.get_logger("freshet.writer")


class Health(msgspec.Struct, frozen=True):
    """How the writer fares."""

    problems: tuple[str, ...] = ()
    last: Offset = 0  # of the log
    folded: Offset = 0


class Desk(Recorder, Protocol):
    """What serving asks of the writer, in this process or in another."""

    async def append(self, events: Sequence[Event]) -> Appended:
        """Durable on return; each viewer's next feed waits for what they did."""
        ...

    async def health(self) -> Health: ...

    async def wake(self, viewer: str) -> None:
        """What is known of a viewer's key is in memory on return, and stays for hours."""
        ...

    async def relay(self) -> None:
        """All that was committed to the catalogue before the call is in the log on return."""
        ...

    async def arms(self, experiment: str, control: str) -> ArmTable:
        """What came of an experiment, as far as it is folded."""
        ...

    async def moderate(self, asked: Ask) -> Any:
        """What moderation answers, of the kind that `ANSWERS` names for the ask; raises what
        the ask says."""
        ...

    async def journey(self, video: str) -> JourneySoFar:
        """Where a video on trial stands.

        Raises:
            NotFound: it was never on trial.
        """
        ...

    async def funnel(self) -> Funnel:
        """All trials."""
        ...

    async def diagnosis(self, video: str) -> Diagnosis:
        """Why a video stalls, if it does.

        Raises:
            NotFound: nobody heard of it.
        """
        ...

    async def person_diagnosis(self, person: str) -> PersonDiagnosis:
        """How all of a person's videos fare; of one who posted nothing, an empty one."""
        ...


class Acknowledged:
    """The newest offset of what viewers did themselves, by bucket of viewers.

    Shared between processes: one that answers a feed must know of an act that another one
    acknowledged. Two viewers of one bucket wait for each other's acts, which costs a
    moment and changes nothing.
    """

    def __init__(self, buckets: npt.NDArray[np.int64]) -> None:
        self._buckets = buckets

    def note(self, viewer: str, offset: Offset) -> None:
        at = self._at(viewer)
        self._buckets[at] = max(int(self._buckets[at]), offset)

    def of(self, viewer: str) -> Offset:
        return int(self._buckets[self._at(viewer)])

    def _at(self, viewer: str) -> int:
        return zlib.crc32(viewer.encode()) % len(self._buckets)


class Folding:
    """Keeps projections at the end of the log, in the background and on request, and knows
    how far each viewer's own acts are acknowledged."""

    def __init__(self, log: EventLog, follower: Follower, acknowledged: Acknowledged) -> None:
        self.log, self.follower = log, follower
        self.failed = ""
        self._acknowledged = acknowledged

    @property
    def offset(self) -> Offset:
        return self.follower.offset

    def acknowledged(self, viewer: str) -> Offset:
        return self._acknowledged.of(viewer)

    def note(self, viewer: str, offset: Offset) -> None:
        self._acknowledged.note(viewer, offset)

    async def reach(self, offset: Offset, within_ms: float) -> bool:
        """Fold up to `offset`; False if that took longer than `within_ms`."""
        if self.offset < offset:
            # Shielded: whoever asked in a hurry leaves, the fold goes on.
            fold = asyncio.ensure_future(self.catch_up())
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(fold), within_ms / 1000)
        return self.offset >= offset

    async def catch_up(self) -> Offset:
        """Fold to the end of the log as it is now.

        Raises:
            Broken: a fold failed, now or before; the state lies between two offsets.
        """
        if self.failed:
            raise Broken(self.failed)
        try:
            return await self.follower.catch_up()
        except Exception as error:
            self.failed = f"folding stopped: {type(error).__name__}: {error}"
            _log.error("fold failed", offset=self.offset, exc_info=error)
            raise Broken(self.failed) from error

    async def follow(self) -> None:
        """Fold whatever comes, until cancelled or a fold fails."""
        while True:
            await self.log.wait(await self.catch_up())


class Writer:
    """The `Desk` of the process that owns the data folder.

    `live` is one of the `projections`; all start from `snapshots` and are folded together.
    """

    def __init__(
        self,
        log: EventLog,
        live: Live,
        projections: Sequence[Projection],
        settings: Settings,
        clock: Callable[[], int],
        random: Random,
        snapshots: Snapshots | None = None,
        buckets: npt.NDArray[np.int64] | None = None,
        *,
        catalogue: Catalogue,
        keys: PersonKeys,
        standing: Callable[[], Standing] | None = None,
        wake: Callable[[int], None] | None = None,
        let_go: Callable[[int], int] | None = None,
    ) -> None:
        self.log, self.live, self.settings = log, live, settings
        self.now_ms, self._random, self._snapshots = clock, random, snapshots
        book = Book()
        projections = (*projections, book)
        recent, self._arm_sums = RecentSlates(settings.feed.for_you.slates_kept), ArmSums()
        every = settings.log.snapshot_every
        self._drift = Drift(live, settings.alerts)
        for_you = settings.feed.for_you
        self.stages = Stages(live, settings.stages, for_you.weights, for_you.trial_share)
        folded = (*projections, self.stages, recent, self._arm_sums, self._drift)
        self.follower = Follower(log, folded, snapshots, snapshot_every=every)
        acknowledged = Acknowledged(np.zeros(1024, np.int64) if buckets is None else buckets)
        self.folding = Folding(log, self.follower, acknowledged)
        self.housekeeping = Housekeeping(
            settings, log, self.follower, keys, clock, random, let_go=let_go
        )
        self._wake = wake
        self._standing = standing
        self._relay = Relay(catalogue.outbox, self.append, keys.erase)
        self._poked = asyncio.Event()
        around = Around(log.append, self.folding.catch_up, live, catalogue, keys, clock)
        self.moderation = ModerationDesk(book, settings.moderation, around, clock, random)
        self._diagnosing = Diagnosing(self.stages, live)
        self._book = SlateBook(log, recent, self._served, self.folding.note, self.stages.room)

    def watched_by(self, telemetry: Telemetry) -> None:
        """What this process alone can say: of the log, of the folds, of the model's drift."""
        file = self.settings.folder / LOG_FILE
        telemetry.add(drift_gauges(self._drift))
        telemetry.add(state_gauges(self.live.held))
        telemetry.add(moderation_gauges(self.moderation.book))
        telemetry.add(log_gauges(lambda: self.log.last, lambda: self.folding.offset, file))
        telemetry.watch(self._drift.alerts)
        if self._standing is not None:
            telemetry.add(model_gauges(self._standing))
            telemetry.watch(model_alerts(self._standing, self.settings.alerts))

    async def append(self, events: Sequence[Event]) -> Appended:
        appended = await self.log.append(events)
        last = appended.last
        for viewer in {event.viewer for event in events if isinstance(event, ViewerEvent)}:
            self.folding.note(viewer, last)  # the call is one commit, so folded at once
        return appended

    async def commit(self, slate: SlateServed, after: int) -> Committed:
        return await self._book.commit(slate, after)

    async def wake(self, viewer: str) -> None:
        row = self.live.viewer_row(viewer)
        if self._wake is not None and row >= 0:
            self._wake(row)

    async def recorded(self, viewer: str, request_id: str) -> SlateServed | None:
        return await self._book.recorded(viewer, request_id)

    async def slates(self, viewer: str) -> tuple[SlateServed, ...]:
        return await self._book.slates(viewer)

    async def health(self) -> Health:
        return Health(tuple(self.unready()), self.log.last, self.folding.offset)

    async def arms(self, experiment: str, control: str) -> ArmTable:
        return arm_table(self._arm_sums, experiment, control)

    async def moderate(self, asked: Ask) -> Any:
        return await self.moderation.ask(asked)

    async def journey(self, video: str) -> JourneySoFar:
        found = self.stages.journey(video)
        if found is None:
            raise NotFound(
                "video", f"{video!r} was never on trial", "a video published while stages were on"
            )
        return standing(self.stages.book, found[0])

    async def funnel(self) -> Funnel:
        return funnel(self.stages.book, self.stages.followers, self.now_ms())

    async def diagnosis(self, video: str) -> Diagnosis:
        row = self.live.video_row(video)
        if row < 0:
            raise NotFound("video", f"{video!r} is not known here")
        creator = self.live.names("creator", int(self.live.creator[row]))
        await self._diagnosing.ready(self.now_ms())
        return self._diagnosing.of_video(video, self._penalties(video, creator), self.now_ms())

    async def person_diagnosis(self, person: str) -> PersonDiagnosis:
        def penalties(video: str) -> list[Penalty]:
            return self._penalties(video, person)

        return await self._diagnosing.of_person(person, penalties, self.now_ms())

    def _penalties(self, video: str, person: str) -> list[Penalty]:
        """What keeps a video from being recommended; with "" all of a person's."""
        book = self.moderation.book
        subjects: list[Subject] = [("person", person)]
        if video:
            subjects.insert(0, ("video", video))
        return [
            Penalty(one.decision, one.effect, one.reason, one.until, kind)
            for kind, name in subjects
            for one in holding(book, (kind, name))
        ]

    async def relay(self) -> None:
        await self._relay.run_once()

    async def catch_up(self) -> Offset:
        return await self.folding.catch_up()

    def unready(self) -> list[str]:
        lag = self.log.last - self.folding.offset
        problems = [why for why in (self.folding.failed, self._relay.failed) if why]
        if lag > self.settings.http.lag_max:
            problems.append(f"{lag} events are not folded yet")
        return problems

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Folds in the background, ticks and does its chores while entered; at the log's end
        on entry."""
        await self.catch_up()
        self.follower.snapshot_every = 0  # from now on a chore, beside the loop
        tasks = [
            asyncio.create_task(self.folding.follow(), name="fold"),
            asyncio.create_task(self._relay.follow(self._poked), name="relay"),
            asyncio.create_task(self.moderation.follow(self._moved), name="moderation"),
        ]
        if self._snapshots is not None:
            tasks.append(asyncio.create_task(self.housekeeping.run(), name="housekeeping"))
        if self.settings.log.tick_ms:
            tasks.append(asyncio.create_task(self._tick(), name="tick"))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            # A fold that failed has told so already; here it only ends.
            await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        """Leave a snapshot, so that the next start folds little, and close the log."""
        if not self.folding.failed:
            self.follower.save()
        await self.log.close()

    async def _moved(self) -> None:
        await self.follower.reached(self.follower.offset + 1)

    def _served(self, viewer: str) -> int:
        live = self.live
        return live.session(live.viewer_row(viewer), "", "for_you", 0).slates

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(self.settings.log.tick_ms / 1000)
            now_ms = self.now_ms()
            try:
                await self.log.append([Tick(event_id=uuid7(now_ms, self._random), time=now_ms)])
            except Exception as error:  # a full queue now must not end time for good
                _log.warning("tick lost", exc_info=error)
