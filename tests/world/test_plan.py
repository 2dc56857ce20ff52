"""A plan comes from its seed alone, covers all topics at once, and says things in one language."""

from __future__ import annotations

import hashlib
from collections import Counter

import msgspec
import pytest

from freshet.domain.errors import Refused
from freshet.world.plan import FIRST, LONGEST_S, SHORTEST_S, VERSION, make_plan
from freshet.world.scenes import TOPICS
from freshet.world.words import LANGUAGES, words

# Digest of the world of seed 7, by version. Whoever changes what a seed gives raises VERSION,
# so that worlds made before are made anew.
DIGESTS = {1: "c1d95fd3285d52e6"}


def test_the_same_seed_gives_the_same_plan_and_another_seed_another() -> None:
    assert make_plan(seed=3) == make_plan(seed=3) != make_plan(seed=4)


def test_what_a_seed_gives_changes_only_with_the_version() -> None:
    digest = hashlib.sha256(msgspec.json.encode(make_plan(seed=7))).hexdigest()[:16]
    assert DIGESTS[VERSION] == digest


def test_the_first_clips_cover_all_topics_and_each_topic_is_as_frequent_as_another() -> None:
    clips = make_plan().clips
    assert len(clips) == 240
    assert {clip.topic for clip in clips[:FIRST]} == set(TOPICS)
    assert set(Counter(clip.topic for clip in clips).values()) == {20}


def test_all_four_languages_are_spoken_and_every_creator_posts() -> None:
    plan = make_plan()
    assert {clip.language for clip in plan.clips} == set(LANGUAGES)
    assert {clip.creator for clip in plan.clips} == {person.id for person in plan.people}
    assert len({person.id for person in plan.people}) == 40


def test_a_clip_says_what_its_topic_and_language_have_to_say() -> None:
    plan = make_plan()
    people = {person.id: person for person in plan.people}
    for clip in plan.clips:
        said = words(clip.language)[clip.topic]
        assert clip.language == people[clip.creator].language
        assert clip.headline in said.headlines
        assert clip.caption in said.captions
        english = words("en")[clip.topic].hashtags
        assert set(clip.hashtags) <= {*said.hashtags, *english}


def test_no_two_clips_show_and_say_the_same() -> None:
    clips = make_plan().clips
    looks = Counter((clip.topic, clip.scene, clip.palette, clip.headline) for clip in clips)
    assert max(looks.values()) == 1


def test_clips_are_short_and_last_whole_beats_of_their_sound() -> None:
    plan = make_plan()
    sounds = {sound.id: sound for sound in plan.sounds}
    for clip in plan.clips:
        assert 1000 * SHORTEST_S - 50 <= clip.duration_ms <= 1000 * LONGEST_S + 50
        beats = clip.duration_ms / 1000 / sounds[clip.sound].beat_s
        assert abs(beats - round(beats)) < 0.1


def test_some_sounds_are_shared_and_an_original_belongs_to_one_clip() -> None:
    plan = make_plan()
    used = Counter(clip.sound for clip in plan.clips)
    originals = {sound.id for sound in plan.sounds if sound.original}
    assert all(used[sound] == 1 for sound in originals)
    assert sum(used[sound.id] > 1 for sound in plan.sounds if not sound.original) > 20
    assert 30 < len(originals) < 90


def test_in_every_language_every_topic_has_its_own_words() -> None:
    for language in LANGUAGES:
        said = words(language)
        assert tuple(said) == TOPICS
        for one in said.values():
            assert len(set(one.headlines)) == len(set(one.captions)) == 6
            assert all(tag == tag.strip("# ").lower() for tag in one.hashtags)


@pytest.mark.parametrize("wrong", [{"creators": 0}, {"clips": 0}, {"clips": 10**6}, {"seed": -1}])
def test_a_world_too_small_or_too_large_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(Refused) as refused:
        make_plan(**wrong)
    assert refused.value.field in wrong
    assert refused.value.right
