"""What a video file is known by: a few kilobytes that copies have nearly in common."""

from __future__ import annotations

import hashlib
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from freshet.domain.errors import Corrupt
from freshet.media.decode import PICTURES, SIDE, decode
from freshet.media.pictures import MOTION, STILL, Pictures, describe
from freshet.media.sound import Bits, listen

VERSION = 1  # the first byte; another one needs fingerprints to be made anew
# Version, digest, seconds from picture to picture, box, stills, pictures, words of sound.
HEAD = struct.Struct("<B32sf4BBBH")
WORDS_MAX = 1100


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Of one file."""

    sha256: bytes  # of its bytes
    pictures: Pictures
    sound: Bits  # empty if nothing is heard

    @property
    def seconds(self) -> float:
        """About how long it is."""
        return len(self.pictures.motion) * self.pictures.step_s

    def to_bytes(self) -> bytes:
        shown = self.pictures
        head = HEAD.pack(
            VERSION, self.sha256, shown.step_s, *shown.box, len(shown.stills), len(shown.motion),
            len(self.sound),
        )  # fmt: skip
        # Differences from picture to picture are small numbers, which pack well.
        motion = np.diff(shown.motion, axis=0, prepend=np.zeros((1, MOTION, MOTION), np.uint8))
        body = shown.stills.tobytes() + motion.tobytes() + self.sound.astype("<u4").tobytes()
        return head + zlib.compress(body, 6)

    @classmethod
    def from_bytes(cls, packed: bytes) -> Fingerprint:
        """
        Raises:
            Corrupt: not what `to_bytes` made, or of another version.
        """
        if len(packed) < HEAD.size or packed[0] != VERSION:
            raise Corrupt(f"no fingerprint of version {VERSION}")
        _, digest, step_s, *box, stills, pictures, words = HEAD.unpack_from(packed)
        sizes = (stills * STILL**2, pictures * MOTION**2, 4 * words)
        if not (1 <= stills <= 2 and 1 <= pictures <= PICTURES and words <= WORDS_MAX):
            raise Corrupt("a fingerprint's head cannot be")
        unpacking = zlib.decompressobj()
        try:
            body = unpacking.decompress(packed[HEAD.size :], sum(sizes) + 1)
        except zlib.error as error:
            raise Corrupt(f"a fingerprint does not unpack: {error}") from error
        if not unpacking.eof or len(body) != sum(sizes) or not step_s > 0 or not _is_box(box):
            raise Corrupt("a fingerprint is not what its head says")
        numbers = np.frombuffer(body, np.uint8)
        shown, moving, heard = np.split(numbers, np.cumsum(sizes)[:2])
        steps = moving.reshape(pictures, MOTION, MOTION)
        made = Pictures(
            shown.reshape(stills, STILL, STILL), np.cumsum(steps, axis=0, dtype=np.uint8),
            step_s, (box[0], box[1], box[2], box[3]),
        )  # fmt: skip
        return cls(digest, made, heard.view("<u4").astype(np.uint32))


def _is_box(box: list[int]) -> bool:
    return 0 <= box[0] < box[1] <= SIDE and 0 <= box[2] < box[3] <= SIDE


def fingerprint(path: Path) -> Fingerprint:
    """Of a video file, or of a picture.

    Raises:
        NotFound: there is no such file.
        Refused: it is empty, broken, too large, or of a kind that is not read.
    """
    decoded = decode(path)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").digest()
    return Fingerprint(digest, describe(decoded), listen(decoded.sound))
