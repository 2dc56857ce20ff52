"""POST /v1/videos/{video}/fingerprint: a video's file, looked at for copies and not kept.

    body ─▶ a temporary file ─▶ decoded in a process of its own ─▶ fingerprint ─▶ catalogue
                                                                       └▶ held against all others

Nothing is fetched: the address of a video is never opened, only bytes that were sent.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import msgspec
from litestar import post
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody, Schema
from litestar.params import PathParameter

from freshet.domain.errors import Refused
from freshet.http.guard import needs
from freshet.http.problems import TooLarge
from freshet.http.rulings import by_name
from freshet.http.shelf import Asked, entered
from freshet.media.installed import must_be_installed
from freshet.moderation.asks import CheckCopy, Ruling

AT_ONCE = 2  # files decoded by one process; others wait their turn


class Looked(msgspec.Struct, frozen=True):
    """What was found of a file."""

    video: str
    duplicate_of: str  # "" = of none that is known here
    rulings: tuple[Ruling, ...]  # on this video, or on copies of it that came before


@dataclass
class Bytes(Operation):
    """An operation whose body is a file."""

    def __post_init__(self) -> None:
        media = OpenAPIMediaType(schema=Schema(type="string", format="binary"))  # type: ignore[arg-type]
        self.request_body = RequestBody(
            content={"application/octet-stream": media, "video/*": media}, required=True
        )


@post(
    "/v1/videos/{video:str}/fingerprint",
    status_code=200,
    guards=[needs("catalogue")],
    tags=["videos"],
    operation_class=Bytes,
    request_max_body_size=None,  # a video is larger than any other body; counted below
    summary="Look at a video's file for copies",
    opt={"slow": True},
)
async def post_fingerprint(
    request: Asked, video: Annotated[str, PathParameter(description="the video's id")]
) -> Looked:
    """The file as it is, in a common format, up to `moderation.upload_bytes`. Of videos that
    are alike the one made first is the original; the others are labelled `duplicate` before
    this answers. The file is not kept, only what it is known by; sent again, it is looked at
    anew."""
    engine = entered(request)
    await asyncio.to_thread(engine.catalogue.videos.get, video)
    async with _turn(request):
        packed = await _fingerprint(request.stream(), engine.upload_bytes)
    await asyncio.to_thread(engine.catalogue.fingerprints.put, video, packed)
    await engine.relay()
    rulings: tuple[Ruling, ...] = await engine.moderate(CheckCopy(video))
    mine = [one for one in rulings if one.video == video and one.state == "stands"]
    original = mine[0].evidence.get("original", "") if mine else ""
    return Looked(video, original, tuple(by_name(engine, one) for one in rulings))


def _turn(request: Asked) -> asyncio.Semaphore:
    state: Any = request.app.state
    if "decoding" not in state:
        state["decoding"] = asyncio.Semaphore(AT_ONCE)
    turn: asyncio.Semaphore = state["decoding"]
    return turn


async def _fingerprint(body: AsyncIterator[bytes], most: int) -> bytes:
    """
    Raises:
        TooLarge: more than `most` bytes came.
        Refused: it is empty, or cannot be decoded.
        Unavailable: files cannot be looked at here.
    """
    must_be_installed()  # decoders come with packages that not every server has
    from freshet.media.apart import fingerprint_apart

    with tempfile.TemporaryDirectory(prefix="freshet-upload-") as folder:
        path = Path(folder) / "upload"
        file = await asyncio.to_thread(path.open, "wb")
        try:
            size = await _written(body, file, most)
        finally:
            file.close()
        if not size:
            raise Refused("", "the body is empty", "a video file")
        return (await fingerprint_apart(path)).to_bytes()


async def _written(body: AsyncIterator[bytes], file: BinaryIO, most: int) -> int:
    size = 0
    async for piece in body:
        size += len(piece)
        if size > most:
            raise TooLarge("", f"the file is over {most} bytes", f"up to {most} bytes")
        await asyncio.to_thread(file.write, piece)
    return size


ROUTES = [post_fingerprint]
