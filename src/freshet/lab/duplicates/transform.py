"""What people do to a video before they upload it again, done for real: decoded, changed, encoded.

Each is a chain of [FFmpeg's filters](https://ffmpeg.org/ffmpeg-filters.html) for the pictures
and one for the sound. What can be done in more than one way (which end is trimmed, which
border) goes round with the clip's number.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
from av.filter import Graph

FPS = 24
RATE = 44_100  # not the generator's own, so that the sound is resampled too


@dataclass(frozen=True, slots=True)
class Change:
    """One way to make a copy, or several; FIRST and LAST are a tenth from the clip's ends."""

    pictures: tuple[str, ...]
    sound: tuple[str, ...] = ("anull",)
    bit_rate: int = 250_000


CHANGES = {
    "re-encode": Change(("scale=270:480",), bit_rate=100_000),
    "crop": Change(("crop=iw*0.9:ih*0.9",)),  # 5 % off each of the four sides
    "mirror": Change(("hflip",)),
    "trim": Change(
        ("trim=start=FIRST,setpts=PTS-STARTPTS", "trim=end=LAST"),
        ("atrim=start=FIRST,asetpts=PTS-STARTPTS", "atrim=end=LAST"),
    ),
    "border": Change(
        (
            "pad=iw:ih*1.3:0:(oh-ih)/2:black",
            "pad=iw*1.6:ih:(ow-iw)/2:0:white",
            "pad=iw*1.16:ih*1.1:(ow-iw)/2:(oh-ih)/2:0xd02060",
        )
    ),
    "speed": Change(("setpts=PTS/1.05",), ("atempo=1.05",)),
}


def copy_changed(source: Path, change: Change, k: int, target: Path) -> None:
    """Write the copy of `source`, clip number `k`, that `change` makes."""
    with av.open(str(source)) as read, av.open(str(target), "w", format="mp4") as written:
        seconds = (read.duration or 0) / av.time_base
        even = "scale=trunc(iw/2)*2:trunc(ih/2)*2"  # as H.264 wants it
        pictures = _graph(read, "video", f"{_way(change.pictures, k, seconds)},fps={FPS},{even}")
        sounds = _graph(read, "audio", _way(change.sound, k, seconds))
        video: Any = written.add_stream("libx264", rate=FPS, options={"preset": "ultrafast"})
        video.pix_fmt, video.bit_rate, video.thread_count = "yuv420p", change.bit_rate, 1
        audio: Any = written.add_stream("aac", rate=RATE, layout="stereo")
        audio.bit_rate = 48_000
        for n, frame in enumerate(_through(read, pictures, "video")):
            if n == 0:
                video.width, video.height = frame.width, frame.height
            frame.pict_type = 0  # the encoder chooses anew
            written.mux(video.encode(frame))
        written.mux(video.encode(None))
        read.seek(0)
        for frame in _through(read, sounds, "audio"):
            written.mux(audio.encode(frame))
        written.mux(audio.encode(None))


def _way(ways: tuple[str, ...], k: int, seconds: float) -> str:
    chain = ways[k % len(ways)]
    return chain.replace("FIRST", f"{0.1 * seconds:.3f}").replace("LAST", f"{0.9 * seconds:.3f}")


def _graph(read: Any, kind: str, chain: str) -> Graph:
    graph = Graph()
    stream = getattr(read.streams, kind)[0]
    if kind == "video":
        last = graph.add_buffer(template=stream)
        parts = [*chain.split(","), "buffersink"]
    else:
        last = graph.add_abuffer(template=stream)
        form = f"aresample={RATE},aformat=sample_fmts=fltp:channel_layouts=stereo"
        parts = [*chain.split(","), *form.split(","), "abuffersink"]
    for part in parts:
        name, _, settings = part.partition("=")
        following = graph.add(name, settings) if settings else graph.add(name)
        last.link_to(following)
        last = following
    graph.configure()
    return graph


def _through(read: Any, graph: Graph, kind: str) -> Iterator[Any]:
    """All frames that come out."""
    for frame in (*read.decode(**{kind: 0}), None):
        with suppress(av.error.EOFError):  # a trim that has had its fill takes no more
            graph.push(frame)
        while True:
            try:
                yield graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                break
