"""The catalogue through the Python client, against a real server."""

from __future__ import annotations

import pytest

from freshet_client import Client, Hashtag, NotFound, Person, Refused, Sound, Video, events
from freshet_client.answers import Removed
from tests.clients.flaky import Flaky
from tests.clients.serving import ADMIN_KEY, Served
from tests.clients.test_against_server import QUICK


def test_people_sounds_and_videos_are_saved_found_changed_and_listed(admin: Client) -> None:
    vera = Person(id="vera", account="creator", country="GB", interests=("coffee",))
    saved = admin.people.save(vera, Person(id="will", language="en"))
    assert (saved.created, saved.errors) == (2, ())
    assert admin.sounds.save(Sound(id="s1", title="Morning", commercial=True)).created == 1
    pour = Video(id="pour", creator="vera", music_id="s1", hashtag_names=("Coffee",), width=1080)
    assert admin.videos.save(pour).created == 1
    assert admin.videos.save(pour).unchanged == 1
    assert admin.videos.get("pour").hashtag_names == ("coffee",)
    assert admin.videos.change("pour", duration_ms=9_000).duration_ms == 9_000
    assert [video.id for video in admin.videos.list(creator="vera")] == ["pour"]
    assert [tag.video_count for tag in admin.hashtags.list()] == [1]
    assert (
        admin.hashtags.save(Hashtag(id="coffee", description="Show us how you pour")).updated == 1
    )


def test_a_bad_record_is_told_of_and_the_good_one_kept(admin: Client) -> None:
    saved = admin.videos.save(
        Video(id="orphan", creator="nobody known"), Video(id="brew", creator="vera")
    )
    assert saved.created == 1
    assert [(error.index, error.field) for error in saved.errors] == [(0, "creator")]
    with pytest.raises(Refused, match="is not a known field"):
        admin.videos.change("brew", colour="brown")


def test_lists_come_whole_however_many_pages_they_have(
    admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("freshet_client.catalogue.PAGE", 3)
    admin.people.save(*(Person(id=f"listed{i}", country="NO") for i in range(10)))
    found = [person.id for person in admin.people.list(country="NO")]
    assert found == [f"listed{i}" for i in range(10)]


def test_a_removal_whose_answer_is_lost_is_done_all_the_same(server: Served, admin: Client) -> None:
    admin.people.save(Person(id="xeno"))
    admin.videos.save(Video(id="brief", creator="xeno"))
    flaky = Flaky(server.url, ["unsaid"])
    with flaky, Client(flaky.url, ADMIN_KEY, retries=QUICK) as client:
        assert client.videos.delete("brief") == Removed(id="brief", again=True)
    with pytest.raises(NotFound):
        admin.videos.get("brief")


def test_who_was_anonymous_is_merged_and_who_wants_to_be_forgotten_is(admin: Client) -> None:
    admin.like(viewer="device-1", video="v1")
    admin.people.save(Person(id="yara"))
    assert admin.people.merge("yara", "device-1").merged
    assert not admin.people.merge("yara", "device-1").merged
    erased = admin.people.delete("yara")
    assert (erased.person, erased.merged) == (True, 1)
    with pytest.raises(NotFound):
        admin.people.get("yara")


def test_videos_like_a_video(admin: Client) -> None:
    related = admin.related("v0", n=5)
    assert 0 < len(related.videos) <= 5
    assert "v0" not in related.videos


def test_a_video_is_in_the_next_feed_once_it_is_saved(admin: Client) -> None:
    admin.people.save(Person(id="zed", account="creator"))
    admin.videos.save(Video(id="news", creator="zed", topics=("tea",), duration_ms=5_000))
    ranked = admin.rank(["news"], viewer="ada")
    assert not ranked.ranking.items[0].ineligible
    assert isinstance(admin.like(viewer="ada", video="news"), events.Like)
