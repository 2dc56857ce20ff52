"""Reasons in four languages: the same said in each, as people who speak it say it."""

from __future__ import annotations

import tomllib
from string import Formatter
from typing import Any

import pytest

from freshet.feed.reason import Reason, read, reason, spoken, written
from freshet.feed.reasons import GROUPS, WINDOWS
from freshet.feed.wording import ENGLISH, FOLDER, LANGUAGES, said
from freshet.learning.lookups import ACTS, KINDS

PLACED = {
    "exploring", "new_topic", "popular", "popular_here", "left_over", "reopened", "pinned",
    "boosted", "less_of", "unseen",
}  # fmt: skip
PARAMS = {"count": "3", "hashtag": "a&b=c", "topic": "Ü", "when": "day"}
MORE = {**{kind: {"act": "finished"} for kind in KINDS}, "fresh": {"unit": "hours"}}


def phrases(language: str) -> dict[str, str]:
    """Every phrase of a file, by where it stands."""
    found: dict[str, str] = {}

    def walk(table: dict[str, Any], path: str) -> None:
        for key, value in table.items():
            if isinstance(value, dict):
                walk(value, f"{path}{key}.")
            else:
                found[f"{path}{key}"] = value

    walk(tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8")), "")
    return found


def places(phrase: str) -> set[str | None]:
    return {name for _, name, _, _ in Formatter().parse(phrase) if name is not None}


def test_there_is_a_file_for_each_language_and_no_other() -> None:
    assert sorted(path.stem for path in FOLDER.iterdir()) == sorted(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_says_all_that_english_says_with_the_same_places(language: str) -> None:
    mine, english = phrases(language), phrases(ENGLISH)
    assert mine.keys() == english.keys()
    for key, phrase in mine.items():
        assert places(phrase) == places(english[key]), key
        assert phrase == phrase.strip() != "", key


def test_there_are_words_for_all_that_may_be_said() -> None:
    known = phrases(ENGLISH)
    assert {f"acts.{act}" for act in ACTS} <= known.keys()
    assert {f"when.{when}" for when in (*WINDOWS, "today", "lately")} <= known.keys()
    assert {f"things.{kind}.one" for kind in KINDS} <= known.keys()
    codes = {key.split(".")[1].partition("_")[0] for key in known if key.startswith("reasons.")}
    whole = {key.split(".")[1] for key in known if key.startswith("reasons.")}
    assert ({group.code for group in GROUPS} | PLACED) - set(KINDS) <= codes | whole


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", sorted({group.code for group in GROUPS} | PLACED))
def test_every_reason_is_said_and_the_log_gives_it_back(code: str, language: str) -> None:
    one = reason(code, 0.125, **PARAMS, **MORE.get(code, {}))
    assert read(written(one)) == one
    assert spoken(one, language).text != code
    assert spoken(spoken(one, language), ENGLISH) == one


@pytest.mark.parametrize(("language", "count", "text"), [
    ("en", "1", "you finished 1 video with #tea in the last hour"),
    ("en", "3", "you finished 3 videos with #tea in the last hour"),
    ("da", "1", "du har set 1 video med #tea til ende inden for den seneste time"),
    ("da", "3", "du har set 3 videoer med #tea til ende inden for den seneste time"),
    ("it", "1", "nell'ultima ora hai visto fino alla fine 1 video con #tea"),
    ("it", "3", "nell'ultima ora hai visto fino alla fine 3 video con #tea"),
    ("nl", "1", "je hebt in het afgelopen uur 1 video met #tea uitgekeken"),
    ("nl", "3", "je hebt in het afgelopen uur 3 video's met #tea uitgekeken"),
])  # fmt: skip
def test_numbers_and_words_stand_where_the_language_wants_them(
    language: str, count: str, text: str
) -> None:
    one = reason("hashtag", hashtag="tea", act="finished", count=count, when="hour")
    assert spoken(one, language).text == text


@pytest.mark.parametrize(("language", "text"), [
    ("en", "1,200 views"), ("da", "1.200 visninger"), ("it", "1.200 visualizzazioni"),
    ("nl", "1.200 weergaven"),
])  # fmt: skip
def test_thousands_are_set_apart_as_the_language_does(language: str, text: str) -> None:
    assert text in said(language, "exploring", (("count", "1200"),))


def test_what_people_wrote_is_never_read_as_a_place() -> None:
    tea = (("hashtag", "{when}"), ("act", "liked"), ("count", "2"), ("when", "week"))
    assert "#{when} in the last 7 days" in said("en", "hashtag", tea)


@pytest.mark.parametrize(("logged", "text"), [
    ("topic?times=2+videos&topic=cats&weight=0.25", "you saw 2 videos about cats lately"),
    ("creator?times=1+video&weight=0.25", "you saw 1 video by this creator lately"),
    ("fresh?ago=2+h&weight=0.1", "posted 2 hours ago"),
    ("exploring?shown=7+times&weight=0",
     "exploring: 7 views so far, and a place is kept for such videos"),
])  # fmt: skip
def test_what_earlier_releases_logged_is_still_said(logged: str, text: str) -> None:
    assert read(logged).text == text


def test_a_reason_of_a_later_release_keeps_its_code() -> None:
    assert read("mood?weight=0.5&x=1") == Reason("mood", "mood", {"x": "1"}, 0.5)
    assert read("topic?act=sang&count=2&when=hour&topic=tea&weight=0.5").text == "topic"
