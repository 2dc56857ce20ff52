"""Reports, and what they weigh: as much as those of the same reporter were worth before.

A reporter counts once per video, for ever. Whether a report was right is said by the first
decision after it that settles its video: a label confirms it, `none` dismisses it. That is
worked out each time from the decisions that are not void, so reversing one takes back what
it did to reporters' records, too.
"""

from __future__ import annotations

from collections import Counter

import msgspec

from freshet.catalogue.verdicts import Verdicts
from freshet.domain.events import Report
from freshet.moderation.settings import Moderation

HELD = 2_000  # reports of one video; what they weigh is far beyond any limit by then


class Reported(msgspec.Struct, array_like=True, frozen=True):
    by: str  # key; "" = erased since
    since: int  # decisions made before it
    reason: str
    time: int


class Weighed(msgspec.Struct, frozen=True):
    """The reports of a video that nothing has settled yet."""

    weight: float = 0.0
    reports: int = 0
    proven: int = 0  # of them by proven reporters
    reasons: dict[str, int] = {}
    since: int = 0  # time of the first, ms since 1970


class Reports:
    """A fold of `Report`."""

    def __init__(self, of: dict[str, list[Reported]] | None = None) -> None:
        self.of: dict[str, list[Reported]] = of or {}
        self._by: dict[str, list[str]] = {}
        for video, reports in self.of.items():
            for one in reports:
                self._by.setdefault(one.by, []).append(video)

    def fold(self, event: Report, made: int) -> bool:
        """Whether it counts."""
        mine = self._by.setdefault(event.viewer, [])
        reports = self.of.setdefault(event.video, [])
        if event.video in mine or len(reports) >= HELD:
            return False
        mine.append(event.video)
        reports.append(Reported(event.viewer, made, event.reason, event.received))
        return True

    def forget(self, person: str) -> None:
        """Their reports count on, nobody's."""
        self._rename(person, "")

    def merge(self, viewer: str, into: str) -> None:
        """What both reported counts once, from when it was reported first."""
        self._rename(viewer, into)

    # --- reading ------------------------------------------------------------------------------

    def record(self, reporter: str, verdicts: Verdicts) -> tuple[int, int]:
        """How many of their reports were confirmed, and how many dismissed."""
        confirmed = dismissed = 0
        for video in self._by.get(reporter, ()) if reporter else ():
            since = next(one.since for one in self.of[video] if one.by == reporter)
            settled = verdicts.settled_by(("video", video), since)
            if settled is not None:
                confirmed += settled.effect != "none"
                dismissed += settled.effect == "none"
        return confirmed, dismissed

    def weigh(self, video: str, verdicts: Verdicts, settings: Moderation) -> Weighed:
        """What the open reports of a video weigh together."""
        mine = self.of.get(video, ())
        waiting = [o for o in mine if verdicts.settled_by(("video", video), o.since) is None]
        if not waiting:
            return Weighed()
        weights = [_weight(*self.record(one.by, verdicts), settings) for one in waiting]
        proven = [weight for weight in weights if weight >= settings.proven_at]
        others = sum(weights) - sum(proven)
        return Weighed(
            round(sum(proven) + min(others, settings.unproven_most), 4), len(waiting), len(proven),
            dict(Counter(one.reason for one in waiting)), waiting[0].time,
        )  # fmt: skip

    def _rename(self, old: str, new: str) -> None:
        for video in self._by.pop(old, ()):
            theirs = self._by.setdefault(new, [])
            named = [
                msgspec.structs.replace(one, by=new) if one.by == old else one
                for one in self.of[video]
            ]
            if new and video in theirs:
                first = next(one for one in named if one.by == new)
                named = [one for one in named if one.by != new or one is first]
            else:
                theirs.append(video)
            self.of[video] = named


def _weight(confirmed: int, dismissed: int, settings: Moderation) -> float:
    """
    >>> _weight(0, 0, Moderation()), round(_weight(8, 0, Moderation()), 2)
    (0.2, 0.69)
    """
    right = settings.reports_confirmed + confirmed
    return right / (right + settings.reports_dismissed + dismissed)
