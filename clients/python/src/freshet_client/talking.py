"""How one call is made, without doing it: what to send, when to wait, when to give up.

A conversation is a generator that says its next step and is sent what came of it. The two
clients drive it, one with blocking input and output and one with awaited, so attempts,
waits and errors are the same in both, and are tested without a network.

    Send(request)  → Heard(status, …) or Lost(why)
    Wait(seconds)  → None
    Renew()        → None; the key or token is asked for again
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, TypeVar

import msgspec

from freshet_client.call import Call
from freshet_client.errors import Broken, Refused, Unavailable, refused
from freshet_client.ids import new_id

T = TypeVar("T")

AGAIN = (429, 502, 503, 504)  # too much, not now, or a proxy that cannot reach the server

UNDONE = (429, 503)  # of these, those that the server itself says before it does anything


@dataclass(frozen=True, slots=True)
class Retries:
    """How long a call is tried. `attempts` 1 = once, no retries."""

    attempts: int = 6
    first_wait_s: float = 0.2  # doubled each time
    longest_wait_s: float = 10.0
    waits_s: float = 60.0  # all waits of one call together

    def wait_s(self, attempt: int, asked_s: float, random: Random) -> float:
        """Before the attempt after this one. Chance spreads those who failed together, also
        behind a Retry-After, which is never undercut.

        >>> Retries().wait_s(1, 3.0, Random(1)) >= 3.0
        True
        """
        most = min(self.longest_wait_s, self.first_wait_s * 2 ** (attempt - 1))
        return asked_s + random.uniform(0, most)


@dataclass(frozen=True, slots=True)
class Send:
    method: str
    path: str
    query: Mapping[str, str | int | list[str]]
    headers: Mapping[str, str]
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Wait:
    seconds: float


@dataclass(frozen=True, slots=True)
class Renew:
    """The server says that the token is no longer good."""


@dataclass(frozen=True, slots=True)
class Heard:
    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes


@dataclass(frozen=True, slots=True)
class Lost:
    """No answer came, or not all of it: what was asked may have been done."""

    reason: str


Step = Send | Wait | Renew
Outcome = Heard | Lost | None


class Problem(msgspec.Struct):
    code: str
    reason: str
    field: str = ""
    right: str = ""
    request_id: str = ""


class Problems(msgspec.Struct):
    error: Problem


_problems = msgspec.json.Decoder(Problems)


def conversation(
    call: Call[T], retries: Retries, random: Random, renewable: bool = False
) -> Generator[Step, Outcome, T]:
    """
    Raises:
        Refused: the call is wrong.
        Unavailable: no attempt got through.
        Broken: the server's fault.
    """
    if retries.attempts < 1:
        raise Refused("attempts", f"{retries.attempts} is none", "at least 1")
    headers = {"X-Request-Id": new_id()}  # of all attempts: one id to look for
    if call.body is not None:
        headers["Content-Type"] = call.content
    attempt, waited_s, lost = 1, 0.0, False
    while True:
        body = call.body() if call.body is not None else None
        outcome = yield Send(call.method, call.path, call.query, headers, body)
        if isinstance(outcome, Heard):
            if outcome.status == 401 and renewable:
                renewable = False
                yield Renew()
                continue
            if outcome.status == 404 and lost and call.gone is not None:
                return call.gone()
            if outcome.status not in AGAIN or outcome.status in call.good:
                return answered(call, outcome)
        lost = lost or isinstance(outcome, Lost)
        trouble, asked_s = _trouble(outcome)
        wait_s = retries.wait_s(attempt, asked_s, random)
        waited_s += wait_s
        done = call.once and not (isinstance(outcome, Heard) and outcome.status in UNDONE)
        if done or attempt == retries.attempts or waited_s > retries.waits_s:
            tried = f" ({attempt} attempts)" if attempt > 1 else ""
            raise Unavailable(f"{call.method} {call.path}: {trouble}{tried}", asked_s)
        attempt += 1
        yield Wait(wait_s)


def answered(call: Call[T], heard: Heard) -> T:
    """The answer decoded, or the error that it is."""
    if heard.status == 200 or heard.status in call.good:
        try:
            return call.answer(heard.body)
        except msgspec.MsgspecError as error:
            if heard.status == 200:
                what = f"answered what cannot be read: {error}"
                raise Broken(f"{call.method} {call.path} {what}") from None
    what = f"{call.method} {call.path} answered {heard.status}"
    if heard.status in AGAIN:
        raise Unavailable(what)
    if heard.status >= 500 or heard.status < 400:
        raise Broken(what)
    raise _refused(heard)


def _refused(heard: Heard) -> Refused:
    try:
        said = _problems.decode(heard.body).error
    except msgspec.MsgspecError:
        return Refused("", f"answered {heard.status}: {heard.body[:200].decode(errors='replace')}")
    return refused(said.code, said.field, said.reason, said.right, said.request_id)


def _trouble(outcome: Any) -> tuple[str, float]:
    """What went wrong, and how long the server asks to wait."""
    if isinstance(outcome, Lost):
        return outcome.reason, 0.0
    assert isinstance(outcome, Heard)
    try:
        said = _problems.decode(outcome.body).error.reason
    except msgspec.MsgspecError:
        said = f"answered {outcome.status}"
    try:
        asked_s = max(0.0, float(outcome.headers.get("retry-after", "0")))
    except ValueError:  # a date, which only proxies send
        asked_s = 1.0
    return said, asked_s
