"""What the load generator sends is what the server takes, and it reads what it is answered."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from random import Random

import msgspec
import pytest

from freshet.domain.errors import Broken
from freshet.domain.events import Hide, Impression, Watch
from freshet.http.batches import batch_of
from freshet.http.callers import Caller
from freshet.http.clocks import Clock
from freshet.http.edge import Edge
from freshet.http.fields import Dropped
from freshet.http.settings import Clocks
from freshet.lab.bench.acts import Acts
from freshet.lab.bench.client import Connection, Requests
from freshet.lab.bench.server import HOST, answering, cpu_s, free_port, pss_bytes, tree
from freshet.log.recent import id_ms, raw_id


def taken(body: bytes) -> list[object]:
    now_ms = time.time_ns() // 1_000_000
    edge = Edge(Caller("key", ("ingest",)), Clock(Clocks(), now_ms, None), Dropped())
    return [edge.event(raw) for raw in batch_of(body, 1_000).events]


def test_a_feeds_acts_are_taken_by_the_edge() -> None:
    acts = taken(Acts(Random(0)).watched("vera", ["a", "b"], "r1"))
    assert [type(act) for act in acts] == [Impression, Watch] * 2
    assert [act.video for act in acts if isinstance(act, Impression)] == ["a", "b"]
    assert all(act.left for act in acts if isinstance(act, Watch))
    assert isinstance(taken(Acts(Random(0)).hides_topic("vera", "cats"))[0], Hide)


def test_a_view_that_a_batch_has_no_room_for_ends_in_the_next() -> None:
    made = Acts(Random(0))
    first, second = (taken(made.views(9, 9, 3)) for _ in range(2))
    assert [type(act) for act in (*first, *second)] == [Impression, Watch] * 3
    assert first[2].video == second[0].video  # type: ignore[attr-defined]


def test_ids_are_of_now_and_differ() -> None:
    made = Acts(Random(0))
    ids = [made._id(1_767_571_200_123) for _ in range(1_000)]
    assert {id_ms(raw_id(one)) for one in ids} == {1_767_571_200_123}
    assert len(set(ids)) == 1_000


async def test_an_answer_is_read_however_it_is_cut() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readuntil(b"\r\n\r\n"):
            for piece in (b"HTTP/1.1 20", b"0 OK\r\nContent-Length: 5\r\n\r", b"\nhe", b"llo"):
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)

    port = free_port()
    server = await asyncio.start_server(serve, HOST, port)
    connection = await Connection.to(HOST, port)
    for _ in range(2):
        request = Requests(HOST, port, "key").get("/")
        assert await connection.ask(request) == (200, b"hello")
    server.close()
    connection.close()


async def test_a_server_that_hangs_up_is_an_error() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    port = free_port()
    server = await asyncio.start_server(serve, HOST, port)
    connection = await Connection.to(HOST, port)
    assert connection.is_open
    with pytest.raises(Broken, match="closed"):
        await connection.ask(Requests(HOST, port, "key").get("/"))
    assert not connection.is_open
    server.close()


async def test_a_connection_closed_while_nothing_was_asked_is_an_error() -> None:
    server = await asyncio.start_server(
        lambda _r, writer: writer.close(), HOST, port := free_port()
    )
    connection = await Connection.to(HOST, port)
    await asyncio.sleep(0.05)
    with pytest.raises(Broken, match="nothing was asked"):
        await connection.ask(Requests(HOST, port, "key").get("/"))
    server.close()


def test_a_request_carries_the_key_and_its_length() -> None:
    body = msgspec.json.encode({"events": []})
    sent = Requests(HOST, 80, "secret").post("/v1/events", body)
    assert sent.startswith(b"POST /v1/events HTTP/1.1\r\n")
    assert sent.endswith(body)
    assert b"authorization: Bearer secret\r\n" in sent
    assert b"content-length: %d\r\n" % len(body) in sent


def test_a_process_that_has_ended_costs_nothing() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert pss_bytes(ended.pid) == 0
    assert cpu_s([ended.pid]) == 0


async def test_what_a_process_costs_is_read_from_the_system() -> None:
    own = os.getpid()
    assert own in tree(os.getppid())
    assert tree(own)[0] == own
    assert cpu_s([own]) > 0
    assert pss_bytes(own) > 1_000_000
    port = free_port()
    server = await asyncio.start_server(lambda _r, _w: None, HOST, port)
    connection = await Connection.to(HOST, port)
    await asyncio.sleep(0.05)
    assert answering([own], port, connection.local_port) == own
    connection.close()
    server.close()
