"""Benchmarks' reports as people read them in a terminal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table

from freshet.lab.bench.assembled.beside import Baseline, Measured
from freshet.lab.bench.drive import Quantiles
from freshet.lab.bench.events import EventsReport
from freshet.lab.bench.feed import FeedReport
from freshet.lab.bench.folding import FoldingReport
from freshet.lab.bench.freshness import FreshnessReport
from freshet.lab.bench.growth import GrowthReport
from freshet.lab.bench.overload import OverloadReport
from freshet.lab.bench.soak import SoakReport
from freshet.lab.bench.users import sentence

OVER = {
    "feeds/s per core": "feeds_per_s_per_core", "p50": "p50", "p99": "p99",
    "true worth": "worth", "  without seconds": "acts",
}  # fmt: skip


def feed(report: FeedReport) -> RenderableType:
    table = _table("Feeds", report.run)
    table.add_row("feeds/s", f"{report.feeds_per_s:,.1f}")
    table.add_row("feeds/s per core", f"{report.feeds_per_s_per_core:,.1f}")
    table.add_row("engine ms p50, p99", _both(report.engine_ms))
    table.add_row("HTTP ms p50, p99 at half load", _both(report.http_ms))
    table.add_row("their events, ms p50, p99", _both(report.events_ms))
    table.add_row("candidates ranked: median, 1 in 100",
                  f"{report.survived:,.0f}, {report.survived_p1:,.0f}")  # fmt: skip
    for name, unit in (("recall100", ""), ("slate_value", "")):
        value = getattr(report, name)
        if value is not None:
            table.add_row(name.replace("_", " "), f"{value:.3f}{unit}")
    table.add_row("start s", f"{report.start_s:.1f}")
    table.add_row("memory (PSS) MB", f"{report.pss_mb:,.0f}")
    for name in ("bytes_per_video", "bytes_per_viewer"):
        value = getattr(report, name)
        if value is not None:
            table.add_row(name.replace("_", " "), f"{value:,.0f}")
    _load(table, report.load)
    stages = Table("stage", "ms p50", box=None, pad_edge=False)
    for stage, ms in sorted(report.stages_ms.items(), key=lambda one: -one[1]):
        stages.add_row(stage, f"{ms:.3f}")
    shown: list[RenderableType] = [table, "", stages]
    if report.baseline is not None:
        shown += ["", _baseline(report.baseline)]
    run = report.run
    told = sentence(report.daily_users, run["feeds_per_user"], run["peak_hour"])
    return Group(*shown, "", told)


def _baseline(found: Baseline) -> RenderableType:
    """Ours beside FastAPI, faiss and LightGBM."""
    table = Table("", "ours", "a model per outcome", "one model", box=None, pad_edge=False)
    three = (found.ours, found.outcomes, found.value)

    def add(what: str, told: Callable[[Measured], str]) -> None:
        table.add_row(what, *map(told, three))

    add("feeds/s per core", lambda one: f"{one.feeds_per_s_per_core:,.1f}")
    add("HTTP ms p50, p99 at half load", lambda one: _both(one.http_ms))
    add("their events, ms p50, p99", lambda one: _both(one.events_ms))
    add("candidates ranked, median", lambda one: f"{one.candidates:,.0f}")
    add("true worth of a video shown", lambda one: f"{one.worth:.3f}")
    add("  without seconds watched", lambda one: f"{one.acts:.3f}")
    for stage in found.value.stages_ms:
        add(f"{stage} ms p50", lambda one, stage=stage: _stage(one, stage))  # type: ignore[misc]
    for what, field in OVER.items():
        ratios = [f"{getattr(found.ratio[by], field):,.2f}" for by in ("outcomes", "value")]
        table.add_row(f"ours over theirs: {what}", "", *ratios)
    worth, acts = found.worth_by_value, found.acts_by_value
    over = [f"{worth / one.worth:,.2f}, {acts / one.acts:,.2f}" for one in three[1:]]
    table.add_row("ours by value alone: true worth, without seconds; over theirs",
                  f"{worth:.3f}, {acts:.3f}", *over)  # fmt: skip
    table.add_row("true worth: ten best, any video", f"{found.worth_best:.3f}",
                  f"{found.worth_any:.3f}", "")  # fmt: skip
    return table


def _stage(one: Measured, stage: str) -> str:
    return f"{one.stages_ms[stage]:,.2f}" if stage in one.stages_ms else ""


def events(report: EventsReport) -> RenderableType:
    table = _table("Durable events", report.run)
    table.add_row("events/s in batches of 100", f"{report.batched_per_s:,.0f}")
    table.add_row("  per core", f"{report.batched_per_s_per_core:,.0f}")
    table.add_row("  ms p50, p99 of a batch", _both(report.batch_ms))
    table.add_row("  not folded yet at the end", f"{report.behind:,}")
    table.add_row("events/s one by one, 32 clients", f"{report.single_per_s:,.0f}")
    table.add_row("  per core", f"{report.single_per_s_per_core:,.0f}")
    table.add_row("  ms p50, p99", _both(report.single_ms))
    _load(table, report.load)
    return table


def freshness(report: FreshnessReport) -> RenderableType:
    table = _table("From an act to a feed of another worker", report.run)
    table.add_row("ms p50, p99", _both(report.freshness_ms))
    table.add_row("reflected by the very first feed", f"{report.first:.1%}")
    table.add_row("probes", f"{report.probes:,}")
    table.add_row("meanwhile feeds/s", f"{report.load_per_s:,.1f}")
    table.add_row("  their ms p50, p99", _both(report.feed_ms))
    return table


def folding(report: FoldingReport) -> RenderableType:
    table = _table("Feeds beside folding", report.run)
    table.add_row("ms p50, p99 alone", _both(report.idle_ms))
    table.add_row("ms p50, p99 beside events", _both(report.folding_ms))
    table.add_row("  p99, so many times", f"{report.ratio:.2f}")
    table.add_row("events/s acknowledged meanwhile", f"{report.events_per_s:,.0f}")
    table.add_row("feeds before their viewer's last act", f"{report.behind:,}")
    return table


def growth(report: GrowthReport) -> RenderableType:
    feeds = Table("videos", "feeds/s per core", "engine ms p50", "PSS MB", "start s",
                  box=None, pad_edge=False)  # fmt: skip
    for one in report.feeds:
        feeds.add_row(
            f"{one.run['videos']:,}", f"{one.feeds_per_s_per_core:,.1f}",
            f"{one.engine_ms.p50:.2f}", f"{one.pss_mb:,.0f}", f"{one.start_s:.1f}",
        )  # fmt: skip
    logs = Table("events in the log", "events/s", "per core", box=None, pad_edge=False)
    for log in report.logs:
        logs.add_row(
            f"{log.run['log_events']:,}", f"{log.batched_per_s:,.0f}",
            f"{log.batched_per_s_per_core:,.0f}",
        )  # fmt: skip
    table = _table("Exponents", report.run)
    for name in ("feed", "events", "memory"):
        table.add_row(name, f"{getattr(report.exponent, name):.3f}")
    return Group(feeds, "", logs, "", table)


def overload(report: OverloadReport) -> RenderableType:
    told = report.run
    table = Table(
        "", "without shedding", "with", box=None, pad_edge=False, title_justify="left",
        title=f"{told['times']:g} times the capacity of {report.capacity_per_s:,.1f} feeds/s",
        caption=_caption(told), caption_justify="left",
    )  # fmt: skip
    sides = report.without, report.shedding
    table.add_row("feeds asked", *(f"{one.asked:,}" for one in sides))
    table.add_row("errors", *(f"{one.failed:,}" for one in sides))
    table.add_row("  told to come again", *(f"{one.refused:,}" for one in sides))
    table.add_row("feeds/s answered", *(f"{one.feeds_per_s:,.1f}" for one in sides))
    table.add_row("HTTP ms p50, p99", *(_both(one.http_ms) for one in sides))
    table.add_row("their events, ms p50, p99", *(_both(one.events_ms) for one in sides))
    table.add_row("processor ms a feed", *(f"{one.cpu_ms:,.2f}" for one in sides))
    table.add_row("videos that came twice", *(f"{one.repeats:,}" for one in sides))
    for step in sorted({step for one in sides for step in one.answered}):
        table.add_row(f"  {step}", *(f"{one.answered.get(step, 0):,}" for one in sides))
    full = report.shedding.full_after_s
    table.add_row("all in full again after, s", "", "never" if full is None else f"{full:.1f}")
    return table


def soak(report: SoakReport) -> RenderableType:
    times = Table("from s", "feeds", "ms p50", "p99", box=None, pad_edge=False)
    for one in report.intervals:
        p50, p99 = f"{one.http_ms.p50:,.1f}", f"{one.http_ms.p99:,.1f}"
        times.add_row(f"{one.from_s:,.0f}", f"{one.feeds:,}", p50, p99)
    table = _table("Soak", report.run)
    first, last = report.held[0], report.held[-1]
    table.add_row(
        "capacity, asked, feeds/s", f"{report.capacity_per_s:,.1f}, {report.asked_per_s:,.1f}"
    )
    table.add_row("feeds, errors", f"{report.asked:,}, {report.errors:,}")
    table.add_row("videos that came twice", f"{report.repeats:,}")
    table.add_row("HTTP ms p50, p99", _both(report.http_ms))
    for step, count in report.answered.items():
        table.add_row(f"  {step}", f"{count:,}")
    for name, what in (
        ("memory (PSS) MB", "pss_mb"), ("viewers", "viewers"), ("videos", "videos"),
        ("what they saw, MB", "tie_mb"), ("events in the log", "events"), ("log, MB", "log_mb"),
        ("not folded yet", "behind"),
    ):  # fmt: skip
        table.add_row(f"{name}: begin, end", f"{getattr(first, what):,}, {getattr(last, what):,}")
    slopes = report.pss_mb_per_hour, report.state_mb_per_hour, report.beyond_mb_per_hour
    told = ", ".join("?" if one is None else f"{one:,.1f}" for one in slopes)
    table.add_row(f"MB an hour from {report.settled_s:,.0f} s on: memory, state, beyond", told)
    return Group(times, "", table, "", report.verdict)


def _table(title: str, run: dict[str, Any]) -> Table:
    told = [f"{run[name]:,} {name}" for name in ("videos", "viewers") if run.get(name)]
    if run.get("log_events"):
        told.append(f"{run['log_events']:,} events in the log")
    told.append(f"{run['workers']} serving")
    return Table(
        "", "", title=f"{title}: {', '.join(told)}", title_justify="left", box=None,
        pad_edge=False, show_header=False, caption_justify="left", caption=_caption(run),
    )  # fmt: skip


def _caption(run: dict[str, Any]) -> str:
    load = ", ".join(str(one) for one in run["load_average"])
    return f"commit {run['commit']}, {run['cores']} cores, load average {load}"


def _both(found: Quantiles) -> str:
    return f"{found.p50:,.2f}, {found.p99:,.2f}"


def _load(table: Table, load: dict[str, float]) -> None:
    table.add_row("load generator: share of a core", f"{load['cpu_share']:.0%}")
    table.add_row("  against a server that does nothing", f"{load['null_over_ours']:,.1f} times")
