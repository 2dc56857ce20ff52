"""The serving side: everything behind HTTP and the command line, in any process.

Engine     ranks on a live state and sends what must be written to a `Desk`
OneProcess the same, with the writer beside it
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from random import Random
from secrets import token_bytes
from typing import Any

import msgspec

from freshet.catalogue.access import Access
from freshet.catalogue.keys import PersonKeys
from freshet.catalogue.store.catalogue import Catalogue
from freshet.config import Feed as FeedSettings
from freshet.config import Settings
from freshet.distribution.diagnosis import Diagnosis, PersonDiagnosis
from freshet.distribution.standing import Funnel, JourneySoFar
from freshet.domain.errors import Broken
from freshet.domain.events import Event, SlateServed, Surface
from freshet.domain.ids import uuid7
from freshet.feed.answer import Answer, Item
from freshet.feed.arm_table import ArmTable
from freshet.feed.cursor import Cursors
from freshet.feed.ladder import Ladder
from freshet.feed.load import Load, load_gauges
from freshet.feed.metrics import Metrics
from freshet.feed.options import Options
from freshet.feed.parts import Live, Parts
from freshet.feed.rank import Ranking
from freshet.feed.related import related
from freshet.feed.rest import Rests
from freshet.feed.serve import Feed, Progress
from freshet.feed.source_watch import SourceWatch
from freshet.feed.telemetry import Telemetry
from freshet.feed.value import Value
from freshet.http.settings import Http
from freshet.log.ports import Appended, EventLog, Offset
from freshet.moderation.asks import Ask
from freshet.pipeline import Rows, Trace
from freshet.retrieval.nearby import Nearby
from freshet.surfaces.build import surfaces
from freshet.surfaces.surfaces import Question, Surfaces
from freshet.writer import Desk, Folding, Health, Writer


class Engine:
    """Ranks, and answers; what must be written goes over the desk.

    Args:
        desk: the writer's, here or in another process.
        timer: seconds that never go back, by which load is measured.
        progress: how far the folds are, and how far a viewer needs them to be.
        cursor_secret: shared by all processes that serve one another's pages; None = this
            one has its own.
    """

    def __init__(
        self,
        desk: Desk,
        live: Live,
        progress: Progress,
        keys: PersonKeys,
        settings: Settings,
        clock: Callable[[], int],
        random: Random,
        cursor_secret: bytes | None = None,
        catalogue: Catalogue | None = None,
        access: Access | None = None,
        telemetry: Telemetry | None = None,
        timer: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.desk, self.keys, self.settings = desk, keys, settings
        self._catalogue, self._access = catalogue, access
        self.now_ms, self._random = clock, random
        self._cursors = Cursors(cursor_secret or token_bytes(), settings.http.cursor_hours)
        self.telemetry = telemetry or Telemetry("0", None, clock)
        self._metrics, self._sources = Metrics(), SourceWatch(settings.alerts, clock)
        self.telemetry.add(self._metrics.registry)
        self.load = Load(settings.feed.shedding, timer)
        self.telemetry.add(load_gauges(self.load))
        self.telemetry.watch(self._sources.alerts)
        self.nearby: Nearby | None = None
        self.serve_on(live, progress)

    def serve_on(self, live: Live, progress: Progress) -> None:
        """Rank on another live state from the next request on."""
        self.live, self.progress = live, progress
        before = self.nearby
        self.nearby = nearby_of(live, self.settings, self.now_ms)
        if before is not None and before.stop():
            self.nearby.start()
        self.surfaces: Surfaces = self._surfaces(self.settings.feed, self.nearby)

    def reweigh(self, feed: FeedSettings) -> None:
        """Rank by the value tables of `feed` from the next request on; one that is under way
        ends by those it began with. What videos on trial are worth stays as it was.

        Raises:
            Refused: a table that cannot be; then nothing has changed.
        """
        assert self.nearby is not None
        surfaces = self._surfaces(feed, self.nearby)
        self.nearby.worth_is(worth_of(self.live, feed))
        self.settings = msgspec.structs.replace(self.settings, feed=feed)
        self.surfaces = surfaces

    def _surfaces(self, feed: FeedSettings, nearby: Nearby) -> Surfaces:
        live, progress = self.live, self.progress

        def make_feed(
            surface: Surface,
            parts: Parts,
            ladder: Ladder,
            of_given: Ladder,
            arm: str,
            cheaper: Sequence[Ladder],
        ) -> Feed:
            return Feed(
                surface, parts, ladder, self.desk, progress, self.now_ms, self._random,
                self._observe, arm, of_given, cheaper, self.load, Rests(feed.shedding),
            )  # fmt: skip

        return surfaces(
            live,
            nearby,
            live.trials if self.settings.stages.on else None,
            {"for_you": feed.for_you, "following": feed.following},
            feed.shedding,
            self.settings.experiments,
            self._cursors,
            self.now_ms,
            self.new_request_id,
            self._observe,
            make_feed,
        )

    @property
    def feeds(self) -> dict[str, Feed]:
        return self.surfaces.feeds

    def _observe(self, trace: Trace) -> None:
        self._metrics.observe(trace)
        self._sources.observe(trace)

    @property
    def http(self) -> Http:
        return self.settings.http

    @property
    def access(self) -> Access:
        """Who may call.

        Raises:
            Broken: this engine was made without it.
        """
        if self._access is None:
            raise Broken("nobody may call: there is no table of keys")
        return self._access

    def knows_video(self, video: str) -> bool:
        return self.live.published(video)

    def personalised(self, viewer: str) -> bool:
        return not self.live.impersonal(self.live.viewer_row(viewer))

    @property
    def catalogue(self) -> Catalogue:
        """Its calls wait for the disk: in threads.

        Raises:
            Broken: this engine was made without one.
        """
        if self._catalogue is None:
            raise Broken("there is no catalogue")
        return self._catalogue

    async def relay(self) -> None:
        """All that was committed to the catalogue before the call is in the log on return."""
        await self.desk.relay()

    async def record(self, events: Sequence[Event]) -> Appended:
        """Durable on return; each viewer's next feed waits for what they did."""
        return await self.desk.append(events)

    async def feed(
        self, surface: str, viewer: str, n: int, request_id: str = "", session_id: str = ""
    ) -> Answer:
        """The surface's next slate for a viewer's key; without an id the request has none
        that anybody could repeat."""
        return await self.ask(surface, Question(viewer, n, request_id, session_id))

    async def ask(self, surface: str, asked: Question) -> Answer:
        """What a surface answers to a question with all its options."""
        await self.here(asked.viewer)
        return await self.surfaces.feed(surface, asked)

    async def here(self, viewer: str) -> None:
        """What is known of a viewer's key is in memory on return, and stays for hours."""
        if self.live.away(self.live.viewer_row(viewer)):
            await self.desk.wake(viewer)

    async def rank(
        self, surface: str, viewer: str, videos: Sequence[str], options: Options, reasons: bool
    ) -> Ranking:
        """A given list, scored for a viewer's key by a surface's value table."""
        await self.here(viewer)
        return await self.surfaces.rank(surface, viewer, videos, options, reasons)

    async def why(self, surface: str, viewer: str, video: str) -> tuple[SlateServed, Item]:
        return await self.surfaces.why(surface, viewer, video)

    async def arms(self, name: str, control: str = "") -> ArmTable:
        """What came of an experiment; `control` "" = that of the settings."""
        experiment = self.settings.experiments.get(name)
        return await self.desk.arms(name, control or (experiment.control if experiment else ""))

    @property
    def upload_bytes(self) -> int:
        return self.settings.moderation.upload_bytes

    async def moderate(self, asked: Ask) -> Any:
        """What moderation answers; people are named by key."""
        return await self.desk.moderate(asked)

    def creator_of(self, video: str) -> str:
        """Key of whose video it is, "" if nobody heard of it."""
        row = self.live.video_row(video)
        return self.live.names("creator", int(self.live.creator[row])) if row >= 0 else ""

    async def journey(self, video: str) -> JourneySoFar:
        """Where a video on trial stands."""
        return await self.desk.journey(video)

    async def funnel(self) -> Funnel:
        """All trials."""
        return await self.desk.funnel()

    async def diagnosis(self, video: str) -> Diagnosis:
        """Why a video stalls, if it does."""
        return await self.desk.diagnosis(video)

    async def person_diagnosis(self, person: str) -> PersonDiagnosis:
        """How all of a person's videos fare, by key."""
        return await self.desk.person_diagnosis(person)

    async def related(self, video: str, viewer: str, n: int) -> list[str]:
        """Videos like a video, nearest first; for a viewer's key none seen or hidden."""
        parts = self.feeds["for_you"].parts
        if viewer:
            await self.here(viewer)
            acknowledged = self.progress.acknowledged(viewer)
            await self.progress.reach(acknowledged, parts.settings.wait_ms)
        return await related(parts, video, self.live.viewer_row(viewer), n, self.now_ms())

    def new_request_id(self) -> str:
        return uuid7(self.now_ms(), self._random)

    async def health(self) -> Health:
        return await self.desk.health()

    async def warm(self) -> None:
        """Rank once for nobody's eyes, so that no viewer waits for kernels."""
        await self.surfaces.warm()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """What must go on in the background while it serves."""
        await self.warm()
        assert self.nearby is not None
        self.nearby.start()
        try:
            yield
        finally:
            self.nearby.stop()
            await self.nearby.stopped()


def nearby_of(live: Live, settings: Settings, clock: Callable[[], int]) -> Nearby:
    """Retrieval over a live state; what videos are worth is what For You's weights say."""
    little_shown = settings.feed.for_you.explore_shown_max
    wanting = live.trials.wanting if settings.stages.on else None
    worth = worth_of(live, settings.feed)
    return Nearby(live, settings.retrieval, clock, worth, little_shown, wanting)


def worth_of(live: Live, feed: FeedSettings) -> Callable[[Rows, int], Any]:
    return Value(feed.for_you.weights, live.outcomes).to_anybody(live)


class OneProcess(Engine):
    """Serving and writing in one process: what is folded is what is served."""

    def __init__(
        self,
        writer: Writer,
        live: Live,
        keys: PersonKeys,
        settings: Settings,
        clock: Callable[[], int],
        random: Random,
        cursor_secret: bytes | None = None,
        catalogue: Catalogue | None = None,
        access: Access | None = None,
        telemetry: Telemetry | None = None,
    ) -> None:
        self.writer = writer
        super().__init__(
            writer, live, writer.folding, keys, settings, clock, random, cursor_secret, catalogue,
            access, telemetry,
        )  # fmt: skip
        writer.watched_by(self.telemetry)

    @property
    def log(self) -> EventLog:
        return self.writer.log

    @property
    def folding(self) -> Folding:
        return self.writer.folding

    async def catch_up(self) -> Offset:
        return await self.writer.catch_up()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with self.writer.running(), super().running():
            yield
