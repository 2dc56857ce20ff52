"""What can go wrong with a call.

FreshetError
├── Refused          the call is wrong: `field`, `reason`, and what would be `right`
│   ├── NotFound        what was named does not exist
│   ├── Unauthorized    no key or token, or none that is good
│   ├── Forbidden       the key or token does not open this
│   └── TooLate         the event is older than repeats can be found
├── Unavailable      not now, after all attempts; the same call may be made again
│   └── Full            the buffer of events is full; this one was not taken
└── Broken           the server failed, or what answered is no Freshet server
"""

from __future__ import annotations


class FreshetError(Exception):
    """Root of the tree; never raised itself."""


class Refused(FreshetError):
    """The call is wrong.

    Args:
        field: the offending field, dotted where nested; "" if the whole call.
        reason: what is wrong with it.
        right: what would be right, "" if the server did not say.
        code: the server's word for it.
        request_id: finds this call in the server's log.
    """

    def __init__(
        self,
        field: str,
        reason: str,
        right: str = "",
        code: str = "refused",
        request_id: str = "",
    ) -> None:
        self.field, self.reason, self.right = field, reason, right
        self.code, self.request_id = code, request_id
        where = f"{field}: " if field else ""
        super().__init__(f"{where}{reason}" + (f"; right would be {right}" if right else ""))


class NotFound(Refused):
    pass


class Unauthorized(Refused):
    pass


class Forbidden(Refused):
    pass


class TooLate(Refused):
    pass


class Unavailable(FreshetError):
    """Not now. `retry_after_s`: how long the server asked to wait, 0 if it did not say."""

    def __init__(self, reason: str, retry_after_s: float = 0.0) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(reason)


class Full(Unavailable):
    pass


class Broken(FreshetError):
    pass


BY_CODE: dict[str, type[Refused]] = {
    "not_found": NotFound,
    "unauthorized": Unauthorized,
    "forbidden": Forbidden,
    "too_late": TooLate,
}


def refused(code: str, field: str, reason: str, right: str = "", request_id: str = "") -> Refused:
    """The error that the server's code stands for.

    >>> refused("not_found", "video", "'v9' is not known here")
    NotFound("video: 'v9' is not known here")
    """
    return BY_CODE.get(code, Refused)(field, reason, right, code, request_id)
