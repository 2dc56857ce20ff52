"""What the server answers. A field that a newer server adds is left out; one that an older
server does not have keeps its default."""

from __future__ import annotations

from typing import Any

import msgspec


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Anything answered."""


# --- feeds ----------------------------------------------------------------------------------


class Reason(Answer, frozen=True, kw_only=True):
    """`weight`: share of the video's value that goes without it."""

    code: str
    text: str
    params: dict[str, str] = {}
    weight: float = 0.0


class Item(Answer, frozen=True, kw_only=True):
    """One video of a feed."""

    video: str
    position: int
    source: str = ""
    propensity: float = 1.0  # probability that the policy put it there
    value: float = 0.0
    predictions: dict[str, float] = {}
    reasons: tuple[Reason, ...] = ()
    model_version: str = ""


class Feed(Answer, frozen=True, kw_only=True):
    """A feed's answer: one page of it."""

    request_id: str
    items: tuple[Item, ...]
    seed: int = 0
    surface: str = "for_you"
    time: int = 0  # ms since 1970, of the ranking
    rung: str = ""  # of the never-empty ladder, or of a loaded server; or why it is empty
    session_id: str = ""
    arm: str = ""
    personalised: bool = True
    cursor: str = ""  # asks for the next page; "" = there is none
    trace: dict[str, Any] | None = None


class Why(Answer, frozen=True, kw_only=True):
    """Why a video was served: from the record of that very ranking."""

    video: str
    request_id: str
    position: int
    time: int = 0
    source: str = ""
    propensity: float = 1.0
    value: float = 0.0
    value_parts: dict[str, float] = {}  # weight × prediction of each outcome
    boost: float = 0.0
    less_of: float = 0.0
    predictions: dict[str, float] = {}
    watch_s: float = 0.0
    reasons: tuple[Reason, ...] = ()
    model_version: str = ""
    surface: str = "for_you"
    rung: str = ""
    arm: str = ""
    personalised: bool = True


class Scored(Answer, frozen=True, kw_only=True):
    """One video of a list that was ranked."""

    video: str
    value: float = 0.0
    predictions: dict[str, float] = {}
    watch_s: float = 0.0
    ineligible: bool = False  # may not be recommended to anybody
    seen: bool = False
    hidden: bool = False  # hidden or blocked, either way
    filtered: bool = False  # outside the filters, or excluded
    boost: float = 0.0
    less_of: float = 0.0
    reasons: tuple[Reason, ...] = ()


class Ranking(Answer, frozen=True, kw_only=True):
    items: tuple[Scored, ...]  # best first
    surface: str = "for_you"
    model_version: str = ""
    unknown: tuple[str, ...] = ()  # ids that no video has
    personalised: bool = True
    arm: str = ""


class Ranked(Answer, frozen=True, kw_only=True):
    ranking: Ranking
    slate: Feed | None = None  # what was served of it, if that was asked


class Related(Answer, frozen=True, kw_only=True):
    """Ids of videos like a video, nearest first."""

    video: str
    videos: tuple[str, ...]


# --- what was told --------------------------------------------------------------------------


class RecordError(Answer, frozen=True, kw_only=True):
    """Why the record at `index` of a batch was not taken."""

    index: int
    code: str
    field: str
    reason: str
    right: str = ""


class Taken(Answer, frozen=True, kw_only=True):
    """What became of a batch of events: the three numbers add up to its length."""

    accepted: int  # new in the log, durable
    repeated: int  # had been taken before
    offset: int = 0  # a feed asked for now reflects the log up to here
    now: int = 0  # the server's clock, ms since 1970
    errors: tuple[RecordError, ...] = ()
    parked: int = 0  # accepted, about videos not known yet
    dropped: dict[str, int] = {}  # unknown fields left out, and of how many events
    corrected: int = 0  # times moved by how wrong `sent_at` was
    clamped: int = 0  # times held to now


class Saved(Answer, frozen=True, kw_only=True):
    """What became of records of the catalogue."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0  # said again as it was
    errors: tuple[RecordError, ...]


class Done(Answer, frozen=True, kw_only=True):
    offset: int = 0  # a feed asked for now reflects the log up to here


class Removed(Answer, frozen=True, kw_only=True):
    """What was removed."""

    id: str
    videos: int = 0  # that bore the sound or the hashtag
    again: bool = False  # it was gone: an earlier attempt did it and its answer was lost


class Erased(Removed, frozen=True, kw_only=True):
    """What was erased of a person; `videos` are their own."""

    person: bool = False  # they were in the catalogue, not known by events alone
    sounds: int = 0
    mentions: int = 0
    merged: int = 0  # anonymous viewers that were they


class Merged(Answer, frozen=True, kw_only=True):
    person: str
    anonymous: str
    merged: bool  # False: they were one before


class Token(Answer, frozen=True, kw_only=True):
    """A viewer token, for one viewer's app or browser."""

    token: str
    viewer: str
    expires: int  # ms since 1970
    scopes: tuple[str, ...] = ()
    consent: bool = False


class Health(Answer, frozen=True, kw_only=True):
    ok: bool
    problems: tuple[str, ...] = ()
