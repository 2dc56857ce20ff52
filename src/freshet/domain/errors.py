"""Every error we raise on purpose.

    FreshetError
    ├── Refused       the caller's fault; says which field and what would be right   -> 4xx
    │   ├── NotFound       the thing named does not exist                            -> 404
    │   └── TooLate        the event is older than duplicates can be found           -> 409
    ├── Unavailable   try again later                                                -> 503
    │   └── Overloaded     the queue is full; says after how long to retry           -> 503
    └── Broken        ours; loud                                                     -> 500
        └── Corrupt        stored bytes are not what was written                     -> 500

Raised where known, translated once in `http/` and once in `cli`.
"""

from __future__ import annotations


class FreshetError(Exception):
    """Root of the tree; never raised itself."""

    code = "error"


class Refused(FreshetError):
    """The caller sent something wrong.

    Args:
        field: the offending field, dotted where nested (`items.3.video`); "" if the whole input.
        reason: what is wrong with it.
        right: what would be right.
    """

    code = "refused"

    def __init__(self, field: str, reason: str, right: str = "") -> None:
        self.field, self.reason, self.right = field, reason, right
        where = f"{field}: " if field else ""
        super().__init__(f"{where}{reason}" + (f"; right would be {right}" if right else ""))


class NotFound(Refused):
    code = "not_found"


class TooLate(Refused):
    code = "too_late"


class Unavailable(FreshetError):
    code = "unavailable"


class Overloaded(Unavailable):
    code = "overloaded"

    def __init__(self, what: str, retry_after_s: float) -> None:
        self.what, self.retry_after_s = what, retry_after_s
        super().__init__(f"{what} is full; try again in {retry_after_s:g} s")


class Broken(FreshetError):
    code = "broken"


class Corrupt(Broken):
    code = "corrupt"
