"""A proxy that fails as networks do: by a plan, one word for each request that comes.

    pass      forward it, and the answer
    unheard   hang up before anything is forwarded
    unsaid    forward it, and hang up instead of answering: what was asked is done
    torn      forward it, and hang up in the middle of the answer
    busy      429 with Retry-After: 0, nothing forwarded
    away      503 with Retry-After: 0, nothing forwarded

When the plan is used up, everything passes.
"""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import urlsplit

HOP = {"connection", "transfer-encoding", "content-length", "keep-alive", "date", "server"}
STATUS = {"busy": 429, "away": 503}


class Flaky:
    """Listens while entered; `asked` is what it was asked, in order: the word, method, path,
    headers, body."""

    def __init__(self, url: str, plan: Iterable[str]) -> None:
        self.asked: list[tuple[str, str, str, dict[str, str], bytes]] = []
        self._plan: Iterator[str] = iter(plan)
        self._lock = threading.Lock()
        handler = type("Handler", (_Handler,), {"flaky": self, "target": urlsplit(url).netloc})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Flaky:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def word(self, method: str, path: str, headers: dict[str, str], body: bytes) -> str:
        with self._lock:
            word = next(self._plan, "pass")
            self.asked.append((word, method, path, headers, body))
        return word


class _Handler(BaseHTTPRequestHandler):
    flaky: ClassVar[Flaky]
    target: ClassVar[str]
    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = dict(self.headers.items())
        word = self.flaky.word(self.command, self.path, headers, body)
        self.close_connection = True
        if word == "unheard":
            return
        if word in STATUS:
            problem = {"error": {"code": word, "reason": f"it is {word}"}}
            self._answer(STATUS[word], {"Retry-After": "0"}, json.dumps(problem).encode())
            return
        status, given, answer = self._forwarded(headers, body)
        if word == "unsaid":
            return
        self._answer(status, given, answer, torn=word == "torn")

    def _forwarded(self, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(self.target, timeout=60)
        try:
            connection.request(self.command, self.path, body or None, headers)
            response = connection.getresponse()
            given = {name: v for name, v in response.getheaders() if name.lower() not in HOP}
            return response.status, given, response.read()
        finally:
            connection.close()

    def _answer(
        self, status: int, headers: dict[str, str], body: bytes, torn: bool = False
    ) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if torn else body)

    do_GET = do_POST = do_PATCH = do_DELETE = do_OPTIONS = _serve  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Nothing is written: `asked` has it."""
