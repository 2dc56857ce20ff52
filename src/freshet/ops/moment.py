"""How far each part of a data folder is, at one moment and while everything goes on.

    hold the catalogue ─▶ pin it ─▶ note the log's end ─▶ pin the keys ─▶ let go

Only the catalogue's writers wait, for as long as the notes take. Why this order makes a whole:

    catalogue, log   An event of the catalogue is in its outbox until the log has it, and only
                     a commit takes it out. None commits between the two notes, so it is in the
                     outbox, in the log, or in both, which is once: it is relayed again under
                     its old id. Nor does the log name a video that the tables do not know.
    keys last        A key is stored before anything bears it, so whomever tables and log name
                     has a key here. One forgotten in between is of a person whose erasure
                     waits in the outbox, and who is erased again from there.
    the log by end   What was acknowledged before is below the end noted, and never changes: it
                     needs no pin. Only epochs change it; keep them out by `upkeep.lock`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from freshet.backends.sqlite_copy import Pinned, held
from freshet.backends.sqlite_reader import SqliteReader
from freshet.catalogue.access_file import FILE as ACCESS_FILE
from freshet.catalogue.keys import FILE as KEYS_FILE
from freshet.catalogue.store.catalogue import FILE as CATALOGUE_FILE
from freshet.log.ports import Offset


@dataclass(frozen=True, slots=True)
class Moment:
    """The parts of a data folder as they were together."""

    last: Offset  # the log's end
    databases: dict[str, Pinned]  # by file name; only those that are there


@contextmanager
def moment(data: Path) -> Iterator[Moment]:
    """
    Raises:
        Unavailable: a writer of the catalogue took too long.
    """
    with ExitStack() as pinned, ExitStack() as holding:
        databases: dict[str, Pinned] = {}

        def pin(name: str) -> None:
            if (data / name).exists():
                databases[name] = pinned.enter_context(closing(Pinned(data / name)))

        if (data / CATALOGUE_FILE).exists():
            holding.enter_context(held(data / CATALOGUE_FILE))
        pin(CATALOGUE_FILE)
        with closing(SqliteReader(data).store) as log:
            last = log.last()
        pin(KEYS_FILE)
        pin(ACCESS_FILE)
        holding.close()
        yield Moment(last, databases)
