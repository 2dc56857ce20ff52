"""Cursors: how an answer asks for its next page.

    page 0 ─▶ cursor(page 1) ─▶ page 1 ─▶ cursor(page 2) ─▶ …

A cursor names its page: the request id of a page is made from the first page's seed and the
page's number, so the same cursor gets the same slate again, and each page is ranked after
what those before it showed, in the session they were shown in. It is good as long as that
session is known: `hours` with a session id of the app's, and without one until a pause has
ended it.

Outside it is opaque: MessagePack and an HMAC over it, in URL-safe base64. One that was
changed, is another viewer's, another surface's or of other filters is refused.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass

import msgspec

from freshet.domain.errors import Refused
from freshet.domain.outcomes import SESSION_GAP_MS

MAC_BYTES = 16
HOUR_MS = 3_600_000
VERSION = 1
RIGHT = "the cursor of the answer before, unchanged, or none for the first page"


@dataclass(frozen=True, slots=True)
class Page:
    """What a cursor stands for."""

    request_id: str
    session_id: str
    made_ms: int  # when the page before it was served
    seed: int  # of the first page
    number: int


class _Inside(msgspec.Struct, frozen=True, array_like=True):
    version: int
    surface: str
    viewer: bytes
    options: bytes
    session_id: str
    seed: int
    number: int
    made_ms: int


_decode = msgspec.msgpack.Decoder(_Inside).decode
_encode = msgspec.msgpack.Encoder().encode


@dataclass(frozen=True, slots=True)
class Cursors:
    """Makes and opens cursors.

    >>> cursors = Cursors(b"secret" * 6, hours=24)
    >>> text = cursors.made("for_you", "p_1", b"", Page("r1", "s", 1_000, 7, 1))
    >>> page = cursors.opened(text, "for_you", "p_1", b"", now_ms=2_000)
    >>> page.request_id, page.session_id, page.number
    ('for_you-000000000007-1', 's', 1)
    """

    secret: bytes
    hours: int

    def made(self, surface: str, viewer: str, options: bytes, page: Page) -> str:
        """The cursor of a page for a viewer's key; `options` is their digest."""
        inside = _Inside(
            VERSION, surface, self._mac(viewer.encode()), options, page.session_id, page.seed,
            page.number, page.made_ms,
        )  # fmt: skip
        raw = _encode(inside)
        return base64.urlsafe_b64encode(raw + self._mac(raw)).rstrip(b"=").decode()

    def opened(self, text: str, surface: str, viewer: str, options: bytes, now_ms: int) -> Page:
        """
        Raises:
            Refused: it is not one of ours, not for this request, or too old.
        """
        inside = self._inside(text)
        if inside.surface != surface:
            raise Refused("cursor", f"belongs to the surface {inside.surface!r}", RIGHT)
        if not hmac.compare_digest(inside.viewer, self._mac(viewer.encode())):
            raise Refused("cursor", "belongs to another viewer", RIGHT)
        if inside.options != options:
            reason = "belongs to a request with other filters or boosts"
            raise Refused("cursor", reason, "those of the first page, or no cursor")
        if now_ms - inside.made_ms > self.hours * HOUR_MS:
            raise Refused("cursor", f"is older than {self.hours} h", "none: begin anew")
        if not inside.session_id and now_ms - inside.made_ms >= SESSION_GAP_MS:
            reason = f"belongs to a session that {SESSION_GAP_MS // 60_000} min of silence ended"
            raise Refused("cursor", reason, "none: begin anew; a session_id keeps one for longer")
        request_id = f"{surface}-{inside.seed:012x}-{inside.number}"
        return Page(request_id, inside.session_id, inside.made_ms, inside.seed, inside.number)

    def _inside(self, text: str) -> _Inside:
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise Refused("cursor", "is not one of ours", RIGHT) from None
        body, mac = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(body)):
            raise Refused("cursor", "is not one of ours", RIGHT)
        inside = _decode(body)
        if inside.version != VERSION:
            raise Refused("cursor", "was made by another release", "none: begin anew")
        return inside

    def _mac(self, raw: bytes) -> bytes:
        return hmac.digest(self.secret, raw, "sha256")[:MAC_BYTES]
