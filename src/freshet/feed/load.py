"""How much is asked of this process, and so how dearly a feed may be answered.

    0                       as it is declared
    1  fewer_candidates     a third of the candidates
    2  cached_slate         the rest of what was ranked for this session; none left: as 1
    3  popular_by_country   that, else what is shown most in the viewer's country

Load is what a request waits for its turn, whatever the machine and the catalogue: no rate is
set by hand. A queue that empties now and then is none, so the *shortest* wait of an interval
counts (as in CoDel; Nichols and Jacobson, 2012). Above the target a step is taken; once waits
stayed below half of it long enough, one is taken back. A step that had to be taken again at
once is kept twice as long the next time, so that steps do not flap.

Beside that, whoever finds too many waiting behind them is answered by the last step whatever
the waits were: a crowd that comes at once is seen before anybody has waited.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from freshet.feed.settings import Shedding

FULL = "full"
STEPS = ("", "fewer_candidates", "cached_slate", "popular_by_country")
LAST = len(STEPS) - 1
WAITS_MIN = 5  # of an interval, to take a step by; with fewer it lasts longer
INTERVALS_MOST = 10  # ... up to so many times as long
PATIENCE_MOST = 8  # how many times as long a step that comes back is kept


class Load:
    """Of one process, over all its surfaces.

    Args:
        timer: seconds that never go back.
    """

    def __init__(self, settings: Shedding, timer: Callable[[], float]) -> None:
        self.settings, self._timer = settings, timer
        self.waiting = 0  # feeds that have not had their turn
        self.shortest_s = 0.0  # wait of the last interval
        self.served: Counter[tuple[str, str]] = Counter()  # by surface and step
        self._step = 0
        self._patience = 1
        self._taken_back = -1e9  # when a step last was
        self._calm_since = self._begun = timer()
        self._waits = 0
        self._last = self._begun  # wait, when it ended
        self._least_s = float("inf")  # wait of this interval

    # --- one feed -----------------------------------------------------------------------------

    def asked(self) -> float:
        """A feed was asked for; when."""
        self.waiting += 1
        return self._timer()

    def its_turn(self, asked: float) -> float:
        """It is worked on from now on; seconds that it waited."""
        now = self._timer()
        wait_s = now - asked
        self.waiting -= 1
        self._settle(now)
        self._waits, self._last = self._waits + 1, now
        self._least_s = min(self._least_s, wait_s)
        return wait_s

    def step_of_next(self) -> int:
        """By which step a feed is to be answered now."""
        crowd = self.settings.on and self.waiting > self.settings.queue
        return LAST if crowd else self.step

    def answered(self, surface: str, rung: str) -> None:
        self.served[surface, rung if rung in STEPS[1:] else FULL] += 1

    # --- the step -----------------------------------------------------------------------------

    @property
    def step(self) -> int:
        """The one in force."""
        self._settle(self._timer())
        return self._step if self.settings.on else 0

    def _settle(self, now: float) -> None:
        """End the interval if it is over, and take back what calm has earned."""
        length_s = self.settings.interval_ms / 1000
        lasted_s = now - self._begun
        if lasted_s >= length_s and self._waits:
            if self._waits >= WAITS_MIN or lasted_s >= INTERVALS_MOST * length_s:
                self._judge(now)
        elif lasted_s >= length_s:
            self._begun, self.shortest_s = now, 0.0  # nobody asked
        calm_s = self._patience * self.settings.calm_ms / 1000
        # Not while the waits of this interval speak against it.
        while self._step and now - self._calm_since >= calm_s and not self._presses:
            self._step -= 1
            self._calm_since += calm_s
            self._taken_back = now

    def _judge(self, now: float) -> None:
        self.shortest_s, enough = self._least_s, self._waits >= WAITS_MIN
        if self._presses:
            self._calm_since = self._last
            if enough and self.shortest_s > self._target_s:
                self._more(now)
        self._begun, self._waits, self._least_s = now, 0, float("inf")

    def _more(self, now: float) -> None:
        if self._step == LAST:
            return
        relapse_s = self._patience * self.settings.calm_ms / 1000
        if now - self._taken_back < relapse_s:
            self._patience = min(2 * self._patience, PATIENCE_MOST)
            self._taken_back = -1e9  # one relapse counts once, however many steps it takes
        elif not self._step:
            self._patience = 1
        self._step += 1

    @property
    def _target_s(self) -> float:
        return self.settings.target_ms / 1000

    @property
    def _presses(self) -> bool:
        """Whether the waits of this interval are no calm."""
        return self._waits > 0 and self._least_s > self._target_s / 2


def load_gauges(load: Load) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(_Families(load))
    return registry


class _Families(Collector):
    def __init__(self, load: Load) -> None:
        self._load = load

    def collect(self) -> Iterator[Metric]:
        load = self._load
        words = "Step by which feeds are answered: 0 in full, 3 at the least cost"
        yield GaugeMetricFamily("freshet_load_step", words, value=load.step)
        words = "Shortest wait for a turn in the last interval"
        yield GaugeMetricFamily("freshet_load_wait_seconds", words, value=load.shortest_s)
        words = "Feeds waiting for their turn"
        yield GaugeMetricFamily("freshet_load_waiting", words, value=load.waiting)
        feeds = CounterMetricFamily(
            "freshet_feeds", "Feeds by the step that answered them", labels=["surface", "step"]
        )
        for (surface, step), count in load.served.items():
            feeds.add_metric([surface, step], count)
        yield feeds
