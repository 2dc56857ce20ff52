"""How much a caller may ask: a token bucket each, per process.

A bucket is kept as one number, the time at which it will be full again (the "generic cell
rate algorithm"). A caller who has not been here for a while has a full bucket, so the
longest silent ones can be forgotten.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable

from freshet.http.callers import Caller
from freshet.http.problems import TooMany
from freshet.http.settings import Limits

HELD_MAX = 100_000  # callers remembered


class Rate:
    """`per_s` on average, `burst` at once after a rest; 0 `per_s` = no limit.

    Args:
        clock: seconds that never go back.

    >>> now = [0.0]
    >>> rate = Rate(2, 3, lambda: now[0])
    >>> [rate.wait_s("a") for _ in range(4)]
    [0.0, 0.0, 0.0, 0.5]
    >>> now[0] = 0.5
    >>> rate.wait_s("a"), rate.wait_s("b", 3)
    (0.0, 0.0)
    """

    def __init__(self, per_s: int, burst: int, clock: Callable[[], float]) -> None:
        self._step_s = 1 / per_s if per_s else 0.0
        self._burst, self._clock = burst, clock
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def wait_s(self, who: str, cost: int = 1) -> float:
        """Takes `cost` if it is there and answers 0; else how long until it would be."""
        now = self._clock()
        # What costs more than a whole bucket passes when the bucket is full.
        cost_s = min(cost, self._burst) * self._step_s
        full_at = max(self._full_at.pop(who, now), now)
        wait_s = full_at + cost_s - now - self._burst * self._step_s
        go = wait_s <= 1e-9
        self._full_at[who] = full_at + cost_s if go else full_at
        if len(self._full_at) > HELD_MAX:
            self._full_at.popitem(last=False)
        return 0.0 if go else wait_s


class Rates:
    """The limits of the settings."""

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        self._keys = Rate(limits.key_per_s, limits.key_burst, clock)
        self._viewers = Rate(limits.viewer_per_s, limits.viewer_burst, clock)
        self._events = Rate(limits.viewer_events_per_s, limits.viewer_events_burst, clock)

    def request(self, caller: Caller) -> None:
        """
        Raises:
            TooMany: this caller's requests of late.
        """
        if caller.viewer:
            # By viewer, not by token: a new token is no new bucket.
            wait_s = self._viewers.wait_s(f"{caller.key_id} {caller.viewer}")
        else:
            wait_s = self._keys.wait_s(caller.key_id)
        if wait_s:
            raise TooMany("requests", math.ceil(wait_s))

    def events(self, caller: Caller, count: int) -> None:
        """
        Raises:
            TooMany: events of this viewer, by their own tokens; a backend's are not limited.
        """
        if caller.viewer:
            wait_s = self._events.wait_s(f"{caller.key_id} {caller.viewer}", count)
            if wait_s:
                raise TooMany("events", math.ceil(wait_s))
