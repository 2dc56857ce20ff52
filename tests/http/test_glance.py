"""What one glance lets through, a closer look would have let through."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from freshet.domain.errors import Refused
from freshet.domain.events import Hide, Impression, Search, VideoRemoved, Watch
from freshet.http.checks import LONGEST_MS, NUMBER_MAX, TEXT_MAX, check
from freshet.http.glance import GLANCES, all_good
from tests.feed.world import NOW_MS

ID = "01805c1b-673c-7226-b63c-5ab791b7584a"
WATCH = Watch(event_id=ID, time=NOW_MS, viewer="vera", video="v1", watched_ms=1)

texts = st.one_of(
    st.text(max_size=3), st.sampled_from(["", "v1", "a\tb", "\0", "x" * (TEXT_MAX + 1), "\u200b"])
)
numbers = st.sampled_from([-1, 0, 1, LONGEST_MS, LONGEST_MS + 1, NUMBER_MAX, NUMBER_MAX + 1])
ids = st.sampled_from([ID, ID.upper(), ID.replace("-", ""), ID.replace("-7", "-4"), "", "nine"])


def refused(act: Any) -> bool:
    try:
        check(act, NOW_MS)
    except Refused:
        return True
    return False


@given(
    st.builds(
        Watch, event_id=ids, time=numbers, received=st.sampled_from([0, 1]), viewer=texts,
        session_id=texts, request_id=texts, clock=st.sampled_from(["kept", "clamped"]),
        video=texts, watched_ms=numbers, duration_ms=numbers, loops=numbers,
    )
)  # fmt: skip
def test_what_is_refused_is_never_found_good(act: Watch) -> None:
    assert not (all_good([act]) and refused(act))
    assert all_good([WATCH, act]) == all_good([act])


@pytest.mark.parametrize("kind", [kind for kind, glance in GLANCES.items() if glance is not None])
def test_an_act_that_is_as_it_should_be_is_found_good(kind: Any) -> None:
    said = {"event_id": ID, "time": NOW_MS}
    for field in msgspec.structs.fields(kind):
        if field.required and field.name not in said:
            given = {str: "x1", int: 1, bool: True}
            said[field.name] = given.get(field.type) or field.type.__args__[0]
    assert all_good([kind(**said), WATCH])


@pytest.mark.parametrize("field", ["viewer", "video"])
def test_an_id_that_may_not_be_empty_is_looked_at(field: str) -> None:
    assert not all_good([WATCH, msgspec.structs.replace(WATCH, **{field: ""})])


def test_what_holds_lists_is_always_looked_at_closely() -> None:
    assert GLANCES[Search] is None
    assert not all_good([WATCH, Search(event_id=ID, time=NOW_MS, viewer="vera")])
    assert GLANCES[Impression] is not None
    assert GLANCES[Hide] is not None


def test_what_is_no_act_or_not_decoded_is_looked_at_closely() -> None:
    assert not all_good([WATCH, VideoRemoved(event_id=ID, time=NOW_MS, video="v1")])
    assert not all_good([WATCH, msgspec.Raw(b"{}")])
