"""POST /v1/viewer_tokens: a token for one viewer's app or browser."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, post
from litestar.datastructures import State
from litestar.params import JSONBody

from freshet.domain.errors import Refused
from freshet.http import examples, tokens
from freshet.http.callers import signer
from freshet.http.guard import caller_of, needs
from freshet.http.ports import Engine


class TokenWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom a token is for. Either `viewer`, or `anonymous` for somebody new."""

    viewer: str = ""  # the app's own id
    anonymous: bool = False  # make an id up; it can be merged with an account's at sign-in
    ttl_s: int = 3600  # seconds until it ends, at most 86,400
    consent: bool = (
        False  # whether this viewer may be learned from; else feeds are the same for all
    )


class TokenMade(msgspec.Struct, frozen=True):
    token: str  # goes into `Authorization: Bearer …`
    viewer: str
    expires: int  # ms since 1970
    scopes: tuple[str, ...]
    consent: bool


@post(
    "/v1/viewer_tokens",
    status_code=200,
    guards=[needs("feed"), needs("ingest")],
    tags=["access"],
    summary="Make a viewer token",
    opt={"example": examples.TOKEN, "example_body": examples.TOKEN_WANTED},
)
async def post_viewer_token(
    request: Request[Any, Any, State], data: JSONBody[TokenWanted]
) -> TokenMade:
    """A token with which a browser or an app asks for one viewer's feeds and sends their events,
    and nothing else. The app's backend can also sign one by itself."""
    engine: Engine = request.app.state.engine
    tokens.check_ttl(data.ttl_s)
    if data.anonymous == bool(data.viewer):
        raise Refused("viewer", "or `anonymous`, one of the two", "an id, or anonymous: true")
    viewer = data.viewer or tokens.anonymous(engine)
    if not tokens.is_viewer(viewer):
        raise Refused("viewer", "is no id", f"1 to {tokens.VIEWER_MAX} printable characters")
    key_id = caller_of(request).key_id
    by = signer(engine, key_id)
    scopes = tokens.opens(list(tokens.SCOPES), by.scopes)
    expires = (engine.now_ms() // 1000 + data.ttl_s) * 1000
    token = tokens.signed(key_id, by.signing, viewer, expires, scopes, data.consent)
    return TokenMade(token, viewer, expires, scopes, data.consent)
