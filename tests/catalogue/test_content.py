"""What a video is made of, as a vector: alike is near, other is far, and for ever the same."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from freshet.catalogue.content import content_vector, cosine
from freshet.domain.errors import Refused

BREAD = content_vector(
    "Sourdough at home 🍞", ["baking", "bread"], "sound-1", ["food"], "cooking", ["glow"]
)


def test_a_vector_is_64_bytes_of_length_1() -> None:
    vector = np.frombuffer(BREAD, np.int8).astype(float) / 127
    assert len(BREAD) == 64
    assert float(vector @ vector) == pytest.approx(1, abs=0.02)


def test_the_bytes_never_change_for_logs_hold_them() -> None:
    assert hashlib.sha256(BREAD).hexdigest()[:16] == "0692eca9a3b29d7d"


def test_of_nothing_known_nothing_is_said() -> None:
    assert content_vector() == content_vector(" \n", [""], "", ["#"]) == bytes(64)


@pytest.mark.parametrize(
    ("near", "far"),
    [
        (content_vector(topics=["food", "home"]), content_vector(topics=["cars"])),
        (content_vector(hashtags=["#Bread"]), content_vector(hashtags=["brakes"])),
        (content_vector("my bread!"), content_vector("my brakes!")),
        (content_vector(sound="sound-1"), content_vector(sound="sound-2")),
        (content_vector(category="cooking"), content_vector(category="sports")),
        (content_vector(effects=["glow"]), content_vector(effects=["mirror"])),
    ],
    ids=["topics", "hashtags", "words", "sound", "category", "effects"],
)
def test_what_shares_something_is_nearer_than_what_shares_nothing(near: bytes, far: bytes) -> None:
    assert cosine(BREAD, near) > cosine(BREAD, far) + 0.1


@pytest.mark.parametrize(
    ("one", "other"),
    [("सबसे अच्छा गाना", "अच्छा गाना"), ("猫が可愛い", "可愛い猫"), ("고양이 귀여워", "고양이가 잔다"),
     ("แมวน่ารัก", "แมวน่ารักมาก"), ("сладкий кот", "сладкие коты"), ("قطة لطيفة", "القطة لطيفة")],
)  # fmt: skip
def test_words_are_found_in_any_script(one: str, other: str) -> None:
    assert cosine(content_vector(one), content_vector(other)) > 0.15


def test_one_word_is_one_word_wherever_it_stands() -> None:
    assert cosine(content_vector("#Cats"), content_vector(hashtags=["cats"])) > 0.6
    assert content_vector(topics=["ＣＡＴＳ"]) == content_vector(topics=["cats"])


def test_the_teams_own_vector_keeps_its_cosines_whatever_its_length() -> None:
    random = np.random.default_rng(1)
    base, noise = random.standard_normal((2, 768))
    one, same, like, other = (
        content_vector(own=list(v)) for v in (base, 5 * base, base + 0.5 * noise, noise)
    )
    assert one == same
    assert cosine(one, like) > 0.7
    assert abs(cosine(one, other)) < 0.4


def test_a_vector_that_is_none_is_refused() -> None:
    for own in ([float("nan")], [1.0] * 5_000, ["a"]):
        with pytest.raises(Refused, match="vector"):
            content_vector(own=own)  # type: ignore[arg-type]


def test_any_text_has_a_vector() -> None:
    assert len(content_vector("\ud800 broken " * 1_000, ["a" * 10_000])) == 64
