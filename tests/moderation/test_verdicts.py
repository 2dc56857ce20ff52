"""What holds is what was decided and not reversed, in whatever order things came."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freshet.catalogue import facts
from freshet.catalogue.verdicts import Verdicts
from freshet.domain import events as ev
from freshet.domain.events import Event
from freshet.log.ports import Batch
from freshet.moderation.book import Book
from freshet.moderation.settings import Moderation
from tests.moderation.telling import DAY_MS, Story

VIDEOS, PEOPLE, VIEWERS = ("a1", "a2", "b1"), ("ann", "bob"), ("v1", "v2", "v3")
OWNERS = {"a1": "ann", "a2": "ann", "b1": "bob"}
LABELS = tuple(facts.LABEL_BIT)


def story() -> Story:
    told = Story()
    for video, person in OWNERS.items():
        told.publish(video, person)
    return told


def act() -> st.SearchStrategy[tuple[Any, ...]]:
    """One thing that happens; decisions are named by how many came before."""
    video, number = st.sampled_from(VIDEOS), st.integers(0, 9)
    lasts = st.sampled_from([0, 0, 3, 10])
    causes = st.lists(number, max_size=2, unique=True)
    return st.one_of(
        st.tuples(st.just("label"), video, st.sampled_from(LABELS), lasts, causes, st.booleans()),
        st.tuples(st.just("penalty"), st.sampled_from(PEOPLE), lasts, causes),
        st.tuples(st.just("dismiss"), video),
        st.tuples(st.just("reverse"), number),
        st.tuples(st.just("appeal"), number),
        st.tuples(st.just("answer"), number, st.booleans()),
        st.tuples(st.just("report"), st.sampled_from(VIEWERS), video),
        st.tuples(st.just("own"), video, st.sampled_from(LABELS), st.booleans()),
        st.tuples(st.just("publish"), st.sampled_from(PEOPLE)),
        st.tuples(st.just("wait"), st.integers(1, 6)),
    )


def happens(told: Story, acts: list[tuple[Any, ...]]) -> None:
    made = 0
    for what, *rest in acts:
        if what == "label":
            video, label, lasts, causes, settles = rest
            told.decide(
                f"d{made}", label, video, until=lasts and told.now_ms + lasts,
                because=tuple(f"d{n}" for n in causes if n < made), settles=settles,
            )  # fmt: skip
        elif what == "penalty":
            person, lasts, causes = rest
            told.decide(
                f"d{made}", "penalised", person=person, until=lasts and told.now_ms + lasts,
                because=tuple(f"d{n}" for n in causes if n < made),
            )  # fmt: skip
        elif what == "dismiss":
            told.decide(f"d{made}", "none", rest[0], settles=True)
        elif what == "reverse":
            told.reverse(f"d{rest[0]}")
        elif what == "appeal":
            decision = told.book.decisions.get(f"d{rest[0]}")
            person = decision.person if decision else "nobody"
            told.tell(ev.AppealMade, decision=f"d{rest[0]}", person=person, text="no")
        elif what == "answer":
            told.tell(
                ev.AppealAnswered, decision=f"d{rest[0]}", granted=rest[1], actor="moderator:kim"
            )
        elif what == "report":
            told.report(rest[1], rest[0])
        elif what == "own":
            kind = ev.LabelSet if rest[2] else ev.LabelCleared
            told.tell(kind, video=rest[0], label=rest[1], actor="app")
        elif what == "publish":
            told.publish(f"{rest[0]}-{len(told.events)}", rest[0])
        elif what == "wait":
            told.wait(rest[0])
        made += what in ("label", "penalty", "dismiss")


ACTS = st.lists(act(), max_size=25)
MANY = settings(max_examples=100, deadline=None)


def view(told: Story) -> dict[str, Any]:
    """All that holds: flags as feeds read them, questions, penalties, records, weights."""
    book = told.book
    return {
        "labels": {video: told.labels(video) for video in told.columns.names["video"]},
        "penalised": {p: book.verdicts.effects(("person", p), book.now_ms) for p in PEOPLE},
        "questions": {d.decision for d in book.open_questions()},
        "records": {v: book.reports.record(v, book.verdicts) for v in VIEWERS},
        "weighed": {v: book.reports.weigh(v, book.verdicts, Moderation()).weight for v in VIDEOS},
    }


def named_in(event: Event) -> str:
    return getattr(event, "decision", "")


@MANY
@given(ACTS)
def test_flags_are_the_union_of_decisions_that_hold_and_the_apps_own_labels(acts: Any) -> None:
    told = story()
    happens(told, acts)
    own: dict[str, set[str]] = {}
    penalised = set()
    for event in told.events:
        if isinstance(event, ev.LabelSet):
            own.setdefault(event.video, set()).add(event.label)
        elif isinstance(event, ev.LabelCleared):
            own.setdefault(event.video, set()).discard(event.label)
    for person in PEOPLE:
        if "penalised" in told.book.verdicts.effects(("person", person), told.book.now_ms):
            penalised.add(person)
    for video in told.columns.names["video"]:
        held = told.book.verdicts.effects(("video", video), told.book.now_ms)
        wanted = own.get(video, set()) | (held & set(LABELS))
        if told.owner_of(video) in penalised:
            wanted.add("penalised")
        assert told.labels(video) == wanted
        assert told.recommended(video) == (not wanted)


@MANY
@given(ACTS, st.integers(0, 9))
def test_reversed_is_as_if_it_had_never_been_made(acts: Any, number: int) -> None:
    told, without = story(), story()
    happens(told, acts)
    told.reverse(f"d{number}")
    never = {f"d{number}"}
    for event in told.events[len(OWNERS) :]:
        if isinstance(event, ev.DecisionMade) and never & set(event.because):
            never.add(event.decision)
        if named_in(event) not in never:
            without.fold(event)
    assert view(told) == view(without)


@MANY
@given(ACTS, st.integers(0, 25))
def test_a_book_that_was_saved_goes_on_as_one_that_was_not(acts: Any, place: int) -> None:
    told = story()
    happens(told, acts)
    cut = min(place + len(OWNERS), len(told.events))
    first = Book()
    first.apply(Batch(1, told.events[:cut]))
    second = restored(first)
    if told.events[cut:]:
        second.apply(Batch(cut + 1, told.events[cut:]))
    assert msgspec.msgpack.encode(second._saved()) == msgspec.msgpack.encode(told.book._saved())


def restored(saved: Book) -> Book:
    book = Book()
    with TemporaryDirectory() as folder:
        saved.save(Path(folder))
        book.load(Path(folder))
    return book


@given(ACTS)
@MANY
def test_verdicts_that_were_saved_say_the_same(acts: Any) -> None:
    told = story()
    happens(told, acts)
    again = Verdicts.of_saved(told.columns.verdicts.saved())
    assert again.saved() == told.columns.verdicts.saved() == told.book.verdicts.saved()


# --- in words ---------------------------------------------------------------------------------


def test_a_label_that_another_decision_holds_stays() -> None:
    told = story()
    told.decide("d1", "spam", "a1")
    told.decide("d2", "spam", "a1")
    told.reverse("d1")
    assert told.labels("a1") == {"spam"}
    told.reverse("d2")
    assert told.recommended("a1")


def test_the_apps_own_label_is_its_own_to_clear_and_no_other() -> None:
    told = story()
    told.tell(ev.LabelSet, video="a1", label="spam", actor="app")
    told.decide("d1", "spam", "a1")
    told.tell(ev.LabelCleared, video="a1", label="spam", actor="app")
    assert told.labels("a1") == {"spam"}
    told.reverse("d1")
    assert told.recommended("a1")


def test_a_penalty_bars_all_of_a_persons_videos_also_those_published_while_it_lasts() -> None:
    told = story()
    told.decide("d1", "penalised", person="ann", until=told.now_ms + DAY_MS)
    told.publish("a3", "ann")
    assert [told.recommended(video) for video in ("a1", "a2", "a3", "b1")] == [False] * 3 + [True]


def test_a_penalty_ends_with_the_first_event_at_its_end_and_not_before() -> None:
    told = story()
    told.decide("d1", "penalised", person="ann", until=told.now_ms + DAY_MS)
    told.wait(DAY_MS - 1)
    assert not told.recommended("a1")
    told.wait(1)
    assert told.recommended("a1")
    told.publish("a3", "ann")
    assert told.recommended("a3")


def test_a_penalty_falls_with_one_of_the_strikes_it_follows_from() -> None:
    told = story()
    told.decide("d1", "spam", "a1")
    told.decide("d2", "spam", "a2")
    told.decide("d3", "penalised", person="ann", because=("d1", "d2"))
    told.reverse("d2")
    assert told.labels("a1") == {"spam"}
    assert told.recommended("a2")
    told.reverse("d1")
    assert told.recommended("a1")


def test_what_was_settled_is_asked_again_when_the_answer_is_reversed_but_not_when_it_ends() -> None:
    told = story()
    told.decide("d1", "under_review", "a1", actor="reports")
    told.decide("d2", "upsetting", "a1", settles=True, until=told.now_ms + 5)
    assert told.labels("a1") == {"upsetting"}
    told.wait(5)
    assert told.recommended("a1")
    told.reverse("d2")
    assert told.labels("a1") == {"under_review"}


def test_the_same_decision_told_twice_is_one() -> None:
    told = story()
    told.decide("d1", "spam", "a1")
    told.decide("d1", "upsetting", "a2")
    assert told.recommended("a2")
    assert len(told.book.audit) == 1


def test_of_an_erased_person_nothing_is_left() -> None:
    told = story()
    told.report("b1", "ann")
    told.decide("d1", "spam", "a1")
    told.decide("d2", "penalised", person="ann")
    told.tell(ev.PersonErased, person="ann")
    assert b"ann" not in msgspec.msgpack.encode(told.book._saved())
    assert b"ann" not in told.columns.verdicts.saved()
    assert told.book.reports.weigh("b1", told.book.verdicts, Moderation()).reports == 1


def test_who_signs_in_takes_their_penalty_and_their_reports_along() -> None:
    told = story()
    told.publish("c1", "cat")
    told.decide("d1", "penalised", person="guest")
    told.report("b1", "guest", "cat")
    told.tell(ev.ViewersMerged, viewer="guest", into="cat")
    assert not told.recommended("c1")
    assert told.book.reports.weigh("b1", told.book.verdicts, Moderation()).reports == 1


@pytest.mark.parametrize("label", LABELS)
def test_every_label_bars(label: str) -> None:
    told = story()
    told.decide("d1", label, "a1")
    assert not told.recommended("a1")
