"""Is the saved state what the log says? Fold it anew, beside, and compare byte by byte.

Compared is what promises to be the same however it came about: the live state, the stages of
videos, the sums of experiments and the book of moderation. Not what only watches: its windows
depend on settings of the day.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import msgspec

from freshet.backends.sqlite_reader import SqliteReader
from freshet.config import Settings
from freshet.distribution.stages import Stages
from freshet.domain.errors import Broken, NotFound
from freshet.feed.arms import ArmSums
from freshet.learning.live import Live
from freshet.log.ports import Batch, Offset, Projection
from freshet.log.snapshots import Snapshots, blocks_of
from freshet.moderation.book import Book
from freshet.ops.backup import Tell


class Compared(msgspec.Struct, frozen=True):
    """A snapshot beside a fold of the log up to it."""

    offset: Offset
    folded: int  # events
    differs: tuple[str, ...]


def compare(settings: Settings, tell: Tell = lambda *_: None) -> Compared:
    """Fold the log of a data folder from where it begins up to its newest snapshot.

    Raises:
        NotFound: there is no snapshot.
        Broken: the snapshot at the epoch's base is not good.
    """
    data = settings.folder
    log, snapshots = SqliteReader(data), Snapshots(data / "snapshots")
    with closing(log.store):
        base, last = log.base, log.last
        offsets = [one for one in snapshots.offsets() if base <= one <= last]
        if not offsets:
            raise NotFound("snapshots", f"there is none in {data}", "one that serving leaves")
        tell("compiling kernels")
        learner = settings.learner
        live = Live(learner.seed, versions=learner.versions, shadow=learner.shadow)
        live.warm()
        for_you = settings.feed.for_you
        stages = Stages(live, settings.stages, for_you.weights, for_you.trial_share)
        projections: list[Projection] = [live, stages, ArmSums(), Book()]
        if base:
            _begin(snapshots, base, projections)
        after = base
        while after < offsets[0]:
            batch = log.batch(after)
            batch = Batch(batch.first, batch.events[: offsets[0] - after])
            for projection in projections:
                projection.apply(batch)
            after = batch.last
            tell("folding the log anew", after - base, offsets[0] - base)
    differs = [line for one in projections for line in _differences(snapshots, offsets[0], one)]
    return Compared(offsets[0], offsets[0] - base, tuple(differs))


def _begin(snapshots: Snapshots, base: Offset, projections: Sequence[Projection]) -> None:
    for projection in projections:
        folder = snapshots.at(base, projection)
        if folder is None:
            raise Broken(f"no good snapshot of {projection.name!r} at {base}, where the log begins")
        projection.load(folder)


def _differences(snapshots: Snapshots, offset: Offset, projection: Projection) -> list[str]:
    saved = snapshots.at(offset, projection)
    if saved is None:
        return [f"{projection.name}: damaged, or of another release"]
    with tempfile.TemporaryDirectory(prefix="freshet-") as folder:
        projection.save(Path(folder))
        ours, theirs = blocks_of(Path(folder)), blocks_of(saved)
    names = sorted(ours.keys() | theirs.keys())
    return [f"{projection.name}/{name}" for name in names if ours.get(name) != theirs.get(name)]
