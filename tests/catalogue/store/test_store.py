"""What the catalogue keeps, refuses and tells."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from freshet.catalogue.store.catalogue import Catalogue
from freshet.catalogue.store.hashtags import miscounted
from freshet.catalogue.store.records import Video
from freshet.domain import events as e
from freshet.domain.errors import NotFound, Refused
from tests.catalogue.store.making import (
    DAY_MS,
    NOW_MS,
    Clock,
    hashtag,
    kinds,
    opened,
    person,
    sound,
    told,
    video,
)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def catalogue(tmp_path: Path, clock: Clock) -> Iterator[Catalogue]:
    with opened(tmp_path, clock) as catalogue:
        yield catalogue


@pytest.fixture
def peopled(catalogue: Catalogue) -> Catalogue:
    """Vera makes videos, Adam watches, Brand sells; a song for all and one not for brands."""
    people = [person("vera"), person("adam"), person("brand", account="business")]
    assert catalogue.people.save(people) == ["created"] * 3
    sounds = [sound("free", commercial=True), sound("song"), sound("hers", owner="vera",
              original=True)]  # fmt: skip
    assert catalogue.sounds.save(sounds) == ["created"] * 3
    told(catalogue)
    return catalogue


FULL = video(
    "v1",
    title="Tea",
    video_description="How to pour\nslowly #Tea",
    voice_to_text="first warm the pot",
    hashtag_names=("tea", "slow"),
    music_id="song",
    effect_ids=("blur", "green"),
    video_mention_list=("adam", "nobody yet"),
    category="food",
    topics=("drinks",),
    traits={"mood": "calm"},
    language="en",
    region_code="GB",
    duration_ms=15_000,
    width=1080,
    height=1920,
    available_from=NOW_MS,
    available_until=NOW_MS + DAY_MS,
    privacy_level="FOLLOWER_OF_CREATOR",
    disable_comment=True,
    disable_duet=True,
    disable_stitch=True,
    parent_id="v0",
    parent_kind="duet",
    is_aigc=True,
    cover_image_url="https://cdn.example.org/v1.jpg",
    share_url="http://example.org/v1?a=b#c",
    embed_link="https://example.org/e/v1",
    vector=(0.5, -1.0, 0.25),
    create_time=NOW_MS - DAY_MS,
)


# --- what is kept ------------------------------------------------------------------------------


def test_a_record_comes_back_as_it_was_given(peopled: Catalogue) -> None:
    assert peopled.videos.save([FULL]) == ["created"]
    kept = peopled.videos.get("v1")
    assert kept.update_time == NOW_MS
    fields = msgspec.structs.asdict(kept)
    del fields["update_time"]
    assert Video(**fields) == FULL


def test_what_is_said_again_is_unchanged_and_tells_nothing(
    peopled: Catalogue, clock: Clock
) -> None:
    peopled.videos.save([FULL])
    told(peopled)
    clock.now_ms += 1_000
    assert peopled.videos.save([FULL]) == ["unchanged"]
    assert peopled.videos.get("v1").update_time == NOW_MS
    assert told(peopled) == []


def test_saving_replaces_all_but_the_time_of_creation(peopled: Catalogue, clock: Clock) -> None:
    peopled.videos.save([FULL])
    clock.now_ms += 1_000
    assert peopled.videos.save([video("v1", title="Coffee")]) == ["updated"]
    kept = peopled.videos.get("v1")
    assert (kept.title, kept.video_description, kept.hashtag_names) == ("Coffee", "", ())
    assert kept.create_time == FULL.create_time
    assert kept.update_time == NOW_MS + 1_000


def test_a_change_of_hashtags_alone_is_a_change(peopled: Catalogue) -> None:
    peopled.videos.save([FULL])
    told(peopled)
    fewer = msgspec.structs.replace(FULL, hashtag_names=("slow",))
    assert peopled.videos.save([fewer]) == ["updated"]
    (event,) = told(peopled)
    assert event.hashtags == ("slow",)  # type: ignore[attr-defined]


def test_a_field_is_changed_and_the_others_stay(peopled: Catalogue) -> None:
    peopled.videos.save([FULL])
    changed = peopled.videos.change("v1", lambda now: msgspec.structs.replace(now, title="New"))
    assert (changed.title, changed.vector) == ("New", FULL.vector)
    with pytest.raises(Refused, match="cannot be changed"):
        peopled.videos.change("v1", lambda now: msgspec.structs.replace(now, id="v2"))
    with pytest.raises(NotFound, match="no video 'v9'"):
        peopled.videos.change("v9", lambda now: now)


def test_a_refused_change_leaves_all_as_it_was(peopled: Catalogue) -> None:
    peopled.videos.save([FULL])
    told(peopled)
    with pytest.raises(Refused) as refused:
        peopled.videos.change("v1", lambda now: msgspec.structs.replace(now, creator="ghost"))
    assert refused.value.field == "creator"
    assert peopled.videos.get("v1").creator == "vera"
    assert told(peopled) == []


def test_pages_go_on_where_the_last_one_ended(peopled: Catalogue) -> None:
    peopled.videos.save([video(f"v{i:02}") for i in range(25)])
    pages, after = [], ""
    while page := peopled.videos.page(after, 10):
        pages.append([one.id for one in page])
        after = page[-1].id
    assert [len(page) for page in pages] == [10, 10, 5]
    paged = [one for page in pages for one in page]
    assert paged == [f"v{i:02}" for i in range(25)]
    assert [one.id for one in peopled.videos.all(7)] == paged


def test_a_page_is_narrowed_by_creator_sound_or_hashtag(peopled: Catalogue) -> None:
    peopled.videos.save([FULL, video("v2", "adam", music_id="free"), video("v3", "adam")])

    def found(**narrowed: str) -> list[str]:
        return [one.id for one in peopled.videos.page("", 9, narrowed)]

    assert found(creator="adam") == ["v2", "v3"]
    assert found(music_id="song") == ["v1"]
    assert found(hashtag="slow") == ["v1"]
    assert found(creator="adam", music_id="free") == ["v2"]


# --- what is refused ---------------------------------------------------------------------------


def refusal(outcome: Any) -> tuple[str, str]:
    assert isinstance(outcome, Refused), outcome
    return outcome.field, outcome.reason


BAD: list[tuple[Any, str, str]] = [
    (video("", "vera"), "id", "empty"),
    (video("a/b"), "id", "path"),
    (video(".."), "id", "path"),
    (video("a\nb"), "id", "control"),
    (video("x", ""), "creator", "empty"),
    (video("x", "ghost"), "creator", "no person 'ghost'"),
    (video("x", music_id="ghost"), "music_id", "no sound 'ghost'"),
    (video("x", "brand", music_id="song"), "music_id", "not cleared for business"),
    (video("x", "brand", music_id="hers"), "music_id", "not cleared for business"),
    (video("x", cover_image_url="javascript:alert(1)"), "cover_image_url", "no web address"),
    (video("x", share_url="https:///nowhere"), "share_url", "no web address"),
    (video("x", share_url="https://a b.org"), "share_url", "no web address"),
    (video("x", embed_link="https://[::1"), "embed_link", "no web address"),
    (video("x", embed_link="//example.org"), "embed_link", "no web address"),
    (video("x", create_time=1_700_000_000), "create_time", "looks like seconds"),
    (video("x", create_time=NOW_MS + 2 * DAY_MS), "create_time", "a day ahead"),
    (video("x", available_from=NOW_MS, available_until=NOW_MS), "available_until", "not after"),
    (video("x", available_from=1_700_000_000), "available_from", "before 2000"),
    (video("x", parent_id="x", parent_kind="duet"), "parent_id", "itself"),
    (video("x", parent_id="y"), "parent_kind", "missing"),
    (video("x", parent_kind="duet"), "parent_id", "missing"),
    (video("x", vector=(1.0, float("nan"))), "vector.1", "finite"),
    (video("x", vector=(1e39,)), "vector.0", "finite"),
    (video("x", hashtag_names=("fine", "two words")), "hashtag_names.1", "no hashtag"),
    (video("x", hashtag_names=("#",)), "hashtag_names.0", "0 characters"),
    (video("x", language="en-GB"), "language", "no language"),
    (video("x", region_code="UK\n"), "region_code", "control"),
    (video("x", region_code="England"), "region_code", "no country"),
    (video("x", topics=("tea", "")), "topics.1", "empty"),
    (video("x", traits={"a": "b\0"}), "traits.a", "control"),
    (video("x", video_description="a\0b"), "video_description", "null byte"),
]


@pytest.mark.parametrize(("bad", "field", "reason"), BAD, ids=lambda x: str(x)[:30])
def test_a_bad_record_is_told_and_the_good_ones_are_kept(
    peopled: Catalogue, bad: Video, field: str, reason: str
) -> None:
    outcomes = peopled.videos.save([video("good"), bad, video("fine")])
    assert (outcomes[0], outcomes[2]) == ("created", "created")
    told_field, told_reason = refusal(outcomes[1])
    assert told_field == field
    assert reason in told_reason
    assert [one.id for one in peopled.videos.all()] == ["fine", "good"]


def test_an_id_may_stand_in_a_batch_once(peopled: Catalogue) -> None:
    outcomes = peopled.videos.save([video("v1", title="first"), video("v1", title="second")])
    assert outcomes[0] == "created"
    assert refusal(outcomes[1]) == ("id", "'v1' was there before; the first counts")
    assert peopled.videos.get("v1").title == "first"


def test_no_business_ever_has_a_video_with_a_sound_it_may_not_use(peopled: Catalogue) -> None:
    saved = peopled.videos.save([video("ad", "brand", music_id="free"), video("v", music_id="song"),
                                 video("own", music_id="hers")])  # fmt: skip
    assert saved == ["created"] * 3
    (withdrawn,) = peopled.sounds.save([sound("free", commercial=False)])
    assert refusal(withdrawn) == ("commercial", "1 business accounts have videos with this sound")
    (turned,) = peopled.people.save([person("vera", account="business")])
    assert refusal(turned) == ("account", "1 of their videos use sounds that businesses may not")
    peopled.videos.save([video("v")])
    # Her own recording she may use, whatever her account.
    assert peopled.people.save([person("vera", account="business")]) == ["updated"]
    (sold,) = peopled.sounds.save([sound("hers", owner="adam", original=True)])
    assert refusal(sold)[0] == "commercial"


def test_a_sound_belongs_to_somebody_known(peopled: Catalogue) -> None:
    (refused,) = peopled.sounds.save([sound("x", owner="ghost")])
    assert refusal(refused) == ("owner", "there is no person 'ghost'")


# --- what the log is told ----------------------------------------------------------------------


def test_the_log_hears_of_a_video_without_its_words(peopled: Catalogue) -> None:
    peopled.videos.save([FULL])
    (event,) = told(peopled)
    assert isinstance(event, e.VideoPublished)
    assert (event.video, event.creator) == ("v1", peopled.keys.known("vera"))
    assert (event.created, event.time) == (NOW_MS - DAY_MS, NOW_MS)
    assert (event.sound, event.original_sound) == ("song", False)
    assert (event.hashtags, event.topics) == (("tea", "slow"), ("drinks",))
    assert (event.language, event.country) == ("en", "GB")
    assert (event.available_from, event.available_until) == (NOW_MS, NOW_MS + DAY_MS)
    assert event.privacy == "FOLLOWER_OF_CREATOR"
    words = msgspec.json.encode(event)
    for personal in (b"pour", b"warm", b"vera", b"adam", b"example.org"):
        assert personal not in words


@pytest.mark.parametrize(
    ("change", "heard"),
    [({"video_description": "other words"}, False), ({"cover_image_url": ""}, False),
     ({"disable_duet": False}, False), ({"topics": ("coffee",)}, True), ({"music_id": ""}, True),
     ({"privacy_level": "SELF_ONLY"}, True), ({"available_until": 0}, True),
     ({"traits": {}}, True), ({"region_code": "FR"}, True), ({"hashtag_names": ()}, True)],
)  # fmt: skip
def test_the_log_hears_of_what_ranking_sees(
    peopled: Catalogue, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], heard: bool
) -> None:
    # Words are seen through the vector alone, which another test looks at.
    monkeypatch.setattr("freshet.catalogue.store.announce._vector", lambda *_: b"")
    peopled.videos.save([FULL])
    told(peopled)
    assert peopled.videos.save([msgspec.structs.replace(FULL, **change)]) == ["updated"]
    assert kinds(told(peopled)) == ["video_published"] * heard


def test_another_vector_is_told_when_the_video_is_saved_again(
    peopled: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    peopled.videos.save([FULL])
    told(peopled)
    monkeypatch.setattr("freshet.catalogue.store.announce._vector", lambda *_: b"v" * 64)
    assert peopled.videos.save([FULL]) == ["unchanged"]
    (event,) = told(peopled)
    assert event.vector == b"v" * 64  # type: ignore[attr-defined]


def test_what_a_person_says_of_themselves_reaches_their_videos(peopled: Catalogue) -> None:
    peopled.videos.save([video("v1"), video("v2", category="own")])
    told(peopled)
    seen: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "freshet.catalogue.store.announce._vector",
            lambda row, _: seen.append(row.id) or row.creator_category.encode(),
        )
        peopled.people.save([person("vera", category="cooking")])
    events = told(peopled)
    assert kinds(events) == ["person_saved", "video_published"]
    assert seen == ["v1"]


def test_the_log_hears_that_a_sound_is_an_original_after_all(peopled: Catalogue) -> None:
    peopled.videos.save([video("v1", music_id="song")])
    told(peopled)
    peopled.sounds.save([sound("song", original=True)])
    events = told(peopled)
    assert kinds(events) == ["sound_saved", "video_published"]
    assert events[1].original_sound  # type: ignore[attr-defined]


def test_a_person_is_told_by_key_and_consent_when_it_changes(catalogue: Catalogue) -> None:
    vera = person("vera", username="vera.of.x", country="gb", language="EN", consent=True)
    catalogue.people.save([vera])
    saved, consent = told(catalogue)
    key = catalogue.keys.known("vera")
    assert isinstance(saved, e.PersonSaved)
    assert (saved.person, saved.country, saved.language) == (key, "GB", "en")
    assert isinstance(consent, e.PersonalisationSet)
    assert (consent.viewer, consent.on) == (key, True)
    assert b"vera" not in msgspec.json.encode([saved, consent])
    catalogue.people.save([msgspec.structs.replace(vera, username="x")])
    assert told(catalogue) == []
    catalogue.people.save([msgspec.structs.replace(vera, consent=None)])
    (withdrawn,) = told(catalogue)
    assert isinstance(withdrawn, e.PersonalisationSet)
    assert not withdrawn.on


def test_a_removed_video_is_told_and_leaves_no_row(peopled: Catalogue) -> None:
    peopled.videos.save([FULL, video("child", parent_id="v1", parent_kind="stitch")])
    told(peopled)
    peopled.videos.remove("v1")
    (event,) = told(peopled)
    assert isinstance(event, e.VideoRemoved)
    assert peopled.videos.get("child").parent_id == ""
    assert [one.id for one in peopled.hashtags.all()] == []
    with pytest.raises(NotFound):
        peopled.videos.remove("v1")


def test_a_removed_sound_leaves_its_videos_silent(peopled: Catalogue) -> None:
    peopled.videos.save([FULL, video("v2", music_id="song")])
    told(peopled)
    assert peopled.sounds.remove("song").videos == 2
    assert peopled.videos.get("v1").music_id == ""
    events = told(peopled)
    assert [event.sound for event in events] == ["", ""]  # type: ignore[attr-defined]


# --- hashtags ----------------------------------------------------------------------------------


def test_hashtags_are_one_however_they_are_typed(peopled: Catalogue) -> None:
    typed = ("#CottageCore", "cottagecore", "ＣＯＴＴＡＧＥＣＯＲＥ", "ＣottageCore")
    peopled.videos.save([video("v1", hashtag_names=typed)])
    assert peopled.videos.get("v1").hashtag_names == ("cottagecore",)
    assert peopled.hashtags.get("#CottageCore").video_count == 1


def test_hashtags_count_their_videos_and_know_their_first_use(peopled: Catalogue) -> None:
    at = NOW_MS - 5 * DAY_MS
    peopled.videos.save([video("v1", hashtag_names=("tea", "slow"), create_time=at + 2),
                         video("v2", hashtag_names=("tea",), create_time=at + 1)])  # fmt: skip
    tea = peopled.hashtags.get("tea")
    assert (tea.video_count, tea.first_use) == (2, at + 1)
    peopled.videos.save([video("v2", hashtag_names=("slow", "new"))])
    counts = {one.id: one.video_count for one in peopled.hashtags.all()}
    assert counts == {"tea": 1, "slow": 2, "new": 1}
    peopled.videos.remove("v1")
    assert {one.id for one in peopled.hashtags.all()} == {"slow", "new"}
    assert miscounted(peopled.database) == []


def test_a_posted_hashtag_stays_without_videos(peopled: Catalogue) -> None:
    assert peopled.hashtags.save([hashtag("#Tea", description="Pour!")]) == ["created"]
    assert peopled.hashtags.save([hashtag("tea", description="Pour!")]) == ["unchanged"]
    peopled.videos.save([video("v1", hashtag_names=("TEA",))])
    peopled.videos.remove("v1")
    kept = peopled.hashtags.get("tea")
    assert (kept.description, kept.video_count) == ("Pour!", 0)


def test_a_removed_hashtag_is_off_its_videos(peopled: Catalogue) -> None:
    peopled.videos.save([FULL])
    told(peopled)
    assert peopled.hashtags.remove("Tea").videos == 1
    assert peopled.videos.get("v1").hashtag_names == ("slow",)
    (event,) = told(peopled)
    assert event.hashtags == ("slow",)  # type: ignore[attr-defined]
