"""What the client says and reads is what the server reads and says, field by field."""

from __future__ import annotations

import subprocess
import sys
from typing import Any, get_type_hints

import msgspec
import pytest

from freshet.catalogue.store import erasure
from freshet.catalogue.store import hashtags as stored_hashtags
from freshet.catalogue.store import records as stored
from freshet.catalogue.store import sounds as stored_sounds
from freshet.distribution import diagnosis, wording
from freshet.distribution import standing as walked
from freshet.domain import events as domain
from freshet.feed import answer, options, rank, reason
from freshet.http import events as http_events
from freshet.http import (
    fingerprints,
    health,
    moderation,
    people,
    related,
    reset,
    shelf,
    standing,
    viewer_tokens,
    why,
)
from freshet.http.edge import OURS as OURS_ALONE
from freshet.http.rank import Ranked
from freshet.moderation import asks, reports
from freshet.moderation import records as kept
from freshet_client import answers, asked, events, records, rulings, trials

# Made by the server alone, or told by a route of its own.
NOT_TOLD = OURS_ALONE
SERVERS = {"received", "clock", "parked"}  # fields that the server alone sets
OURS = {"event_id", "time"}  # made by the event itself
TOLD = sorted(domain.EVENTS.keys() - NOT_TOLD)
MINE = {
    str(kind.__struct_config__.tag): kind
    for kind in vars(events).values()
    if isinstance(kind, type) and issubclass(kind, events.Event) and kind.__struct_config__.tag
    and kind.__struct_config__.tag in domain.EVENTS
}  # fmt: skip

ANSWERS = [
    (answers.Feed, answer.Answer),
    (answers.Item, answer.Item),
    (answers.Reason, reason.Reason),
    (answers.Why, why.Why),
    (answers.Ranked, Ranked),
    (answers.Ranking, rank.Ranking),
    (answers.Scored, rank.Scored),
    (answers.Taken, http_events.EventsTaken),
    (answers.RecordError, http_events.EventError),
    (answers.Done, reset.Done),
    (answers.Health, health.Health),
    (answers.Related, related.Related),
    (answers.Saved, shelf.Saved),
    (answers.RecordError, shelf.RecordError),
    (answers.Merged, people.Merged),
    (answers.Token, viewer_tokens.TokenMade),
    (answers.Erased, erasure.Erased),
    (answers.Removed, stored_sounds.SoundRemoved),
    (answers.Removed, stored_hashtags.HashtagRemoved),
    (rulings.Ruling, asks.Ruling),
    (rulings.Reversal, kept.Reversal),
    (rulings.Appeal, kept.Appeal),
    (rulings.QueueLine, asks.QueueLine),
    (rulings.QueuePage, moderation.QueuePage),
    (rulings.Decisions, moderation.Decisions),
    (rulings.Case, asks.Case),
    (rulings.Looked, fingerprints.Looked),
    (rulings.Weighed, reports.Weighed),
    (rulings.Side, moderation.Side),
    (rulings.Sides, moderation.Sides),
    (rulings.Entry, kept.Entry),
    (rulings.Entries, moderation.Entries),
    (rulings.Bearing, standing.Bearing),
    (rulings.PersonStanding, standing.PersonStanding),
    (trials.Journey, walked.JourneySoFar),
    (trials.StageDecided, walked.Decided),
    (trials.Funnel, walked.Funnel),
    (trials.FunnelStep, walked.Step),
    (trials.BySize, walked.BySize),
    (trials.Diagnosis, diagnosis.Diagnosis),
    (trials.PersonDiagnosis, diagnosis.PersonDiagnosis),
    (trials.VideoOf, diagnosis.VideoOf),
    (trials.AudienceSeen, diagnosis.AudienceSeen),
    (trials.Taste, diagnosis.Taste),
    (trials.Measured, diagnosis.Measured),
    (trials.Leaving, diagnosis.Leaving),
    (trials.Penalty, diagnosis.Penalty),
    (trials.PostIt, diagnosis.PostIt),
    (trials.Said, wording.Said),
    (asked.Filters, options.Filters),
    (asked.Boost, options.Boost),
]


def fields_of(kind: type) -> dict[str, msgspec.structs.FieldInfo]:
    return {field.name: field for field in msgspec.structs.fields(kind)}


def test_every_event_that_can_be_told_is_there() -> None:
    assert sorted(MINE) == TOLD


@pytest.mark.parametrize("name", TOLD)
def test_an_event_has_the_fields_of_the_servers(name: str) -> None:
    mine, theirs = fields_of(MINE[name]), fields_of(domain.EVENTS[name])
    assert mine.keys() == theirs.keys() - SERVERS
    mine_hints, hints = get_type_hints(MINE[name]), get_type_hints(domain.EVENTS[name])
    for field in mine.keys() - OURS:
        assert mine_hints[field] == hints[field], field
        if field != "viewer":  # a viewer token knows whose it is
            assert mine[field].default == theirs[field].default, field


@pytest.mark.parametrize("name", TOLD)
def test_an_event_is_read_by_the_server_as_it_was_told(name: str) -> None:
    kind = MINE[name]
    theirs = msgspec.structs.fields(domain.EVENTS[name])
    said = {field.name: SAMPLES[field.name] for field in theirs if field.required}
    told = kind(**said)
    read = msgspec.json.decode(msgspec.json.encode(told), type=domain.AnyEvent)
    assert read == domain.EVENTS[name](**said)


SAMPLES: dict[str, Any] = {
    "event_id": "019b8b74-1800-7000-8000-000000000001", "time": 1767571200000,
    "video": "v1", "person": "ben", "kind": "creator", "target": "ben", "watched_ms": 9, "on": True,
    "creator": "ben", "created": 1, "sound": "s1", "viewer": "ada", "into": "ada", "label": "spam",
    "actor": "eve",
}  # fmt: skip


@pytest.mark.parametrize(("mine", "theirs"), ANSWERS, ids=lambda kind: kind.__name__)
def test_an_answer_is_read_whole(mine: type, theirs: type) -> None:
    assert fields_of(theirs).keys() <= fields_of(mine).keys()
    said, read = fields_of(theirs), fields_of(mine)
    omits = theirs.__struct_config__.omit_defaults
    for name, field in said.items():
        if omits and not field.required:
            assert read[name].default == field.default, f"{name} is left out when it is so"


@pytest.mark.parametrize("name", [
    "Person", "Video", "Sound", "Hashtag",
    "StoredPerson", "StoredVideo", "StoredSound", "StoredHashtag",
])  # fmt: skip
def test_a_record_has_the_fields_of_the_catalogues(name: str) -> None:
    mine, theirs = fields_of(getattr(records, name)), fields_of(getattr(stored, name))
    assert list(mine) == list(theirs)
    for field in mine:
        assert mine[field].default == theirs[field].default, field


def test_the_client_imports_nothing_of_the_server() -> None:
    program = "import sys, freshet_client; print({'freshet', 'numpy'} & sys.modules.keys())"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )  # fmt: skip
    assert done.stdout.strip() == "set()"
