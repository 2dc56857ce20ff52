"""Drive projections from the log: newest good snapshot, refold from there, then live.

Each projection may start from another snapshot; the log is read once, from the earliest,
and each is given only what lies behind its own offset.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NoReturn, TypeVar

import structlog

from freshet.domain.errors import Broken, Corrupt
from freshet.log.epochs import begin_epoch
from freshet.log.ports import Batch, EventLog, Offset, Projection
from freshet.log.rows import behind
from freshet.log.snapshots import Saving, Snapshots

T = TypeVar("T")

_warn = structlog.get_logger().warning


AT_ONCE = 256  # events folded while nothing else runs in the process: some milliseconds


def pieces(batch: Batch) -> Iterator[Batch]:
    """A batch in short ones.

    >>> [(piece.first, piece.last) for piece in pieces(Batch(3, [None] * 600))]
    [(3, 258), (259, 514), (515, 602)]
    """
    for at in range(0, len(batch.events), AT_ONCE):
        yield Batch(batch.first + at, batch.events[at : at + AT_ONCE])


class Follower:
    """Projections of one log, all folded up to `offset`.

    Args:
        snapshots: where to start from and to save to; None = fold from the epoch's base,
            which must then be 0.
        snapshot_every: save after so many events; 0 = only when `save` is called.
    """

    def __init__(
        self,
        log: EventLog,
        projections: Sequence[Projection],
        snapshots: Snapshots | None = None,
        *,
        snapshot_every: int = 0,
    ) -> None:
        self._log, self._projections, self._snapshots = log, list(projections), snapshots
        self.snapshot_every = snapshot_every
        self._behind: dict[str, Offset] | None = None  # None until started
        self._event_id = ""
        self.saved: Offset = 0  # of the newest snapshot that is known to be good
        self._moved = asyncio.Event()
        self.still = asyncio.Lock()  # held while folding, and while the state is copied
        self._copying = False
        self._writing = asyncio.Lock()  # held while a snapshot is written aside

    @property
    def offset(self) -> Offset:
        """Every projection has folded up to here."""
        return min(self._behind.values(), default=0) if self._behind is not None else 0

    async def start(self) -> Offset:
        """Load the newest good snapshot of each projection.

        Raises:
            Broken: the epoch's base snapshot does not fit, and what lies before it is gone.
        """
        if self._behind is None:
            self._behind = {p.name: await self._load(p) for p in self._projections}
            self.saved = self.offset
        return self.offset

    async def begin_epoch(self, base: Offset) -> None:
        """Let the log begin anew at a snapshot of all projections, and remove earlier ones.

        Raises:
            Refused: there is no good one at `base`.
        """
        if self._snapshots is None:
            raise Broken("without snapshots no epoch can begin")
        await begin_epoch(self._log, self._snapshots, self._projections, base)
        await to_its_end(self._snapshots.drop_before, base)

    def snapshot(self, offset: Offset) -> Path:
        """The folder of a snapshot."""
        if self._snapshots is None:
            raise Broken("there are no snapshots")
        return self._snapshots.folder / str(offset)

    async def catch_up(self) -> Offset:
        """Fold up to the end of the log as it is now."""
        after = await self.start()
        async for batch in self._log.read(after):
            for piece in pieces(batch):
                async with self.still:
                    self.apply(piece)
                await asyncio.sleep(0)  # a feed waits for one piece, not for a whole commit
        return self.offset

    async def follow(self) -> NoReturn:
        """Fold whatever comes, until cancelled or the log is closed."""
        while True:
            await self._log.wait(await self.catch_up())

    async def reached(self, offset: Offset) -> None:
        """Return once `offset` is folded. A caller in a hurry wraps this in a timeout."""
        while self.offset < offset:
            await self._moved.wait()

    def apply(self, batch: Batch) -> None:
        assert self._behind is not None, "start first"
        assert not self._copying, "the state is being copied"
        before = self.offset
        for projection in self._projections:
            done = self._behind[projection.name]
            if batch.last > done:
                projection.apply(behind(batch, done))
                self._behind[projection.name] = batch.last
        if self.offset > before:  # else this batch came late, behind a newer one
            self._event_id = batch.events[-1].event_id
        if self.snapshot_every and self.offset - self.saved >= self.snapshot_every:
            self.save()
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    def save(self) -> Offset:
        """Save a snapshot of all projections at `offset`; durable on return.

        Does nothing while one is still behind another: a snapshot has one offset. Nor while
        one is written aside.
        """
        if self._snapshots is not None and self._savable and not self._writing.locked():
            self._snapshots.save(
                self.offset,
                self._event_id,
                self._projections,
                epoch=self._log.epoch,
                base=self._log.base,
            )
            self.saved = self.offset
        return self.offset

    async def save_aside(self) -> Offset:
        """As `save`, beside the running loop: folding stands still while the state is copied
        in a thread, and goes on while the copy is written."""
        async with self._writing:
            async with self.still:
                if self._snapshots is None or not self._savable:
                    return self.saved
                offset, event_id = self.offset, self._event_id
                epoch, base = self._log.epoch, self._log.base
                self._copying = True
                try:
                    saving = await to_its_end(self._frozen, self._snapshots, offset)
                finally:
                    self._copying = False
            await to_its_end(lambda: saving.finish(event_id, epoch=epoch, base=base))
            self.saved = max(self.saved, offset)
        return offset

    def _frozen(self, snapshots: Snapshots, offset: Offset) -> Saving:
        saving = snapshots.begin(offset)
        for projection in self._projections:
            saving.freeze(projection)
        return saving

    @property
    def _savable(self) -> bool:
        level = self._behind is not None and len(set(self._behind.values())) == 1
        return level and self.offset > self.saved

    async def _load(self, projection: Projection) -> Offset:
        snapshots = self._snapshots
        for offset in snapshots.offsets() if snapshots else []:
            assert snapshots is not None
            if not self._log.base <= offset <= self._log.last:
                _warn("snapshot passed over", offset=offset, reason="outside the log")
            elif (folder := snapshots.at(offset, projection)) and await self._ours(offset):
                try:
                    projection.load(folder)
                except Corrupt as error:
                    _warn("snapshot passed over", offset=offset, reason=str(error))
                else:
                    return offset
        if self._log.base:
            raise Broken(
                f"{projection.name!r} has no good snapshot, and the events up to "
                f"{self._log.base} were dropped by epoch {self._log.epoch}"
            )
        return 0

    async def _ours(self, offset: Offset) -> bool:
        """Whether the snapshot's last event is the one that this log has there."""
        assert self._snapshots is not None
        manifest = self._snapshots.manifest(offset)
        if manifest is None:
            return False
        if offset > self._log.base:
            async for batch in self._log.read(offset - 1):
                if batch.events[0].event_id != manifest.event_id:
                    _warn("snapshot passed over", offset=offset, reason="of another log")
                    return False
                break
        self._event_id = manifest.event_id
        return True


async def to_its_end(work: Callable[..., T], *arguments: object) -> T:
    """Run in a thread; whoever is cancelled meanwhile leaves only when it is done, since
    nobody can stop a thread half-way through its files."""
    running = asyncio.ensure_future(asyncio.to_thread(work, *arguments))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise


async def catch_up(
    log: EventLog, projections: Sequence[Projection], snapshots: Snapshots | None = None
) -> Offset:
    """Bring projections from the newest good snapshot to the end of the log as it is now."""
    return await Follower(log, projections, snapshots).catch_up()


async def follow(
    log: EventLog,
    projections: Sequence[Projection],
    snapshots: Snapshots | None = None,
    *,
    snapshot_every: int = 0,
) -> NoReturn:
    """Keep projections at the end of the log until cancelled."""
    await Follower(log, projections, snapshots, snapshot_every=snapshot_every).follow()
