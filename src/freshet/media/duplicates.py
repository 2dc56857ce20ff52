"""Which videos a new one is a copy of: all that are known are held, and asked in two steps.

First every video at once, by a coarse still, mirrored and stretched in eighteen ways. What
comes nearest is then looked at properly: one still is laid on the other, and the motion is
compared from there.

A sound never makes a duplicate: thousands of clips share one. But pictures that are alike, and
have the same sound too, need not be as much alike as without.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Literal

import msgspec

from freshet.domain.errors import NotFound, Refused
from freshet.media.coarse import Stills
from freshet.media.compare import Compared, New
from freshet.media.fingerprint import Fingerprint
from freshet.media.sound import DIFFERENT, sounds_alike

# How far pictures of copies are apart at most, with the same sound and without. Where the lines
# come from: docs/decisions/duplicates.md.
APART_MAX, ALONE_MAX = 0.141, 0.084
NEAR, LOOKED_AT = 0.85, 24  # coarse stills: how near, and how many of them

STRETCHED = 0.03  # less is no crop
LATE_S = 0.45  # less is no trim
HURRIED = 0.02  # less is no other speed

Evidence = Literal["exact", "pictures", "both"]  # both: pictures and sound


class Match(msgspec.Struct, frozen=True):
    """A video that is known, and is the same."""

    video: str
    score: float  # 1: nothing is between them
    evidence: Evidence
    changes: tuple[str, ...] = ()  # what seems to have been done to it: mirrored, cropped, …


class Duplicates:
    """The fingerprints of a catalogue. What is found does not depend on the order of adding."""

    def __init__(self) -> None:
        self._packed: dict[str, bytes] = {}
        self._exact: defaultdict[bytes, set[str]] = defaultdict(set)
        self._stills = Stills()

    def add(self, video: str, known_by: Fingerprint) -> None:
        """From now on it is found.

        Raises:
            Refused: it is there.
        """
        if video in self._packed:
            raise Refused("video", f"{video!r} is there already", "remove it first")
        self._packed[video] = known_by.to_bytes()
        self._exact[known_by.sha256].add(video)
        self._stills.add(video, known_by.pictures)

    def remove(self, video: str) -> None:
        """From now on it is not found.

        Raises:
            NotFound: it is not there.
        """
        known_by = self._known(video)
        del self._packed[video]
        self._stills.remove(video)
        self._exact[known_by.sha256].discard(video)
        if not self._exact[known_by.sha256]:
            del self._exact[known_by.sha256]

    def find(
        self, new: Fingerprint, apart_max: float = APART_MAX, alone_max: float = ALONE_MAX
    ) -> list[Match]:
        """All videos that it is a copy of, or they of it; the most alike first.

        Args:
            apart_max: how far copies with one sound may be apart; a score is 1 − how far.
            alone_max: how far copies whose sounds differ may be.
        """
        found = {video: Match(video, 1.0, "exact") for video in self._exact.get(new.sha256, ())}
        nearest: dict[str, Compared] = {}
        asking = New(new.pictures)
        for video, hint in self._stills.nearest(new.pictures, NEAR, LOOKED_AT):
            if video not in found:
                seen = asking.compared(self._known(video).pictures, hint, max(apart_max, alone_max))
                if video not in nearest or seen.apart < nearest[video].apart:
                    nearest[video] = seen
        for video, seen in nearest.items():
            if seen.apart <= max(apart_max, alone_max):
                match = _match(video, new, self._known(video), seen)
                if seen.apart <= (apart_max if match.evidence == "both" else alone_max):
                    found[video] = match
        return sorted(found.values(), key=lambda match: (-match.score, match.video))

    def __len__(self) -> int:
        return len(self._packed)

    def __contains__(self, video: object) -> bool:
        return video in self._packed

    def _known(self, video: str) -> Fingerprint:
        if video not in self._packed:
            raise NotFound("video", f"{video!r} is not there")
        return Fingerprint.from_bytes(self._packed[video])


def _match(video: str, new: Fingerprint, other: Fingerprint, seen: Compared) -> Match:
    heard = sounds_alike(new.sound, other.sound) > 1 - DIFFERENT
    return Match(
        video, round(1 - seen.apart, 4), "both" if heard else "pictures",
        tuple(_changes(new, other, seen)),
    )  # fmt: skip


def _changes(new: Fingerprint, other: Fingerprint, seen: Compared) -> list[str]:
    """What was done to the other to make the new one; a guess."""
    hint, by, motion = seen.hint, seen.stretch, seen.motion
    changes = ["mirrored"] if hint.mirrored else []
    if hint.still != hint.other_still:
        changes.append("bordered" if hint.still > hint.other_still else "unbordered")
    elif max(by.scale_x, by.scale_y) > 1 + STRETCHED:
        changes.append("cropped")
    elif min(by.scale_x, by.scale_y) < 1 - STRETCHED:
        changes.append("widened")
    longer_s = new.seconds * motion.speed - other.seconds
    if abs(motion.speed - 1) > HURRIED and abs(longer_s) < abs(new.seconds - other.seconds):
        changes.append("faster" if motion.speed > 1 else "slower")
    elif abs(new.seconds - other.seconds) > LATE_S:
        changes.append("trimmed" if new.seconds < other.seconds else "lengthened")
    return changes
