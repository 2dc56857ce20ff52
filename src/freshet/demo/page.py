"""The player's page: what Vite built of `web/`, and the rules the browser holds it to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from litestar import Request, Response, get
from litestar.datastructures import State

from freshet.demo.files import file_answer
from freshet.domain.errors import Refused

BUILT = Path(__file__).parent / "page"

# Everything comes from here and nothing else runs: no inline script or style, no other
# origin, no frame around us. Text becomes markup only through the library's own policy.
POLICY = "; ".join(
    (
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "font-src 'self'",
        "img-src 'self'", "media-src 'self'", "connect-src 'self'", "manifest-src 'self'",
        "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
        "require-trusted-types-for 'script'", "trusted-types svelte-trusted-html",
    )
)  # fmt: skip
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
}

Asked = Request[Any, Any, State]


def check_built() -> None:
    """
    Raises:
        Refused: there is no page; a checkout has to build it once.
    """
    if not (BUILT / "index.html").is_file():
        raise Refused("page", "the player's page is not built", "make web")


# What the page itself reads of its address: a video, what is behind the glass, and the pages of
# operators and creators with what is open on them.
PATHS = ["/", "/v/{video:str}", "/glass", "/operator", "/operator/{at:path}", "/studio",
         "/studio/{at:path}"]  # fmt: skip


@get(PATHS, include_in_schema=False)
async def get_page(request: Asked) -> Response[bytes]:
    """The page, wherever a link leads in it."""
    answer = await file_answer(BUILT, "index.html", "", cache="no-cache")
    answer.headers.update(HEADERS)
    return answer


@get("/assets/{name:str}", include_in_schema=False)
async def get_asset(request: Asked, name: str) -> Response[bytes]:
    return await file_answer(BUILT / "assets", name, "")


@get("/favicon.ico", include_in_schema=False)
async def get_icon(request: Asked) -> Response[bytes]:
    return await file_answer(BUILT, "icon.svg", "", cache="max-age=3600")


ROUTES = [get_page, get_asset, get_icon]
