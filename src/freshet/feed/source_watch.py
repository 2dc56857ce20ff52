"""Which sources bring nothing, and which fail: read from the traces of one process."""

from __future__ import annotations

from collections.abc import Callable

from freshet.feed.watching import Alert, Alerts, Hours
from freshet.pipeline import Trace

RUNS, EMPTY, FAILED = range(3)


class SourceWatch:
    """`observe` is told every trace. `clock` gives ms since 1970."""

    def __init__(self, limits: Alerts, clock: Callable[[], int]) -> None:
        self.limits, self._clock = limits, clock
        self._sources: dict[tuple[str, str], Hours] = {}

    def observe(self, trace: Trace) -> None:
        now_ms = self._clock()
        for step in trace.steps:
            if step.kind != "source":
                continue
            key = trace.pipeline, step.stage
            hours = self._sources.get(key)
            if hours is None:
                hours = self._sources[key] = Hours(self.limits.window_h, 3)
            row = hours.row(now_ms)
            row[RUNS] += 1
            row[FAILED] += step.failed != ""
            row[EMPTY] += step.after == 0 and not step.failed

    def alerts(self) -> list[Alert]:
        found: list[Alert] = []
        limits, now_ms = self.limits, self._clock()
        for (pipeline, source), hours in self._sources.items():
            totals = hours.totals(now_ms)
            runs = totals[RUNS]
            if runs < limits.runs_min:
                continue
            for code, column, limit, said in (
                ("source_empty", EMPTY, limits.empty_share, "found nothing in"),
                ("source_failing", FAILED, limits.failed_share, "failed in"),
            ):
                share = totals[column] / runs
                if share > limit:
                    text = f"{source} {said} {totals[column]:.0f} of {runs:.0f} runs"
                    subject = f"{pipeline}.{source}"
                    found.append(Alert(code, subject, round(share, 4), limit, text))
        return found
