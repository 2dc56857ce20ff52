"""Viewers who were away for long lie on disk, and come back when they do.

    about   a slot in memory; rows and ties are written and read there
    cold    a record on disk (`packed.py`): in the snapshot that the state began with or saved
            last, or behind it in a file of this process that has no name
    nobody  has done nothing yet: no rows anywhere

Where a viewer lies is not part of the state: it is saved and compared as records, in order of
viewers. So a fold gives the same bytes whoever was cold meanwhile, and a process that dies
takes nothing with it that the last snapshot and the log do not hold.

Records are written once and never changed. A viewer who comes back leaves theirs behind; with
the next snapshot every record that is still good stands in that, and the file before is let go.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from freshet.domain.errors import Corrupt, Unavailable
from freshet.learning import packed
from freshet.log.snapshots import Stored, read_all, save_block, save_pieces
from freshet.state.slots import COLD, FIRST, ViewerSlots

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]

AT_ONCE = 1 << 14  # viewers whose records are read, or looked through, in one go
WORD = 4  # bytes
TURN_SHIFT = 40  # a home is the turn of its file and a place in it, in words
IN_BASE = 0  # ... or this: in the snapshot
RECORDS, ENDS = "viewers.records", "viewers.ends"


class Aside:
    """A file of records that only grows, nameless: gone with its last reader."""

    def __init__(self, folder: Path) -> None:
        self._file, path = tempfile.mkstemp(prefix=".cold-", dir=folder)
        os.unlink(path)
        self.words = 0

    def __del__(self) -> None:
        with suppress(AttributeError, OSError):
            os.close(self._file)

    def append(self, records: Ints) -> int:
        """Where they begin. A disk that is full changes nothing."""
        left, at = records.view(np.uint8).data, self.words * WORD
        while len(left):
            done = os.pwrite(self._file, left, at)
            left, at = left[done:], at + done
        first, self.words = self.words, self.words + len(records)
        return first

    def read(self, first: int, out: Ints) -> None:
        read_all(self._file, out, first * WORD)


class Base:
    """Records of a snapshot.

    Raises:
        Corrupt: they are not records of `viewers` viewers.
    """

    def __init__(self, folder: Path, viewers: int) -> None:
        self.records, self._ends = Stored(folder, RECORDS, np.int32), Stored(folder, ENDS, np.int64)
        last = self.ends(viewers - 1, viewers)[-1] if viewers else 0
        if self._ends.length != viewers or self.records.length != last:
            raise Corrupt(f"{folder} does not hold records of {viewers} viewers")
        self.viewers = viewers

    def ends(self, first: int, end: int) -> Longs:
        """Where the records before `first`, and those of `first` to `end` end."""
        if first == 0:
            return np.concatenate([np.zeros(1, np.int64), self._ends.read(0, end)])
        return self._ends.read(first - 1, end)


@dataclass(frozen=True, slots=True)
class Frozen:
    """All records as they were at one moment; those in memory are a copy."""

    viewers: int
    about: Longs  # viewers in memory
    records: Ints
    ends_about: Longs  # of their records
    cold: Longs  # viewers on disk
    home: Longs
    size: Ints
    base: Base | None
    files: dict[int, Aside]
    turn: int

    def ends(self) -> Longs:
        lengths = np.zeros(self.viewers, np.int64)
        lengths[self.about] = np.diff(self.ends_about, prepend=0)
        lengths[self.cold] = self.size
        based = self.cold[self.home == IN_BASE]
        if self.base is not None and len(based):
            lengths[based] = np.diff(self.base.ends(0, self.base.viewers))[based]
        return np.cumsum(lengths)

    def pieces(self, ends: Longs) -> Iterator[Ints]:
        """The records one behind the other, some thousand at once."""
        for first in range(0, self.viewers, AT_ONCE):
            end = min(first + AT_ONCE, self.viewers)
            before = ends[first - 1] if first else 0
            at = np.concatenate([np.zeros(1, np.int64), ends[first:end] - before])
            out = np.empty(at[-1], np.int32)
            i, j = np.searchsorted(self.about, (first, end))
            begins = self.ends_about[i:j] - np.diff(self.ends_about, prepend=0)[i:j]
            _copied(self.records, begins, self.about[i:j] - first, at, out)
            i, j = np.searchsorted(self.cold, (first, end))
            self._put_cold(self.cold[i:j], self.home[i:j], first, at, out)
            yield out

    def _put_cold(self, cold: Longs, home: Longs, first: int, at: Longs, out: Ints) -> None:
        based = cold[home == IN_BASE]
        if self.base is not None and len(based):
            ends = self.base.ends(int(based[0]), int(based[-1]) + 1)
            span = self.base.records.read(int(ends[0]), int(ends[-1]))
            _copied(span, ends[based - based[0]] - ends[0], based - first, at, out)
        aside = home != IN_BASE
        for viewer, where in zip(cold[aside].tolist(), home[aside].tolist(), strict=True):
            file, begin = self.files[where >> TURN_SHIFT], where & ((1 << TURN_SHIFT) - 1)
            file.read(begin, out[at[viewer - first] : at[viewer - first + 1]])

    def save(self, folder: Path) -> None:
        ends = self.ends()
        save_block(folder, ENDS, ends)
        save_pieces(folder, RECORDS, np.int32, int(ends[-1]) if len(ends) else 0, self.pieces(ends))

    def whole(self) -> dict[str, npt.NDArray[Any]]:
        """The two arrays, in memory."""
        ends = self.ends()
        return {ENDS: ends, RECORDS: np.concatenate([np.zeros(0, np.int32), *self.pieces(ends)])}


def _copied(source: Ints, begins: Longs, who: Longs, at: Longs, out: Ints) -> None:
    packed.copy_runs(source, begins, at[who + 1] - at[who], out, at[who])


class Cold:
    """Who is where.

    Args:
        state: what kernels are given; `slots` are those of it.
        folder: where files go; None = everybody is in memory.
        hours: who did not come for so long is let go.
        beyond: so many stay, however long they were away.
    """

    def __init__(
        self, state: Any, slots: ViewerSlots, folder: Path | None, hours: int, beyond: int = 0
    ) -> None:
        self._state, self._slots, self._folder = state, slots, folder
        self.on = folder is not None and hours > 0
        self._after_s, self._beyond = hours * 3600, beyond
        capacity = len(slots.of)
        self._home = np.zeros(capacity, np.int64)  # of who is cold
        self._size = np.zeros(capacity, np.int32)  # of records that are not in the base
        self._woken_s = np.zeros(capacity, np.int32)
        self._base: Base | None = None
        self._files: dict[int, Aside] = {}  # by turn
        self._turn = 1
        self._saved: tuple[Base, int] | None = None
        self.count = self.woken = 0  # now cold; came back so far

    @property
    def bytes(self) -> int:
        """On disk beside the snapshots."""
        return sum(file.words for file in self._files.values()) * WORD

    # --- coming -----------------------------------------------------------------------------

    def ready(self, viewers: npt.NDArray[np.integer], now_s: int) -> None:
        """All of `viewers` have their rows in memory on return."""
        of = self._slots.of
        if not len(viewers) or of[viewers].min() >= FIRST:
            return
        missing = np.unique(viewers[of[viewers] < FIRST]).astype(np.int64)
        self.wake(missing[of[missing] == COLD], now_s)
        new = missing[of[missing] < COLD]
        packed.give(self._state, new, self._slots.take(len(new)))

    def wake(self, viewers: Longs, now_s: int) -> None:
        """Viewers who are cold, or about to be, are as if they had never been."""
        self._slots.going[viewers] = 0
        self._woken_s[viewers] = now_s
        viewers = viewers[self._slots.of[viewers] == COLD]
        if not len(viewers):
            return
        records = [self._record(viewer) for viewer in viewers.tolist()]
        begins = np.cumsum([0, *map(len, records)])[:-1]
        self._lay(viewers, np.concatenate(records), begins)
        self.count -= len(viewers)
        self.woken += len(viewers)

    def _record(self, viewer: int) -> Ints:
        home = int(self._home[viewer])
        if home == IN_BASE:
            assert self._base is not None
            first, end = self._base.ends(viewer, viewer + 1).tolist()
            return self._base.records.read(first, end)
        out = np.empty(int(self._size[viewer]), np.int32)
        self._files[home >> TURN_SHIFT].read(home & ((1 << TURN_SHIFT) - 1), out)
        return out

    def _lay(self, viewers: Longs, records: Ints, begins: Longs) -> None:
        slots = self._slots.take(len(viewers))
        if not packed.unpack(self._state, viewers, slots, records, begins):
            raise Unavailable("the table of ties is full; raise its capacity and start again")

    # --- going ------------------------------------------------------------------------------

    def let_go(self, first: int, end: int, now_s: int, needed: Ints) -> int:
        """Who of the viewers from `first` to `end` did not come for long goes to disk, if they
        did not between the last look and this one; how many.

        Looks at the same viewers must lie farther apart than a request lasts.

        Args:
            needed: viewers of whom something is waited for.

        Raises:
            OSError: the disk does not take it; then all stay.
        """
        self._rebase()
        assert self._folder is not None
        state = self._state
        viewers = first + np.flatnonzero(self._slots.of[first:end] >= FIRST)
        last_s = np.empty(len(viewers), np.int64)
        packed.latest(state.viewer_ints, state.served, self._slots.of[viewers], last_s)
        last_s = np.maximum(last_s, self._woken_s[viewers])
        late = (last_s < now_s - self._after_s) & ~np.isin(viewers, needed)
        late &= np.cumsum(late) <= max(self._slots.taken - self._beyond, 0)
        going = self._slots.going
        viewers, soon = viewers[late & (going[viewers] != 0)], viewers[late]
        going[first:end] = 0
        going[soon] = 1
        if not len(viewers):
            return 0
        slots = self._slots.of[viewers]
        records, ends = self._packed(viewers, slots)
        if len(records):
            if self._turn not in self._files:
                self._files[self._turn] = Aside(self._folder)
            at = self._files[self._turn].append(records)
            sizes = np.diff(ends, prepend=0)
            self._home[viewers] = (self._turn << TURN_SHIFT) + at + ends - sizes
            self._size[viewers] = sizes
        some = np.diff(ends, prepend=0) > 0
        packed.let_go(state, viewers, slots, some)
        going[viewers] = 0
        self._slots.give_back(slots)
        self.count += int(some.sum())
        return len(viewers)

    def _packed(self, viewers: Longs, slots: Ints) -> tuple[Ints, Longs]:
        state, ends = self._state, np.zeros(len(viewers), np.int64)
        rows = (state.viewer_ints, state.served, state.tie_heads)
        packed.measure(*rows, slots, viewers, ends)
        records = np.empty(ends[-1] if len(ends) else 0, np.int32)
        packed.pack(*rows, state.tie_words, slots, viewers, ends, records)
        return records, ends

    # --- snapshots --------------------------------------------------------------------------

    def frozen(self, viewers: int) -> Frozen:
        """All records of `viewers` viewers. Others may be woken meanwhile: what is copied here
        stays as it is, and their record stays where it was."""
        slots = self._slots.of[:viewers].copy()
        about, cold = np.flatnonzero(slots >= FIRST), np.flatnonzero(slots == COLD)
        records, ends = self._packed(about, slots[about])
        home, size = self._home[cold], self._size[cold]
        return Frozen(
            viewers, about, records, ends, cold, home, size, self._base, dict(self._files),
            self._turn,
        )  # fmt: skip

    def turn(self) -> None:
        """Who goes from now on goes to another file."""
        self._turn += 1

    def saved(self, frozen: Frozen, folder: Path) -> None:
        """What was frozen stands in `folder` now: all that did not move since is there."""
        self._saved = Base(folder, frozen.viewers), frozen.turn

    def _rebase(self) -> None:
        if self._saved is None:
            return
        base, turn = self._saved
        self._saved = None
        old = (self._home[: base.viewers] >> TURN_SHIFT) <= turn
        self._home[: base.viewers][old] = IN_BASE
        self._base = base
        self._files = {at: file for at, file in self._files.items() if at > turn}

    def load(self, folder: Path, viewers: int, now_s: int, needed: Ints) -> None:
        """Take over the records of a snapshot: who came lately is in memory."""
        base = Base(folder, viewers)
        for first in range(0, viewers, AT_ONCE):
            end = min(first + AT_ONCE, viewers)
            ends = base.ends(first, end)
            records = base.records.read(int(ends[0]), int(ends[-1]))
            self._admit(first, records, ends - ends[0], now_s, needed, viewers)
        self._base = base

    def _admit(
        self, first: int, records: Ints, ends: Longs, now_s: int, needed: Ints, viewers_in_all: int
    ) -> None:
        count = len(ends) - 1
        last_s = np.empty(count, np.int64)
        width = self._state.viewer_ints.shape[1]
        packed.latest_of_records(records, ends[1:], width, last_s)
        some = np.diff(ends) > 0
        about = some.copy()
        if self.on and viewers_in_all > self._beyond:
            late = last_s < now_s - self._after_s
            about &= ~late | np.isin(np.arange(first, first + count), needed)
        viewers = first + np.flatnonzero(about)
        self._lay(viewers, records, ends[:-1][about])
        cold = some & ~about
        self._slots.of[first : first + count][cold] = COLD
        self.count += int(cold.sum())
