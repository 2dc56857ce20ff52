"""What the system decides by itself, and what it leaves alone."""

from __future__ import annotations

import pytest

from freshet.domain import events as ev
from freshet.moderation.rules import Caption, plain
from tests.moderation.telling import DAY_MS, Story

MINUTE_MS = 60_000


@pytest.fixture
def told() -> Story:
    return Story()


# --- bursts -----------------------------------------------------------------------------------


async def test_four_videos_a_day_are_nobodys_business(told: Story) -> None:
    for day in range(3):
        for k in range(4):
            told.publish(f"v{day}-{k}", "ann")
            told.wait(DAY_MS // 4)
    assert await told.desk.react() == 0


async def test_what_goes_beyond_a_burst_is_spam_and_what_came_before_is_not(told: Story) -> None:
    for k in range(22):
        told.publish(f"v{k}", "ann")
        told.wait(MINUTE_MS)
    await told.desk.react()
    assert [k for k in range(22) if told.labels(f"v{k}")] == [20, 21]
    assert told.book.decisions[next(iter(told.book.decisions))].evidence["within"] == "an hour"


async def test_a_burst_is_no_row_of_strikes(told: Story) -> None:
    for k in range(30):
        told.publish(f"v{k}", "ann")
        told.wait(MINUTE_MS)
    await told.desk.react()
    assert told.labels("v29") == {"spam"}
    assert told.recommended("v0")


async def test_an_import_is_no_burst(told: Story) -> None:
    for k in range(60):
        told.publish(f"old{k}", "ann", created=told.now_ms - (k + 2) * DAY_MS)
        told.publish(f"now{k}", "bob")  # all in one call: made at one moment
    assert await told.desk.react() == 0


async def test_a_video_that_is_changed_is_no_new_one(told: Story) -> None:
    for k in range(60):
        told.publish("v1", "ann", created=told.now_ms - k)
        told.wait(1_000)
    assert await told.desk.react() == 0


# --- hashtags and captions --------------------------------------------------------------------


async def test_many_hashtags_that_say_nothing_are_spam(told: Story) -> None:
    empty = ("fyp", "foryou", "viral", "trending", "xyzbca", "fy", "explore", "follow")
    told.publish("stuffed", "ann", hashtags=(*empty, "tea"))
    told.publish("usual", "bob", hashtags=("fyp", "viral", "foryou", "tea", "matcha"))
    told.publish("heap", "cat", hashtags=tuple(f"tag{k}" for k in range(31)))
    await told.desk.react()
    assert told.labels("stuffed") == told.labels("heap") == {"spam"}
    assert told.recommended("usual")


async def test_one_caption_again_and_again_is_spam_from_the_fifth_time(told: Story) -> None:
    said = []
    for k in range(6):
        told.publish(f"v{k}", "ann")
        said.append(Caption(f"v{k}", f"Link in my bio!!! {'🔥' * k}", told.now_ms))
        told.wait(DAY_MS // 10)
    told.said["ann"] = said
    await told.desk.react()
    assert [k for k in range(6) if told.labels(f"v{k}")] == [4, 5]


async def test_short_captions_and_none_may_be_repeated(told: Story) -> None:
    for k in range(9):
        told.publish(f"v{k}", "ann")
        told.wait(MINUTE_MS)
    told.said["ann"] = [Caption(f"v{k}", "😂 lol" if k % 2 else "", k) for k in range(9)]
    assert await told.desk.react() == 0


async def test_a_series_and_what_one_call_saves_repeat_nothing(told: Story) -> None:
    for k in range(9):
        told.publish(f"day{k}", "ann")
        told.publish(f"once{k}", "bob", created=told.now_ms - k * 1_000)
        told.wait(MINUTE_MS)
    told.said["ann"] = [Caption(f"day{k}", f"Day {k} of learning guitar", k) for k in range(9)]
    told.said["bob"] = [Caption(f"once{k}", "Everything must go", 7) for k in range(9)]
    assert await told.desk.react() == 0


def test_captions_are_the_same_beyond_signs_and_widths() -> None:
    assert plain("Part 1: ＴＥＡ!") == plain("part 1 – tea") == "part1tea"


# --- rings ------------------------------------------------------------------------------------


def engage(told: Story, viewer: str, person: str, times: int) -> None:
    for _ in range(times):
        told.tell(ev.Like, viewer=viewer, video=f"of {person}")
        told.wait(1_000)


def posters(told: Story, *people: str) -> None:
    for person in people:
        told.publish(f"of {person}", person)


async def test_a_closed_group_is_put_before_a_moderator_and_loses_nothing(told: Story) -> None:
    ring = ("a", "b", "c")
    posters(told, *ring, "star")
    for viewer in ring:
        for person in ring:
            if person != viewer:
                engage(told, viewer, person, 10)
    await told.desk.react()
    asked = told.book.open_questions()
    assert {made.person for made in asked} == set(ring)
    assert {made.effect for made in asked} == {"review"}
    assert len({made.evidence["ring"] for made in asked}) == 1
    assert all(told.recommended(f"of {person}") for person in ring)
    engage(told, "a", "b", 10)
    assert await told.desk.react() == 0  # asked once


async def test_friends_whom_others_like_too_are_no_ring(told: Story) -> None:
    friends = ("a", "b", "c")
    posters(told, *friends)
    for viewer in friends:
        for person in friends:
            if person != viewer:
                engage(told, viewer, person, 10)
    for k in range(20):
        engage(told, f"viewer{k}", "a", 1)
    told.book.touch_all()
    assert await told.desk.react() == 0


async def test_friends_who_like_others_too_are_no_ring(told: Story) -> None:
    friends = ("a", "b", "c")
    posters(told, *friends, "star")
    for viewer in friends:
        for person in (*friends, "star"):
            if person != viewer:
                engage(told, viewer, person, 10)
    assert await told.desk.react() == 0


async def test_a_pair_is_no_ring_and_a_crowd_is_none(told: Story) -> None:
    crowd = [f"p{k}" for k in range(14)]
    posters(told, "a", "b", *crowd)
    engage(told, "a", "b", 20)
    engage(told, "b", "a", 20)
    for k, viewer in enumerate(crowd):
        for step in (1, -1):
            engage(told, viewer, crowd[(k + step) % len(crowd)], 5)
    assert await told.desk.react() == 0


# --- strikes ----------------------------------------------------------------------------------


async def test_three_videos_barred_penalise_the_person_for_a_week(told: Story) -> None:
    for k in range(4):
        told.publish(f"v{k}", "ann")
    for k in range(3):
        told.decide(f"d{k}", "spam", f"v{k}")
    await told.desk.react()
    assert told.labels("v3") == {"penalised"}
    told.wait(7 * DAY_MS)
    assert told.recommended("v3")
    assert await told.desk.react() == 0  # each strike counts once


async def test_a_penalty_falls_with_a_strike_and_the_others_still_count(told: Story) -> None:
    for k in range(4):
        told.publish(f"v{k}", "ann")
    for k in range(3):
        told.decide(f"d{k}", "spam", f"v{k}")
    await told.desk.react()
    told.reverse("d0")
    await told.desk.react()
    assert told.recommended("v3")
    told.decide("d3", "duplicate", "v3")
    await told.desk.react()
    assert told.labels("v0") == {"penalised"}


async def test_questions_and_two_decisions_on_one_video_are_not_three_strikes(told: Story) -> None:
    for k in range(4):
        told.publish(f"v{k}", "ann")
    for k in range(3):
        told.decide(f"q{k}", "under_review", f"v{k}")
    told.decide("d0", "spam", "v0")
    told.decide("d1", "upsetting", "v0")
    told.decide("d2", "spam", "v1")
    await told.desk.react()
    assert told.recommended("v3")


# --- whatever they find -----------------------------------------------------------------------


async def test_what_was_reversed_is_not_found_again(told: Story) -> None:
    told.publish("v1", "ann", hashtags=tuple(f"tag{k}" for k in range(40)))
    await told.desk.react()
    (decision,) = told.book.decisions
    told.reverse(decision)
    told.book.touch_all()
    assert await told.desk.react() == 0
    assert told.recommended("v1")


async def test_a_rule_that_is_switched_off_decides_nothing() -> None:
    told = Story(rules=("reports",))
    told.publish("v1", "ann", hashtags=tuple(f"tag{k}" for k in range(40)))
    assert await told.desk.react() == 0
