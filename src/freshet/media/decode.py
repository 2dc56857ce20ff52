"""A few small grey pictures and a thin sound track of a video file that anybody may have sent.

A decoder is a large piece of C that reads what strangers wrote, so it gets little: formats and
codecs from a short list, no second file or address (a playlist could name one), one thread (a
file cut off in its first picture ends the process with more, PyAV issue 2344), and limits on
bytes, pixels, pictures and damage. Pictures come at fixed times; when there would be more than
`PICTURES`, every second one is dropped and the step doubles, so a header's lies about length
do not matter and memory has a bound.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from freshet.domain.errors import NotFound, Refused

SIDE = 96  # of a picture, whatever its shape was
PICTURES = 64  # kept at most
STEP_S = 0.25  # between two, until that would be more
RATE = 8_000  # samples of sound a second
SOUND_S = 64.0  # that is listened to

BYTES_MAX = 4 * 2**30
PIXELS_MAX = 8192 * 4320
DECODED_MAX = 36_000  # pictures: ten minutes at 60 a second; what is beyond is not looked at
PACKETS_MAX = 400_000
BROKEN_MAX = 200  # packets that do not decode, before the file is given up
LATEST_S = 24 * 3600.0

FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,flv,mpegts,mpeg,ogg,asf,gif,"
    "png_pipe,jpeg_pipe,webp_pipe,bmp_pipe"
)
CODECS = (
    "h264,hevc,libdav1d,av1,vp8,libvpx,vp9,libvpx-vp9,mpeg4,mpeg2video,h263,theora,mjpeg,png,"
    "gif,webp,bmp,prores,rawvideo,wmv2,flv,"
    "aac,opus,libopus,vorbis,libvorbis,mp3,mp3float,flac,alac,ac3,eac3,amrnb,amrwb,"
    "pcm_s16le,pcm_s16be,pcm_f32le,pcm_u8,wmav2"
)

LIMITS = {
    "format_whitelist": FORMATS, "codec_whitelist": CODECS, "protocol_whitelist": "file",
    "max_pixels": str(PIXELS_MAX),
}  # fmt: skip
RIGHT = "a whole video in a common format, such as MP4 with H.264"

Pictures = NDArray[np.uint8]  # (pictures, SIDE, SIDE), grey
Wave = NDArray[np.float32]  # (samples,), at RATE


@dataclass(frozen=True, slots=True)
class Decoded:
    pictures: Pictures
    step_s: float  # between two pictures
    sound: Wave  # empty if there is none


def decode(path: Path) -> Decoded:
    """Pictures and sound of a file.

    Raises:
        NotFound: there is no such file.
        Refused: it is none that can be decoded, or larger than is looked at.
    """
    with _opened(path) as file:
        try:
            with av.open(Nameless(file), options=LIMITS) as container:
                return _read(container)
        except av.error.FFmpegError as error:
            raise Refused("file", f"cannot be decoded: {error.strerror}", RIGHT) from error


class Nameless:
    """The bytes of a file and nothing else: neither its name nor what lies beside it counts."""

    def __init__(self, file: BinaryIO) -> None:
        self.read, self.seek, self.tell = file.read, file.seek, file.tell


def _opened(path: Path) -> BinaryIO:
    if not path.is_file():
        raise NotFound("file", f"there is no file {path.name}")
    size = path.stat().st_size
    if size == 0:
        raise Refused("file", "is empty", RIGHT)
    if size > BYTES_MAX:
        raise Refused("file", f"has {size:,} bytes", f"at most {BYTES_MAX:,}")
    return path.open("rb")


def _read(container: Any) -> Decoded:
    video = next((one for one in container.streams.video if _usable(one)), None)
    if video is None:
        raise Refused("file", "holds no pictures that can be decoded", RIGHT)
    audio = next((one for one in container.streams.audio if _usable(one)), None)
    seen, heard = Seen(), Heard()
    for frame in _frames(container, [one for one in (video, audio) if one is not None]):
        if isinstance(frame, av.VideoFrame):
            seen.add(frame)
        else:
            heard.add(frame)
    return Decoded(*seen.pictures(), heard.wave())


def _usable(stream: Any) -> bool:
    context = stream.codec_context
    # Without a context decoding would end the process.
    if context is None or context.codec.name not in CODECS.split(","):
        return False
    context.thread_type, context.thread_count = "NONE", 1
    if stream.type == "video":
        _refuse_large(context.width, context.height)
        context.options = {"max_pixels": str(PIXELS_MAX)}
    return True


def _refuse_large(width: int, height: int) -> None:
    if width * height > PIXELS_MAX:
        raise Refused("file", f"has pictures of {width} × {height}", f"up to {PIXELS_MAX:,} pixels")


def _frames(container: Any, streams: list[Any]) -> Iterator[Any]:
    """Decoded pictures and sounds in the file's order; some damage is passed over."""
    broken = pictures = 0
    for number, packet in enumerate(container.demux(streams)):
        if number >= PACKETS_MAX or pictures >= DECODED_MAX or broken >= BROKEN_MAX:
            return
        try:
            for frame in packet.decode():
                pictures += isinstance(frame, av.VideoFrame)
                yield frame
        except av.error.FFmpegError:
            broken += 1


class Seen:
    """Pictures at fixed times."""

    def __init__(self) -> None:
        self._step_s = STEP_S
        self._kept: dict[int, Pictures] = {}  # by number of the step
        self._first_s: float | None = None
        self._reformat = VideoReformatter().reformat

    def add(self, frame: Any) -> None:
        _refuse_large(frame.width, frame.height)
        at = frame.time if frame.time is not None else 0.0
        self._first_s = at if self._first_s is None else self._first_s
        since = min(max(at - self._first_s, 0.0), LATEST_S)
        while (k := int(since / self._step_s + 1e-6)) >= PICTURES:
            self._kept = {j // 2: kept for j, kept in self._kept.items() if j % 2 == 0}
            self._step_s *= 2
        if k not in self._kept:
            self._kept[k] = self._small(frame)

    def _small(self, frame: Any) -> Pictures:
        grey = self._reformat(frame, SIDE, SIDE, "gray", interpolation="AREA").to_ndarray()
        return np.rot90(np.asarray(grey, np.uint8), round(frame.rotation / 90)).copy()

    def pictures(self) -> tuple[Pictures, float]:
        """
        Raises:
            Refused: there is none.
        """
        if not self._kept:
            raise Refused("file", "holds no picture that can be decoded", RIGHT)
        last, held = self._kept[min(self._kept)], []
        for k in range(max(self._kept) + 1):
            last = self._kept.get(k, last)  # a picture stands until the next comes
            held.append(last)
        return np.array(held), self._step_s


class Heard:
    """One channel of sound, as long as is listened to."""

    def __init__(self) -> None:
        self._to_mono = av.AudioResampler(format="flt", layout="mono", rate=RATE)
        self._parts: list[Wave] = []
        self._samples = 0

    def add(self, frame: Any) -> None:
        if self._samples >= SOUND_S * RATE:
            return
        for mono in self._to_mono.resample(frame):
            self._parts.append(mono.to_ndarray()[0])
            self._samples += mono.samples

    def wave(self) -> Wave:
        if not self._parts:
            return np.zeros(0, np.float32)
        wave = np.concatenate(self._parts)[: int(SOUND_S * RATE)]
        return np.nan_to_num(np.clip(wave, -1.0, 1.0)).astype(np.float32)
