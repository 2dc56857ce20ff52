"""From the outbox into the log: nothing lost, nothing twice, in order, whatever is killed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from freshet.backends.memory import MemoryLog
from freshet.catalogue.store.catalogue import Catalogue
from freshet.catalogue.store.outbox import Outbox
from freshet.catalogue.store.relay import Relay
from freshet.domain import events as e
from freshet.domain.errors import Overloaded, Refused, Unavailable
from freshet.domain.events import Event
from freshet.log.ports import Appended
from tests.catalogue.store.making import DAY_MS, Clock, opened, person, video


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def log(clock: Clock) -> MemoryLog:
    return MemoryLog(clock)


@pytest.fixture
def catalogue(tmp_path: Path, clock: Clock) -> Iterator[Catalogue]:
    with opened(tmp_path, clock) as catalogue:
        catalogue.people.save([person("vera")])
        catalogue.videos.save([video(f"v{i}") for i in range(6)])
        yield catalogue


def relay_of(catalogue: Catalogue, log: MemoryLog, batch_events: int = 4) -> Relay:
    keys = catalogue.keys
    return Relay(catalogue.outbox, log.append, keys.erase, batch_events=batch_events)


async def everything(log: MemoryLog) -> list[Event]:
    return [event async for batch in log.read() for event in batch.events]


async def videos(log: MemoryLog) -> list[str]:
    return [x.video for x in await everything(log) if isinstance(x, e.VideoPublished)]


ALL = [f"v{i}" for i in range(6)]


async def test_what_was_committed_is_in_the_log_in_order(
    catalogue: Catalogue, log: MemoryLog
) -> None:
    relay = relay_of(catalogue, log)
    assert await relay.run_once() == 7
    assert await videos(log) == ALL
    assert catalogue.outbox.waiting() == 0
    assert await relay.run_once() == 0


def test_a_row_and_its_event_are_written_together_or_not_at_all(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = catalogue.outbox.waiting()
    monkeypatch.setattr("freshet.catalogue.store.database.Writing.flush", _kill)
    with pytest.raises(Killed):
        catalogue.videos.save([video("new")])
    monkeypatch.undo()
    assert catalogue.outbox.waiting() == before
    assert "new" not in {one.id for one in catalogue.videos.all()}


def _kill(*_: Any) -> Any:
    raise Killed


@pytest.mark.parametrize("step", ["oldest", "append", "acknowledged", "forget", "remove"])
@pytest.mark.parametrize("batch", [0, 1])
async def test_killed_between_any_two_steps_it_goes_on_without_loss_or_doubles(
    catalogue: Catalogue, log: MemoryLog, tmp_path: Path, clock: Clock, step: str, batch: int
) -> None:
    catalogue.people.remove("vera")
    calls = 0

    def dying(at: str) -> None:
        nonlocal calls
        if at == step:
            calls += 1
            if calls > (0 if step == "forget" else batch):  # one key is forgotten
                raise Killed

    class Outboxed(Outbox):
        def oldest(self, most: int) -> Any:
            dying("oldest")
            return super().oldest(most)

        def remove(self, rows: Any) -> None:
            dying("remove")
            super().remove(rows)

    async def append(events: Sequence[Event]) -> Appended:
        dying("append")
        answer = await log.append(events)
        dying("acknowledged")
        return answer

    def forget(key: str) -> None:
        dying("forget")
        catalogue.keys.erase(key)

    relay = Relay(Outboxed(catalogue.database), append, forget, batch_events=4)
    with pytest.raises(Killed):
        await relay.run_once()
    catalogue.close()
    with opened(tmp_path, clock) as again:
        await relay_of(again, log).run_once()
        assert again.outbox.waiting() == 0
        assert again.keys.known("vera") is None
    ids = [event.event_id for event in await everything(log)]
    assert len(set(ids)) == len(ids) == 1 + 6 + 6 + 1
    assert await videos(log) == ALL


@pytest.mark.parametrize("batch_events", [3, 100])
async def test_what_waited_too_long_goes_with_new_ids_and_in_order(
    catalogue: Catalogue, log: MemoryLog, clock: Clock, batch_events: int
) -> None:
    clock.now_ms += 9 * DAY_MS
    catalogue.videos.remove("v0")  # a fresh id behind old ones
    assert await relay_of(catalogue, log, batch_events).run_once() == 8
    assert catalogue.outbox.waiting() == 0
    found = await everything(log)
    last = max(i for i, x in enumerate(found) if getattr(x, "video", "") == "v0")
    assert isinstance(found[last], e.VideoRemoved)
    assert set(await videos(log)) == set(ALL)


async def test_an_event_of_whose_repeat_nobody_knows_is_said_again_in_order(
    catalogue: Catalogue, log: MemoryLog, clock: Clock
) -> None:
    outbox = catalogue.outbox
    await log.append([one.event for one in outbox.oldest(100)])  # and killed before deleting
    clock.now_ms += 9 * DAY_MS
    catalogue.videos.remove("v5")
    await relay_of(catalogue, log).run_once()
    # Told twice: first a week ago, then again, and the removal behind both.
    found = [type(x) for x in await everything(log) if getattr(x, "video", "") == "v5"]
    assert found[0] is e.VideoPublished
    assert found[-1] is e.VideoRemoved


async def test_new_ids_are_stored_before_they_are_used(
    catalogue: Catalogue, log: MemoryLog, clock: Clock
) -> None:
    clock.now_ms += 9 * DAY_MS
    appended = 0

    async def append(events: Sequence[Event]) -> Appended:
        nonlocal appended
        answer = await log.append(events)
        if not answer.refused:
            appended += 1
            raise Killed
        return answer

    relay = Relay(catalogue.outbox, append, catalogue.keys.erase)
    for _ in range(3):  # killed again and again right behind the append
        with pytest.raises(Killed):
            await relay.run_once()
    assert appended == 3
    await relay_of(catalogue, log).run_once()
    assert await videos(log) == ALL


async def test_a_clock_that_jumped_back_stops_it_with_a_reason(
    catalogue: Catalogue, clock: Clock
) -> None:
    ahead = Clock()
    ahead.now_ms = clock.now_ms + 30 * DAY_MS
    log = MemoryLog(ahead)
    with pytest.raises(Unavailable, match="clock"):
        await relay_of(catalogue, log).run_once()
    assert catalogue.outbox.waiting() == 7


async def test_what_the_log_will_never_take_is_set_aside_and_said(
    catalogue: Catalogue, log: MemoryLog
) -> None:
    async def append(events: Sequence[Event]) -> Appended:
        good = [x for x in events if getattr(x, "video", "") != "v2"]
        await log.append(good)
        refused = [
            (i, Refused("", "cannot be stored")) for i, x in enumerate(events) if x not in good
        ]
        return Appended((1,) * len(events), refused=tuple(refused))

    relay = Relay(catalogue.outbox, append, catalogue.keys.erase, batch_events=4)
    await relay.run_once()
    assert await videos(log) == [x for x in ALL if x != "v2"]
    assert (catalogue.outbox.waiting(), catalogue.outbox.aside()) == (0, 1)


async def test_many_who_wait_for_the_relay_find_their_own_events_relayed(
    catalogue: Catalogue, log: MemoryLog
) -> None:
    relay = relay_of(catalogue, log)

    async def publish(name: str) -> None:
        await asyncio.to_thread(catalogue.videos.save, [video(name)])
        await relay.run_once()
        assert name in await videos(log)

    await asyncio.gather(*(publish(f"w{i}") for i in range(8)))
    found = await videos(log)
    assert len(set(found)) == len(found) == 14


async def test_following_relays_when_poked_and_lives_through_a_full_log(
    catalogue: Catalogue, log: MemoryLog
) -> None:
    full = [Overloaded("the queue", 0.01), Overloaded("the queue", 0.01)]
    done = asyncio.Event()

    async def append(events: Sequence[Event]) -> Appended:
        if full:
            raise full.pop()
        answer = await log.append(events)
        done.set()
        return answer

    poked = asyncio.Event()
    relay = Relay(catalogue.outbox, append, catalogue.keys.erase)
    following = asyncio.create_task(relay.follow(poked))
    await done.wait()
    done.clear()
    await asyncio.to_thread(catalogue.videos.save, [video("new")])
    poked.set()
    await done.wait()
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    assert await videos(log) == [*ALL, "new"]
