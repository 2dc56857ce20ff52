"""What Freshet runs on: versions, room, rights, the clock."""

from __future__ import annotations

import os
import platform
import re
import resource
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from importlib import metadata
from pathlib import Path

import apsw

from freshet import __version__
from freshet.config import Settings
from freshet.log.snapshots import Snapshots
from freshet.ops.doctor import Check, fail, gb, ok, warn
from freshet.state.compiled import cache_folder

FILES_WANTED, FILES_MIN = 4_096, 512  # open at once
DISK_MIN = 256e6  # bytes; below, a commit may fail any moment
DISK_SPARE = 1e9  # beside room for two snapshots
VIEWER_BYTES = 800  # of state, with 200 events (docs/guide/speed.md)
MEMORY_SHARE, MEMORY_MOST = 0.5, 0.85  # of the memory that the state may take
CGROUP = Path("/sys/fs/cgroup/memory.max")


def versions(settings: Settings, now_ms: int) -> Iterator[Check]:
    """Python, SQLite, and whether every package asked for is there."""
    said = (
        f"Freshet {__version__} on Python {platform.python_version()}, "
        f"SQLite {apsw.sqlite_lib_version()}, {platform.system()} {platform.machine()}"
    )
    try:
        wanted = [
            re.split(r"[\s;<>=!~\[]", line)[0]
            for line in metadata.requires("freshet") or []
            if "extra ==" not in line
        ]
    except metadata.PackageNotFoundError:
        yield ok("versions", f"{said}; run from its sources")
        return
    missing = [name for name in wanted if not _installed(name)]
    if missing:
        do = "install again from requirements/run.txt"
        yield fail("versions", f"{said}; missing: {', '.join(missing)}", do)
    else:
        yield ok("versions", said)


def disk(settings: Settings, now_ms: int) -> Iterator[Check]:
    """Room for what comes: events, and snapshots beside the old ones."""
    place = existing(settings.folder)
    free, need = shutil.disk_usage(place).free, 2 * state_bytes(settings.folder) + DISK_SPARE
    says = f"{gb(free)} free at {place.absolute()}"
    do = "free some, or move the data folder to a larger disk"
    if free < DISK_MIN:
        yield fail("disk", f"{says}: a commit may fail any moment", do)
    elif free < need:
        yield warn("disk", f"{says}; two snapshots and some days need {gb(need)}", do)
    else:
        yield ok("disk", says)


def memory(settings: Settings, now_ms: int) -> Iterator[Check]:
    """The whole state is in memory, once, however many workers serve."""
    total, size = memory_bytes(), state_bytes(settings.folder)
    says = f"the state takes {gb(size)} of {gb(total)}"
    do = "give the machine more memory"
    if size > total * MEMORY_MOST:
        yield fail("memory", says, do)
    elif size > total * MEMORY_SHARE:
        yield warn("memory", says, do)
    else:
        room = (total * MEMORY_SHARE - size) / VIEWER_BYTES / 1e6
        yield ok("memory", f"{says}; half of it has room for {room:.1f} million viewers more")


def open_files(settings: Settings, now_ms: int) -> Iterator[Check]:
    """Connections are files."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    do = "ulimit -n 65536, or LimitNOFILE=65536 in the unit"
    if limit == resource.RLIM_INFINITY or limit >= FILES_WANTED:
        yield ok("open files", f"up to {limit if limit > 0 else 'as many as wanted'}")
    elif limit < FILES_MIN:
        yield fail("open files", f"only {limit}", do)
    else:
        yield warn("open files", f"up to {limit}; {FILES_WANTED} leave room for connections", do)


def kernels(settings: Settings, now_ms: int) -> Iterator[Check]:
    """Compiled kernels are kept between starts."""
    folder = cache_folder()
    do = "set NUMBA_CACHE_DIR to a folder that this user may write to"
    try:
        with tempfile.TemporaryFile(dir=existing(folder)):
            pass
    except OSError as error:
        says = f"{existing(folder)}: {error.strerror}: every start compiles anew, for minutes"
        yield fail("kernel cache", says, do)
        return
    if any(folder.glob("**/*.nbi")):
        yield ok("kernel cache", f"compiled, in {folder}")
    else:
        yield ok("kernel cache", f"empty: the first start compiles for a minute or two ({folder})")


def existing(path: Path) -> Path:
    """The path itself, or what of it is there."""
    path = path.absolute()
    return next(one for one in (path, *path.parents) if one.exists())


def state_bytes(data: Path) -> int:
    """Size of the state, as the newest snapshot has it; 0 if there is none."""
    snapshots = Snapshots(data / "snapshots")
    for offset in snapshots.offsets():
        manifest = snapshots.manifest(offset)
        if manifest is not None:
            saved = manifest.projections.values()
            return sum(block.bytes for one in saved for block in one.blocks.values())
    return 0


def memory_bytes() -> int:
    """Of this machine, or what its container may have of it."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with suppress(OSError, ValueError):  # no such file, or "max"
        total = min(total, int(CGROUP.read_text()))
    return total


def _installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


LOOKS = (
    ("versions", versions),
    ("disk", disk),
    ("memory", memory),
    ("open files", open_files),
    ("kernel cache", kernels),
)
