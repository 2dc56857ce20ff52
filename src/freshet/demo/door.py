"""POST /demo/operator: the operator's key, for whoever holds the link that the terminal shows.

link with a code ─▶ opens once ─▶ a cookie that no script can read ─▶ a key that ends by itself

The page that viewers get holds neither: what opens the operator's page is asked for by that
page alone, and by a browser that came by the link.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable
from typing import Any

import msgspec
from litestar import Request, Response, post
from litestar.datastructures import Cookie, State
from litestar.params import JSONBody

from freshet.catalogue.api_keys import Made
from freshet.http.ports import Engine
from freshet.http.problems import Unauthorized

COOKIE = "freshet_operator"
KEY_S = 12 * 3_600
NAME, SCOPES = "the demo's operator", ("moderate", "admin")


class Door:
    """Lets one browser in by a code, once, and again by the cookie it got then.

    Args:
        draw: a text that nobody can guess.
    """

    def __init__(self, draw: Callable[[], str]) -> None:
        self.code, self.cookie = draw(), draw()
        self._unused = True
        self._made: Made | None = None

    def opens(self, code: str, cookie: str) -> bool:
        """Whether to let in who brings this; a code is used up by it."""
        if hmac.compare_digest(cookie.encode(), self.cookie.encode()):
            return True
        fits = hmac.compare_digest(code.encode(), self.code.encode()) and self._unused
        self._unused = self._unused and not fits
        return fits

    def key(self, engine: Engine) -> Made:
        """The operator's key; a new one where there is none that is still good."""
        now_ms = engine.now_ms()
        if self._made is None or self._made.key.expires <= now_ms:
            self._made = engine.access.keys.create(NAME, SCOPES, now_ms + 1000 * KEY_S)
        return self._made


class Knock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: str = ""  # of the link; left out by a browser that was let in before


class Operator(msgspec.Struct, frozen=True):
    key: str
    expires: int  # ms since 1970


@post("/demo/operator", status_code=200, include_in_schema=False)
async def post_operator(
    request: Request[Any, Any, State], data: JSONBody[Knock]
) -> Response[Operator]:
    """Once by the link's code, then by the cookie that came with it."""
    door: Door = request.app.state.door
    if not door.opens(data.code, request.cookies.get(COOKIE, "")):
        reason = "opens nothing, or was used before" if data.code else "is missing"
        raise Unauthorized("code", reason, "the operator's link in the demo's terminal, or a key")
    made = await asyncio.to_thread(door.key, request.app.state.engine)
    cookie = Cookie(
        COOKIE, value=door.cookie, path="/demo", max_age=KEY_S, httponly=True, samesite="strict"
    )
    return Response(Operator(made.secret, made.key.expires), cookies=[cookie])


ROUTES = [post_operator]
