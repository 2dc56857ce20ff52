"""Reports weigh what their reporters' earlier ones were worth."""

from __future__ import annotations

import pytest

from freshet.domain import events as ev
from freshet.moderation.settings import Moderation
from tests.moderation.telling import Story

SETTINGS = Moderation()


def weight(told: Story, video: str) -> float:
    return told.book.reports.weigh(video, told.book.verdicts, SETTINGS).weight


def with_record(told: Story, reporter: str, confirmed: int, dismissed: int = 0) -> None:
    """A reporter whose reports were answered so often in each way."""
    for k in range(confirmed + dismissed):
        video = f"{reporter}-{k}"
        told.publish(video, "somebody")
        told.report(video, reporter)
        effect = "upsetting" if k < confirmed else "none"
        told.decide(f"{reporter}-d{k}", effect, video, settles=True)


@pytest.fixture
def told() -> Story:
    story = Story()
    story.publish("a1", "ann")
    return story


async def test_a_crowd_of_newcomers_asks_a_moderator_and_holds_nothing_back(told: Story) -> None:
    told.report("a1", *(f"new{k}" for k in range(500)))
    await told.desk.react()
    assert weight(told, "a1") == SETTINGS.unproven_most
    assert told.recommended("a1")
    assert [made.effect for made in told.book.open_questions()] == ["review"]


async def test_a_few_newcomers_ask_nobody(told: Story) -> None:
    told.report("a1", "new1", "new2")
    await told.desk.react()
    assert told.book.open_questions() == []


async def test_two_proven_reporters_hold_a_video_back(told: Story) -> None:
    for reporter in ("pat", "pia"):
        with_record(told, reporter, confirmed=8)
    told.report("a1", "pat")
    await told.desk.react()
    assert told.recommended("a1")
    told.report("a1", "pia")
    await told.desk.react()
    assert told.labels("a1") == {"under_review"}


def test_a_reporter_counts_once_per_video_however_often_they_report(told: Story) -> None:
    told.report("a1", "eve", "eve", "eve")
    assert weight(told, "a1") == 0.2


def test_reports_that_were_dismissed_make_a_reporter_weigh_less(told: Story) -> None:
    with_record(told, "eve", confirmed=0, dismissed=5)
    told.report("a1", "eve")
    assert weight(told, "a1") == 0.1


def test_reporting_what_was_decided_already_earns_nothing(told: Story) -> None:
    told.decide("d1", "upsetting", "a1", settles=True)
    told.report("a1", "eve")
    assert told.book.reports.record("eve", told.book.verdicts) == (0, 0)


def test_reversing_a_decision_takes_back_what_it_did_to_reporters(told: Story) -> None:
    told.report("a1", "eve")
    told.decide("d1", "upsetting", "a1", settles=True)
    assert told.book.reports.record("eve", told.book.verdicts) == (1, 0)
    told.reverse("d1")
    assert told.book.reports.record("eve", told.book.verdicts) == (0, 0)
    assert weight(told, "a1") == 0.2


def test_what_a_rule_found_says_nothing_of_reporters(told: Story) -> None:
    told.report("a1", "eve")
    told.decide("d1", "duplicate", "a1", actor="rule:duplicates")
    assert told.book.reports.record("eve", told.book.verdicts) == (0, 0)


async def test_a_video_that_was_dismissed_is_asked_about_again_only_for_new_reports(
    told: Story,
) -> None:
    told.report("a1", "r1", "r2", "r3")
    await told.desk.react()
    told.decide("d1", "none", "a1", settles=True)
    await told.desk.react()
    assert told.book.open_questions() == []
    told.report("a1", "r1", "r2", "r3")  # again: counts no more
    await told.desk.react()
    assert told.book.open_questions() == []
    told.report("a1", *(f"s{k}" for k in range(5)))
    await told.desk.react()
    assert len(told.book.open_questions()) == 1


async def test_a_removed_video_leaves_the_queue(told: Story) -> None:
    told.report("a1", "r1", "r2", "r3")
    await told.desk.react()
    told.tell(ev.VideoRemoved, video="a1")
    assert told.book.open_questions() == []
