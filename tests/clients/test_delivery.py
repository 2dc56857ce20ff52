"""The line that added events wait in."""

from __future__ import annotations

import time

import httpx
import pytest

from freshet_client import (
    AsyncClient,
    Batching,
    Client,
    Full,
    Refused,
    Retries,
    Unauthorized,
    events,
)
from freshet_client.answers import RecordError, Taken
from freshet_client.delivery import Line
from freshet_client.errors import Unavailable


def likes(n: int) -> list[events.Event]:
    return [events.Like(viewer="ada", video=f"v{i}") for i in range(n)]


def test_batches_are_taken_in_order_and_leave_when_they_are_answered() -> None:
    line, told = Line(Batching(size=2)), likes(3)
    line.add(told)
    assert line.head() == told[:2]
    assert line.head() == told[:2]  # until it is answered
    assert line.taken(told[:2], Taken(accepted=2, repeated=0)) == []
    assert line.head() == told[2:]


def test_a_refused_record_leaves_with_its_error() -> None:
    line, told = Line(Batching()), likes(2)
    line.add(told)
    error = RecordError(index=1, code="refused", field="video", reason="is empty")
    [(event, why)] = line.taken(told, Taken(accepted=1, repeated=0, errors=(error,)))
    assert (event, why.field) == (told[1], "video")
    assert not line.waiting


def test_a_full_line_refuses_and_keeps_what_it_has() -> None:
    line, told = Line(Batching(room=2)), likes(3)
    line.add(told[:1])
    with pytest.raises(Full):
        line.add(told[1:])
    assert list(line.waiting) == told[:1]


@pytest.mark.parametrize("error", [Unavailable("away"), Unauthorized("Authorization", "is none")])
def test_what_is_no_fault_of_the_events_keeps_them_waiting(error: Exception) -> None:
    line, told = Line(Batching()), likes(2)
    line.add(told)
    assert line.failed(told, error) == []  # type: ignore[arg-type]
    assert line.head() == told


def test_a_batch_that_is_refused_as_a_whole_is_halved_until_the_culprit_is_alone() -> None:
    line, told, refused = Line(Batching()), likes(8), list[events.Event]()
    line.add(told)
    while batch := line.head():
        if told[5] in batch:
            refused += [event for event, _ in line.failed(batch, Refused("", "too large"))]
        else:
            line.taken(batch, Taken(accepted=len(batch), repeated=0))
    assert refused == [told[5]]
    assert line.settled == 8


class Server:
    """Takes what it is told, the first time it answers at all after `failures` calls."""

    def __init__(self, failures: int = 0) -> None:
        self.failures, self.batches = failures, list[int]()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.failures:
            self.failures -= 1
            return httpx.Response(503, headers={"Retry-After": "0"})
        count = request.content.count(b"event_id")
        self.batches.append(count)
        return httpx.Response(200, json={"accepted": count, "repeated": 0})

    async def later(self, request: httpx.Request) -> httpx.Response:
        return self(request)


QUICK = Retries(first_wait_s=0.001)


def client_of(server: Server, **rules: float) -> Client:
    batching = Batching(**rules, on_trouble=lambda _: None)  # type: ignore[arg-type]
    transport = httpx.MockTransport(server)
    return Client("http://app", "k", retries=QUICK, batching=batching, transport=transport)


def async_client_of(server: Server, **rules: float) -> AsyncClient:
    batching = Batching(**rules, on_trouble=lambda _: None)  # type: ignore[arg-type]
    transport = httpx.MockTransport(server.later)
    return AsyncClient("http://app", "k", retries=QUICK, batching=batching, transport=transport)


def test_a_whole_batch_is_told_at_once_and_the_rest_on_closing() -> None:
    server = Server()
    with client_of(server, size=4, every_s=3600) as client:
        client.events.add(*likes(10))
    assert server.batches == [4, 4, 2]


def test_a_single_event_waits_no_longer_than_it_may() -> None:
    server = Server()
    with client_of(server, every_s=0.01) as client:
        client.events.add(*likes(1))
        while client.events.waiting:
            time.sleep(0.005)
    assert server.batches == [1]


def test_flushing_waits_until_a_server_that_fails_has_taken_all() -> None:
    server = Server(failures=3)
    with client_of(server, every_s=3600) as client:
        client.events.add(*likes(5))
        client.events.flush()
        assert not client.events.waiting
    assert server.batches == [5]


def test_flushing_in_vain_says_so() -> None:
    with client_of(Server(failures=10**9), closing_s=0) as client:
        client.events.add(*likes(2))
        with pytest.raises(Unavailable, match="2 events are not told yet"):
            client.events.flush(timeout_s=0.01)
        with pytest.raises(Unavailable, match="2 events could not be told"):
            client.close()
        client.events._line.waiting.clear()


def test_nothing_can_be_added_to_a_closed_client() -> None:
    client = client_of(Server())
    client.close()
    with pytest.raises(Unavailable, match="closed"):
        client.events.add(*likes(1))


async def test_the_asynchronous_one_tells_the_same_way() -> None:
    server = Server(failures=3)
    async with async_client_of(server, size=4, every_s=3600) as client:
        await client.events.add(*likes(9))
        await client.events.flush()
        await client.events.add(*likes(1))
    assert server.batches == [4, 4, 1, 1]


async def test_and_says_what_it_could_not_tell() -> None:
    client = async_client_of(Server(failures=10**9), closing_s=0.02)
    await client.events.add(*likes(2))
    with pytest.raises(Unavailable, match="2 events could not be told"):
        await client.close()
    assert len(client.events.waiting) == 2
