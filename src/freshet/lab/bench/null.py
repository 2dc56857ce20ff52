"""A server that does nothing, to see what the load generator itself can carry.

python -m freshet.lab.bench.null PORT
"""

from __future__ import annotations

import asyncio
import re
import sys
from typing import cast

import msgspec
import uvloop

from freshet.lab.bench.server import HOST

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


def _answer(body: object) -> bytes:
    encoded = msgspec.json.encode(body)
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(encoded), encoded)


def _item(k: int) -> dict[str, object]:
    """As long as a real one."""
    predictions = {f"outcome_{o}": 0.123456 for o in range(15)}
    return {"video": f"video-{k}", "predictions": predictions, "reasons": ["x" * 120] * 2}


FEED = _answer({"request_id": "0" * 36, "items": [_item(k) for k in range(10)]})
TAKEN = _answer({"accepted": 20, "repeated": 0, "offset": 1})


class Null(asyncio.Protocol):
    """Reads a request as far as it must, and answers."""

    def __init__(self) -> None:
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        length = _LENGTH.search(self._buffer, 0, head)
        if len(self._buffer) < head + 4 + (int(length[1]) if length else 0):
            return
        self._transport.write(FEED if self._buffer.startswith(b"GET") else TAKEN)
        self._buffer = b""


async def serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Null, HOST, port)
    await server.serve_forever()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(int(sys.argv[1])))
