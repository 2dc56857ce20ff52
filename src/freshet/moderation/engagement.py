"""Who engages with whom, among those who post: how small closed groups are seen.

Counted are likes, comments, shares, favourites and follows, given to videos of the last 30
days. Every week all counts are halved. Of each person the 32 they give most to are held, by
Misra and Gries' summary ("Finding repeated elements", 1982): a count may be too low, never
too high, so that nobody is taken for a member who is not. Taking a like back takes nothing
back here.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import msgspec

from freshet.domain.events import Comment, Favorite, Follow, Like, Share, VideoPublished

WEEK_MS = 7 * 86_400_000
POSTED_MS = 30 * 86_400_000
PARTNERS = 32
LOOKED_AT = 10  # a person is looked at after so many acts


class Ring(msgspec.Struct, frozen=True):
    """People who hardly engage with anybody else."""

    members: tuple[str, ...]  # keys, sorted
    acts: int  # among them
    closed: float  # share of what they give, or of what they get, that stays; the smaller


class Counts(msgspec.Struct, array_like=True):
    """All of it, as it is saved."""

    week: int = 0
    posted: list[tuple[int, str, str]] = []  # when, which video, whose
    given: dict[str, dict[str, int]] = {}  # to whom, of those they give most to
    gave: dict[str, int] = {}
    got: dict[str, int] = {}


class Engagement:
    """A fold of what those who post do to each other's videos."""

    def __init__(self, counts: Counts | None = None) -> None:
        self.counts = counts or Counts()
        self._posted = deque(self.counts.posted)
        self._index()

    # --- folding ------------------------------------------------------------------------------

    def publish(self, event: VideoPublished) -> None:
        posted = self._posted
        while posted and posted[0][0] < event.received - POSTED_MS:
            _, video, creator = posted.popleft()
            self._creator.pop(video, None)
            self._posts[creator] -= 1
            if not self._posts[creator]:
                del self._posts[creator]
        if event.video not in self._creator:
            posted.append((event.received, event.video, event.creator))
            self._note(event.video, event.creator)

    def fold(self, event: Any) -> str:
        """Count an act; whom to look at, "" = nobody."""
        follows = isinstance(event, Follow)
        whom = event.person if follows else self._creator.get(event.video, "")
        if whom not in self._posts or whom == event.viewer:
            return ""
        week = event.received // WEEK_MS
        if week > self.counts.week:
            self._halve(min(week - self.counts.week, 32))
            self.counts.week = week
        counts, viewer = self.counts, event.viewer
        counts.got[whom] = counts.got.get(whom, 0) + 1
        if viewer not in self._posts:
            return ""
        counts.gave[viewer] = counts.gave.get(viewer, 0) + 1
        _count(counts.given.setdefault(viewer, {}), whom)
        return viewer if counts.gave[viewer] % LOOKED_AT == 0 else ""

    def forget(self, person: str) -> None:
        counts = self.counts
        if person not in self._posts and person not in counts.gave and person not in counts.got:
            return  # as most are, who only watch
        self._posted = deque(one for one in self._posted if one[2] != person)
        counts.given.pop(person, None)
        for table in (counts.gave, counts.got, *counts.given.values()):
            table.pop(person, None)
        self._index()

    def saved(self) -> Counts:
        """To be written at once: it is what is counted on with."""
        self.counts.posted = list(self._posted)
        return self.counts

    # --- reading ------------------------------------------------------------------------------

    def people(self) -> list[str]:
        return list(self.counts.gave)

    def ring(self, person: str, least: int, most: int) -> Ring | None:
        """The small group that a person is of, if it is one.

        Args:
            least: acts each member gave to others of it.
            most: members; a larger group is none.
        """
        given, members, new = self.counts.given, {person}, [person]
        while new:
            one = new.pop()
            for other, times in given.get(one, {}).items():
                mutual = times > 1 and given.get(other, {}).get(one, 0) > 1
                if mutual and other not in members:
                    members.add(other)
                    new.append(other)
                    if len(members) > most:
                        return None
        if len(members) < 3:
            return None
        inside = {m: sum(n for o, n in given[m].items() if o in members) for m in members}
        acts = sum(inside.values())
        gave = sum(self.counts.gave.get(m, 0) for m in members)
        got = sum(self.counts.got.get(m, 0) for m in members)
        if min(inside.values()) < least or not gave or not got:
            return None
        return Ring(tuple(sorted(members)), acts, round(min(acts / gave, acts / got), 4))

    def _index(self) -> None:
        self._creator: dict[str, str] = {}
        self._posts: dict[str, int] = {}
        for _, video, creator in self._posted:
            self._note(video, creator)

    def _note(self, video: str, creator: str) -> None:
        self._creator[video] = creator
        self._posts[creator] = self._posts.get(creator, 0) + 1

    def _halve(self, times: int) -> None:
        counts = self.counts
        counts.gave, counts.got = _halved(counts.gave, times), _halved(counts.got, times)
        halves = {one: _halved(given, times) for one, given in counts.given.items()}
        counts.given = {one: given for one, given in halves.items() if given}


ACTS: tuple[type, ...] = (Like, Comment, Share, Favorite, Follow)


def _count(given: dict[str, int], whom: str) -> None:
    if whom in given or len(given) < PARTNERS:
        given[whom] = given.get(whom, 0) + 1
        return
    for other in list(given):
        given[other] -= 1
        if not given[other]:
            del given[other]


def _halved(counts: dict[str, int], times: int) -> dict[str, int]:
    return {name: half for name, n in counts.items() if (half := n >> times)}
