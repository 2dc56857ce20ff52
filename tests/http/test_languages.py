"""Reasons are said in the viewer's language, on every route that says any."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient

from freshet.http.app import create_app
from tests.feed.making import engine_of
from tests.http.asking import ADMIN, APP, Asking, said

TEXTS = {
    "en": "you finished 1 video about tea in the last hour",
    "da": "du har set 1 video om tea til ende inden for den seneste time",
    "it": "nell'ultima ora hai visto fino alla fine 1 video su tea",
    "nl": "je hebt in het afgelopen uur 1 video over tea uitgekeken",
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    folder: Path = tmp_path_factory.mktemp("languages")
    engine = engine_of(folder, explore_share=0.0)
    with TestClient(create_app(engine), raise_server_exceptions=False) as client:
        app = Asking(client)
        app.publish(*(f"tea {k}" for k in range(60)), topics=["tea"])
        app.watch("tea 0")
        yield app


def asked(app: Asking, accept: str = "", **query: Any) -> str:
    """The first reason of a feed, asked for twice: once past the framework, once through it."""
    headers = APP | ({"Accept-Language": accept} if accept else {"Accept-Language": "*"})
    texts = []
    for more in ({}, {"exclude": "nothing"}):
        params = {"viewer": "vera", "n": 1, **query, **more}
        answer = app.http.get("/v1/feeds/for_you", params=params, headers=headers)
        assert answer.status_code == 200, answer.text
        texts.append(answer.json()["items"][0]["reasons"][0]["text"])
    assert len(set(texts)) == 1
    return str(texts[0])


def test_a_feed_speaks_as_asked_else_as_the_browser_wishes_else_english(app: Asking) -> None:
    assert asked(app) == TEXTS["en"]
    assert asked(app, "fr-CH, da-DK;q=0.8, en;q=0.5") == TEXTS["da"]
    assert asked(app, "da-DK", language="it") == TEXTS["it"]
    assert asked(app, language="nl-BE") == TEXTS["nl"]


def test_today_is_said_where_the_viewers_clock_is_told(app: Asking) -> None:
    # It is 22:13 in London: there the last hour is shorter, in Rome at 00:13 the day is.
    assert asked(app, language="en", utc_offset_min=0) == TEXTS["en"]
    assert asked(app, language="it", utc_offset_min=120) == (
        "oggi hai visto fino alla fine 1 video su tea"
    )
    told = app.post(n=1, language="nl", utc_offset_min=120).json()["items"][0]["reasons"][0]
    assert told["text"] == "je hebt vandaag 1 video over tea uitgekeken"
    assert said(app.get(utc_offset_min=900))["field"] == "utc_offset_min"


def test_why_speaks_as_asked_and_says_what_the_feed_said(app: Asking) -> None:
    feed = app.post(n=1, language="da").json()
    video = feed["items"][0]["video"]
    assert feed["items"][0]["reasons"][0]["text"] == TEXTS["da"]
    for language, text in TEXTS.items():
        answer = app.http.get(
            f"/v1/feeds/for_you/why/{video}", headers=APP,
            params={"viewer": "vera", "language": language},
        )  # fmt: skip
        first = answer.json()["reasons"][0]
        assert first["text"] == text
        assert first["params"] == {"topic": "tea", "act": "finished", "count": "1", "when": "hour"}


def test_a_list_that_is_ranked_and_served_speaks_too(app: Asking) -> None:
    videos = [f"tea {k}" for k in range(60)]
    answer = app.rank(*videos, reasons=True, serve=True, n=1, language="nl").json()
    texts = [one["text"] for item in answer["ranking"]["items"] for one in item["reasons"]]
    assert TEXTS["nl"] in texts
    assert answer["slate"]["items"][0]["reasons"][0]["text"] == TEXTS["nl"]


@pytest.mark.parametrize("language", ["fr", "english", "-", "da_DK"])
def test_a_language_without_words_is_refused_and_nothing_is_served(
    app: Asking, language: str
) -> None:
    for answer in (app.get(language=language), app.post(language=language),
                   app.rank("tea 1", language=language)):  # fmt: skip
        error = said(answer)
        assert error["field"] == "language"
        assert error["right"] == "da, en, it, nl"


def test_nobody_wishing_anything_the_viewers_own_language_is_spoken(app: Asking) -> None:
    saved = {"type": "person_saved", "person": "vera", "language": "it"}
    app.tell(saved, headers=ADMIN)
    assert asked(app) == TEXTS["it"]
    assert asked(app, "da") == TEXTS["da"]
    app.tell(saved | {"language": "de"}, headers=ADMIN)
    assert asked(app) == TEXTS["en"]
