"""The five kinds of stage. Each has one verb; the pipeline owns time, counts and failures.

    Source    fetch    query -> rows                     fails open: the feed gets thinner
    Enricher  columns  query, candidates -> columns      fails to the default it declares
    Scorer    score    query, candidates -> one column   fails to the default it declares
    Filter    keep     query, candidates -> mask         fails closed: nothing passes
    Selector  select   query, candidates -> the slate    fails loudly

A stage names the columns it reads (`needs`) and those it makes (`adds`); a pipeline whose
stages do not fit together is refused when it is built.
"""

from __future__ import annotations

import re
from collections.abc import Coroutine
from functools import cache
from typing import Any, Protocol, TypeVar

from numpy.typing import NDArray

from freshet.pipeline.candidates import Candidates, Columns, Mask

Q = TypeVar("Q", contravariant=True)


class Source(Protocol[Q]):
    """Proposes rows. May bring columns; only those that every source brings are kept. Brings
    `UNASKED` where the query has no part for it."""

    def fetch(self, query: Q) -> Coroutine[Any, Any, Candidates]:
        """An `async def`; one that waits for nothing runs without a turn of the loop."""
        ...


class Enricher(Protocol[Q]):
    @property
    def adds(self) -> tuple[str, ...]: ...

    async def columns(self, query: Q, candidates: Candidates) -> Columns: ...

    def default(self, candidates: Candidates) -> Columns:
        """What stands in when `columns` fails: the careful value of each."""
        ...


class Scorer(Protocol[Q]):
    """Makes one column, `adds[0]`, of floats."""

    @property
    def default(self) -> float: ...

    @property
    def adds(self) -> tuple[str, ...]: ...

    def score(self, query: Q, candidates: Candidates) -> NDArray[Any]: ...


class Filter(Protocol[Q]):
    def keep(self, query: Q, candidates: Candidates) -> Mask: ...


class Selector(Protocol[Q]):
    """Picks the slate, in order, from candidates; may add columns to what it picked."""

    def select(self, query: Q, candidates: Candidates) -> Candidates: ...


VERBS = {"columns": "enricher", "score": "scorer", "keep": "filter"}


def stage_name(stage: object) -> str:
    """A stage's name in traces, metrics and logs; of one around another, the other's.

    >>> class NotSeen: ...
    >>> stage_name(NotSeen())
    'not_seen'
    """
    return _named(type(getattr(stage, "stands_for", stage)).__name__)


@cache  # asked for every stage of every request
def _named(kind: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", kind).lower()


def needs(stage: object) -> tuple[str, ...]:
    """Columns a stage reads; none unless it says so."""
    return tuple(getattr(stage, "needs", ()))


def adds(stage: object) -> tuple[str, ...]:
    return tuple(getattr(stage, "adds", ()))
