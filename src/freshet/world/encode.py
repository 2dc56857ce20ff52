"""Pictures and sound into files: H.264 with AAC for most players, VP9 with Opus for the others."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import av
import numpy as np
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray
from PIL import Image

from freshet.world.canvas import HEIGHT, WIDTH
from freshet.world.plan import FPS
from freshet.world.sounds import RATE

# By ending: codecs and their options. Small at once, rather than smallest after a while.
FORMATS: dict[str, tuple[tuple[str, dict[str, str]], tuple[str, int]]] = {
    "mp4": (
        ("libx264", {"preset": "superfast", "crf": "29", "maxrate": "290k", "bufsize": "580k"}),
        ("aac", 72_000),
    ),
    "webm": (
        ("libvpx-vp9", {"deadline": "realtime", "cpu-used": "8", "crf": "38", "b": "270k"}),
        ("libopus", 56_000),
    ),
}
SAMPLES = RATE // FPS  # to each picture


class File:
    """One file in the making."""

    def __init__(self, path: Path, ending: str) -> None:
        (video, options), (audio, bit_rate) = FORMATS[ending]
        # bitexact: no date and no random number, so that the same clip has the same bytes.
        written = {"fflags": "+bitexact"}
        if ending == "mp4":
            written["movflags"] = "+faststart"  # plays before all of it is there
        self._file = av.open(str(path), "w", format=ending, options=written)
        stream: Any = self._file.add_stream(video, rate=FPS, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.thread_count, stream.gop_size = 1, 2 * FPS
        if "b" in options:
            stream.bit_rate = 1000 * int(options["b"].removesuffix("k"))
        sound: Any = self._file.add_stream(audio, rate=RATE, layout="stereo")
        sound.bit_rate = bit_rate
        self._video, self._audio = stream, sound

    def add(self, frame: av.VideoFrame, samples: NDArray[np.float32], k: int) -> None:
        """Picture `k` and the sound to it."""
        self._file.mux(self._video.encode(frame))
        sound = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.T), "fltp", "stereo")
        sound.sample_rate, sound.pts = RATE, k * SAMPLES
        sound.time_base = Fraction(1, RATE)
        self._file.mux(self._audio.encode(sound))

    def __enter__(self) -> File:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        where: TracebackType | None,
    ) -> None:  # fmt: skip
        if kind is None:
            for stream in (self._video, self._audio):
                self._file.mux(stream.encode(None))
        self._file.close()


def encode(
    pictures: Iterable[Image.Image], sound: NDArray[np.float32], mp4: Path, webm: Path
) -> None:
    """Write a clip in both formats.

    Args:
        pictures: of 360 × 640, in RGB.
        sound: (samples, 2), as long as the pictures.
    """
    with File(mp4, "mp4") as one, File(webm, "webm") as other:
        reformat = VideoReformatter().reformat  # kept: to set one up takes longer than to use it
        for k, picture in enumerate(pictures):
            painted = av.VideoFrame.from_ndarray(np.asarray(picture), "rgb24")
            frame = reformat(painted, format="yuv420p", interpolation="BILINEAR")
            frame.pts, frame.time_base = k, Fraction(1, FPS)
            samples = sound[k * SAMPLES : (k + 1) * SAMPLES]
            one.add(frame, samples, k)
            other.add(frame, samples, k)
