"""Events of any order put in order of time with bounded memory."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from operator import attrgetter
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from freshet.domain.events import AnyEvent, Event

EVENTS_IN_MEMORY = 1_000_000
FRAME = 4  # bytes before each event on disk that say how long it is

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(AnyEvent).decode
_time = attrgetter("time")


def in_time_order(events: Iterable[Event], in_memory: int = EVENTS_IN_MEMORY) -> Iterator[Event]:
    """`events` by `time`; equal times keep their order. More than `in_memory` go to disk."""
    source = iter(events)
    run = sorted(islice(source, in_memory), key=_time)
    if len(run) < in_memory:
        yield from run
        return
    with TemporaryDirectory(prefix="freshet-") as folder:
        files: list[Path] = []
        while run:
            files.append(Path(folder) / f"{len(files):06}")
            _write(files[-1], run)
            run = sorted(islice(source, in_memory), key=_time)
        with ExitStack() as opened:
            # merge() takes equal times from the earlier run first.
            yield from heapq.merge(*(_read(file, opened) for file in files), key=_time)


def _write(file: Path, run: list[Event]) -> None:
    with file.open("wb") as out:
        for event in run:
            data = _encode(event)
            out.write(len(data).to_bytes(FRAME, "big") + data)


def _read(file: Path, opened: ExitStack) -> Iterator[Event]:
    data = opened.enter_context(file.open("rb"))
    while size := data.read(FRAME):
        event: Event = _decode(data.read(int.from_bytes(size, "big")))
        yield event
