"""What is decided about a video on trial: how large its audience is, whether it goes on.

One question decides: how likely is it that the video is worth more than the given share of its
cohort, to viewers like those who saw it? Views or likes by themselves decide nothing.
"""

from __future__ import annotations

from freshet.catalogue.facts import seconds
from freshet.catalogue.trials import (
    ENDED,
    EVERYBODY,
    FANS,
    FOLLOWERS,
    OPEN,
    RUNNING,
    STOPPED,
    Trials,
)
from freshet.distribution.cohorts import Belief, Cohorts, Key, key
from freshet.distribution.journey import Decision, Journey, Verdict
from freshet.distribution.scaling import Scaling, scaled
from freshet.distribution.settings import Stages as Settings
from freshet.domain.outcomes import VIEW_TIMEOUT_MS

HOUR_MS = 3_600_000
SETTLED = 0.9  # share of a full stage's views that must be over
EARLY, EARLY_VIEWS = 0.03, 10  # a chance this near to 0 or 1 decides after so many views
LONGER = 1.5  # an extended stage
ANYBODY = -1e30  # mean worth of what nobody watched yet: nobody is predicted below it


class Deciding:
    """Every trial there is.

    Args:
        budget: share of impressions that trials may take.
    """

    def __init__(self, trials: Trials, settings: Settings, budget: float) -> None:
        self.trials, self.settings, self.budget = trials, settings, budget
        self.journeys: dict[int, Journey] = {}  # by slot, the oldest first
        self.slots: dict[str, int] = {}  # of videos whose trial runs
        self.cohorts, self.scaling = Cohorts(), Scaling()

    # --- trials come and go -----------------------------------------------------------------

    def begin(self, row: int, creator: int, known: bool, journey: Journey) -> int:
        """A trial of the video at `row`; its slot.

        Args:
            known: its creator's followers see it first.
        """
        slot = self._new_slot()
        audience, began_s = FOLLOWERS if known else EVERYBODY, seconds(journey.since_ms)
        self.trials.slots[slot] = (
            row, creator, RUNNING, 0, audience, 0, began_s, 1, 0, 0, 0, ANYBODY, 1.0,
        )  # fmt: skip
        self.trials.of[row] = slot
        self.slots[journey.video] = slot
        self.journeys[slot] = journey
        self.scaling.fade(journey.since_ms)
        self.scaling.uploads += 1
        self.look_at(slot, journey.since_ms)
        return slot

    def _new_slot(self) -> int:
        """The next one; in a full table that of the oldest trial, which is over with that."""
        trials = self.trials
        if trials.used < len(trials.slots):
            trials.used += 1
            return trials.used - 1
        slot = next(iter(self.journeys))
        old = self.journeys.pop(slot)
        self.slots.pop(old.video, None)
        trials.of[trials.slots[slot]["video"]] = 0
        return slot

    def end(self, video: str, now_ms: int) -> None:
        """The video is gone."""
        slot = self.slots.get(video)
        if slot is not None:
            self._decide(slot, "ended", now_ms)

    def forget(self, creator: str, now_ms: int) -> None:
        """A creator is erased: what remains of their trials has no name."""
        for slot, journey in self.journeys.items():
            if journey.creator == creator:
                if self.slots.get(journey.video) == slot:
                    self._decide(slot, "ended", now_ms)
                journey.creator = journey.video = ""

    # --- what is thought of a video ---------------------------------------------------------

    def count(self, slot: int, first: bool, worth: float, before: float) -> None:
        """A view of the running stage was worth so much beyond what was expected; `before` is
        what it counted until now, if this is not the `first` time."""
        journey = self.journeys[slot]
        was = journey.views, journey.total
        journey.views += first
        journey.total += worth - before
        squares = worth * worth - before * before
        self.cohorts.changed(self._cohort(slot), was, (journey.views, journey.total), squares)

    def belief(self, slot: int) -> tuple[Belief, float]:
        """How much more than expected a view of it is thought to be worth, and the bar."""
        journey, cohort = self.journeys[slot], self._cohort(slot)
        belief = self.cohorts.belief(cohort, journey.views, journey.total)
        return belief, self.cohorts.bar(cohort, self.settings.bar)

    def _cohort(self, slot: int) -> Key:
        journey, stage = self.journeys[slot], int(self.trials.slots[slot]["stage"])
        return key(stage, journey.duration_ms, journey.topic, journey.country)

    # --- deciding ---------------------------------------------------------------------------

    def look_at(self, slot: int, now_ms: int) -> None:
        """Size the stage anew, and decide what can be decided."""
        row, journey, settings = self.trials.slots[slot], self.journeys[slot], self.settings
        self._size(slot)
        belief, bar = self.belief(slot)
        if journey.views:
            row["mean"] = belief.mean + journey.expected / journey.views
        row["sd"] = belief.sd
        if journey.published_ms + settings.life_ms_of(journey.country) <= now_ms:
            self._decide(slot, "ended", now_ms)
            return
        verdict = (
            self._of_fans(slot, belief.above(bar), now_ms)
            if row["audience"] == FOLLOWERS
            else self._of_all(slot, belief.above(bar), now_ms)
        )
        if verdict is not None:
            self._decide(slot, verdict, now_ms)

    def _of_all(self, slot: int, chance: float, now_ms: int) -> Verdict | None:
        """None: the stage goes on. What is all but certain is decided before it is had."""
        row, journey, settings = self.trials.slots[slot], self.journeys[slot], self.settings
        waited = journey.full_ms and journey.full_ms + VIEW_TIMEOUT_MS <= now_ms
        over = bool(journey.views >= SETTLED * row["shown"] or waited)
        late = journey.views > 0 and self._lasts(journey, settings.stage_hours, now_ms)
        full = late or bool(row["shown"] >= row["quota"] and over)
        some = journey.views >= EARLY_VIEWS
        if (full and chance >= settings.promote) or (some and chance >= 1 - EARLY):
            return "promoted"
        if (full and chance <= settings.stop) or (some and chance <= EARLY):
            return "stopped"
        if full and not late and journey.extended < settings.extensions:
            return "extended"
        if full:
            return "promoted" if chance >= 0.5 else "stopped"
        return None

    def _of_fans(self, slot: int, chance: float, now_ms: int) -> Verdict | None:
        """Followers who do not like it stop it; whatever else they do lets it out."""
        row, journey, settings = self.trials.slots[slot], self.journeys[slot], self.settings
        part = row["shown"] >= FANS * row["quota"]
        had = bool(part and journey.views >= SETTLED * row["shown"])
        if had and chance <= settings.stop:
            return "stopped"
        late = self._lasts(journey, settings.follower_hours, now_ms)
        return "to_everybody" if had or late else None

    def _lasts(self, journey: Journey, hours: int, now_ms: int) -> bool:
        return journey.since_ms + hours * HOUR_MS <= now_ms

    def _size(self, slot: int) -> None:
        """The quota of the stage, as large as there is room for now; once had, it stays."""
        row, journey, settings = self.trials.slots[slot], self.journeys[slot], self.settings
        if not journey.full_ms:
            quotas = settings.quotas_of(journey.country)
            scale = self.scaling.scale(quotas, self.budget, settings.quota_min)
            quota = scaled(quotas[min(int(row["stage"]), len(quotas) - 1)], scale)
            row["quota"] = round(quota * LONGER**journey.extended)

    def _decide(self, slot: int, verdict: Verdict, now_ms: int) -> None:
        row, journey = self.trials.slots[slot], self.journeys[slot]
        belief, bar = self.belief(slot)
        stage = int(row["stage"])
        if verdict == "promoted" and stage + 1 >= len(self.settings.quotas_of(journey.country)):
            verdict = "opened"
        journey.decisions.append(
            Decision(
                now_ms, stage, verdict, int(row["shown"]), journey.views, round(belief.mean, 6),
                round(belief.sd, 6), round(bar, 6), round(belief.above(bar), 6),
            )
        )  # fmt: skip
        journey.full_ms = 0
        if verdict == "extended":
            journey.extended += 1
            row["extended"] = journey.extended
        elif verdict == "to_everybody":
            row["audience"] = EVERYBODY
        elif verdict == "promoted":
            row["stage"], row["shown"], row["fans"], row["extended"] = stage + 1, 0, 0, 0
            journey.extended = journey.views = 0
            journey.total = journey.expected = 0.0
        else:
            row["state"] = {"opened": OPEN, "stopped": STOPPED}.get(verdict, ENDED)
            del self.slots[journey.video]
        if verdict in ("to_everybody", "promoted"):
            journey.since_ms, row["since_s"] = now_ms, seconds(now_ms)
        if verdict in ("promoted", "opened", "stopped"):
            self.scaling.decide(stage, verdict != "stopped")
        self.scaling.fade(now_ms)
        if journey.video in self.slots:
            self._size(slot)
