"""The desk over a socket is the desk itself, errors included, and survives the writer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from freshet.distribution.diagnosis import Diagnosis, PersonDiagnosis, PostIt, VideoOf
from freshet.distribution.standing import BySize, Funnel, JourneySoFar, Step
from freshet.distribution.wording import said
from freshet.domain import events as e
from freshet.domain.errors import NotFound, Overloaded, Refused, TooLate, Unavailable
from freshet.feed.arm_table import ArmTable
from freshet.feed.recorder import Committed
from freshet.log.ports import Appended
from freshet.moderation.asks import Ask, Reverse, Ruling, Standing, StandingOf
from freshet.moderation.records import Appeal, Reversal
from freshet.state.memory import Mapped, Shared
from freshet.wire import DeskServer, Gone, RemoteDesk, attach
from freshet.writer import Health
from tests.feed.making import make


class FakeDesk:
    """Remembers what it was told; `error` is raised instead."""

    def __init__(self) -> None:
        self.told: list[object] = []
        self.error: Exception | None = None
        self.hold = asyncio.Event()
        self.hold.set()

    async def append(self, events: Sequence[e.Event]) -> Appended:
        await self.hold.wait()
        if self.error:
            raise self.error
        self.told += events
        late = TooLate("event_id", "is older than 7 days", "a newer one")
        return Appended((7, 0), (0,), ((1, late),))

    async def commit(self, slate: e.SlateServed, after: int) -> Committed:
        self.told.append((slate, after))
        return Committed(served=(slate,), after=after + 1)

    async def recorded(self, viewer: str, request_id: str) -> e.SlateServed | None:
        return None if request_id == "new" else slate(viewer, request_id)

    async def slates(self, viewer: str) -> tuple[e.SlateServed, ...]:
        return (slate(viewer, "b"), slate(viewer, "a"))

    async def relay(self) -> None:
        self.told.append("relay")

    async def arms(self, experiment: str, control: str) -> ArmTable:
        raise NotImplementedError

    async def moderate(self, asked: Ask) -> Any:
        self.told.append(asked)
        if isinstance(asked, StandingOf):
            return Standing(True, 7, (RULING,))
        raise NotFound("decision", "there is no decision 'd1'")

    async def journey(self, video: str) -> JourneySoFar:
        raise NotFound("video", f"{video!r} was never on trial")

    async def funnel(self) -> Funnel:
        return Funnel(
            True, 0.5, 500.0, 1, [Step(0, 150, 1, 2, 3, 4, 0.35)], [BySize(0, None, 1, 2, 3, 1)]
        )

    async def diagnosis(self, video: str) -> Diagnosis:
        never, topics = said("next_never"), [PostIt("tea", 1.0, 0.5)]
        return Diagnosis(video, None, 0, 0, False, "", 0.0, [], [], never, None, topics, [], None,
                         [], [])  # fmt: skip

    async def person_diagnosis(self, person: str) -> PersonDiagnosis:
        return PersonDiagnosis(person, 3, [VideoOf("a", "open", 4, 9, "")], [], [], [])

    async def health(self) -> Health:
        return Health(("tired",), 9, 8)


RULING = Ruling(
    decision="d1", video="v1", person="ann", effect="spam", actor="rule:tags", reason="40 hashtags",
    time=5, until=0, because=(), evidence={"hashtags": "40"}, state="stands",
    reversal=Reversal("moderator:kim", "mistaken", 6), appeal=Appeal("it is not", 5),
)  # fmt: skip


def slate(viewer: str, request_id: str) -> e.SlateServed:
    item = e.Served(video="a", source="x", value=1.0, reasons=("fresh?ago=1",))
    return make(e.SlateServed, viewer=viewer, request_id=request_id, items=(item,))  # type: ignore[no-any-return]


class Wired:
    """A desk, its server, and a client attached to it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "desk"
        self.desk, self.remote = FakeDesk(), RemoteDesk(self.path, patience_s=5)
        self.boots = 0

    async def __aenter__(self) -> Wired:
        self._following = asyncio.create_task(self.remote.follow())
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._following.cancel()
        await self.server.close()

    async def start(self) -> None:
        self.boots += 1
        memory = Shared()
        memory.region("words", 8).view(np.int64)[0] = self.boots
        self.server = DeskServer(self.desk, f"boot{self.boots}", "layout", memory.files, self.path)
        await self.server.start()

    async def attach(self) -> int:
        await self.remote.moved.wait()
        self.remote.moved.clear()
        attached, files = await asyncio.to_thread(attach, self.path)
        assert attached.layout == "layout"
        self.remote.attached(attached.boot)
        return int(Mapped(files).region("words", 8).view(np.int64)[0])


async def test_calls_and_answers_cross_whole(tmp_path: Path) -> None:
    async with Wired(tmp_path) as wired:
        assert await wired.attach() == 1
        acts = [make(e.Like, viewer="v", video="a"), make(e.Like, viewer="v", video="b")]
        appended = await wired.remote.append(acts)
        assert (appended.offsets, appended.repeated) == ((7, 0), (0,))
        assert isinstance(appended.refused[0][1], TooLate)
        assert appended.refused[0][1].right == "a newer one"
        one = slate("v", "r")
        committed = await wired.remote.commit(one, 3)
        assert (committed.served, committed.after) == ((one,), 4)
        assert wired.desk.told == [*acts, (one, 3)]
        assert await wired.remote.recorded("v", "new") is None
        again = await wired.remote.recorded("v", "old")
        assert again is not None
        assert again.items[0].reasons == ("fresh?ago=1",)
        assert [s.request_id for s in await wired.remote.slates("v")] == ["b", "a"]
        assert await wired.remote.health() == Health(("tired",), 9, 8)
        assert (await wired.remote.funnel()).steps == [Step(0, 150, 1, 2, 3, 4, 0.35)]
        assert (await wired.remote.diagnosis("a")).topics == [PostIt("tea", 1.0, 0.5)]
        assert (await wired.remote.person_diagnosis("ann")).videos[0].impressions == 9
        with pytest.raises(NotFound, match="'a' was never on trial"):
            await wired.remote.journey("a")


async def test_what_moderation_answers_crosses_whole_and_so_does_what_it_refuses(
    tmp_path: Path,
) -> None:
    async with Wired(tmp_path) as wired:
        await wired.attach()
        asked, undo = StandingOf("ann"), Reverse("d1", "moderator:kim", "mistaken")
        assert await wired.remote.moderate(asked) == Standing(True, 7, (RULING,))
        with pytest.raises(NotFound, match="there is no decision 'd1'"):
            await wired.remote.moderate(undo)
        assert wired.desk.told == [asked, undo]


@pytest.mark.parametrize(
    "error",
    [Refused("video", "is odd", "an even one"), Overloaded("the log's queue", 2.5),
     Unavailable("the disk is full")],
)  # fmt: skip
async def test_an_error_crosses_as_what_it_is(tmp_path: Path, error: Exception) -> None:
    async with Wired(tmp_path) as wired:
        await wired.attach()
        wired.desk.error = error
        with pytest.raises(type(error)) as raised:
            await wired.remote.append([make(e.Like, viewer="v", video="a")])
        assert str(raised.value) == str(error)
        assert vars(raised.value) == vars(error)


async def test_what_was_under_way_when_the_writer_died_goes_to_the_next(tmp_path: Path) -> None:
    async with Wired(tmp_path) as wired:
        await wired.attach()
        wired.desk.hold.clear()
        act = make(e.Like, viewer="v", video="a")
        asked = asyncio.create_task(wired.remote.append([act]))
        await asyncio.sleep(0.05)
        await wired.server.close()
        wired.desk.hold.set()
        await wired.start()
        assert await wired.attach() == 2
        await asked
        assert wired.desk.told == [act]


async def test_a_slate_ranked_on_a_dead_writers_memory_is_refused(tmp_path: Path) -> None:
    async with Wired(tmp_path) as wired:
        await wired.attach()
        wired.remote.attached("an earlier boot")
        with pytest.raises(Gone):
            await wired.remote.commit(slate("v", "r"), 0)
        assert wired.desk.told == []


async def test_without_a_writer_health_says_so(tmp_path: Path) -> None:
    remote = RemoteDesk(tmp_path / "desk", patience_s=0.1)
    assert (await remote.health()).problems == ("the writer is not there now",)
    with pytest.raises(Unavailable):
        await remote.append([make(e.Like, viewer="v", video="a")])
