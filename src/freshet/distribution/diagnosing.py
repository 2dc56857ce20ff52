"""Puts together what a creator is told: reads the trials, and tastes as they are now."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from math import sqrt

import numpy as np

from freshet.distribution.causes import (
    because_of,
    because_of_audience,
    because_of_watching,
    gap,
    leaving,
    measured,
    next_of,
    stalls,
)
from freshet.distribution.diagnosis import (
    AudienceSeen,
    Diagnosis,
    Penalty,
    PersonDiagnosis,
    PostIt,
    Taste,
    VideoOf,
)
from freshet.distribution.journey import Journey
from freshet.distribution.matching import Matching, Seen
from freshet.distribution.postits import Live, Postits
from freshet.distribution.stages import Stages
from freshet.distribution.standing import impressions, standing
from freshet.distribution.tallies import ENOUGH, EXPECTED, VIEWS, Saw
from freshet.distribution.wording import habit_said, said

HOUR_MS = 3_600_000
FEW, SURE = 5, 3.0  # viewers of a taste and deviations, before it is told from the others
STANDS_OUT = 3  # tastes of the audience that are told
OF_ITS_LENGTH = 2  # cohort
VIDEOS = 50  # of a person, the newest
WATCHERS = 200  # of those, whose tastes are looked at


class Diagnosing:
    def __init__(self, stages: Stages, live: Live) -> None:
        self._stages, self._live, self._postits = stages, live, Postits(live)
        self._matching = Matching(stages.tallies, stages.trials.slots["video"], self._postits)

    async def ready(self, now_ms: int) -> None:
        """What must be known before a video is looked at. Lets others go on meanwhile."""
        await self._matching.measure(now_ms)

    def of_video(self, video: str, penalties: Sequence[Penalty], now_ms: int) -> Diagnosis:
        """
        Args:
            video: id of one that is known.
            penalties: that stand against it or its creator.
        """
        found = self._stages.journey(video)
        if found is None:
            return self._never_tried(video, penalties, now_ms)
        slot, journey = found
        tallies, so_far = self._stages.tallies, standing(self._stages.book, slot)
        tally, usual = tallies.of[slot], tallies.usual(slot, journey, so_far.stage)
        # Everything of a topic that nobody here likes meets the wrong people.
        like_long = tallies.usual(slot, journey, so_far.stage, OF_ITS_LENGTH)
        usual[EXPECTED] = like_long[EXPECTED]
        last = list(tallies.last.get(slot, ()))
        topics = self._topics(video, last, now_ms)
        audience, left, numbers, other, misled = None, None, [], None, 0.0
        if tally[VIEWS] >= ENOUGH:
            seen, like = self._matching.seen(slot), self._matching.usual
            match = seen.match(self._postits.content(self._live.video_row(video), now_ms))
            tastes, other = self._tastes(journey, seen, topics)
            misled = self._matching.misled(seen, self._live.video_row(video), now_ms)
            matched = float(match.mean()) if len(match) else like.match
            audience = self._audience(slot, matched, like.match, tastes)
            left, numbers = leaving(tally, usual, journey.duration_ms), measured(tally, usual)
        habits = self._stages.habits.of(journey.creator, now_ms)
        cause, chance = ("penalty", 1.0) if penalties else ("", 0.0)
        evidence, helps = because_of(penalties)
        hours = (now_ms - journey.since_ms) / HOUR_MS
        stalled = stalls(so_far, tally[VIEWS], penalties, hours)
        if stalled and not penalties and audience is not None:
            variances = self._stages.book.cohorts.variances(so_far.stage)
            met, row = self._matching.usual.met, self._live.video_row(video)
            topic, chance_of_it = self._postits.elsewhere(row, now_ms)
            made_of = topic if chance_of_it > 0.5 else ""
            why = gap(tally, usual, variances, misled, other, met, chance_of_it)
            if max(why.audience, why.watching) <= 0 and not made_of:
                evidence = [said("as_good", stage=str(so_far.stage + 1))]
            elif why.to_audience > 0.5:
                cause, chance = "audience", why.to_audience
                evidence, helps = because_of_audience(journey, other, made_of, audience, habits)
            else:
                cause, chance = "watching", 1 - why.to_audience
                evidence, helps = because_of_watching(so_far, left, numbers)
        return Diagnosis(
            video, so_far, impressions(journey, so_far.impressions), int(tally[VIEWS]), stalled,
            cause, round(chance, 4), evidence, helps, next_of(so_far, penalties), audience, topics,
            numbers, left, list(penalties), [habit_said(one) for one in habits],
        )  # fmt: skip

    def _never_tried(self, video: str, penalties: Sequence[Penalty], now_ms: int) -> Diagnosis:
        cause, chance = ("penalty", 1.0) if penalties else ("", 0.0)
        return Diagnosis(
            video, None, 0, 0, bool(penalties), cause, chance, *because_of(penalties),
            next_of(None, penalties), None, self._topics(video, (), now_ms), [], None,
            list(penalties), [],
        )  # fmt: skip

    async def of_person(
        self, person: str, penalties: Callable[[str], Sequence[Penalty]], now_ms: int
    ) -> PersonDiagnosis:
        """Lets others go on between two videos.

        Args:
            person: key.
            penalties: that stand against a video, or with "" against the person.
        """
        await self.ready(now_ms)
        live, row = self._live, self._live.viewer_row(person)
        names = [live.video_id(video) for video in live.videos_of(row, VIDEOS).tolist()]
        videos: list[VideoOf] = []
        watchers: list[str] = []
        for name in names:
            videos.append(self._video_of(self.of_video(name, penalties(name), now_ms)))
            watchers += [who for who, worth, expected in self._last(name) if worth > expected]
            await asyncio.sleep(0)
        habits = self._stages.habits.of(person, now_ms)
        category = self._postits.of_person(person, watchers[:WATCHERS])
        return PersonDiagnosis(
            person, self._stages.followers.get(person, 0), videos, category,
            [habit_said(one) for one in habits], list(penalties("")),
        )  # fmt: skip

    def _video_of(self, one: Diagnosis) -> VideoOf:
        journey = one.journey
        if journey is None:
            return VideoOf(one.video, "", 0, 0, one.cause)
        return VideoOf(one.video, journey.state, journey.stage, one.impressions, one.cause)

    def _last(self, video: str) -> Sequence[Saw]:
        found = self._stages.journey(video)
        return () if found is None else list(self._stages.tallies.last.get(found[0], ()))

    def _topics(self, video: str, last: Iterable[Saw], now_ms: int) -> list[PostIt]:
        watchers = [who for who, worth, expected in last if worth > expected]
        return self._postits.of_video(self._live.video_row(video), watchers, now_ms)

    def _tastes(
        self, journey: Journey, seen: Seen, topics: Sequence[PostIt]
    ) -> tuple[list[Taste], Taste | None]:
        """Of the last viewers: their commonest tastes, and the one other than its own topic whose
        viewers watched it while the others did not, if there is one."""
        about = {one.topic: one.share for one in topics}
        found, other, best = [], None, SURE
        for topic in sorted(set().union(*seen.likes)):
            of_it = np.array([topic in one for one in seen.likes])
            watched, rest = seen.beyond[of_it], seen.beyond[~of_it]
            if min(len(watched), len(rest)) < FEW:
                continue
            name, share = self._live.names("topic", topic), len(watched) / len(of_it)
            mean = float(watched.mean())
            taste = Taste(name, about.get(name, 0.0), round(share, 4), round(mean, 4))
            found.append(taste)
            spread = sqrt(watched.var(ddof=1) / len(watched) + rest.var(ddof=1) / len(rest))
            sure = (mean - rest.mean()) / max(spread, 1e-9)
            if name != journey.topic and sure > best:
                other, best = taste, sure
        found.sort(key=lambda one: (-one.of_audience, one.topic))
        return [one for one in found if one in found[:STANDS_OUT] or one is other], other

    def _audience(self, slot: int, match: float, usual: float, tastes: list[Taste]) -> AudienceSeen:
        row = self._stages.trials.slots[slot]
        fans = float(row["fans"]) / max(int(row["shown"]), 1)
        return AudienceSeen(round(fans, 4), round(match, 4), round(usual, 4), tastes)
