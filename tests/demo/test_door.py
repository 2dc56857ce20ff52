"""The operator's door: a code opens it once, then a cookie does, and keys end."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from freshet.app import open_access
from freshet.demo.door import KEY_S, Door


def door() -> Door:
    drawn = iter(("the code", "the cookie"))
    return Door(lambda: next(drawn))


def test_a_code_opens_once_and_its_cookie_again() -> None:
    shut = door()
    assert not shut.opens("", "")
    assert not shut.opens("guessed", "guessed")
    assert shut.opens("the code", "")
    assert not shut.opens("the code", "")
    assert shut.opens("", "the cookie")
    assert shut.opens("the code", "the cookie")  # the link again, in the browser that has it


def test_the_key_opens_moderation_and_is_made_anew_when_it_ends(tmp_path: Path) -> None:
    now_ms = 1_000
    access = open_access(tmp_path, lambda: now_ms)
    engine: Any = SimpleNamespace(access=access, now_ms=lambda: now_ms)
    opened = door()
    made = opened.key(engine)
    assert made.key.scopes == ("moderate", "admin")
    assert opened.key(engine) is made
    now_ms = made.key.expires
    assert made.key.expires == 1_000 + 1000 * KEY_S
    again = opened.key(engine)
    assert again.secret != made.secret
    assert access.keys.verified(made.secret).state(now_ms) == "expired"  # type: ignore[union-attr]
    access.close()
