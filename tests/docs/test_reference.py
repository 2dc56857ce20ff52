"""The reference says everything there is, and says what the code says."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import msgspec
import pytest
from litestar import Controller, Router, get, post

from freshet import reference
from freshet.http.app import described

COMMITTED = Path(__file__).parents[2] / "docs" / "reference"


def test_nothing_is_undocumented() -> None:
    assert reference.undocumented() == []


@pytest.mark.parametrize("page", reference.PAGES, ids=lambda page: page.name)
def test_the_committed_page_is_what_the_code_says(page: reference.Page) -> None:
    committed = (COMMITTED / f"{page.name}.md").read_text(encoding="utf-8")
    assert committed == page.text(), "run `make docs` and commit what it writes"


def test_the_committed_description_of_the_api_is_what_the_code_says() -> None:
    committed = (COMMITTED / reference.API).read_bytes()
    assert committed == described(), "run `make docs` and commit what it writes"


def test_no_page_is_left_of_something_gone() -> None:
    names = {path.stem for path in COMMITTED.glob("*.md")}
    assert names == {page.name for page in reference.PAGES}


def test_a_comment_behind_or_above_a_field_is_its_meaning() -> None:
    class Sound(msgspec.Struct):
        """A sound."""

        name: str
        # Loudness as broadcasters
        # measure it.
        loudness_lufs: float = -14.0
        bpm: float = 0.0  # 0 = unknown

    meanings = {row[0]: row[3] for row in reference.fields(Sound)}
    assert meanings == {
        "`name`": "",
        "`loudness_lufs`": "Loudness as broadcasters measure it.",
        "`bpm`": "0 = unknown",
    }


def test_an_inherited_docstring_is_not_a_documentation() -> None:
    class Told:
        """Told."""

    class Silent(Told):
        pass

    assert (reference.own_words(Told), reference.own_words(Silent)) == ("Told.", "")


@get("/feeds/{surface:str}")
async def feed() -> str:
    """Ask for a feed."""
    return ""


class EventsController(Controller):
    path = "/events"

    @post()
    async def append(self) -> None:
        """Append events."""


@get("/health")
async def health() -> None:
    """Say whether all is well."""


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> None:
    router = Router("/v1", route_handlers=[feed, EventsController])
    module = ModuleType(__name__)
    vars(module).update(feed=feed, EventsController=EventsController, health=health, v1=router)
    monkeypatch.setattr(reference, "modules", lambda room: [module])


@pytest.mark.usefixtures("served")
def test_a_route_is_listed_once_with_the_path_that_leads_to_it() -> None:
    listed = {entry.name: entry.words for entry in reference.route_entries()}
    assert listed == {
        "POST /v1/events": "Append events.",
        "GET /v1/feeds/{surface:str}": "Ask for a feed.",
        "GET /health": "Say whether all is well.",
    }


class Loud:
    """Louder first."""

    needs = ("loudness_lufs",)
    adds = ("loudness_rank",)

    def score(self) -> None: ...


class Helper:
    """No stage."""


def test_a_class_with_a_stage_verb_is_a_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType(__name__)
    vars(module).update(Loud=Loud, Helper=Helper, Path=Path)
    monkeypatch.setattr(reference, "modules", lambda room: [module] if room == "feed" else [])
    (entry,) = reference.stage_entries()
    assert (entry.name, entry.words) == ("Loud", "Louder first.")
    assert entry.rows == (("scorer", "loudness_lufs", "loudness_rank", __name__),)
