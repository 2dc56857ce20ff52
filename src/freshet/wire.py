"""The desk over a socket: how serving processes reach the writer.

    attach   descriptors of the writer's memory, and what it calls itself (`boot`)
    desk     calls and answers, many at a time, each with a number

Both sockets are files that only the owner can open. A call carries the `boot` its sender
ranked on: one from before the writer was replaced is refused, and its sender attaches
again. Whatever is sent may be sent twice (events have ids, slates a request), so what was
under way when the writer died is simply sent to the next one.
"""

from __future__ import annotations

import array
import asyncio
import os
import socket
import struct
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import structlog

from freshet.distribution.diagnosis import Diagnosis, PersonDiagnosis
from freshet.distribution.standing import Funnel, JourneySoFar
from freshet.domain.errors import (
    Broken,
    FreshetError,
    NotFound,
    Overloaded,
    Refused,
    TooLate,
    Unavailable,
)
from freshet.domain.events import Event, SlateServed
from freshet.domain.upcast import decode_batch, encode_batch
from freshet.feed.arm_table import ArmTable
from freshet.feed.recorder import Committed
from freshet.log.ports import Appended
from freshet.moderation.asks import ANSWERS, Ask, Asks
from freshet.writer import Desk, Health

HEAD = struct.Struct("<I")
MESSAGE_MAX = 64 * 2**20
DESCRIPTORS_MAX = 250  # in one message of a Unix socket

_log = structlog.get_logger("freshet.wire")
_encode = msgspec.msgpack.Encoder().encode


class Call(msgspec.Struct, array_like=True):
    number: int
    boot: str
    method: str
    body: msgspec.Raw


class Failure(msgspec.Struct, array_like=True):
    """An error of the tree in `errors.py`, as it crosses."""

    code: str
    message: str
    field: str = ""
    right: str = ""
    retry_after_s: float = 0.0


class Reply(msgspec.Struct, array_like=True):
    number: int
    body: msgspec.Raw
    failure: Failure | None = None


class Commit(msgspec.Struct, array_like=True):
    slate: bytes
    after: int


class Of(msgspec.Struct, array_like=True):
    viewer: str
    request_id: str = ""


class Compare(msgspec.Struct, array_like=True):
    experiment: str
    control: str


class Result(msgspec.Struct, array_like=True):
    """Of `append`, as it crosses."""

    offsets: tuple[int, ...]
    repeated: tuple[int, ...]
    refused: tuple[tuple[int, Failure], ...]


class Attached(msgspec.Struct):
    """What an attached process is told with the descriptors."""

    boot: str
    layout: str
    regions: list[str]


def failure(error: FreshetError) -> Failure:
    if isinstance(error, Refused):
        return Failure(error.code, error.reason, error.field, error.right)
    retry = error.retry_after_s if isinstance(error, Overloaded) else 0.0
    message = error.what if isinstance(error, Overloaded) else str(error)
    return Failure(error.code, message, retry_after_s=retry)


def error_of(failure: Failure) -> FreshetError:
    if failure.code == Overloaded.code:
        return Overloaded(failure.message, failure.retry_after_s)
    for kind in (NotFound, TooLate, Refused):
        if failure.code == kind.code:
            return kind(failure.field, failure.message, failure.right)
    return (Unavailable if failure.code == Unavailable.code else Broken)(failure.message)


# --- the writer's side ----------------------------------------------------------------------


class DeskServer:
    """Serves a desk on `path`, and the writer's memory on `path`.attach."""

    def __init__(
        self, desk: Desk, boot: str, layout: str, regions: Mapping[str, int], path: Path
    ) -> None:
        self._desk, self._boot, self._path = desk, boot, path
        self._attached = Attached(boot, layout, list(regions))
        self._files = list(regions.values())
        self._tasks: set[asyncio.Task[None]] = set()
        self._callers: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        self._path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._talk, str(self._path))
        os.chmod(self._path, 0o600)
        self._door = _listen(attach_path(self._path))
        threading.Thread(target=self._hand_out, name="freshet-attach", daemon=True).start()

    async def close(self) -> None:
        self._server.close()
        self._door.close()
        for task in list(self._tasks):
            task.cancel()
        for caller in list(self._callers):
            caller.close()

    def _hand_out(self) -> None:
        while True:
            try:
                other, _ = self._door.accept()
            except OSError:  # closed
                return
            with other, suppress(OSError):
                told = msgspec.json.encode(self._attached)
                other.sendall(HEAD.pack(len(told)) + told)
                for first in range(0, len(self._files), DESCRIPTORS_MAX):
                    files = array.array("i", self._files[first : first + DESCRIPTORS_MAX])
                    other.sendmsg([b"f"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, files)])

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        decode = msgspec.msgpack.Decoder(Call).decode
        self._callers.add(writer)
        try:
            while True:
                call = decode(await _message(reader))
                task = asyncio.create_task(self._answer(call, writer))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._callers.discard(writer)
            writer.close()

    async def _answer(self, call: Call, writer: asyncio.StreamWriter) -> None:
        nothing = msgspec.Raw(_encode(None))
        try:
            if call.boot != self._boot:
                raise Unavailable(OTHER_BOOT)
            reply = Reply(call.number, msgspec.Raw(_encode(await self._do(call))))
        except FreshetError as error:
            reply = Reply(call.number, nothing, failure(error))
        except Exception as error:  # a bug of ours must reach the caller
            _log.error("call failed", method=call.method, exc_info=error)
            reply = Reply(call.number, nothing, Failure(Broken.code, repr(error)))
        with suppress(ConnectionError):
            _send(writer, reply)

    async def _do(self, call: Call) -> Any:
        desk, decode = self._desk, msgspec.msgpack.decode
        if call.method == "append":
            appended = await desk.append(decode_batch(decode(call.body, type=bytes)))
            refused = tuple((at, failure(error)) for at, error in appended.refused)
            return Result(appended.offsets, appended.repeated, refused)
        if call.method == "commit":
            commit = decode(call.body, type=Commit)
            (slate,) = decode_batch(commit.slate)
            assert isinstance(slate, SlateServed)
            return await desk.commit(slate, commit.after)
        if call.method == "wake":
            return await desk.wake(decode(call.body, type=str))
        if call.method == "relay":
            return await desk.relay()
        if call.method == "arms":
            compare = decode(call.body, type=Compare)
            return await desk.arms(compare.experiment, compare.control)
        if call.method == "moderate":
            return await desk.moderate(decode(call.body, type=Asks))
        if call.method == "journey":
            return await desk.journey(decode(call.body, type=str))
        if call.method == "funnel":
            return await desk.funnel()
        if call.method == "diagnosis":
            return await desk.diagnosis(decode(call.body, type=str))
        if call.method == "person_diagnosis":
            return await desk.person_diagnosis(decode(call.body, type=str))
        of = decode(call.body, type=Of)
        if call.method == "recorded":
            return await desk.recorded(of.viewer, of.request_id)
        if call.method == "slates":
            return await desk.slates(of.viewer)
        if call.method == "health":
            return await desk.health()
        raise Broken(f"the desk knows no {call.method!r}")


OTHER_BOOT = "the writer was replaced"


def attach_path(path: Path) -> Path:
    return path.with_suffix(".attach")


def _listen(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    door.bind(str(path))
    os.chmod(path, 0o600)
    door.listen(64)
    return door


async def _message(reader: asyncio.StreamReader) -> bytes:
    (size,) = HEAD.unpack(await reader.readexactly(HEAD.size))
    if size > MESSAGE_MAX:
        raise ConnectionError(f"a message of {size} bytes")
    return await reader.readexactly(size)


def _send(writer: asyncio.StreamWriter, what: Any) -> None:
    told = _encode(what)
    writer.write(HEAD.pack(len(told)) + told)


# --- the serving side -----------------------------------------------------------------------


def attach(path: Path) -> tuple[Attached, dict[str, int]]:
    """The writer's name for itself and its memory, as descriptors by region.

    Raises:
        OSError: no writer is there now.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
        door.settimeout(5)
        door.connect(str(attach_path(path)))
        (size,) = HEAD.unpack(_exactly(door, HEAD.size))
        attached = msgspec.json.decode(_exactly(door, size), type=Attached)
        files: list[int] = []
        while len(files) < len(attached.regions):
            told, more, _, _ = socket.recv_fds(door, 1, DESCRIPTORS_MAX)
            if not told:
                raise ConnectionError("the writer hung up")
            files += more
    return attached, dict(zip(attached.regions, files, strict=True))


def _exactly(door: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        piece = door.recv(size - len(found))
        if not piece:
            raise ConnectionError("the writer hung up")
        found += piece
    return found


class RemoteDesk:
    """The desk of a writer in another process.

    A call waits while the writer is being replaced, for `patience_s` at the most.
    """

    def __init__(self, path: Path, patience_s: float = 15.0) -> None:
        self.path, self._patience_s = path, patience_s
        self.boot = ""  # of the writer whose memory this process reads
        self.moved = asyncio.Event()  # another writer is there: attach to it
        self._number = 0
        self._waiting: dict[int, asyncio.Future[Reply]] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._attached = asyncio.Event()

    def attached(self, boot: str) -> None:
        """This process reads that writer's memory from now on."""
        self.boot = boot
        self._attached.set()

    async def ready(self, within_s: float) -> bool:
        """Wait until the writer is there and its memory is read; False if it takes longer."""
        try:
            await asyncio.wait_for(self._attached.wait(), max(0.0, within_s))
        except TimeoutError:
            return False
        return True

    async def append(self, events: Sequence[Event]) -> Appended:
        reply = await self._call("append", encode_batch(list(events)))
        result = msgspec.msgpack.decode(reply, type=Result)
        refused = tuple((at, error_of(told)) for at, told in result.refused)
        return Appended(result.offsets, result.repeated, refused)  # type: ignore[arg-type]

    async def commit(self, slate: SlateServed, after: int) -> Committed:
        # No patience: a slate ranked on memory that nobody writes any more is ranked again.
        reply = await self._once("commit", Commit(encode_batch([slate]), after))
        return msgspec.msgpack.decode(reply, type=Committed)

    async def recorded(self, viewer: str, request_id: str) -> SlateServed | None:
        reply = await self._call("recorded", Of(viewer, request_id))
        return msgspec.msgpack.decode(reply, type=SlateServed | None)

    async def slates(self, viewer: str) -> tuple[SlateServed, ...]:
        reply = await self._call("slates", Of(viewer))
        return msgspec.msgpack.decode(reply, type=tuple[SlateServed, ...])

    async def health(self) -> Health:
        try:
            reply = await self._once("health", Of(""))
        except Unavailable as error:
            return Health((str(error),))
        return msgspec.msgpack.decode(reply, type=Health)

    async def wake(self, viewer: str) -> None:
        await self._call("wake", viewer)

    async def relay(self) -> None:
        await self._call("relay", None)

    async def arms(self, experiment: str, control: str) -> ArmTable:
        reply = await self._call("arms", Compare(experiment, control))
        return msgspec.msgpack.decode(reply, type=ArmTable)

    async def moderate(self, asked: Ask) -> Any:
        reply = await self._call("moderate", asked)
        return msgspec.msgpack.decode(reply, type=ANSWERS[type(asked)])

    async def journey(self, video: str) -> JourneySoFar:
        return msgspec.msgpack.decode(await self._call("journey", video), type=JourneySoFar)

    async def funnel(self) -> Funnel:
        return msgspec.msgpack.decode(await self._call("funnel", None), type=Funnel)

    async def diagnosis(self, video: str) -> Diagnosis:
        return msgspec.msgpack.decode(await self._call("diagnosis", video), type=Diagnosis)

    async def person_diagnosis(self, person: str) -> PersonDiagnosis:
        told = await self._call("person_diagnosis", person)
        return msgspec.msgpack.decode(told, type=PersonDiagnosis)

    async def follow(self) -> None:
        """Keep the connection, and say when another writer is there; never ends."""
        while True:
            try:
                reader, writer = await asyncio.open_unix_connection(str(self.path))
            except OSError:
                await asyncio.sleep(0.05)
                continue
            self._writer = writer
            self._attached.clear()
            self.moved.set()
            await self._listen(reader)
            self._writer = None
            self._fail_all("the writer is gone; another one is on its way")

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        decode = msgspec.msgpack.Decoder(Reply).decode
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                reply = decode(await _message(reader))
                waiting = self._waiting.pop(reply.number, None)
                if waiting is not None and not waiting.done():
                    waiting.set_result(reply)

    def _fail_all(self, why: str) -> None:
        waiting, self._waiting = self._waiting, {}
        for future in waiting.values():
            if not future.done():
                future.set_exception(Gone(why))

    async def _call(self, method: str, body: Any) -> msgspec.Raw:
        """Call, again if the writer is replaced meanwhile: what is sent may be sent twice."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self._patience_s
        while True:
            try:
                return await self._once(method, body)
            except Gone:
                if not await self.ready(end - loop.time()):
                    raise
                await asyncio.sleep(0.001)

    async def _once(self, method: str, body: Any) -> msgspec.Raw:
        if self._writer is None or not self._attached.is_set():
            raise Gone("the writer is not there now")
        self._number += 1
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting[self._number] = future
        _send(self._writer, Call(self._number, self.boot, method, msgspec.Raw(_encode(body))))
        reply = await future
        if reply.failure is not None:
            error = error_of(reply.failure)
            raise Gone(OTHER_BOOT) if str(error) == OTHER_BOOT else error
        return reply.body


class Gone(Unavailable):
    """The writer went away before it answered."""
