"""Every released version of the event table can be read; none from the future is."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from freshet.domain import upcast
from freshet.domain.errors import Corrupt, Refused
from freshet.domain.events import EVENTS, SCHEMA, Like, Served
from freshet.domain.upcast import decode_batch, decode_ids, encode_batch
from tests.domain.golden_events import GOLDEN, examples

Upcasters = dict[int, Callable[[upcast.Plain], upcast.Plain]]

OLD_LIKE = {"type": "like", "event_id": "an-id", "time": 5, "user": "ann", "video": "cat"}
LIKE = Like(event_id="an-id", time=5, viewer="ann", video="cat")


def stored(schema: int, *events: dict[str, Any]) -> bytes:
    return msgspec.msgpack.encode({"schema": schema, "events": events})


def test_every_event_comes_back_from_the_golden_file_of_this_version() -> None:
    data = (GOLDEN / f"v{SCHEMA}.msgpack").read_bytes()
    assert decode_batch(data) == examples(), "python -m tests.domain.golden_events, if unreleased"


def test_the_golden_file_sets_every_field_of_every_event() -> None:
    plain = msgspec.msgpack.decode((GOLDEN / f"v{SCHEMA}.msgpack").read_bytes())["events"]
    assert [event["type"] for event in plain] == list(EVENTS)
    for event in plain:
        names = {f.encode_name for f in msgspec.structs.fields(EVENTS[event["type"]])}
        assert set(event) - {"type"} == names


@pytest.mark.parametrize("version", range(1, SCHEMA + 1))
def test_the_golden_file_of_every_version_is_read(version: int) -> None:
    events = decode_batch((GOLDEN / f"v{version}.msgpack").read_bytes())
    assert all(type(event) in EVENTS.values() for event in events)


def test_a_batch_of_an_older_version_goes_through_each_upcaster_in_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def renamed(event: dict[str, Any]) -> dict[str, Any]:
        event["person"] = event.pop("user")
        return event

    def renamed_again(event: dict[str, Any]) -> dict[str, Any]:
        event["viewer"] = event.pop("person")
        return event

    monkeypatch.setattr(upcast, "SCHEMA", 3)
    upcasters: Upcasters = {1: renamed, 2: renamed_again}
    assert decode_batch(stored(1, OLD_LIKE), upcasters) == [LIKE]
    middle = {("person" if name == "user" else name): v for name, v in OLD_LIKE.items()}
    assert decode_batch(stored(2, middle), upcasters) == [LIKE]
    assert decode_ids(stored(1, OLD_LIKE)) == ["an-id"]


def test_a_batch_of_a_newer_version_is_refused() -> None:
    for decode in (decode_batch, decode_ids):
        with pytest.raises(Refused, match=f"reads up to {SCHEMA}"):
            decode(stored(SCHEMA + 1, OLD_LIKE))


@pytest.mark.parametrize(
    "data",
    [b"", b"\x93", stored(SCHEMA, OLD_LIKE), stored(SCHEMA, {"type": "applause"}), stored(0)[:-1]],
)
def test_bytes_that_are_no_batch_are_corrupt(data: bytes) -> None:
    with pytest.raises(Corrupt):
        decode_batch(data)


def test_ids_are_those_of_the_events() -> None:
    events = examples()
    assert decode_ids(encode_batch(events)) == [event.event_id for event in events]


def test_no_event_is_looked_at_by_garbage_collections() -> None:
    # Tens of thousands are held, and each full collection would stop serving to see them all.
    served = Served(video="x", source="similar", value=1.0)
    assert not any(gc.is_tracked(one) for one in (*examples(), served))
