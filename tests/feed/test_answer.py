"""An answer is the same from the reasons at hand as from the log's words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from freshet.domain.events import Served, SlateServed
from freshet.feed.answer import answer
from freshet.feed.reason import Reason, reason, written

words = st.text(st.characters(codec="utf-8"), max_size=8)
reasons = st.one_of(
    st.builds(
        lambda weight, sound, topic: reason("new_topic", weight, sound=sound, topic=topic),
        st.floats(-1e9, 1e9), words, words,
    ),
    st.builds(lambda weight: reason("others", weight), st.floats(-10, 10)),
)  # fmt: skip


@given(st.lists(st.lists(reasons, max_size=3), max_size=3))
def test_reasons_at_hand_are_answered_as_the_log_keeps_them(said: list[list[Reason]]) -> None:
    items = tuple(
        Served("v1", "similar", 1.0, reasons=tuple(written(one) for one in each)) for each in said
    )
    slate = SlateServed(event_id="", time=1, viewer="p", request_id="r", items=items)
    assert answer(slate, (), None, said) == answer(slate, (), None)
