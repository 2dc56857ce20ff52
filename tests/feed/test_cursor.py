"""Cursors name their page, and nobody else's open anything."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freshet.domain.errors import Refused
from freshet.feed.cursor import HOUR_MS, Cursors, Page

CURSORS = Cursors(b"a secret of thirty-two bytes, so", hours=24)
PAGE = Page("", "s", 1_000, 7, 3)
MADE = CURSORS.made("for_you", "p_1", b"digest", PAGE)


def opened(text: str = MADE, **changes: Any) -> Page:
    asked: dict[str, Any] = {
        "surface": "for_you", "viewer": "p_1", "options": b"digest", "now_ms": 2_000,
    }  # fmt: skip
    return CURSORS.opened(text, **asked | changes)


def test_a_cursor_gives_its_page_and_the_same_text_for_the_same_page() -> None:
    page = opened()
    assert (page.session_id, page.seed, page.number) == ("s", 7, 3)
    assert page.request_id == "for_you-000000000007-3"
    assert CURSORS.made("for_you", "p_1", b"digest", PAGE) == MADE


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"surface": "following"}, "surface"),
        ({"viewer": "p_2"}, "another viewer"),
        ({"options": b"other"}, "other filters"),
        ({"now_ms": 1_001 + 24 * HOUR_MS}, "older than 24 h"),
    ],
)
def test_a_cursor_of_another_request_is_refused(changes: Any, reason: str) -> None:
    with pytest.raises(Refused, match=reason) as caught:
        opened(**changes)
    assert caught.value.field == "cursor"


def test_without_a_session_id_a_cursor_ends_with_its_session() -> None:
    unnamed = CURSORS.made("for_you", "p_1", b"digest", Page("", "", 1_000, 7, 3))
    assert opened(unnamed, now_ms=1_000 + HOUR_MS // 2 - 1).number == 3
    with pytest.raises(Refused, match="silence"):
        opened(unnamed, now_ms=1_000 + HOUR_MS // 2)


def test_the_viewer_is_not_to_be_read_from_it() -> None:
    assert b"p_1" not in base64.urlsafe_b64decode(MADE + "=" * (-len(MADE) % 4))


def test_another_secret_opens_nothing() -> None:
    with pytest.raises(Refused, match="not one of ours"):
        Cursors(b"another secret of thirty-two byte", 24).opened(
            MADE, "for_you", "p_1", b"digest", 0
        )


@given(st.integers(0, len(MADE) - 1), st.sampled_from("AbZ09-_"))
def test_a_cursor_that_was_changed_anywhere_is_refused(at: int, letter: str) -> None:
    text = MADE[:at] + letter + MADE[at + 1 :]
    pad = "=" * (-len(MADE) % 4)
    if base64.urlsafe_b64decode(text + pad) != base64.urlsafe_b64decode(MADE + pad):
        with pytest.raises(Refused, match="not one of ours"):
            opened(text)


@given(st.text(max_size=80))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="not one of ours"):
        opened(text)
