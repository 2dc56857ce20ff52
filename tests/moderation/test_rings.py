"""Rings among people who like what they like: found, and nobody else is."""

from __future__ import annotations

from random import Random

import pytest

from freshet.domain import events as ev
from freshet.domain.events import Event
from freshet.log.ports import Batch
from freshet.moderation.book import Book
from freshet.moderation.rules import rings
from freshet.moderation.settings import Moderation
from tests.moderation.telling import START_MS

PEOPLE = [f"p{k}" for k in range(300)]
RINGS = [PEOPLE[k : k + 5] for k in range(0, 20, 5)]
FRIENDS = [PEOPLE[k : k + 4] for k in range(20, 100, 4)]
MEMBERS = {member for ring in RINGS for member in ring}


def likes(random: Random, leak: float) -> list[tuple[str, str]]:
    """Who likes a video of whom: members give `leak` of their likes to others; friends give
    each other 60 %; what 3,000 viewers like is rarely a ring's."""

    def by_chance(person: str) -> str:
        other = random.choice(PEOPLE)
        hidden = other in MEMBERS and person not in MEMBERS and random.random() < 0.95
        return by_chance(person) if hidden else other

    def given(person: str, group: list[str], inside: float, times: int) -> list[tuple[str, str]]:
        others = [one for one in group if one != person]
        return [
            (person, random.choice(others) if random.random() < inside else by_chance(person))
            for _ in range(times)
        ]

    groups = {one: group for group in FRIENDS for one in group}
    found = [like for ring in RINGS for m in ring for like in given(m, ring, 1 - leak, 40)]
    for person in PEOPLE[20:]:
        inside = 0.6 if person in groups else 0.0
        found += given(person, groups.get(person, PEOPLE), inside, random.randrange(5, 60))
    for k in range(3_000):
        found += [(f"v{k}", by_chance("")) for _ in range(random.randrange(1, 6))]
    random.shuffle(found)
    return found


@pytest.mark.parametrize("leak", [0.0, 0.05])
def test_rings_are_found_and_groups_of_friends_are_not(leak: float) -> None:
    events: list[Event] = [
        ev.VideoPublished(
            event_id="", time=0, received=START_MS, video=one, creator=one, created=START_MS
        )
        for one in PEOPLE
    ]
    for k, (viewer, video) in enumerate(likes(Random(7), leak)):
        now_ms = START_MS + 1_000 * k
        events.append(ev.Like(event_id="", time=0, received=now_ms, viewer=viewer, video=video))
    book = Book()
    book.apply(Batch(1, events))
    found = {one.person for person in PEOPLE for one in rings(book, Moderation(), person)}
    assert found <= MEMBERS
    assert len(found) >= 15
