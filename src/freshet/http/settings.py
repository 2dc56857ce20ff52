"""Every number of the HTTP edge that is configuration, with its default and unit.

Limits are per process: with four workers a caller may get up to four times as much.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

Count = Annotated[int, Meta(ge=0)]
Positive = Annotated[int, Meta(ge=1)]
Seconds = Annotated[float, Meta(gt=0)]
Port = Annotated[int, Meta(ge=1, le=65535)]
Name = Annotated[str, Meta(min_length=1)]


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much a caller may ask, and how much all together."""

    key_per_s: Count = 10_000  # requests of one API key; 0 = no limit
    key_burst: Positive = 20_000  # requests at once after a rest
    viewer_per_s: Count = 20  # requests of one viewer by viewer tokens; 0 = no limit
    viewer_burst: Positive = 100  # requests at once after a rest
    viewer_events_per_s: Count = 50  # events of one viewer by viewer tokens; 0 = no limit
    viewer_events_burst: Positive = 2_000  # events at once after a rest
    # requests worked on at once, feeds counted apart from all else; more are told to come again
    concurrency: Positive = 512
    connections: Positive = 4_096  # held open at once, idle ones too; more wait to be accepted
    timeout_s: Seconds = 30.0  # longest a request may take, its body's arrival included
    body_bytes: Positive = 4_000_000  # of a request
    batch: Positive = 1_000  # records of a batch
    header_bytes: Positive = 16_384  # all headers of a request together
    query_bytes: Positive = 8_192  # path and query of a request


class Clocks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is done about wrong clocks of phones."""

    skew_max_s: Count = 30  # a clock that is off by more moves its batch's times
    future_max_s: Count = 60  # without `sent_at`: a time this far ahead is held to now
    past_max_days: Positive = 7  # a time older than this is held to now


class Http(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the API listens, and to whom."""

    host: Name = "127.0.0.1"  # address to listen on
    port: Port = 8420  # TCP port
    # Opens viewers' acts and feeds; made and kept in the data folder if none is given.
    api_key: str = ""
    admin_key: str = ""  # opens everything; none = only keys made by `freshet keys` do
    cors_origins: tuple[str, ...] = ()  # web origins whose pages may call; none = no page may
    access_log: bool = True  # one line per request, without secrets or personal ids
    cursor_hours: Positive = 24  # a feed's cursor is good this long
    lag_max: Positive = 10_000  # events not folded yet, beyond which it is not ready
    limits: Limits = Limits()
    clocks: Clocks = Clocks()
