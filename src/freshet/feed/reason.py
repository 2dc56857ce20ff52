"""One reason: what is said, what is logged of it, and how it is read again.

The log keeps a code and its parameters, `hashtag?hashtag=tea&act=finished&count=3&when=day`:
no words, so it is told in any language, and in better words once there are some.
"""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote_plus, unquote_plus

import msgspec

from freshet.feed.wording import ENGLISH, said


class Reason(msgspec.Struct, frozen=True):
    """`weight`: share of the item's value that goes without it; 0 if value did not place it."""

    code: str
    text: str
    params: dict[str, str] = {}
    weight: float = 0.0


def reason(code: str, weight: float = 0.0, **params: str) -> Reason:
    """In English; `spoken` says it in another language."""
    told = tuple(params.items())
    return Reason(code, said(ENGLISH, code, told), params, round(weight, 4))


def spoken(one: Reason, language: str) -> Reason:
    """The same in another language."""
    text = said(language, one.code, tuple(one.params.items()))
    return Reason(one.code, text, one.params, one.weight)


def written(one: Reason) -> str:
    """As the log keeps it; `read` gives it back.

    >>> written(reason("new_topic", 0.25, topic="cats & dogs"))
    'new_topic?topic=cats+%26+dogs&weight=0.25'
    """
    return f"{_beginning(one.code, tuple(one.params.items()))}weight={one.weight:g}"


@lru_cache(maxsize=1 << 14)
def _beginning(code: str, params: tuple[tuple[str, str], ...]) -> str:
    told = "".join(f"{quote_plus(name)}={quote_plus(what)}&" for name, what in params)
    return f"{code}?{told}"


def read(text: str) -> Reason:
    """A reason of the log. One of a later release keeps its code and loses its words."""
    code, _, query = text.partition("?")
    params = {}
    for pair in query.split("&") if query else ():
        name, _, what = pair.partition("=")
        params[_unquoted(name)] = _unquoted(what)
    weight = float(params.pop("weight", "0").replace(" ", "+"))  # the plus of 1e+06
    params = _brought_up(params)
    return Reason(code, said(ENGLISH, code, tuple(params.items())), params, weight)


def _brought_up(params: dict[str, str]) -> dict[str, str]:
    """Parameters as they are logged now. Once there were English words in them.

    >>> _brought_up({"times": "2 videos", "topic": "tea"})
    {'topic': 'tea', 'act': 'saw', 'count': '2', 'when': 'lately'}
    >>> _brought_up({"ago": "5 min"}), _brought_up({"shown": "1 time"})
    ({'unit': 'minutes', 'count': '5'}, {'count': '1'})
    """
    if "times" in params:
        count, _, _ = params.pop("times").partition(" ")
        return params | {"act": "saw", "count": count, "when": "lately"}
    if "ago" in params:
        count, _, unit = params.pop("ago").partition(" ")
        return params | {"unit": "minutes" if unit == "min" else "hours", "count": count}
    if "shown" in params:
        count, _, _ = params.pop("shown").partition(" ")
        return params | {"count": count}
    return params


_unquoted = lru_cache(maxsize=1 << 14)(unquote_plus)
