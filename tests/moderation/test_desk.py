"""What moderators and owners may ask, and what they are told of anything else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freshet.domain.errors import NotFound, Refused
from freshet.moderation import asks
from freshet.moderation.asks import Queue, QueueOf, Ruling
from freshet.moderation.gauges import moderation_gauges
from freshet.moderation.views import name_of
from tests.moderation.telling import DAY_MS, Story


@pytest.fixture
def told() -> Story:
    story = Story()
    for video, person in (("a1", "ann"), ("a2", "ann"), ("b1", "bob")):
        story.publish(video, person)
    return story


async def decide(
    told: Story, effect: str, video: str = "", person: str = "", **more: Any
) -> Ruling:
    given = {"decision": f"d{len(told.events)}", "actor": "moderator:kim", "reason": "seen"}
    asked = asks.Decide(effect=effect, video=video, person=person, **{**given, **more})
    ruling: Ruling = await told.desk.ask(asked)
    return ruling


async def appeal(told: Story, decision: str, person: str = "ann") -> Ruling:
    ruling: Ruling = await told.desk.ask(asks.AppealTo(decision, person, "it is mine"))
    return ruling


async def answer(told: Story, decision: str, granted: bool) -> Ruling:
    ruling: Ruling = await told.desk.ask(
        asks.AnswerAppeal(decision, granted, "moderator:lou", "looked again")
    )
    return ruling


async def reverse(told: Story, decision: str) -> Ruling:
    ruling: Ruling = await told.desk.ask(asks.Reverse(decision, "moderator:lou", "mistaken"))
    return ruling


async def queue(told: Story, **asked: Any) -> Queue:
    found: Queue = await told.desk.ask(QueueOf(**{"most": 50, **asked}))
    return found


# --- good -------------------------------------------------------------------------------------


async def test_a_decision_holds_until_it_is_reversed(told: Story) -> None:
    made = await decide(told, "regulated", "a1")
    assert (made.person, made.state, told.labels("a1")) == ("ann", "stands", {"regulated"})
    undone = await reverse(told, made.decision)
    assert undone.state == "reversed"
    assert undone.reversal is not None
    assert undone.reversal.actor == "moderator:lou"
    assert told.recommended("a1")


async def test_the_same_ask_twice_decides_once(told: Story) -> None:
    for _ in range(2):
        await decide(told, "spam", "a1", decision="d1")
    assert len(told.book.decisions) == 1


async def test_an_appeal_that_is_granted_reverses_and_is_not_asked_about_again(
    told: Story,
) -> None:
    told.report("a1", *(f"r{k}" for k in range(9)))
    await told.desk.react()
    made = await decide(told, "upsetting", "a1")
    await appeal(told, made.decision)
    assert (await queue(told)).lines[0].why == "appeal"
    granted = await answer(told, made.decision, granted=True)
    await told.desk.react()
    assert granted.state == "reversed"
    assert told.recommended("a1")
    assert (await queue(told)).lines == ()
    assert told.book.reports.record("r1", told.book.verdicts) == (0, 1)


async def test_an_appeal_against_what_is_reversed_meanwhile_waits_no_longer(told: Story) -> None:
    made = await decide(told, "spam", "a1")
    await appeal(told, made.decision)
    await reverse(told, made.decision)
    assert (await queue(told)).lines == ()


async def test_an_appeal_that_is_not_granted_leaves_the_decision(told: Story) -> None:
    made = await decide(told, "penalised", person="ann", until=told.now_ms + DAY_MS)
    await appeal(told, made.decision)
    await answer(told, made.decision, granted=False)
    assert told.labels("a1") == {"penalised"}
    with pytest.raises(Refused, match="was appealed against and answered"):
        await appeal(told, made.decision)


async def test_a_reversal_makes_reports_wait_for_an_answer_again(told: Story) -> None:
    told.report("a1", *(f"r{k}" for k in range(9)))
    await told.desk.react()
    before = await queue(told)
    made = await decide(told, "none", "a1")
    assert (await queue(told)).lines == ()
    await reverse(told, made.decision)
    assert await queue(told) == before


async def test_the_queue_has_the_most_weight_first_and_pages_through(told: Story) -> None:
    told.report("a1", *(f"r{k}" for k in range(3)))
    told.report("b1", *(f"r{k}" for k in range(5)))
    await told.desk.react()
    made = await decide(told, "spam", "a2")
    await appeal(told, made.decision)
    whole = (await queue(told)).lines
    assert [line.video for line in whole] == ["a2", "b1", "a1"]
    first = await queue(told, most=2)
    assert first.more
    last = first.lines[-1]
    rest = await queue(told, most=2, weight=last.weight, subject=name_of(last))
    assert (first.lines + rest.lines, rest.more) == (whole, False)


async def test_how_many_wait_is_a_number_for_monitoring(told: Story) -> None:
    registry = moderation_gauges(told.book)
    told.report("a1", *(f"r{k}" for k in range(9)))
    await told.desk.react()
    await appeal(told, (await decide(told, "spam", "a2")).decision)
    assert registry.get_sample_value("freshet_moderation_waiting") == 2


async def test_the_audit_log_tells_who_did_what_newest_first(told: Story) -> None:
    made = await decide(told, "spam", "a1")
    await appeal(told, made.decision)
    await answer(told, made.decision, granted=True)
    page = await told.desk.ask(asks.Audit(most=10, video="a1"))
    assert [entry.what for entry in page.entries] == ["decided", "answered", "appealed", "decided"]
    mine = await told.desk.ask(asks.Audit(most=1, person="ann", actor="moderator:lou"))
    assert (mine.entries[0].effect, mine.more) == ("none", True)
    older = await told.desk.ask(asks.Audit(most=9, before=mine.entries[0].n, actor="moderator:lou"))
    assert [entry.what for entry in older.entries] == ["answered"]


async def test_a_person_sees_what_bears_on_them_and_not_who_was_asked_to_look(
    told: Story,
) -> None:
    await decide(told, "review", "a1")
    await decide(told, "spam", "a2")
    until = told.now_ms + DAY_MS
    await decide(told, "penalised", person="ann", until=until)
    standing = await told.desk.ask(asks.StandingOf("ann"))
    assert [one.effect for one in standing.decisions] == ["penalised", "spam"]
    assert (standing.penalised, standing.penalised_until) == (True, until)
    told.wait(DAY_MS)
    standing = await told.desk.ask(asks.StandingOf("ann"))
    assert (standing.penalised, standing.decisions[0].state) == (False, "ended")


async def test_duplicates_are_told_side_by_side_while_they_stand(told: Story) -> None:
    made = await decide(told, "duplicate", "b1", original="a1")
    await decide(told, "duplicate", "a2", original="a1")
    first = await told.desk.ask(asks.PairsOf(most=1))
    second = await told.desk.ask(asks.PairsOf(most=1, before=first.last))
    assert [one.video for one in (*first.pairs, *second.pairs)] == ["a2", "b1"]
    assert (second.last, first.owners) == (0, {"a1": "ann"})
    await reverse(told, made.decision)
    assert len((await told.desk.ask(asks.PairsOf(most=9))).pairs) == 1
    assert len((await told.desk.ask(asks.PairsOf(most=9, standing=False))).pairs) == 2


async def test_what_is_in_force_is_told_newest_first_until_it_ends(told: Story) -> None:
    labelled = await decide(told, "spam", "a1")
    await decide(told, "review", "b1")
    await decide(told, "penalised", person="bob", until=told.now_ms + DAY_MS)
    first = await told.desk.ask(asks.InForceOf(most=1))
    second = await told.desk.ask(asks.InForceOf(most=1, before=first.last))
    assert [one.effect for one in (*first.decisions, *second.decisions)] == ["penalised", "spam"]
    assert second.last == 0
    [penalty] = (await told.desk.ask(asks.InForceOf(most=9, effect="penalised"))).decisions
    assert (penalty.person, penalty.until) == ("bob", told.now_ms + DAY_MS)
    told.wait(DAY_MS)
    await reverse(told, labelled.decision)
    assert (await told.desk.ask(asks.InForceOf(most=9))).decisions == ()


# --- refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "field", "reason"),
    [
        ({"effect": "penalised", "video": "a1"}, "effect", "is no effect on a video"),
        ({"effect": "spam", "person": "ann"}, "effect", "is no effect on a person"),
        ({"effect": "spam", "video": "a1", "until": 5}, "until", "lies in the past"),
        ({"effect": "spam", "video": "a1", "original": "a2"}, "original", "is for a duplicate"),
        ({"effect": "duplicate", "video": "a1", "original": "a1"}, "original", "another video"),
        ({"effect": "none", "video": "a1"}, "effect", "there is nothing to dismiss"),
    ],
)
async def test_what_does_not_fit_is_refused_and_nothing_is_written(
    told: Story, asked: dict[str, Any], field: str, reason: str
) -> None:
    with pytest.raises(Refused, match=reason) as refused:
        await decide(told, **asked)
    assert (refused.value.field, told.book.decisions) == (field, {})
    assert refused.value.right


async def test_what_is_not_known_is_not_found(told: Story) -> None:
    for ask in (
        decide(told, "spam", "gone"),
        decide(told, "duplicate", "a1", original="gone"),
        reverse(told, "gone"),
        appeal(told, "gone"),
        answer(told, "gone", True),
        told.desk.ask(asks.CaseOf(video="gone")),
    ):
        with pytest.raises(NotFound, match="gone"):
            await ask


async def test_a_decision_is_reversed_once(told: Story) -> None:
    made = await decide(told, "spam", "a1")
    await reverse(told, made.decision)
    with pytest.raises(Refused, match="is reversed already"):
        await reverse(told, made.decision)


async def test_what_fell_with_its_cause_is_reversed_already(told: Story) -> None:
    told.decide("d1", "spam", "a1")
    told.decide("d2", "penalised", person="ann", because=("d1",))
    await reverse(told, "d1")
    with pytest.raises(Refused, match="is reversed already"):
        await reverse(told, "d2")


async def test_a_stranger_cannot_appeal(told: Story) -> None:
    made = await decide(told, "spam", "a1")
    for stranger in ("bob", ""):
        with pytest.raises(Refused, match="not about you or a video of yours"):
            await appeal(told, made.decision, stranger)


async def test_one_appeal_waits_at_a_time_and_what_is_over_needs_none(told: Story) -> None:
    made = await decide(told, "spam", "a1")
    await appeal(told, made.decision)
    with pytest.raises(Refused, match="waits for its answer"):
        await appeal(told, made.decision)
    other = await decide(told, "upsetting", "a1")
    await reverse(told, other.decision)
    with pytest.raises(Refused, match="does not hold any more: reversed"):
        await appeal(told, other.decision)


async def test_only_an_open_appeal_is_answered(told: Story) -> None:
    made = await decide(told, "spam", "a1")
    with pytest.raises(Refused, match="has no open appeal"):
        await answer(told, made.decision, True)
    await appeal(told, made.decision)
    await answer(told, made.decision, False)
    with pytest.raises(Refused, match="was answered already"):
        await answer(told, made.decision, True)


# --- whatever is asked ------------------------------------------------------------------------

VIDEOS, PEOPLE = st.sampled_from(["a1", "a2", "b1", "gone"]), st.sampled_from(["ann", "bob", "eve"])
EFFECTS = st.sampled_from(["none", "review", "under_review", "spam", "upsetting", "penalised"])
WHICH, ACTOR = st.integers(0, 12), st.just("moderator:kim")
HAPPENS = st.one_of(
    st.tuples(st.just("report"), st.integers(0, 30), VIDEOS),
    st.tuples(st.just("publish"), PEOPLE, st.integers(0, 9)),
    st.tuples(st.just("decide"), EFFECTS, VIDEOS, st.integers(0, 2)),
    st.tuples(st.just("penalise"), PEOPLE, st.integers(0, 2)),
    st.tuples(st.just("reverse"), WHICH),
    st.tuples(st.just("appeal"), WHICH, PEOPLE),
    st.tuples(st.just("answer"), WHICH, st.booleans()),
    st.tuples(st.just("wait"), st.integers(1, 2 * DAY_MS)),
)


async def happens(told: Story, what: str, *rest: Any) -> None:
    made = list(told.book.decisions)
    if what in ("reverse", "appeal", "answer"):
        decision = made[rest[0]] if rest[0] < len(made) else "gone"
    match what:
        case "report":
            told.report(rest[1], f"r{rest[0]}")
        case "publish":
            told.publish(f"{rest[0]}{rest[1]}", rest[0], hashtags=("fyp",) * rest[1])
        case "decide":
            until = rest[2] and told.now_ms + rest[2] * DAY_MS
            await decide(told, rest[0], rest[1], until=until)
        case "penalise":
            await decide(told, "penalised", person=rest[0], until=rest[1] and told.now_ms + rest[1])
        case "reverse":
            await reverse(told, decision)
        case "appeal":
            await appeal(told, decision, rest[1])
        case "answer":
            await answer(told, decision, rest[1])
        case "wait":
            told.wait(rest[0])


@settings(max_examples=80, deadline=None)
@given(st.lists(HAPPENS, max_size=30))
async def test_whatever_is_asked_is_done_or_refused_and_the_log_alone_says_what_holds(
    acts: list[tuple[Any, ...]],
) -> None:
    told = Story(queue_at=0.2, review_at=0.6, strikes=2)
    for video, person in (("a1", "ann"), ("a2", "ann"), ("b1", "bob")):
        told.publish(video, person)
    for what, *rest in acts:
        before = len(told.events)
        try:
            await happens(told, what, *rest)
        except Refused:
            assert len(told.events) == before
        await told.desk.react()
    again = Story()
    for event in told.events:
        again.fold(event)
    assert again.book.verdicts.saved() == told.book.verdicts.saved()
    for video in told.columns.names["video"]:
        assert again.labels(video) == told.labels(video)
        held = told.book.verdicts.effects(("video", video), told.now_ms)
        owner = told.owner_of(video) or ""
        if "penalised" in told.book.verdicts.effects(("person", owner), told.now_ms):
            held |= {"penalised"}
        assert told.labels(video) == held - {"review"}
    assert await told.desk.react() == 0
