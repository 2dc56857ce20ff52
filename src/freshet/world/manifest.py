"""What has been made of a world: `manifest.json` beside the clips.

Written anew after every clip, beside and then renamed, so that whoever reads it finds a whole
one. A world that was stopped half-way goes on from it; one of another plan is made anew.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import msgspec

from freshet.domain.errors import Corrupt, NotFound, Refused
from freshet.world.plan import FIRST, Clip, Plan

FILE = "manifest.json"
READY = "ready"  # a file that is there once the first clips are
ENDINGS = ("mp4", "webm", "jpg")


class Made(msgspec.Struct, frozen=True):
    """One file of a clip."""

    bytes: int
    sha256: str


class World(msgspec.Struct, frozen=True):
    """A plan and what has been made of it."""

    plan: Plan
    made: dict[str, dict[str, Made]] = {}  # clip -> ending -> file

    @property
    def clips(self) -> list[Clip]:
        """Those that can be watched, in the order of the plan."""
        return [clip for clip in self.plan.clips if clip.id in self.made]

    @property
    def missing(self) -> list[Clip]:
        return [clip for clip in self.plan.clips if clip.id not in self.made]

    @property
    def ready(self) -> bool:
        """Whether the first clips, among them all topics, are there."""
        return all(clip.id in self.made for clip in self.plan.clips[:FIRST])


def read_world(folder: Path) -> World:
    """The world in a folder, with the clips made so far.

    Raises:
        NotFound: there is none.
        Corrupt: it cannot be read.
    """
    try:
        return msgspec.json.decode((folder / FILE).read_bytes(), type=World)
    except FileNotFoundError:
        raise NotFound("world", f"no world in {folder}", "freshet world make --out") from None
    except msgspec.DecodeError as error:
        file = folder / FILE
        raise Corrupt(
            f"{file} cannot be read: {error}; delete it to make the world anew"
        ) from error


def begin(folder: Path, plan: Plan) -> World:
    """What of `plan` is there already; files of another plan are removed.

    Raises:
        Refused: the folder holds something that is no world.
    """
    if folder.exists() and not folder.is_dir():
        raise Refused("out", f"{folder} is no folder", "a new or empty folder, or a world's")
    if not (folder / FILE).exists():
        if folder.exists() and any(folder.iterdir()):
            raise Refused("out", f"{folder} holds something else", "a new or empty folder")
        folder.mkdir(parents=True, exist_ok=True)
        return World(plan)
    found = _decoded(folder / FILE)
    if found is None or found.plan != plan:
        for file in (*folder.glob("clip*.*"), folder / READY, folder / FILE):
            file.unlink(missing_ok=True)
        return World(plan)
    return World(
        plan, {clip: files for clip, files in found.made.items() if _there(folder, clip, files)}
    )


def save(folder: Path, world: World) -> None:
    beside = folder / f"{FILE}.part"
    beside.write_bytes(msgspec.json.encode(world))
    os.replace(beside, folder / FILE)
    if world.ready:
        (folder / READY).touch()


def measured(folder: Path, clip: str) -> dict[str, Made]:
    """Size and digest of a clip's files."""
    files = {}
    for ending in ENDINGS:
        content = (folder / f"{clip}.{ending}").read_bytes()
        files[ending] = Made(len(content), hashlib.sha256(content).hexdigest())
    return files


def _decoded(file: Path) -> World | None:
    """None if it is of another version, so that its shape is not known."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=World)
    except msgspec.DecodeError:
        return None


def _there(folder: Path, clip: str, files: dict[str, Made]) -> bool:
    """By size alone: digests of hundreds of files would make every start wait."""
    paths = {ending: folder / f"{clip}.{ending}" for ending in files}
    return all(
        path.is_file() and path.stat().st_size == files[ending].bytes
        for ending, path in paths.items()
    )
