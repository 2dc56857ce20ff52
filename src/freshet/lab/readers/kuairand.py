"""KuaiRand as our events, in the order in which they happened.

    find(path) ─▶ events(folder, ...)        supply, then for every impression what came of it
                  read_columns(path)         the same impressions as columns, for evaluation

A tab is one of the app's 15 placements; which is which is not published. `SURFACES` folds
them onto ours by what they do: where most impressions play nothing until they are opened, the
viewer sees a grid of covers, which we call discover; where videos play by themselves, for_you.
Tab 1 is the main feed; `Impression.context` keeps every other tab as a place of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from freshet.domain.events import Event, Surface
from freshet.lab.readers.folder import Folder
from freshet.lab.readers.impressions import NO_TAB, Impressions, Log
from freshet.lab.readers.kuairand_files import find
from freshet.lab.readers.kuairand_log import lines, log_columns
from freshet.lab.readers.kuairand_supply import (
    histories,
    people,
    person_events,
    video_events,
    videos,
)
from freshet.lab.readers.report import ReadReport
from freshet.lab.readers.views import Supply, log_events

__all__ = ["SOURCE", "SURFACES", "Log", "events", "find", "read_columns"]

SOURCE = "kuairand"
GRIDS = (0, 3, 7, 8, 11, 12)
SURFACES: dict[int, Surface] = {
    tab: "discover" if tab in GRIDS else "for_you" for tab in range(NO_TAB, 15)
}

MAIN_TAB = 1


def place(tab: int) -> tuple[Surface, str]:
    """The main feed is our for_you itself; every other tab is a place of its own."""
    context = "" if tab in (MAIN_TAB, NO_TAB) else f"tab{tab}"
    return SURFACES.get(tab, "for_you"), context


def read_columns(
    path: Path, *, now_ms: int, random: bool = False, report: ReadReport | None = None
) -> Log:
    """Every impression of the folder at `path` once, in time order."""
    return log_columns(find(path, random=random), report or ReadReport(), now_ms)


def events(
    folder: Folder,
    *,
    now_ms: int,
    report: ReadReport,
    history: bool = False,
    source: str = SOURCE,
    expect: Callable[[int], None] | None = None,
) -> Iterator[Event]:
    """All events of `folder` in time order.

    Args:
        now_ms: nothing can have happened more than a day after it.
        report: what became of the lines; complete once the last event was taken.
        history: also say what users did before the log, after the supply, before the first
            impression (the histories name videos and must find them).
        source: two sets of one source that name something alike mean the same thing.
        expect: told the number of lines of impressions once it is known.
    """
    with Impressions(lines(folder, report, now_ms), report) as impressions:
        if not impressions.rows:
            report.notice("no good line in any log: nothing to import")
            return
        if expect is not None:
            expect(impressions.rows)
        first_ms = impressions.first_ms()
        persons, traits = people(folder, impressions.users, first_ms, report)
        supply = Supply(
            persons,
            videos(folder, impressions.videos, first_ms, now_ms, report),
            partial(person_events, traits=traits, source=source),
            partial(video_events, source=source),
        )
        yield from supply.before(first_ms)
        if history:
            yield from histories(folder, source, first_ms - 1, report)
        yield from log_events(impressions, supply, place, source)
