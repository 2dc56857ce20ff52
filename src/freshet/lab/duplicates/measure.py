"""Clips of a world are known, their copies are uploaded: what is found, what should not be."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import numpy as np
from rich.box import SIMPLE_HEAD
from rich.table import Table

from freshet.lab.duplicates.clips import ORIGINAL, write_clip_and_copies
from freshet.lab.duplicates.transform import CHANGES
from freshet.media.decode import SIDE, STEP_S
from freshet.media.duplicates import ALONE_MAX, APART_MAX, Duplicates, Match
from freshet.media.fingerprint import Fingerprint, fingerprint
from freshet.media.grid import resized
from freshet.media.pictures import MOTION, STILL, Pictures
from freshet.world.plan import Clip, Plan, Sound, make_plan

Progress = Callable[[int, int], None]

WORLD = 240  # clips; fewer are a part of it, so that seeds name the same clips

TOLD = {
    "re-encode": (), "crop": ("cropped",), "mirror": ("mirrored",), "trim": ("trimmed",),
    "border": ("bordered",), "speed": ("faster",),
}  # fmt: skip


class Upload(msgspec.Struct, frozen=True):
    """A file as it was fingerprinted."""

    clip: str
    kind: str
    packed: bytes
    ms: float  # of one core: decoding and fingerprint


class Kind(msgspec.Struct, frozen=True):
    """All copies that were made one way."""

    copies: int
    found: int
    told: int  # of those found, whose change was guessed
    lowest: float  # score of one that was found

    @property
    def recall(self) -> float:
        return self.found / self.copies


class Measured(msgspec.Struct, frozen=True):
    clips: int
    uploads: int  # the clips and their copies
    kinds: dict[str, Kind]
    false_matches: int  # distinct clips taken for one another, by uploads of whatever kind
    pairs: int  # of distinct clips
    same_sound: int  # of these, with one sound
    besides: int  # made-up videos in the index
    nearest: float  # score of the two distinct clips that are most alike
    threshold: float  # of scores, with the same sound
    threshold_alone: float  # without
    upload_ms: float  # medians
    lookup_ms: float
    bytes: float

    @property
    def recall(self) -> float:
        return sum(k.found for k in self.kinds.values()) / sum(
            k.copies for k in self.kinds.values()
        )


def measure(
    clips: int, seed: int, jobs: int = 0, keep: Path | None = None, besides: int = 0,
    progress: Progress = lambda *_: None,
) -> Measured:  # fmt: skip
    """
    Args:
        clips: the first so many of a world of `WORLD`, or all of a larger one.
        jobs: processes that make clips; 0 = one per processor.
        keep: folder for the files, which are not made again if they are there.
        besides: made-up videos in the index, with which it is as slow as a catalogue's.
    """
    world = make_plan(clips=max(clips, WORLD), seed=seed)
    plan = msgspec.structs.replace(world, clips=world.clips[:clips])
    with TemporaryDirectory() as temporary:
        folder = (keep or Path(temporary)) / f"seed-{seed}-of-{len(world.clips)}"
        folder.mkdir(parents=True, exist_ok=True)
        uploads: list[Upload] = []
        for made in _uploads(plan, folder, jobs or os.cpu_count() or 1, keep is None):
            uploads += made
            progress(len(uploads) // (1 + len(CHANGES)), clips)
    return judge(plan, uploads, besides, np.random.default_rng(seed))


def _uploads(plan: Plan, folder: Path, jobs: int, tidy: bool) -> Iterator[list[Upload]]:
    sounds = {sound.id: sound for sound in plan.sounds}
    context = multiprocessing.get_context("spawn")  # the caller may have threads
    with ProcessPoolExecutor(min(jobs, len(plan.clips)), context) as pool:
        asked = [
            pool.submit(_made, folder, k, clip, sounds[clip.sound], tidy)
            for k, clip in enumerate(plan.clips)
        ]
        for future in asked:
            yield future.result()


def _made(folder: Path, k: int, clip: Clip, sound: Sound, tidy: bool) -> list[Upload]:
    paths = write_clip_and_copies(folder, k, clip, sound)
    uploads = []
    for kind, path in paths.items():
        begun = time.process_time()
        packed = fingerprint(path).to_bytes()
        uploads.append(Upload(clip.id, kind, packed, 1e3 * (time.process_time() - begun)))
        if tidy:
            path.unlink()
    return uploads


def judge(plan: Plan, uploads: list[Upload], besides: int, random: np.random.Generator) -> Measured:
    """What an index of the originals, and of made-up videos, says to every upload."""
    known = Duplicates()
    for k in range(besides):
        known.add(f"made up {k}", _made_up(random))
    for upload in uploads:
        if upload.kind == ORIGINAL:
            known.add(upload.clip, Fingerprint.from_bytes(upload.packed))
    answers: dict[str, list[Match | None]] = {kind: [] for kind in CHANGES}
    false, nearest, lookups = 0, 0.0, []
    for upload in uploads:
        new = Fingerprint.from_bytes(upload.packed)
        begun = time.process_time()
        found = known.find(new)
        lookups.append(1e3 * (time.process_time() - begun))
        false += sum(match.video != upload.clip for match in found)
        if upload.kind == ORIGINAL:
            alike = known.find(new, apart_max=0.3, alone_max=0.3)
            others = (match.score for match in alike if match.video != upload.clip)
            nearest = max(nearest, *others, 0.0)
        else:
            own = next((match for match in found if match.video == upload.clip), None)
            answers[upload.kind].append(own)
    sounds = {clip.id: clip.sound for clip in plan.clips}
    pairs = list(combinations((u.clip for u in uploads if u.kind == ORIGINAL), 2))
    return Measured(
        len(known) - besides, len(uploads),
        {kind: _kind(kind, given) for kind, given in answers.items()},
        false, len(pairs), sum(sounds[a] == sounds[b] for a, b in pairs),
        besides, nearest, 1 - APART_MAX, 1 - ALONE_MAX,
        float(np.median([upload.ms for upload in uploads])), float(np.median(lookups)),
        float(np.median([len(upload.packed) for upload in uploads])),
    )  # fmt: skip


def _made_up(random: np.random.Generator) -> Fingerprint:
    """Blotches that do not move."""
    still = resized(random.integers(0, 256, (12, 12)), STILL, (0, 12, 0, 12)).astype(np.uint8)
    motion = np.repeat(random.integers(0, 256, (1, MOTION, MOTION), np.uint8), 30, axis=0)
    pictures = Pictures(still[None], motion, STEP_S, (0, SIDE, 0, SIDE))
    return Fingerprint(random.bytes(32), pictures, np.zeros(0, np.uint32))


def _kind(kind: str, given: list[Match | None]) -> Kind:
    found = [match for match in given if match is not None]
    told = sum(match.changes == TOLD[kind] for match in found)
    return Kind(len(given), len(found), told, min((m.score for m in found), default=0.0))


def as_json(measured: Measured) -> dict[str, Any]:
    said: dict[str, Any] = msgspec.to_builtins(measured)
    for name, kind in measured.kinds.items():
        said["kinds"][name]["recall"] = kind.recall
    return said | {"recall": measured.recall}


def table(measured: Measured) -> Table:
    m = measured
    made = Table(
        title=f"Copies of {m.clips} clips", box=SIMPLE_HEAD, title_justify="left",
        caption=f"{m.false_matches} false answers to {m.uploads:,} uploads, over {m.pairs:,} pairs"
        f" of distinct clips; {m.same_sound:,} share a sound. The two most alike score"
        f" {m.nearest:.3f}; a duplicate {m.threshold:.3f} or more with the same sound,"
        f" {m.threshold_alone:.3f} without.\n"
        f"An upload takes {m.upload_ms:.0f} ms of one core to decode and fingerprint,"
        f" {m.lookup_ms:.0f} ms to look up among {m.clips + m.besides:,}, and {m.bytes:,.0f}"
        " bytes to keep.",
        caption_justify="left",
    )  # fmt: skip
    for name in ("copy", "found", "recall", "change told", "lowest score"):
        made.add_column(name, justify="left" if name == "copy" else "right")
    for name, kind in measured.kinds.items():
        made.add_row(
            name, f"{kind.found} of {kind.copies}", f"{kind.recall:.3f}",
            f"{kind.told / max(kind.found, 1):.0%}", f"{kind.lowest:.3f}",
        )  # fmt: skip
    made.add_row("all", "", f"{measured.recall:.3f}")
    return made
