"""What answers on the port of the settings: nobody, us, or another program."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, build_opener

from freshet.config import Http, Settings
from freshet.ops.doctor import Check, fail, ok, warn

TIMEOUT_S = 5.0
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}
ALERT = re.compile(r'^freshet_alert\{code="([^"]*)",subject="([^"]*)".*\} (\S+)$', re.M)

_open = build_opener(ProxyHandler({})).open  # a proxy of the environment is not asked


def server(settings: Settings, now_ms: int) -> Iterator[Check]:
    """It is ready, or the port is free for it."""
    root = root_of(settings.http)
    try:
        status, body = _asked(f"{root}/health/ready")
    except URLError as error:
        if isinstance(error.reason, ConnectionRefusedError):
            yield ok("server", f"none runs; {root} is free")
        else:
            do = "see what holds the port: ss -ltnp; or another one: FRESHET_HTTP_PORT"
            yield fail("server", f"{root} does not answer: {error.reason}", do)
        return
    except (OSError, ValueError) as error:
        do = "see what holds the port: ss -ltnp; or another one: FRESHET_HTTP_PORT"
        yield fail("server", f"{root} does not answer as HTTP: {error}", do)
        return
    problems = _problems(body)
    if problems is None:
        do = "another port: FRESHET_HTTP_PORT"
        yield fail("server", f"{root} is held by another program", do)
    elif status == 200:
        yield ok("server", f"ready at {root}")
        yield from _alerts(root)
    else:
        do = "wait, if it has just started; else see its log"
        yield fail("server", f"not ready at {root}: {'; '.join(problems)}", do)


def _alerts(root: str) -> Iterator[Check]:
    """What drifts, by the server's own limits."""
    _, text = _asked(f"{root}/metrics")
    found = sorted({(code, subject, value) for code, subject, value in ALERT.findall(text)})
    for code, subject, value in found:
        do = "GET /v1/admin/alerts tells more; limits are the settings `alerts`"
        yield warn("alerts", f"{code}: {subject} at {value}", do)
    if not found:
        yield ok("alerts", "no prediction drifts, no source fails")


def root_of(http: Http) -> str:
    """Where this machine reaches the server.

    >>> root_of(Http(host="0.0.0.0", port=9000)), root_of(Http(host="::1", port=9000))
    ('http://127.0.0.1:9000', 'http://[::1]:9000')
    """
    plain = f"[{http.host}]" if ":" in http.host else http.host
    return f"http://{ANYWHERE.get(http.host, plain)}:{http.port}"


def _asked(url: str) -> tuple[int, str]:
    try:
        with _open(url, timeout=TIMEOUT_S) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:  # which is an answer, too
        return error.code, error.read().decode(errors="replace")


def _problems(body: str) -> list[str] | None:
    """What our own answer to `/health/ready` says; None if it is not ours."""
    try:
        said = json.loads(body)
        return list(said["problems"])
    except (ValueError, KeyError, TypeError):
        return None


LOOKS = (("server", server),)
