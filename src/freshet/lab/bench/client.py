"""An HTTP/1.1 connection with as little of its own as possible: a load generator's."""

from __future__ import annotations

import asyncio
import re
from typing import cast

from freshet.domain.errors import Broken

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Connection(asyncio.Protocol):
    """One request at a time; stays open.

    Raises:
        Broken: the other side hung up, or said what this does not understand.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._transport: asyncio.Transport | None = None

    @classmethod
    async def to(cls, host: str, port: int) -> Connection:
        _, made = await asyncio.get_running_loop().create_connection(cls, host, port)
        return made

    @property
    def local_port(self) -> int:
        assert self._transport is not None
        return int(self._transport.get_extra_info("sockname")[1])

    @property
    def is_open(self) -> bool:
        """False once the server has closed it, as servers do with idle ones."""
        return self._transport is not None and not self._transport.is_closing()

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Status and body of the answer."""
        assert self._transport is not None
        if self._transport.is_closing():
            raise Broken("the connection was closed while nothing was asked")
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        length = _LENGTH.search(self._buffer, 0, head)
        if length is None:
            self._fail("an answer without its length")
            return
        end = head + 4 + int(length[1])
        if len(self._buffer) < end or self._answer is None or self._answer.done():
            return
        status, body = int(self._buffer[9:12]), bytes(self._buffer[head + 4 : end])
        del self._buffer[:end]
        self._answer.set_result((status, body))

    def connection_lost(self, error: Exception | None) -> None:
        self._fail(f"the connection was closed: {error or 'by the server'}")

    def _fail(self, why: str) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(Broken(why))


class Requests:
    """The bytes of requests to one server."""

    def __init__(self, host: str, port: int, key: str) -> None:
        self._head = f"host: {host}:{port}\r\nauthorization: Bearer {key}\r\n".encode()

    def get(self, path: str) -> bytes:
        return b"GET " + path.encode() + b" HTTP/1.1\r\n" + self._head + b"\r\n"

    def post(self, path: str, body: bytes) -> bytes:
        return b"".join((
            b"POST ", path.encode(), b" HTTP/1.1\r\n", self._head,
            b"content-type: application/json\r\ncontent-length: ", str(len(body)).encode(),
            b"\r\n\r\n", body,
        ))  # fmt: skip
