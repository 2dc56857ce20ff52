"""The data folder: rights, log, state, catalogue, erasures, backups. Quickly, and only looking."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from freshet.backends.secret_file import CURSORS
from freshet.backends.sqlite_copy import Pinned
from freshet.backends.sqlite_reader import FILE as LOG_FILE
from freshet.backends.sqlite_reader import SqliteReader
from freshet.catalogue.access_file import FILE as ACCESS_FILE
from freshet.catalogue.keys import FILE as KEYS_FILE
from freshet.catalogue.store.catalogue import FILE as CATALOGUE_FILE
from freshet.catalogue.store.migrate import revisions
from freshet.catalogue.store.tables import OUTBOX
from freshet.config import Settings
from freshet.domain.errors import Corrupt
from freshet.lake.seal import HOUR_MS, Lake
from freshet.log.files import RESTORING
from freshet.log.snapshots import Snapshots
from freshet.ops.doctor import Check, fail, ok, warn
from freshet.ops.erasures import wanted as erasures_wanted
from freshet.ops.lake_hands import FOLDER as LAKE_FOLDER
from freshet.ops.manifest import newest_ms

SECRETS = ("api_key", CURSORS, KEYS_FILE, ACCESS_FILE, CATALOGUE_FILE, LOG_FILE)
TAIL_EVENTS = 10_000  # of the log that are decoded
FOLDED_PER_S = 25_000  # events, on one core
START_S = 60.0  # a start that folds for longer is worth a word
CLOCK_MS = 60_000  # the clock may be so far behind the newest event
WAITING_MOST = 10_000  # events of the catalogue that the log does not have
OTHERS = 0o077


def folder(settings: Settings, now_ms: int) -> Iterator[Check]:
    """It is there and ours to write, and nobody else's to read."""
    data = settings.folder
    if not data.exists():
        yield ok("data folder", f"{data} is not there yet: the first start makes it")
        return
    if not os.access(data, os.R_OK | os.W_OK | os.X_OK):
        do = f"chown -R {os.getuid()} {data}, or run as its owner"
        yield fail("data folder", f"{data} is not this user's to write to", do)
        return
    if (data / RESTORING).exists():
        yield fail("data folder", "a restore into it broke off", "freshet restore, once more")
        return
    yield ok("data folder", str(data.absolute()))
    yield from _rights(data)


def _rights(data: Path) -> Iterator[Check]:
    """A closed folder closes what is in it."""
    open_ = [name for name in SECRETS if (data / name).exists() and _open_to_others(data / name)]
    if open_ and _open_to_others(data):
        says = f"others on this machine may read {', '.join(open_)}: secrets, and who did what"
        yield warn("rights", says, f"chmod 700 {data}")
    else:
        yield ok("rights", "secrets and personal data are their owner's alone")


def log(settings: Settings, now_ms: int) -> Iterator[Check]:
    """It opens, its newest rows are whole, and its time is not ahead of ours."""
    if not (settings.folder / LOG_FILE).exists():
        return
    reader = SqliteReader(settings.folder)
    with closing(reader.store):
        last, base = reader.last, reader.base
        expected, received = max(base, last - TAIL_EVENTS) + 1, 0
        try:
            for row in reader.rows(expected - 1):
                if row.first > expected:
                    raise Corrupt(f"no event at offset {expected}")
                received = row.events()[-1].received
                expected = row.last + 1
        except Corrupt as error:
            do = "freshet log verify tells all of it; restore a backup"
            yield fail("log", str(error), do)
            return
    if last > base and not (settings.folder / KEYS_FILE).exists():
        says = f"{KEYS_FILE} is missing: nobody can say whose these events are"
        yield fail("keys", says, "restore a backup, before a start makes new keys")
    says = f"{last - base:,} events up to offset {last:,}; the newest {TAIL_EVENTS:,} are whole"
    yield ok("log", says)
    yield from _clock(received, now_ms)
    yield from _snapshot(settings, base, last)


def _clock(received: int, now_ms: int) -> Iterator[Check]:
    behind_s = (received - now_ms) / 1000
    if behind_s * 1000 > CLOCK_MS:
        says = f"this machine's clock is {behind_s:,.0f} s behind the log's newest event"
        yield fail("clock", says, "set the clock (NTP), or wait: ids of the future are refused")
    else:
        yield ok("clock", f"{_utc(now_ms)} UTC, not behind the log")


def _snapshot(settings: Settings, base: int, last: int) -> Iterator[Check]:
    snapshots = Snapshots(settings.folder / "snapshots")
    good = [one for one in snapshots.offsets() if base <= one <= last and _whole(snapshots, one)]
    if base and base not in good:
        says = f"the one at {base}, where the log begins, is missing or damaged"
        yield fail("snapshot", says, "restore a backup: nothing can be folded without it")
        return
    newest = max(good, default=base)
    seconds = (last - newest) / FOLDED_PER_S
    says = f"at {newest:,}, {last - newest:,} events behind the log" if good else "there is none"
    if seconds > START_S:
        do = "stop the server in order (SIGTERM), or lower log.snapshot_every"
        yield warn("snapshot", f"{says}: a start folds for about {seconds:,.0f} s", do)
    else:
        yield ok("snapshot", says)


def _whole(snapshots: Snapshots, offset: int) -> bool:
    """Whether all its files are there, as large as they should be; their bytes are checked
    when they are loaded."""
    manifest, place = snapshots.manifest(offset), snapshots.folder / str(offset)
    return manifest is not None and all(
        (place / projection / name).is_file()
        and (place / projection / name).stat().st_size == block.bytes
        for projection, saved in manifest.projections.items()
        for name, block in saved.blocks.items()
    )


def catalogue(settings: Settings, now_ms: int) -> Iterator[Check]:
    """Its tables are of a revision we know, and the log hears of what is in them."""
    path = settings.folder / CATALOGUE_FILE
    if not path.exists():
        return
    with closing(Pinned(path)) as tables:
        known = revisions()
        has = tables.has("alembic_version")
        current = tables.one("SELECT version_num FROM alembic_version") if has else None
        if current is not None and current not in known:
            do = "run the release that wrote it, or a later one"
            yield fail("catalogue", f"revision {current} is of a newer Freshet", do)
            return
        if current == known[-1]:
            yield ok("catalogue", f"revision {current}, the newest")
        else:
            yield ok("catalogue", f"revision {current}: the next start brings it to {known[-1]}")
        if tables.has(OUTBOX.name):
            yield _outbox(tables)


def _outbox(tables: Pinned) -> Check:
    waiting, aside = (
        int(str(tables.one(f"SELECT count(*) FROM {OUTBOX.name} WHERE refused IS {which}")))
        for which in ("NULL", "NOT NULL")
    )
    if aside:
        reason = tables.one(f"SELECT refused FROM {OUTBOX.name} WHERE refused IS NOT NULL")
        says = f"the log refused {aside} events of the catalogue for good; the first: {reason}"
        return fail("outbox", says, "save the records concerned again, changed or not")
    if waiting > WAITING_MOST:
        do = "start the server; if it runs, its log says why it does not relay"
        return warn("outbox", f"{waiting:,} events wait to be told to the log", do)
    return ok("outbox", f"{waiting:,} events wait to be told to the log")


def erasures(settings: Settings, now_ms: int) -> Iterator[Check]:
    """Nobody who asked to be erased waits for longer than promised."""
    if not (settings.folder / LOG_FILE).exists():
        return
    found = erasures_wanted(settings.folder, settings.folder / LAKE_FOLDER)
    due = found.due_ms(settings.erasure.deadline_days)
    if found and due < now_ms:
        says = f"{found.asked} wait, due since {_utc(due)}"
        yield fail("erasures", says, "freshet erase sweep, with the server stopped")
    else:
        yield ok("erasures", f"{found.asked} wait to be swept" if found else "nobody waits")


def lake(settings: Settings, now_ms: int) -> Iterator[Check]:
    """What is sealed is of this log."""
    if not (settings.folder / LOG_FILE).exists() or not settings.lake.enabled:
        return
    with closing(SqliteReader(settings.folder).store) as store:
        last = store.last()
    sealed = Lake(settings.folder / LAKE_FOLDER).sealed
    if sealed > last:
        says = f"it reaches to offset {sealed:,}, the log only to {last:,}: it is of another log"
        yield fail("lake", says, f"move {settings.folder / LAKE_FOLDER} away; a new one is sealed")
    else:
        yield ok("lake", f"sealed up to offset {sealed:,} of {last:,}")


def backups(settings: Settings, now_ms: int) -> Iterator[Check]:
    """The newest is young enough, and the oldest does not keep whom we promised to forget."""
    told = settings.backup
    newest = newest_ms(Path(told.folder))
    days = told.every_hours * told.keep / 24
    if newest is None:
        says = f"there is none in {told.folder}"
        yield warn("backups", says, "set backup.every_hours, or call freshet backup by cron")
    elif told.every_hours and now_ms - newest > 2 * told.every_hours * HOUR_MS:
        says = f"the newest is of {_utc(newest)}, {(now_ms - newest) / HOUR_MS:,.0f} hours ago"
        yield warn("backups", says, "the server's log says why: look for the chore `backup`")
    elif days > settings.erasure.deadline_days:
        says = f"kept for {days:.0f} days, longer than erased people may be"
        yield warn("backups", says, "lower backup.keep, or raise erasure.deadline_days")
    else:
        yield ok("backups", f"the newest is of {_utc(newest)} UTC")


def _open_to_others(path: Path) -> bool:
    return bool(path.stat().st_mode & OTHERS)


def _utc(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")


LOOKS = (
    ("data folder", folder),
    ("log", log),
    ("catalogue", catalogue),
    ("erasures", erasures),
    ("lake", lake),
    ("backups", backups),
)
