"""For long near what is carried: does anything fail, repeat, slow down or grow?

    capacity   closed loop, every feed in full
    soak       arrivals at random at a share of it, from one process; every interval memory and
               the state's own size are read

Memory grows because the state does: videos and viewers, but for those on disk, what viewers have
seen, ids by which repeated events are found. What it grows beyond that is told apart, and only once
what is kept up to a bound (the latest slates) must be full: a shorter run says nothing of it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from freshet.app import Tell
from freshet.feed.settings import ForYou
from freshet.lab.bench.drive import Quantiles, plan_for, run_of, told_by, under_way
from freshet.lab.bench.folder import Made, made_folder
from freshet.lab.bench.load import Done
from freshet.lab.bench.overload import capacity_of
from freshet.lab.bench.server import Server, highest

INTERVALS = 10
HELD_MIN = 4  # moments through which a line may be drawn
FULL_AFTER_FEEDS = 1.2 * ForYou().slates_kept
ROW_BYTES = 800  # of one more viewer or video
ID_BYTES = 12  # of one more event, by which a repeat of it is found
HOUR_S = 3_600.0
BEYOND_MAX_MB = 100.0  # an hour, beyond the state's own growth
SLOWER_MAX = 2.0  # the last intervals' median p99 over the first ones'
SLOWER_MS = 50.0  # ... and no verdict on p99s that are all below this


class Held(msgspec.Struct, frozen=True):
    """By the server, at one moment."""

    at_s: float
    pss_mb: float
    viewers: int
    videos: int
    tie_mb: float  # what viewers have seen, follow and hide
    events: int  # in the log
    log_mb: float  # on disk
    behind: int  # events not folded yet
    cold: int = 0  # of the viewers, on disk

    @property
    def state_mb(self) -> float:
        """Memory that grows with what happens."""
        rows = ROW_BYTES * (self.viewers - self.cold + self.videos)
        return self.tie_mb + (rows + ID_BYTES * self.events) / 1e6


class Interval(msgspec.Struct, frozen=True):
    from_s: float
    feeds: int
    http_ms: Quantiles


class SoakReport(msgspec.Struct, kw_only=True):
    """`errors` counts steps that failed, of `asked`. Slopes are of the time from `settled_s` on,
    None where that was too short."""

    run: dict[str, Any]
    capacity_per_s: float
    asked_per_s: float
    asked: int
    errors: int
    error: str  # the first one
    repeats: int
    answered: dict[str, int]  # feeds by the step that answered them
    http_ms: Quantiles
    intervals: list[Interval]
    held: list[Held]
    settled_s: float
    pss_mb_per_hour: float | None
    state_mb_per_hour: float | None
    beyond_mb_per_hour: float | None
    sound: bool
    verdict: str


def measure(
    folder: Path, made: Made, *, workers: int, minutes: float, share: float, seed: int, tell: Tell
) -> SoakReport:
    made_folder(folder, made, tell)
    seconds = 60 * minutes
    capacity = capacity_of(folder, made, workers, min(seconds, 8.0), seed, tell)
    rate = share * capacity
    tell("starting the server")
    with Server(folder, workers, sheds=True) as server:
        plan = plan_for(server, made, rate=rate, seconds=seconds, seed=seed + 1, trace_share=0.0)
        with under_way(plan) as load:
            time.sleep(plan.warm_s)
            held = _watched(server, seconds, tell)
            done = told_by(load)
    return _report(
        done, held, seconds, round(capacity, 1), round(rate, 1),
        run_of(made, workers=workers, minutes=minutes, share=share),
    )  # fmt: skip


def _watched(server: Server, seconds: float, tell: Tell) -> list[Held]:
    begun, every_s = time.perf_counter(), seconds / (2 * INTERVALS)
    held = []
    for number in range(2 * INTERVALS + 1):
        time.sleep(max(0.0, begun + number * every_s - time.perf_counter()))
        tell("soaking, of seconds", round(number * every_s), round(seconds))
        held.append(_held(server, time.perf_counter() - begun))
    return held


def _held(server: Server, at_s: float) -> Held:
    metrics = server.metrics()

    def of(name: str, label: str = "") -> int:
        return int(highest(metrics, name, label))

    return Held(
        at_s=round(at_s, 1),
        pss_mb=round(server.pss_bytes / 1e6, 2),
        viewers=of("freshet_state_rows", 'kind="viewer"'),
        videos=of("freshet_state_rows", 'kind="video"'),
        tie_mb=round(of("freshet_tie_bytes") / 1e6, 3),
        events=of("freshet_log_events"),
        log_mb=round(of("freshet_log_bytes") / 1e6, 1),
        behind=of("freshet_fold_lag_events"),
        cold=of("freshet_viewers_cold"),
    )


def _report(
    done: Done, held: list[Held], seconds: float, capacity: float, rate: float, run: dict[str, Any]
) -> SoakReport:
    intervals = _intervals(done, seconds)
    settled_s = max(seconds / 2, FULL_AFTER_FEEDS / rate)
    growth = grown([one for one in held if one.at_s >= settled_s])
    wrong = list(faults(done, intervals, growth))
    found = "; ".join(wrong) if wrong else f"{done.steps:,} feeds, no error, no repeat"
    told = "too short to tell of memory"
    if growth is not None:
        told = f"memory grows by {growth.pss:,.0f} MB/h, of which the state {growth.state:,.0f}"
    return SoakReport(
        run=run, capacity_per_s=capacity, asked_per_s=rate, asked=done.steps + done.failed,
        errors=done.failed, error=done.failure, repeats=done.repeats,
        answered={name or "full": count for name, count in sorted(done.answered.items())},
        http_ms=Quantiles.of(done.feed_ms), intervals=intervals, held=held,
        settled_s=round(settled_s, 1),
        pss_mb_per_hour=growth and growth.pss, state_mb_per_hour=growth and growth.state,
        beyond_mb_per_hour=growth and growth.beyond, sound=not wrong,
        verdict=f"{'NOT SOUND' if wrong else 'sound'}: {found}; {told}",
    )  # fmt: skip


class Growth(NamedTuple):
    """MB an hour."""

    pss: float
    state: float

    @property
    def beyond(self) -> float:
        return round(self.pss - self.state, 1)


def grown(held: Sequence[Held]) -> Growth | None:
    """Slopes of straight lines through what was held; None of too few."""
    if len(held) < HELD_MIN:
        return None
    at_h = [one.at_s / HOUR_S for one in held]
    pss, state = (
        round(float(np.polyfit(at_h, sizes, 1)[0]), 1)
        for sizes in ([one.pss_mb for one in held], [one.state_mb for one in held])
    )
    return Growth(pss, state)


def faults(done: Done, intervals: Sequence[Interval], growth: Growth | None) -> Iterator[str]:
    """What is not sound, in words."""
    if done.failed:
        yield f"{done.failed} of {done.steps + done.failed} steps failed ({done.failure})"
    if done.repeats:
        yield f"{done.repeats} videos came twice"
    if growth is not None and growth.beyond > BEYOND_MAX_MB:
        yield f"memory grows by {growth.beyond:,.0f} MB/h more than the state does"
    third = max(1, len(intervals) // 3)
    first, last = (
        float(np.median([one.http_ms.p99 for one in some]))
        for some in (intervals[:third], intervals[-third:])
    )
    if last > SLOWER_MS and last > SLOWER_MAX * first:
        yield f"p99 went from {first:,.0f} to {last:,.0f} ms"


def _intervals(done: Done, seconds: float) -> list[Interval]:
    at_s, ms = np.array(done.feed_at_s), np.array(done.feed_ms)
    which = np.minimum((at_s * INTERVALS / seconds).astype(int), INTERVALS - 1)
    return [
        Interval(
            round(number * seconds / INTERVALS, 1), int(np.count_nonzero(which == number)),
            Quantiles.of(ms[which == number].tolist()),
        )
        for number in range(INTERVALS) if (which == number).any()
    ]  # fmt: skip
