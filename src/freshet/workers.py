"""Several processes for one data folder: a writer, and as many that serve.

    supervisor ─┬─▶ writer   log, folds, learning; shares its memory
                ├─▶ worker   HTTP; maps that memory, ranks on it
                └─▶ worker   …                                    all on one port

Whichever of them dies is started again; workers outlive a writer and wait for the next one.
A child whose supervisor died stops by itself, so nothing is ever left behind.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import replace
from pathlib import Path
from random import SystemRandom
from typing import Literal

import msgspec
import structlog

from freshet import cli_feed, logs, weighing
from freshet.app import now_ms, open_access, open_catalogue, open_writer, settled
from freshet.backends.secret_file import CURSORS, secret_of
from freshet.catalogue.keys import FILE as KEYS_FILE
from freshet.catalogue.keys import PersonKeys
from freshet.config import Feed, Settings
from freshet.domain.errors import Broken, FreshetError, Refused, Unavailable
from freshet.engine import Engine
from freshet.feed.answer import Answer
from freshet.feed.telemetry import Telemetry
from freshet.learning.mapped import MappedLive
from freshet.learning.reading import Reading
from freshet.learning.space import ACKNOWLEDGED
from freshet.log.ports import Offset
from freshet.state.memory import Mapped, Shared
from freshet.surfaces.surfaces import Question
from freshet.wire import DeskServer, Gone, RemoteDesk, attach
from freshet.writer import Acknowledged

Role = Literal["writer", "worker"]

PATIENCE_S = 30.0  # a request waits so long for a writer that is being replaced
PAUSE_S, PAUSE_MOST_S = 0.1, 5.0  # before a child that died young is started again
STOP_S = 20.0  # a child may take so long to end
YOUNG_S = 10.0
WEIGHTS = "weights"  # file of the value tables that were read again, beside the socket

_log = structlog.get_logger("freshet.workers")


class Told(msgspec.Struct):
    """What a child is told by its supervisor, over its standard input."""

    role: Role
    settings: Settings
    socket: str
    supervisor: int
    name: str  # in metrics


# --- the supervisor ---------------------------------------------------------------------------


class Child:
    """A process that is started again when it ends."""

    def __init__(self, name: str, told: Told) -> None:
        self.name, self._told = name, told
        self._stopping = False
        self._process: asyncio.subprocess.Process | None = None

    async def keep(self) -> int:
        """Run it, again and again; returns only the exit code of one that may not be
        started again: it ended by itself because of its settings or its data."""
        pause_s = PAUSE_S
        while True:
            started = time.monotonic()
            code = await self._once()
            if self._stopping or code in (2, 70, 75):
                return code
            _log.warning("started again", process=self.name, exit=code)
            pause_s = PAUSE_S if time.monotonic() - started > YOUNG_S else pause_s * 2
            await asyncio.sleep(min(pause_s, PAUSE_MOST_S))

    async def _once(self) -> int:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "freshet.workers", stdin=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is the supervisor's to pass on, in order
        )  # fmt: skip
        assert self._process.stdin is not None
        with suppress(ConnectionError):
            self._process.stdin.write(msgspec.json.encode(self._told))
            await self._process.stdin.drain()
            self._process.stdin.close()
        return await self._process.wait()

    def reweigh(self, settings: Settings) -> None:
        """Tell it that the value tables changed, also one that is begun later."""
        self._told = msgspec.structs.replace(self._told, settings=settings)
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGHUP)

    async def stop(self) -> None:
        self._stopping = True
        process = self._process
        if process is None or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_S)
        except TimeoutError:
            with suppress(ProcessLookupError):
                process.kill()


async def supervise(settings: Settings, workers: int) -> int:
    """Serve with a writer and `workers` serving processes until a signal.

    Returns:
        The exit code.
    """
    cli_feed.check_port(settings.http)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, stop.set)
    with (
        tempfile.TemporaryDirectory(prefix="freshet-") as folder,
        weighing.asked_again() as asked,
    ):
        socket = Path(folder) / "desk"

        def child(role: Role, name: str) -> Child:
            return Child(name, Told(role, settings, str(socket), os.getpid(), name))

        writer = child("writer", "writer")
        serving = [child("worker", str(n)) for n in range(1, workers + 1)]
        feed = settings.feed

        def reweigh() -> None:
            # Not the writer: what videos on trial are worth may not change in mid-fold.
            nonlocal feed
            before, feed = feed, weighing.reread(feed)
            made = Path(folder) / f"{WEIGHTS}.new"
            made.write_bytes(msgspec.json.encode(feed))
            made.replace(Path(folder) / WEIGHTS)
            for one in serving:
                one.reweigh(msgspec.structs.replace(settings, feed=feed))
            weighing.tell(before, feed)

        kept = [asyncio.create_task(writer.keep())]
        stopped = asyncio.create_task(stop.wait())
        async with weighing.followed(asked, reweigh):
            await _until(lambda: socket.exists() or kept[0].done() or stop.is_set())
            if not kept[0].done() and not stop.is_set():
                kept += [asyncio.create_task(one.keep()) for one in serving]
            await asyncio.wait([stopped, *kept], return_when=asyncio.FIRST_COMPLETED)
        codes = [task.result() for task in kept if task.done()]
        await asyncio.gather(*(one.stop() for one in serving))
        await writer.stop()
        stopped.cancel()
        await asyncio.gather(*kept, return_exceptions=True)
        return next((code for code in codes if code), 0)


async def _until(holds: Callable[[], bool]) -> None:
    """Look until something holds that nobody tells us of: a file, another process."""
    while not holds():  # noqa: ASYNC110
        await asyncio.sleep(0.05)


# --- children ---------------------------------------------------------------------------------


async def write(told: Told) -> None:
    """Be the writer until a signal."""
    stop = asyncio.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the workers' business
    memory = Shared()
    async with open_writer(told.settings, _tell, memory=memory) as (writer, live):
        boot = f"{SystemRandom().getrandbits(64):016x}"
        desk = DeskServer(writer, boot, live.layout_digest(), memory.files, Path(told.socket))
        telemetry = Telemetry(told.name, Path(told.socket).parent / "said", now_ms)
        writer.watched_by(telemetry)
        async with writer.running(), telemetry.telling():
            await desk.start()
            settled()
            _log.info("writing", data=told.settings.data, offset=writer.folding.offset)
            await stop.wait()
            await desk.close()


def _tell(doing: str, done: int = 0, total: int | None = None) -> None: ...


class Watching:
    """How far the writer's folds are, read from its memory."""

    def __init__(self, live: Reading) -> None:
        self._live = live
        self._acknowledged = Acknowledged(live.space.meta[ACKNOWLEDGED:])

    def acknowledged(self, viewer: str) -> Offset:
        return self._acknowledged.of(viewer)

    async def reach(self, offset: Offset, within_ms: float) -> bool:
        loop = asyncio.get_running_loop()
        end = loop.time() + within_ms / 1000
        while self._live.offset < offset:
            if loop.time() >= end:
                return False
            await asyncio.sleep(0.0005)
        return True


class WorkerEngine(Engine):
    """Serves on another process's memory, and moves on when that process is replaced."""

    desk: RemoteDesk

    async def ask(self, surface: str, asked: Question) -> Answer:
        if not asked.cursor:  # a cursor names its page
            # One id for all tries: the writer may have died after it recorded the slate.
            asked = replace(asked, request_id=asked.request_id or self.new_request_id())
        loop = asyncio.get_running_loop()
        end = loop.time() + PATIENCE_S
        while True:
            try:
                return await super().ask(surface, asked)
            except Gone:
                if not await self.desk.ready(end - loop.time()):
                    raise

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._move(), name="move")
        try:
            async with super().running():
                yield
        finally:
            task.cancel()

    async def _move(self) -> None:
        while True:
            await self.desk.moved.wait()
            self.desk.moved.clear()
            with suppress(OSError):
                live, boot = await asyncio.to_thread(mapped, self.desk.path)
                if boot != self.desk.boot:
                    self.serve_on(live, Watching(live))
                self.desk.attached(boot)


def mapped(path: Path) -> tuple[MappedLive, str]:
    """The writer's state, and what the writer calls itself.

    Raises:
        OSError: no writer is there now.
        Broken: it is laid out otherwise.
    """
    attached, files = attach(path)
    try:
        live = MappedLive(Mapped(files))
    finally:
        for file in files.values():
            os.close(file)  # what is mapped stays mapped
    if live.space.digest() != attached.layout:
        raise Broken("the writer runs another release")
    return live, attached.boot


async def serve(told: Told) -> None:
    """Be a worker until a signal."""
    path = Path(told.socket)
    while True:
        try:
            live, boot = await asyncio.to_thread(mapped, path)
            break
        except OSError:
            await asyncio.sleep(0.05)
    desk = RemoteDesk(path, PATIENCE_S)
    following = asyncio.create_task(desk.follow(), name="desk")
    keys = PersonKeys(told.settings.folder / KEYS_FILE, SystemRandom())
    secret = secret_of(told.settings.folder / CURSORS)
    desk.boot = boot
    try:
        access = open_access(told.settings.folder)
        with (
            closing(access),
            open_catalogue(told.settings.folder) as catalogue,
            weighing.asked_again() as asked,
        ):
            engine = WorkerEngine(
                desk, live, Watching(live), keys, told.settings, now_ms, SystemRandom(), secret,
                catalogue, access, Telemetry(told.name, path.parent / "said", now_ms),
            )  # fmt: skip

            tables = path.parent / WEIGHTS

            def reweigh() -> None:
                engine.reweigh(msgspec.json.decode(tables.read_bytes(), type=Feed))

            if tables.exists():  # changed while this process began
                asked.set()
            async with weighing.followed(asked, reweigh):
                await cli_feed.serve_until_stopped(engine, told.settings.http, shared_port=True)
    finally:
        following.cancel()
        keys.close()


def die_with(supervisor: int) -> None:
    """End this process when its supervisor ends, however that ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
    if os.getppid() != supervisor:
        sys.exit(0)


def main() -> None:
    told = msgspec.json.decode(sys.stdin.buffer.read(), type=Told)
    logs.configure()
    die_with(told.supervisor)
    work = write(told) if told.role == "writer" else serve(told)
    try:
        with asyncio.Runner(loop_factory=cli_feed.new_loop) as runner:
            runner.run(work)
    except FreshetError as error:
        _log.error("ended", role=told.role, reason=str(error))
        codes = ((Refused, 2), (Unavailable, 75))
        sys.exit(next((code for kind, code in codes if isinstance(error, kind)), 70))


if __name__ == "__main__":
    main()
