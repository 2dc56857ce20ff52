"""GET /media/{name}: the world's clips and covers."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get
from litestar.datastructures import State

from freshet.demo.files import file_answer


@get("/media/{name:str}", include_in_schema=False)
async def get_media(request: Request[Any, Any, State], name: str) -> Response[bytes]:
    """A file of the world's folder; players ask for parts of it."""
    return await file_answer(request.app.state.media, name, request.headers.get("range", ""))


ROUTES = [get_media]
