"""Files over HTTP: whole, or the part that a `Range` asks for, as players do when they seek."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from litestar import Response

TYPES = {
    ".css": "text/css", ".html": "text/html", ".ico": "image/x-icon", ".jpg": "image/jpeg",
    ".js": "text/javascript", ".json": "application/json", ".mp4": "video/mp4",
    ".png": "image/png", ".svg": "image/svg+xml", ".webm": "video/webm",
    ".webmanifest": "application/manifest+json", ".woff2": "font/woff2",
}  # fmt: skip
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
ONE_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
FOREVER = "public, max-age=31536000, immutable"  # its address changes with its content


async def file_answer(folder: Path, name: str, asked: str, cache: str = FOREVER) -> Response[bytes]:
    """A file of the folder itself, or the part of it that the header `asked` names.

    404 if there is none, 416 if it has no such part.
    """
    path = folder / name
    if not NAME.fullmatch(name) or path.suffix not in TYPES:
        return _none()
    try:
        content = await asyncio.to_thread(path.read_bytes)
    except (FileNotFoundError, IsADirectoryError):
        return _none()
    headers = {
        "Cache-Control": cache,
        "Accept-Ranges": "bytes",
        "X-Content-Type-Options": "nosniff",
    }
    try:
        part = part_of(asked, len(content))
    except ValueError:
        return Response(b"", status_code=416, headers={"Content-Range": f"bytes */{len(content)}"})
    if part is None:
        return Response(content, status_code=200, media_type=TYPES[path.suffix], headers=headers)
    headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{len(content)}"
    return Response(
        content[part.start : part.stop], status_code=206, media_type=TYPES[path.suffix],
        headers=headers,
    )  # fmt: skip


def part_of(asked: str, size: int) -> range | None:
    """The bytes a `Range` header asks for (RFC 9110, 14.2); None = all of them, also where the
    header is none that we know: then it is to be ignored.

    Raises:
        ValueError: there are no such bytes.

    >>> part_of("bytes=0-99", 1000), part_of("bytes=900-", 1000), part_of("bytes=-1", 1000)
    (range(0, 100), range(900, 1000), range(999, 1000))
    """
    found = ONE_RANGE.fullmatch(asked.strip())
    if found is None or found[0] == "bytes=-":
        return None
    if not found[1]:
        first, last = max(0, size - int(found[2])), size - 1
    else:
        first, last = int(found[1]), min(int(found[2] or size), size - 1)
    if first > last:
        raise ValueError(asked)
    return range(first, last + 1)


def _none() -> Response[bytes]:
    return Response(b"not found", status_code=404, media_type="text/plain")
