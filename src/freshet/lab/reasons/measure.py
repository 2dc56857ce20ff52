"""Reasons held against the ranking they are of, against the raw log, and against its absence.

untrue     what a reason says is not so in a recount of the raw events
unweighed  its share of the value is not the drop that a recount from the ranking's own vectors
           finds; or reasons do not stand in the order of their shares
lowered    of reasons that name acts: the video is worth less to the viewer once those acts are
           taken out of the log and everything is folded anew
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from math import sqrt
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import numpy as np
from rich.box import SIMPLE_HEAD
from rich.table import Table

from freshet.config import Feed, Log, Settings
from freshet.domain.events import Event
from freshet.feed.reason import Reason
from freshet.feed.serve import Ask
from freshet.feed.settings import ForYou
from freshet.feed.value import Value
from freshet.lab.acting import Acting, acting
from freshet.lab.reasons.recount import Raw
from freshet.lab.reasons.removing import PENDING, Past
from freshet.lab.reasons.weighing import Weighed
from freshet.lab.reasons.world import Shape, World
from freshet.learning.live import Live
from freshet.surfaces.surfaces import Question

SMALL = {
    "viewer": 1 << 10, "video": 1 << 13, "sound": 1 << 10, "hashtag": 1 << 10, "topic": 1 << 8,
    "trait": 1 << 10, "tie": 1 << 20,
}  # fmt: skip
TOLERANCE = 1e-3  # of a weight: it is told with four digits
UNPLACED = ("exploring", "popular", "unseen", "new_topic", "pinned")  # no weight is claimed
OFFSET_MIN = 120  # of everybody's clock
TRUTHS = 25  # refolds with nothing left out
Tell = Callable[[str, int, int], None]


class Said(msgspec.Struct):
    """What came of one code of reason."""

    said: int = 0
    untrue: int = 0
    unweighed: int = 0
    unknown: int = 0  # the raw log alone cannot tell; the vector did
    removed: int = 0  # of those that name acts, how many were tried without
    lowered: int = 0

    @property
    def share(self) -> float:
        return self.lowered / self.removed if self.removed else float("nan")


class Found(msgspec.Struct):
    feeds: int = 0
    items: int = 0
    by_code: dict[str, Said] = {}
    problems: dict[str, int] = {}
    late: int = 0  # feeds beside, not checked: a source took too long in one of two rankings
    differ: int = 0  # refolds with nothing left out that did not give the value served

    @property
    def holds(self) -> bool:
        """Whether no reason was untrue, and none claimed what did not weigh."""
        wrong = sum(said.untrue + said.unweighed for said in self.by_code.values())
        return not (wrong or self.problems or self.differ)

    def of(self, code: str) -> Said:
        return self.by_code.setdefault(code, Said())


@dataclass(frozen=True, slots=True)
class Removal:
    """One reason whose acts are to be left out."""

    code: str
    viewer: str
    video: str
    now_ms: int
    end: int  # events before the ranking
    worth: float  # as ranked
    acts: tuple[str, ...]


@dataclass(slots=True)
class Checked:
    """Feeds of one life, each checked as it is served."""

    on: Acting
    raw: Raw = field(default_factory=lambda: Raw(utc_offset_min=OFFSET_MIN))
    events: list[Event] = field(default_factory=list)
    found: Found = field(default_factory=lambda: Found(by_code={}, problems={}))
    removals: list[Removal] = field(default_factory=list)
    _read: int = 0

    async def record(self, events: list[Event]) -> None:
        if events:
            await self.on.record(events)
            await self._hear()

    async def _hear(self) -> None:
        """What came into the log since, as the log has it."""
        async for batch in self.on.engine.log.read(self._read):
            for event in batch.events:
                self.raw.add(event)
                self.events.append(event)
            self._read = batch.last

    async def slate(self, viewer: str, n: int, rng: np.random.Generator) -> list[str]:
        """A feed as it is served, ranked a second time beside it to have its vectors."""
        engine, end = self.on.engine, len(self.events)
        feed, request_id = engine.feeds["for_you"], engine.new_request_id()
        query, _ = feed._query(Ask(viewer, n, request_id, utc_offset_min=OFFSET_MIN), ())
        filled = await feed.ladder.fill(query)
        slate = filled.slate
        asked = Question(viewer, n, request_id, utc_offset_min=OFFSET_MIN)
        answer = await engine.ask("for_you", asked)
        videos = [item.video for item in answer.items]
        if [engine.live.video_id(int(row)) for row in slate.rows] != videos:
            told = (*filled.traces, *(answer.trace.rungs if answer.trace else ()))
            if any(trace.failures for trace in told):
                self.found.late += 1  # on a busy machine: there are two rankings, not one
            else:
                self._problem("the same request, another slate")
            await engine.catch_up()
            await self._hear()
            return videos
        self.found.feeds += 1
        self.found.items += len(videos)
        live: Any = engine.live
        weighed = Weighed(live, engine.settings.feed.for_you.weights, query, slate)
        names: dict[str, list[Removal]] = defaultdict(list)
        for i, item in enumerate(answer.items):
            self._order(item.reasons)
            for one in item.reasons:
                acts = self._check(one, viewer, item.video, weighed, i)
                if acts:
                    names[one.code].append(
                        Removal(
                            one.code, viewer, item.video, query.now_ms, end,
                            float(slate["worth"][i]), acts,
                        )
                    )  # fmt: skip
        for those in names.values():  # one of each kind a feed
            self.removals.append(those[int(rng.integers(len(those)))])
        await engine.catch_up()
        await self._hear()
        return videos

    def _problem(self, what: str) -> None:
        self.found.problems[what] = self.found.problems.get(what, 0) + 1

    def _order(self, reasons: tuple[Reason, ...]) -> None:
        if not reasons:
            self._problem("an item without a reason")
        weights = [one.weight for one in reasons if one.weight > 0]
        if weights != sorted(weights, reverse=True):
            self._problem("not in the order of their weight")

    def _check(
        self, one: Reason, viewer: str, video: str, weighed: Weighed, i: int
    ) -> tuple[str, ...]:
        """Count one reason; the ids of the events of what it names, if all is well with it."""
        said, now_ms = self.found.of(one.code), weighed.query.now_ms
        said.said += 1
        holds = self.raw.holds(one, viewer, video, now_ms)
        if holds is None:
            said.unknown += 1
            holds = weighed.says(one.code, i)
        named = self.raw.named(one, viewer, video, now_ms) if "act" in one.params else {}
        drop = weighed.drop(one.code, i, list(named))
        right = abs(drop - one.weight) <= TOLERANCE * max(1.0, abs(drop))
        right &= one.weight == 0 if one.code in UNPLACED else one.weight > 0
        said.untrue += not holds
        said.unweighed += not right
        return tuple(self.raw.acts(one, viewer, video, now_ms)) if holds and right else ()


async def measure(shape: Shape, seed: int, tell: Tell) -> Found:
    """One life of a small world, every feed of it checked, then the removals."""
    settings = Settings(feed=Feed(for_you=ForYou(seed=seed)), log=Log(tick_ms=0))
    async with acting(settings, seed, SMALL) as on:
        world, checked = World(shape, on, seed), Checked(on)
        await checked.record(world.begin())
        for _ in range(2 * shape.feeds):
            if checked.found.feeds == shape.feeds:
                break
            viewer, meanwhile = world.next_visit()
            await checked.record(meanwhile)
            slate = await checked.slate(viewer, shape.slate, world.rng)
            for happened in world.views(viewer, slate):
                await checked.record(happened)
            tell("feeds", checked.found.feeds, shape.feeds)
        weights = settings.feed.for_you.weights
    with TemporaryDirectory(prefix="freshet-lab-") as folder:
        past = Past(checked.events, lambda: Live(seed, SMALL, PENDING), Path(folder))
        _remove(checked, past, weights, tell)
    return checked.found


def _remove(checked: Checked, past: Past, weights: dict[str, float], tell: Tell) -> None:
    found = checked.found
    every = max(len(checked.removals) // TRUTHS, 1)
    for done, one in enumerate(checked.removals):
        if done % every == 0:
            found.differ += worth_in(past.without((), one.end), one, weights) != one.worth
        after = worth_in(past.without(one.acts, one.end), one, weights)
        said = found.of(one.code)
        said.removed += 1
        said.lowered += after < one.worth
        tell("without the acts", done + 1, len(checked.removals))


def worth_in(live: Live, one: Removal, weights: dict[str, float]) -> float:
    """What the video is worth to the viewer in a state."""
    rows = np.array([live.video_row(one.video)], np.int32)
    ranked = live.rank(live.viewer_row(one.viewer), rows, one.now_ms)
    return float(Value(weights, live.outcomes).of(ranked.predictions, ranked.watch_s)[0])


def interval(hits: int, of: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share.

    >>> [round(end, 3) for end in interval(95, 100)]
    [0.888, 0.978]
    """
    if not of:
        return float("nan"), float("nan")
    z, share = 1.96, hits / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z / (1 + z * z / of) * sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return middle - half, middle + half


def rows(found: Found) -> list[tuple[str, Said]]:
    """By how often they are said; then all together."""
    each = sorted(found.by_code.items(), key=lambda one: -one[1].said)
    total = Said(*(sum(getattr(said, name) for _, said in each) for name in Said.__struct_fields__))
    return [*each, ("all", total)]


def as_json(found: Found) -> dict[str, Any]:
    told = {}
    for code, said in rows(found):
        low, high = interval(said.lowered, said.removed)
        share = {"share": said.share, "low": low, "high": high} if said.removed else None
        told[code] = {**msgspec.to_builtins(said), "lowered_share": share}
    return {
        "feeds": found.feeds, "items": found.items, "reasons": told, "problems": found.problems,
        "refolds_that_differ": found.differ, "late": found.late,
    }  # fmt: skip


def table(found: Found) -> Table:
    shown = Table(
        title=f"{found.feeds:,} feeds, {found.items:,} videos; what is wrong with their reasons",
        box=SIMPLE_HEAD, title_justify="left",
    )  # fmt: skip
    for name in ("reason", "said", "untrue", "unweighed", "acts removed", "lowered", "95 % low"):
        shown.add_column(name, justify="left" if name == "reason" else "right")
    for code, said in rows(found):
        low, _ = interval(said.lowered, said.removed)
        without = (f"{said.removed:,}", f"{said.share:.1%}", f"{low:.1%}")
        shown.add_row(
            code, f"{said.said:,}", str(said.untrue), str(said.unweighed),
            *(without if said.removed else ("", "", "")),
        )  # fmt: skip
    return shown
