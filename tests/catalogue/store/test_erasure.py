"""Erasing a person, and merging an anonymous viewer into one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from freshet.backends.memory import MemoryLog
from freshet.catalogue.store.catalogue import Catalogue
from freshet.catalogue.store.erasure import Erased
from freshet.catalogue.store.relay import Relay
from freshet.domain import events as e
from freshet.domain.errors import NotFound, Refused
from tests.catalogue.store.making import Clock, kinds, opened, person, sound, told, video


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    with opened(tmp_path) as catalogue:
        vera = person("vera", username="unmistakable.vera", bio_description="unmistakable words")
        catalogue.people.save([vera, person("adam")])
        recording = sound("recording", owner="vera", original=True, title="unmistakable tune")
        catalogue.sounds.save([recording, sound("licensed", owner="vera")])
        catalogue.videos.save(
            [
                video("hers", hashtag_names=("unmistakabletag",), video_description="unmistakable"),
                video("duet", "adam", parent_id="hers", parent_kind="duet", music_id="recording"),
                video("about", "adam", video_mention_list=("vera",), music_id="licensed"),
            ]
        )
        told(catalogue)
        yield catalogue


def files_in(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


async def relayed(catalogue: Catalogue) -> None:
    log = MemoryLog(Clock())
    await Relay(catalogue.outbox, log.append, catalogue.keys.erase).run_once()


async def test_an_erased_person_leaves_no_byte_in_the_tables(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    key = catalogue.keys.key("vera")
    erased = catalogue.people.remove("vera")
    assert erased == Erased("vera", True, videos=1, sounds=1, mentions=1, merged=0)
    await relayed(catalogue)
    assert [one.id for one in catalogue.people.all()] == ["adam"]
    assert [one.id for one in catalogue.sounds.all()] == ["licensed"]
    assert catalogue.sounds.get("licensed").owner == ""
    assert list(catalogue.hashtags.all()) == []
    about, duet = catalogue.videos.all()
    assert (about.video_mention_list, about.music_id) == ((), "licensed")
    assert (duet.music_id, duet.parent_id) == ("", "")
    for file, content in files_in(tmp_path).items():
        assert b"unmistakable" not in content, file
        assert key.encode() not in content, file


async def test_the_key_is_forgotten_once_the_log_has_heard_of_it(catalogue: Catalogue) -> None:
    key = catalogue.keys.key("vera")
    catalogue.people.remove("vera")
    assert catalogue.keys.known("vera") == key
    events = [one.event for one in catalogue.outbox.oldest(9)]
    assert kinds(events) == ["video_removed", "video_published", "person_erased"]
    assert events[-1].person == key  # type: ignore[attr-defined]
    (refused,) = catalogue.people.save([person("vera")])  # would be known by the old key
    assert isinstance(refused, Refused)
    assert refused.reason == "is being erased"
    await relayed(catalogue)
    assert catalogue.keys.known("vera") is None
    assert catalogue.people.save([person("vera")]) == ["created"]
    assert catalogue.keys.key("vera") != key


async def test_somebody_known_by_acts_alone_is_erased_too(catalogue: Catalogue) -> None:
    catalogue.keys.key("a passer-by")
    erased = catalogue.people.remove("a passer-by")
    assert erased == Erased("a passer-by", False)
    assert kinds([one.event for one in catalogue.outbox.oldest(9)]) == ["person_erased"]
    await relayed(catalogue)
    assert catalogue.keys.known("a passer-by") is None
    with pytest.raises(NotFound):
        catalogue.people.remove("a passer-by")


def test_an_anonymous_viewer_is_merged_once(catalogue: Catalogue) -> None:
    assert catalogue.people.merge("vera", "device 1")
    assert not catalogue.people.merge("vera", "device 1")
    (event,) = told(catalogue)
    assert isinstance(event, e.ViewersMerged)
    assert event.viewer == catalogue.keys.known("device 1")
    assert event.into == catalogue.keys.known("vera")


def test_who_cannot_be_the_same_is_not_merged(catalogue: Catalogue) -> None:
    catalogue.people.merge("adam", "device 2")
    told(catalogue)
    for anonymous, reason in (
        ("vera", "own id"), ("adam", "a person of"), ("device 2", "another person"), ("", "empty"),
    ):  # fmt: skip
        with pytest.raises(Refused, match=reason) as refused:
            catalogue.people.merge("vera", anonymous)
        assert refused.value.field == "anonymous"
    with pytest.raises(NotFound):
        catalogue.people.merge("nobody", "device 3")
    assert catalogue.keys.known("nobody") is catalogue.keys.known("device 3") is None
    (saved,) = catalogue.people.save([person("device 2")])
    assert isinstance(saved, Refused)
    assert told(catalogue) == []


async def test_erasing_a_person_erases_the_anonymous_viewers_they_were(
    catalogue: Catalogue,
) -> None:
    catalogue.people.merge("vera", "device 1")
    told(catalogue)
    assert catalogue.people.remove("vera").merged == 1
    assert kinds([one.event for one in catalogue.outbox.oldest(9)])[-2:] == ["person_erased"] * 2
    await relayed(catalogue)
    assert catalogue.keys.known("device 1") is None
