"""POST /demo/session: a viewer token for whoever has the page open.

What an app's backend does at sign-in, here for nobody in particular: the browser keeps an
anonymous viewer's id in a cookie that no script can read, and gets a token for it.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
from litestar import Request, Response, post
from litestar.datastructures import Cookie, State
from litestar.params import JSONBody

from freshet.http import tokens
from freshet.http.callers import APP_KEY, signer
from freshet.http.ports import Engine

COOKIE = "freshet_viewer"
COOKIE_S = 90 * 86_400
TOKEN_S = 3_600
ANONYMOUS = re.compile(r"anon_[0-9a-f-]{36}")


class SessionWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    fresh: bool = False  # somebody new, whoever this browser was before


class Session(msgspec.Struct, frozen=True):
    token: str
    viewer: str
    expires: int  # ms since 1970


@post("/demo/session", status_code=200, include_in_schema=False)
async def post_session(
    request: Request[Any, Any, State], data: JSONBody[SessionWanted]
) -> Response[Session]:
    """The same viewer again for a browser that was here before."""
    engine: Engine = request.app.state.engine
    known = request.cookies.get(COOKIE, "")
    again = not data.fresh and ANONYMOUS.fullmatch(known)
    viewer = known if again else tokens.anonymous(engine)
    cookie = Cookie(
        COOKIE, value=viewer, path="/demo", max_age=COOKIE_S, httponly=True, samesite="strict"
    )
    return Response(session_of(engine, viewer), cookies=[cookie])


def session_of(engine: Engine, viewer: str) -> Session:
    """A token by which a browser speaks for one viewer."""
    by = signer(engine, APP_KEY)
    expires = (engine.now_ms() // 1000 + TOKEN_S) * 1000
    token = tokens.signed(APP_KEY, by.signing, viewer, expires, tokens.SCOPES, consent=True)
    return Session(token, viewer, expires)


ROUTES = [post_session]
