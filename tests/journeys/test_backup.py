"""A server under load is backed up, its folder is lost, and the backup goes on where it was."""

from __future__ import annotations

import asyncio
import random
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx

from freshet.app import now_ms
from freshet.backends.sqlite_reader import SqliteReader
from freshet.config import Settings
from freshet.log.inspect import Verified, verify
from freshet.log.ports import Batch, Offset
from freshet.ops import manifest
from freshet.ops.backup import backup
from freshet.ops.refold import compare
from freshet.ops.restore import restore
from tests.chaos.workers import KEY, Seen, Server, Viewer

ADMIN = {"Authorization": f"Bearer {KEY[::-1]}"}
VIDEOS = 120


def test_after_the_folder_is_lost_all_that_was_acknowledged_before_is_back(tmp_path: Path) -> None:
    data, backups = tmp_path / "data", tmp_path / "backups"
    before = asyncio.run(lived(data, backups))
    assert before.seen.broken == []
    last = manifest.read(manifest.found(backups)).log.last
    lived_through = verified(data, last)
    assert lived_through.last == last < SqliteReader(data).last  # the server went on behind it
    shutil.rmtree(data)

    restore(backups, data)
    assert verified(data) == lived_through
    ids = {event.event_id for batch in everything(data) for event in batch.events}
    assert before.acknowledged <= ids
    asyncio.run(served_again(data, before))
    assert compare(Settings(data=str(data))).differs == ()


@dataclass
class Before:
    """What clients knew when the backup began."""

    seen: Seen
    acknowledged: set[str]
    shown: dict[str, set[str]]  # viewer -> videos


async def lived(data: Path, backups: Path) -> Before:
    """Viewers swipe and videos come in while a backup is made."""
    server, seen, stop = Server(data, 1), Seen(), asyncio.Event()
    try:
        await server.ready()
        await publish(server, range(VIDEOS))
        viewers = [Viewer(f"ada{n}", server.root, seen, random.Random(n)) for n in range(2)]
        begun = [asyncio.Event() for _ in viewers]
        load = [
            asyncio.create_task(swiping(*each, stop)) for each in zip(viewers, begun, strict=True)
        ]
        load.append(asyncio.create_task(publishing(server, stop)))
        async with asyncio.timeout(60):
            await asyncio.gather(*(each.wait() for each in begun))
        acknowledged, shown = set(seen.acknowledged), {v.name: set(v.shown) for v in viewers}
        await asyncio.to_thread(backup, data, backups, now_ms())
        await publish(server, range(9_000, 9_010))  # it goes on behind the backup
        stop.set()
        await asyncio.gather(*load)
    finally:
        code = server.stop()
    assert code == 0
    return Before(seen, acknowledged, shown)


async def served_again(data: Path, before: Before) -> None:
    """It serves from the backup, and nobody is shown again what they had seen."""
    server, seen = Server(data, 1), Seen()
    try:
        await server.ready()
        for name, shown in before.shown.items():
            viewer = Viewer(name, server.root, seen, random.Random(1))
            viewer.shown |= shown
            async with viewer.http:
                assert await viewer.ask()
    finally:
        code = server.stop()
    assert (code, seen.broken) == (0, [])


async def swiping(viewer: Viewer, begun: asyncio.Event, stop: asyncio.Event) -> None:
    async with viewer.http:
        while not stop.is_set():
            if items := await viewer.ask():
                await viewer.act(items)
                begun.set()


async def publishing(server: Server, stop: asyncio.Event) -> None:
    at = VIDEOS
    while not stop.is_set():
        await publish(server, range(at, at + 10))
        at += 10


async def publish(server: Server, numbers: range) -> None:
    """Through the catalogue and its outbox."""
    videos = [
        {"id": f"video-{n:04d}", "creator": f"maker{n % 40}", "duration_ms": 9_000,
         "video_description": f"clip {n}"}
        for n in numbers
    ]  # fmt: skip
    people = [{"id": creator} for creator in sorted({str(v["creator"]) for v in videos})]
    async with httpx.AsyncClient(
        base_url=server.root, headers=ADMIN, timeout=60, trust_env=False
    ) as http:
        for path, records in (("people", people), ("videos", videos)):
            answer = await http.post(f"/v1/{path}", json={path: records})
            assert (answer.status_code, answer.json().get("errors")) == (200, []), answer.text


def verified(data: Path, upto: Offset = 2**62) -> Verified:
    with closing(SqliteReader(data).store) as store:
        return verify(row for row in store.all_rows() if row.last <= upto)


def everything(data: Path) -> Iterator[Batch]:
    log, after = SqliteReader(data), 0
    with closing(log.store):
        while after < log.last:
            batch = log.batch(after)
            after = batch.last
            yield batch
