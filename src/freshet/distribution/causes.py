"""Why a video stalls, worked out when its creator asks, and what would help.

A stall has one of three causes. A penalty is known. The other two share what a view of the
video is worth less than one of its cohort's (Oaxaca 1973, Blinder 1973):

    worth of its cohort − worth of it
        = (expected of the cohort's viewers − expected of its viewers)     the wrong people saw it
        + (worth beyond that: the cohort's − its own)                      they did not watch

"Expected" is what such viewers make of any such video (expecting.py). Where its own viewers of
one taste watched it and the others did not, what the first made of it counts as what the right
people make of it, and the rest as the wrong people's: a video whose words and tags speak of
something else than it shows.

Which of the two it is, is not said by the larger part alone: how they watched is known roughly
after a dozen views, and whom a video meets differs anyway. Where one is the cause, it takes about
as much as videos of a cohort differ by (d), and the other takes nothing; both are normal around
that with the variance that was measured, so the log odds are linear in the two parts (a
linear discriminant; Fisher 1936):

    log odds = d (audience − d / 2) / between audiences  −  d (watching − d / 2) / of its views

And what a video is made of speaks too: one that lies among videos of another topic than it was
given was tried on that topic's viewers. So the log odds gain how much likelier that is where the
audience is the cause than where it is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from math import exp, log, sqrt

import msgspec
import numpy as np

from freshet.distribution.diagnosis import AudienceSeen, Leaving, Measured, Penalty, Taste
from freshet.distribution.habits import Habit
from freshet.distribution.journey import Journey
from freshet.distribution.standing import JourneySoFar
from freshet.distribution.tallies import (
    BEYOND,
    ENOUGH,
    EXPECTED,
    EXPECTED2,
    LEAVES,
    LEFT,
    OUTCOME,
    VIEWS,
    Row,
)
from freshet.distribution.wording import Said, number, percent, said
from freshet.domain.outcomes import INDEX

STALLED_HOURS = 24.0  # in one stage, without having gone on
SHOWN = ("watched_2s", "finish", "long_view", "rewatch", "like", "comment", "share", "favorite",
         "follow", "profile_visit")  # fmt: skip
Z = 1.96
# Deviations of a cohort's videos that a cause takes: where, over four lives of a generated world,
# both causes were named right as often.
TYPICAL = 1.3
# How often a video is about something else than it was given: of those that the wrong people saw
# (the others have a topic that few here like, or a creator whose followers came for another),
# and of those that were badly watched: where it is, hardly anybody says so before its audience.
OFTEN, HARDLY = 1 / 3, 0.02
MOST_ODDS, LEAST = 50.0, 1e-6  # log odds; variance


def stalls(
    journey: JourneySoFar | None, views: float, penalties: Sequence[Penalty], hours: float
) -> bool:
    """Held back; stopped; or seen by some and not through the first stage after so many hours. One
    that hardly anybody has seen waits, and why it stalls nobody can say."""
    if penalties:
        return True
    if journey is None or journey.state == "open" or views < ENOUGH:
        return False
    waits = journey.state == "running" and (journey.stage > 0 or hours <= STALLED_HOURS)
    return not waits


class Gap(msgspec.Struct, frozen=True):
    """What a view is worth less than one of the cohort's, by cause."""

    audience: float
    watching: float
    odds: float  # log odds that the first is the cause

    @property
    def to_audience(self) -> float:
        """The chance that it stalls because of its audience."""
        return 1.0 / (1.0 + exp(-min(max(self.odds, -MOST_ODDS), MOST_ODDS)))


def gap(
    tally: Row,
    usual: Row,
    variances: tuple[float, float],
    misled: float,
    other: Taste | None,
    met: float,
    elsewhere: float,
) -> Gap:
    """
    Args:
        tally: of the video, (WIDTH,).
        usual: of its cohort, per view.
        variances: of views around their video's mean, of videos around the cohort's.
        misled: worth that was expected of viewers who like the topic it was given, where that is
            not what it is about.
        other: the taste whose viewers watched it where the others did not.
        met: variance, between videos, of what was expected of those who saw them.
        elsewhere: chance that it is made of something else than the topics it was given.
    """
    views = tally[VIEWS]
    mean = tally / views
    audience = float(usual[EXPECTED] - mean[EXPECTED]) + misled
    watching = float(usual[BEYOND] - mean[BEYOND]) - misled
    if other is not None:
        apart = float(other.watched - mean[BEYOND])
        audience, watching = audience + apart, watching - apart
    # Few views say little of the video, but whom it met is known.
    sigma, tau = variances
    believed = tau / (tau + sigma / views)
    watching *= believed
    spread = max(float(mean[EXPECTED2] - mean[EXPECTED] ** 2), 0.0) / views
    typical = TYPICAL * sqrt(tau)
    odds = typical * (audience - typical / 2) / max(met, spread, LEAST)
    odds -= typical * (watching - typical / 2) / max(believed**2 * sigma / views, LEAST)
    odds += log(_mixed(OFTEN, elsewhere) / _mixed(HARDLY, elsewhere))
    return Gap(audience, watching, odds)


def _mixed(often: float, elsewhere: float) -> float:
    """How well what is made out of the content goes with a share `often` that is elsewhere."""
    return often * elsewhere + (1 - often) * (1 - elsewhere)


def measured(tally: Row, usual: Row) -> list[Measured]:
    """Each outcome beside the cohort's."""
    views, found = tally[VIEWS], []
    for name in SHOWN:
        at = OUTCOME + INDEX[name]
        low, high = wilson(tally[at], views)
        cohort = float(usual[at])
        verdict = "above" if low > cohort else "below" if high < cohort else "level"
        found.append(
            Measured(
                name, round(float(tally[at] / views), 4), round(low, 4), round(high, 4),
                round(cohort, 4), verdict,
            )
        )  # fmt: skip
    return found


def leaving(tally: Row, usual: Row, duration_ms: int) -> Leaving | None:
    """Where they leave, and where more than of its cohort do."""
    left, theirs = tally[LEFT:], usual[LEFT:]
    if left.sum() < ENOUGH or theirs.sum() <= 0 or not duration_ms:
        return None
    still = 1 - np.concatenate([[0.0], np.cumsum(left / left.sum())[:LEAVES]])
    usually = 1 - np.concatenate([[0.0], np.cumsum(theirs / theirs.sum())[:LEAVES]])
    at_s = [round(duration_ms / 1000 * part / LEAVES, 2) for part in range(LEAVES + 1)]
    # Held against how many leave there anyway, the share that leaves too much.
    more = (still[:-1] - still[1:]) - (usually[:-1] - usually[1:]) * still[:-1] / np.maximum(
        usually[:-1], 1e-9
    )
    worst = int(np.argmax(more))
    most_s = at_s[worst + 1] if more[worst] > 1 / sqrt(left.sum()) else -1.0
    return Leaving(at_s, _rounded(still), _rounded(usually), most_s)


def wilson(hits: float, n: float) -> tuple[float, float]:
    """95 % interval of a share.

    >>> tuple(round(x, 3) for x in wilson(5, 10))
    (0.237, 0.763)
    """
    if n <= 0:
        return 0.0, 1.0
    share, z2 = hits / n, Z * Z
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z / (1 + z2 / n) * sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return float(middle - half), float(middle + half)


def _rounded(values: Row) -> list[float]:
    return [round(float(value), 4) for value in values]


def because_of_audience(
    journey: Journey,
    other: Taste | None,
    made_of: str,
    audience: AudienceSeen,
    habits: Sequence[Habit],
) -> tuple[list[Said], list[Said]]:
    """Evidence, and what would help.

    Args:
        made_of: a topic, if it is likelier about that than about what it was given.
    """
    evidence, help_, codes = [], [], {habit.code for habit in habits}
    if made_of:
        evidence.append(said("made_of", topic=made_of, given=journey.topic))
        help_.append(said("help_given", topic=made_of))
    if other is not None:
        evidence.append(said("other_taste", topic=other.topic, share=percent(other.of_audience)))
        help_.append(said("help_topic", topic=other.topic))
    common = [one.topic for one in audience.tastes if one.topic != journey.topic][:2]
    if other is None and not made_of and common and journey.topic:
        evidence.append(said("about", topic=journey.topic, tastes=", ".join(common)))
    if audience.match < audience.match_usual:
        match, usual = percent(audience.match), percent(audience.match_usual)
        evidence.append(said("mismatch", match=match, usual=usual))
    if "hopping" in codes or not help_:
        help_.append(said("help_steady"))
    if "generic" in codes:
        help_.append(said("help_tags"))
    return evidence, help_


def because_of_watching(
    journey: JourneySoFar, left: Leaving | None, numbers: Sequence[Measured]
) -> tuple[list[Said], list[Said]]:
    evidence, help_ = [], []
    if left is not None and left.most_s >= 0:
        at = left.at_s.index(left.most_s)
        second = f"{left.most_s:g}"
        if left.most_s <= 3:
            share, usual = percent(1 - left.still[at]), percent(1 - left.usual[at])
            evidence.append(said("left_early", share=share, usual=usual, second=second))
            help_.append(said("help_start", second=second))
        else:
            share = percent(left.still[at - 1] - left.still[at])
            usual = percent(left.usual[at - 1] - left.usual[at])
            evidence.append(said("left_at", share=share, usual=usual, second=second))
            help_.append(said("help_cut", second=second))
    evidence.append(said("worth_less", mean=number(journey.worth), bar=number(journey.bar)))
    for one in numbers:
        if one.verdict == "below" and len(evidence) < 4:
            value, usual = percent(one.value), percent(one.usual)
            evidence.append(said("number_below", name=one.name, value=value, usual=usual))
    return evidence, help_ or [said("help_shorter")]


def because_of(penalties: Sequence[Penalty]) -> tuple[list[Said], list[Said]]:
    if not penalties:
        return [], []
    first = penalties[0]
    evidence = [said(f"penalised_{first.of}", reason=first.reason)]
    if first.until:
        until = datetime.fromtimestamp(first.until / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
        return [*evidence, said("until", until=until)], [said("help_penalty")]
    return [*evidence, said("no_end")], [said("help_appeal")]


def next_of(journey: JourneySoFar | None, penalties: Sequence[Penalty]) -> Said:
    if penalties:
        return said("next_penalty")
    if journey is None:
        return said("next_never")
    if journey.state != "running":
        return said(f"next_{journey.state}")
    if journey.stage == 0 and journey.impressions < ENOUGH:
        return said("next_waits", shown=str(journey.impressions), quota=str(journey.quota))
    left = journey.quota - journey.impressions
    return said("next_decided", left=str(left)) if left > 0 else said("next_any")
