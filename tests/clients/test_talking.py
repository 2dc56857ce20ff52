"""How a call is tried: without a network, step by step."""

from __future__ import annotations

from random import Random
from typing import Any

import msgspec
import pytest

from freshet_client import Broken, NotFound, Refused, Retries, Unauthorized, Unavailable, events
from freshet_client.answers import Health, Removed, Saved, Taken
from freshet_client.api import telling
from freshet_client.call import Call, path, reading
from freshet_client.talking import Heard, Lost, Outcome, Renew, Send, Step, Wait, conversation

GET = Call("GET", "/health/live", reading(Health))
GOOD = Heard(200, {}, b'{"ok":true}')
LOST = Lost("no answer")


def problem(status: int, code: str, **more: Any) -> Heard:
    error = {"code": code, "reason": "so it is", "field": "n", "right": "1 to 50"} | more
    return Heard(status, {}, msgspec.json.encode({"error": error}))


def talk(call: Call[Any], *outcomes: Outcome, **kwargs: Any) -> tuple[list[Step], Any]:
    """Every step of a conversation that goes so, and what it comes to."""
    retries = kwargs.pop("retries", Retries())
    going, steps = conversation(call, retries, Random(1), **kwargs), list[Step]()
    answers = iter(outcomes)
    try:
        step = next(going)
        while True:
            steps.append(step)
            step = going.send(next(answers) if isinstance(step, Send) else None)
    except StopIteration as stopped:
        return steps, stopped.value


def sent(steps: list[Step]) -> list[Send]:
    return [step for step in steps if isinstance(step, Send)]


def waits(steps: list[Step]) -> list[float]:
    return [step.seconds for step in steps if isinstance(step, Wait)]


def test_an_answer_ends_it() -> None:
    steps, answer = talk(GET, GOOD)
    assert (len(steps), answer) == (1, Health(ok=True))


@pytest.mark.parametrize("outcome", [LOST, *(Heard(s, {}, b"") for s in (429, 502, 503, 504))])
def test_what_may_pass_is_tried_again_under_one_request_id(outcome: Outcome) -> None:
    steps, answer = talk(GET, outcome, outcome, GOOD)
    assert answer.ok
    assert len({step.headers["X-Request-Id"] for step in sent(steps)}) == 1
    assert len(waits(steps)) == 2


def test_events_are_told_again_with_their_ids_and_a_new_time_of_sending() -> None:
    taken = Heard(200, {}, b'{"accepted":1,"repeated":0}')
    steps, answer = talk(telling([events.Like(viewer="ada", video="v1")]), LOST, taken)
    first, second = (msgspec.json.decode(send.body or b"") for send in sent(steps))
    assert first["events"] == second["events"]
    assert first["sent_at"] <= second["sent_at"]
    assert answer == Taken(accepted=1, repeated=0)


def test_waits_grow_and_never_undercut_what_the_server_asks() -> None:
    busy = Heard(429, {"retry-after": "3"}, b"")
    steps, _ = talk(GET, LOST, LOST, LOST, busy, GOOD)
    most = [0.2, 0.4, 0.8]
    assert all(0 <= wait <= limit for wait, limit in zip(waits(steps), most, strict=False))
    assert 3.0 <= waits(steps)[3] <= 3.0 + 1.6


def test_it_gives_up_after_its_attempts_and_says_how_many() -> None:
    with pytest.raises(Unavailable, match=r"no answer \(3 attempts\)"):
        talk(GET, *[LOST] * 3, retries=Retries(attempts=3))


def test_a_longer_wait_than_there_is_patience_for_is_not_waited() -> None:
    with pytest.raises(Unavailable) as gave_up:
        talk(GET, Heard(503, {"retry-after": "3600"}, b""))
    assert gave_up.value.retry_after_s == 3600


def test_what_is_wrong_is_not_tried_again() -> None:
    with pytest.raises(Refused) as refused:
        talk(GET, problem(400, "refused", request_id="r7"))
    said = refused.value
    assert (said.field, said.reason, said.right) == ("n", "so it is", "1 to 50")
    assert (said.code, said.request_id) == ("refused", "r7")


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [(404, "not_found", NotFound), (401, "unauthorized", Unauthorized), (418, "tea", Refused)],
)
def test_each_code_has_its_error(status: int, code: str, error: type[Refused]) -> None:
    with pytest.raises(error):
        talk(GET, problem(status, code))


@pytest.mark.parametrize(
    "heard", [Heard(500, {}, b""), Heard(301, {}, b""), Heard(200, {}, b"<html>"),
              Heard(200, {}, b"{}")],
)  # fmt: skip
def test_what_no_server_of_ours_would_say_is_broken(heard: Heard) -> None:
    with pytest.raises(Broken):
        talk(GET, heard)


def test_a_removal_whose_first_answer_was_lost_finds_nothing_and_is_done() -> None:
    call = Call("DELETE", path("videos", "v1"), reading(Removed),
                gone=lambda: Removed(id="v1", again=True))  # fmt: skip
    assert talk(call, LOST, problem(404, "not_found"))[1] == Removed(id="v1", again=True)
    with pytest.raises(NotFound):
        talk(call, problem(404, "not_found"))


def test_a_batch_of_bad_records_is_an_answer_and_a_bad_batch_is_an_error() -> None:
    call = Call("POST", path("people"), reading(Saved), good=(400,))
    error = {"index": 0, "code": "refused", "field": "id", "reason": "is empty"}
    saved = talk(call, Heard(400, {}, msgspec.json.encode({"errors": [error]})))[1]
    assert saved.errors[0].field == "id"
    with pytest.raises(Refused):
        talk(call, problem(400, "refused"))


def test_a_server_that_is_not_ready_says_why() -> None:
    ready = Call("GET", "/health/ready", reading(Health), good=(503,))
    said = Heard(503, {}, b'{"ok":false,"problems":["behind"]}')
    assert talk(ready, said)[1] == Health(ok=False, problems=("behind",))


def test_a_token_that_has_ended_is_renewed_once() -> None:
    steps, answer = talk(GET, problem(401, "unauthorized"), GOOD, renewable=True)
    assert answer.ok
    assert [type(step) for step in steps] == [Send, Renew, Send]
    with pytest.raises(Unauthorized):
        talk(GET, *[problem(401, "unauthorized")] * 2, renewable=True)


@pytest.mark.parametrize("outcome", [LOST, Heard(502, {}, b""), Heard(504, {}, b"")])
def test_what_may_be_done_already_is_not_asked_twice_where_that_would_do_it_twice(
    outcome: Outcome,
) -> None:
    once = Call("POST", "/v1/appeals", reading(Health), once=True)
    with pytest.raises(Unavailable):
        talk(once, outcome)
    steps, answer = talk(once, Heard(503, {}, b""), GOOD)
    assert (len(sent(steps)), answer.ok) == (2, True)
