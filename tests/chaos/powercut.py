"""Power cuts: a file layer that knows what the disk would hold after one.

    SQLite ─▶ Recorder (an SQLite VFS) ─▶ the real files
                   └─▶ journal of writes, syncs, names ─▶ image(cut) ─▶ reopen, check

The log runs once while every file operation is written down; then the power is cut
after any of them. An image holds what was synced, and of the rest nothing, all, or any part:
disks reorder writes and tear them between sectors. A name is in the image for sure only
when its folder was synced.

    python -m tests.chaos.powercut --rounds 20
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Literal, NamedTuple

import apsw

from freshet.backends import sqlite_store
from freshet.backends.sqlite_log import SqliteLog
from freshet.domain.errors import FreshetError
from freshet.log.inspect import verify
from tests.log.making import HOUR_MS, Clock, event_id, watch

SECTOR = 512
Keep = Literal["nothing", "all", "some"]  # of what was not synced
KEEPS: tuple[Keep, ...] = ("nothing", "all", "some")

_vfs_names = (f"powercut-{n}" for n in itertools.count())


class Op(NamedTuple):
    """One file operation. `truncate` has its size in `at`."""

    kind: Literal["create", "write", "truncate", "sync", "delete", "sync_folder"]
    name: str = ""
    at: int = 0
    data: bytes = b""


# --- recording ------------------------------------------------------------------------------


class Recorder(apsw.VFS):
    """Passes everything on to the system's own layer, and writes it down."""

    def __init__(self) -> None:
        self.vfs_name = next(_vfs_names)
        self.ops: list[Op] = []
        super().__init__(self.vfs_name, "unix")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        path = Path(name.filename() if isinstance(name, apsw.URIFilename) else str(name))
        if name is not None and not path.exists():
            self.ops.append(Op("create", path.name))
        return _RecordedFile(self.ops, path.name, name, flags)

    def xDelete(self, name: str, sync_folder: bool) -> None:  # noqa: N802
        super().xDelete(name, sync_folder)
        self.ops.append(Op("delete", Path(name).name))
        if sync_folder:
            self.ops.append(Op("sync_folder"))


class _RecordedFile(apsw.VFSFile):
    def __init__(
        self, ops: list[Op], name: str, path: str | apsw.URIFilename | None, flags: list[int]
    ) -> None:
        self._ops, self._name = ops, name
        # SQLite's unix layer syncs the folder with the first sync of a journal or WAL that
        # it made (UNIXFILE_DIRSYNC in os_unix.c); that call does not pass through here.
        journals = apsw.SQLITE_OPEN_MAIN_JOURNAL | apsw.SQLITE_OPEN_WAL
        self._syncs_folder = bool(flags[0] & journals) and ops[-1:] == [Op("create", name)]
        super().__init__("unix", path, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        self._ops.append(Op("write", self._name, offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:  # noqa: N802
        self._ops.append(Op("truncate", self._name, size))
        super().xTruncate(size)

    def xSync(self, flags: int) -> None:  # noqa: N802
        super().xSync(flags)
        self._ops.append(Op("sync", self._name))
        if self._syncs_folder:
            self._ops.append(Op("sync_folder"))
            self._syncs_folder = False


# --- what is left ---------------------------------------------------------------------------


@dataclass(slots=True)
class _Inode:
    synced: bytearray = field(default_factory=bytearray)
    pending: list[Op] = field(default_factory=list)

    def sync(self) -> None:
        for op in self.pending:
            _apply(self.synced, op)
        self.pending.clear()

    def left(self, keep: Keep, random: Random) -> bytes:
        content = bytearray(self.synced)
        for op in self.pending if keep != "nothing" else []:
            for part in [op] if keep == "all" else _torn(op, random):
                _apply(content, part)
        return bytes(content)


def _apply(content: bytearray, op: Op) -> None:
    end = op.at + len(op.data)
    if op.kind == "truncate":
        del content[op.at :]
    content.extend(bytes(max(0, end - len(content))))
    content[op.at : end] = op.data


def _torn(op: Op, random: Random) -> Iterator[Op]:
    """Whole, not at all, or some of its sectors."""
    fate = random.random()
    if fate < 0.4 or (op.kind == "truncate" and fate < 0.7):
        yield op
    elif fate > 0.8:
        for at in range(0, len(op.data), SECTOR):
            if random.random() < 0.5:
                yield op._replace(at=op.at + at, data=op.data[at : at + SECTOR])


def image(ops: Sequence[Op], keep: Keep, random: Random) -> dict[str, bytes]:
    """Files by name as a disk may hold them when the power goes after `ops`."""
    live: dict[str, _Inode] = {}
    durable: dict[str, _Inode] = {}
    for op in ops:
        if op.kind == "create":
            live[op.name] = _Inode()
        elif op.kind == "delete":
            live.pop(op.name, None)
        elif op.kind == "sync_folder":
            durable = dict(live)
        elif op.kind == "sync":
            live[op.name].sync()
        else:
            live[op.name].pending.append(op)
    names = durable
    if keep == "all":
        names = live
    elif keep == "some":
        # Each name on its own: made, removed or replaced without its folder being synced.
        choices = {name: random.choice([live, durable]) for name in sorted({*live, *durable})}
        names = {name: table[name] for name, table in choices.items() if name in table}
    return {name: inode.left(keep, random) for name, inode in names.items()}


# --- the run --------------------------------------------------------------------------------


@dataclass(slots=True)
class Run:
    """Everything a log did to its files, and what it acknowledged when."""

    ops: list[Op]
    acknowledged: list[tuple[int, int, int]] = field(default_factory=list)  # (ops, n, offset)
    sent: set[int] = field(default_factory=set)


async def run(folder: Path, random: Random, steps: int = 25) -> Run:
    """Random appends (singles, batches, at once, repeated), epochs and reopenings."""
    recorder, clock = Recorder(), Clock()
    ran = Run(recorder.ops)
    log = open_log(folder, clock, recorder.vfs_name)
    for _ in range(steps):
        clock.now_ms += random.randrange(HOUR_MS)
        await asyncio.gather(*(_append(log, ran, random) for _ in range(random.randint(1, 3))))
        if random.random() < 0.05 and log.last > log.base + 1:
            await log.begin_epoch(random.randint(log.base + 1, log.last))
        if random.random() < 0.1:
            await log.close()
            log = open_log(folder, clock, recorder.vfs_name)
    await log.close()
    recorder.unregister()
    return ran


def open_log(folder: Path, clock: Clock, vfs: str | None = None) -> SqliteLog:
    return SqliteLog(folder, clock, vfs=vfs, seal_at=40)


async def _append(log: SqliteLog, ran: Run, random: Random) -> None:
    fresh = range(len(ran.sent), len(ran.sent) + random.choice([1, 1, 5, 30]))
    again = random.sample(sorted(ran.sent), min(len(ran.sent), random.randint(0, 3)))
    ran.sent.update(fresh)
    numbers = [*fresh, *again]
    appended = await log.append([watch(n) for n in numbers])
    at = len(ran.ops)
    ran.acknowledged += [(at, n, o) for n, o in zip(numbers, appended.offsets, strict=True) if o]


# --- the check ------------------------------------------------------------------------------


async def losses(ran: Run, cut: int, keep: Keep, random: Random, folder: Path) -> list[str]:
    """What is wrong with the log on the disk that a cut after `ops[:cut]` leaves."""
    _write_files(folder, image(ran.ops[:cut], keep, random))
    try:
        return await _wrong(ran, cut, folder)
    except FreshetError as error:
        return [f"the log does not open again: {error}"]


def _write_files(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)


async def _wrong(ran: Run, cut: int, folder: Path) -> list[str]:
    log = open_log(folder, Clock())
    try:
        found = verify(log.rows(), log.base)
        ids: dict[str, int] = {}
        async for batch in log.read(log.base):
            ids |= {e.event_id: o for o, e in enumerate(batch.events, batch.first)}
        wrong = list(found.damage)
        for at, n, offset in ran.acknowledged:
            if at <= cut and offset > log.base and ids.get(event_id(n)) != offset:
                wrong.append(f"acknowledged event {n} is not at offset {offset}")
        if strangers := ids.keys() - {event_id(n) for n in ran.sent}:
            wrong.append(f"{len(strangers)} events nobody sent")
        known = [n for at, n, _ in ran.acknowledged if at <= cut]
        again = await log.append([watch(n) for n in known])
        if len(again.repeated) != len(known):
            wrong.append(f"{len(known) - len(again.repeated)} acknowledged events taken as new")
        return wrong
    finally:
        await log.close()


async def check(
    folder: Path, seed: int, cuts: int | None = None, *, stop_at_first: bool = False
) -> list[str]:
    """Run once, cut the power at `cuts` random operations (None = at every one), each time
    keeping nothing, all and some of what was not synced. What went wrong, in words."""
    random = Random(seed)
    before, sqlite_store.CHECKPOINT_PAGES = sqlite_store.CHECKPOINT_PAGES, 12
    try:
        ran = await run(folder / "run", random)
    finally:
        sqlite_store.CHECKPOINT_PAGES = before
    every = range(len(ran.ops) + 1)
    found: list[str] = []
    for cut in random.sample(every, min(cuts or len(every), len(every))):
        for keep in KEEPS:
            wrong = await losses(ran, cut, keep, random, folder / f"{cut}-{keep}")
            where = f"seed {seed}, cut after {cut} of {len(ran.ops)} operations, {keep} kept"
            found += [f"{where}: {line}" for line in wrong]
            if found and stop_at_first:
                return found
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--cuts", type=int, default=40, help="in each round; 0 = every operation")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    wrong: list[str] = []
    for seed in range(args.seed, args.seed + args.rounds):
        with tempfile.TemporaryDirectory() as folder:
            wrong += asyncio.run(check(Path(folder), seed, args.cuts or None))
    print("\n".join(wrong) or f"{args.rounds} rounds of power cuts: nothing lost")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
