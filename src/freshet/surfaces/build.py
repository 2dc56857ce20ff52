"""Surfaces from settings: each once as it stands, and once per arm that runs on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from freshet.catalogue.trials import Trials
from freshet.domain.events import Surface
from freshet.feed.cursor import Cursors
from freshet.feed.experiments import HOLDOUT, Arm, Experiment, check, laid_over
from freshet.feed.ladder import Ladder
from freshet.feed.parts import Live, Parts
from freshet.feed.serve import Feed
from freshet.feed.settings import Following, ForYou, Shedding
from freshet.pipeline import Trace
from freshet.retrieval.nearby import Nearby
from freshet.surfaces.cheaper import Cheaper, fewer, narrower
from freshet.surfaces.following import following, parts_for
from freshet.surfaces.for_you import for_you
from freshet.surfaces.rank import scorer, served
from freshet.surfaces.surfaces import Surfaces, Variant, labels

PLAIN_ARM = Arm(share=0.0)


class MakeFeed(Protocol):
    """Knows the log, the recent slates and the clock that all feeds share."""

    def __call__(
        self,
        surface: Surface,
        parts: Parts,
        ladder: Ladder,
        of_given: Ladder,
        arm: str,
        cheaper: Sequence[Ladder],
    ) -> Feed: ...


def surfaces(
    live: Live,
    nearby: Nearby,
    trials: Trials | None,
    sections: Mapping[str, ForYou | Following],
    shedding: Shedding,
    experiments: Mapping[str, Experiment],
    cursors: Cursors,
    clock: Callable[[], int],
    new_request_id: Callable[[], str],
    observe: Callable[[Trace], None],
    make_feed: MakeFeed,
) -> Surfaces:
    """
    Args:
        sections: settings by surface.

    Raises:
        Refused: an experiment, or a value table, that cannot be.
    """
    check(experiments)

    def variant(label: str, section: ForYou | Following) -> Variant:
        """A surface by its settings; which one is told by their type."""
        surface: Surface
        if isinstance(section, Following):
            surface, parts = "following", parts_for(live, section)
            cheaper = Cheaper(surface, parts, shedding)
            less = following(live, narrower(section, shedding))
            ladder, steps = following(live, section), cheaper.of(less, popular=False)
        else:
            surface, parts = "for_you", Parts(live, section, nearby, trials)
            cheaper = Cheaper(surface, parts, shedding)
            less = for_you(replace(parts, settings=fewer(section, shedding)))
            ladder, steps = for_you(parts), cheaper.of(less)
        given = served(surface, parts)
        feed = make_feed(surface, parts, cheaper.leaving(ladder), given, label, steps)
        return Variant(feed, scorer(surface, parts, observe, label))

    variants: dict[tuple[str, str], Variant] = {}
    for surface, section in sections.items():
        for label, path, arm in _arms(experiments, surface):
            variants[surface, label] = variant(label, laid_over(path, section, arm))
    return Surfaces(variants, experiments, cursors, clock, new_request_id)


def _arms(experiments: Mapping[str, Experiment], surface: str) -> Iterator[tuple[str, str, Arm]]:
    yield "", f"feed.{surface}", PLAIN_ARM
    for label, name, arm in labels(experiments, surface):
        plain = arm == HOLDOUT
        path = f"experiments.{name}.arms.{arm}"
        yield label, path, PLAIN_ARM if plain else experiments[name].arms[arm]
