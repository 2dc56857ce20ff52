"""Viewer tokens made here, without asking the server: a browser or an app gets one and calls
for its own viewer, and never holds an API key.

A token is a JWT (RFC 7519) signed with HS256 by the signing secret of an API key, which is
the HMAC-SHA256 of fixed words, keyed by the whole key.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from hashlib import sha256

import msgspec

from freshet_client.errors import Refused
from freshet_client.ids import now_ms

TTL_MAX_S = 24 * 3600
WORDS = b"freshet viewer tokens"


def viewer_token(
    key: str,
    viewer: str,
    *,
    ttl_s: int = 3600,
    consent: bool = False,
    scopes: Sequence[str] = ("ingest", "feed"),
) -> str:
    """A token for one viewer's app or browser.

    Args:
        key: an API key `fk_<id>_<secret>` with the scopes.
        viewer: the app's own id.
        ttl_s: seconds until it ends, at most a day.
        consent: whether this viewer may be learned from.

    Raises:
        Refused: the key is of another form, there is no viewer, or `ttl_s` is out of range.
    """
    kid = key.split("_")[1] if key.startswith("fk_") and key.count("_") >= 2 else ""
    if not kid:
        raise Refused("key", "is no API key", "fk_<id>_<secret>")
    if not viewer:
        raise Refused("viewer", "is empty", "the app's own id")
    if not 1 <= ttl_s <= TTL_MAX_S:
        raise Refused("ttl_s", f"{ttl_s} is out of range", f"1 to {TTL_MAX_S} seconds")
    expires = now_ms() // 1000 + ttl_s
    head = {"alg": "HS256", "kid": kid, "typ": "JWT"}
    claims = {"sub": viewer, "exp": expires, "scopes": list(scopes), "consent": consent}
    signing = hmac.new(key.encode(), WORDS, sha256).hexdigest()
    signed = f"{_part(msgspec.json.encode(head))}.{_part(msgspec.json.encode(claims))}"
    return f"{signed}.{_part(hmac.digest(signing.encode(), signed.encode(), 'sha256'))}"


def _part(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
