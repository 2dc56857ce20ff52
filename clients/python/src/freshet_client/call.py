"""One definition of each call, for both clients.

A part of the API declares what is asked; whether asking blocks or is awaited is decided by
the client it belongs to, and the types follow:

    class Api(Part[Mode]):
        @ask
        def health(self) -> Call[Health]: ...

    Client(...).health()             -> Health
    await AsyncClient(...).health()  -> Health
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial, update_wrapper
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar, cast, overload
from urllib.parse import quote

import msgspec

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
P = ParamSpec("P")
S = TypeVar("S", bound="Part[Any]")
Query = Mapping[str, str | int | list[str]]


class Blocking:
    """Calls return their answers."""


class Awaited:
    """Calls are coroutines."""


Mode = TypeVar("Mode", Blocking, Awaited)


@dataclass(frozen=True, slots=True)
class Call(Generic[T_co]):
    """One thing asked, as often as it takes: a call may be repeated without harm, unless it is
    one to be made `once`.

    Args:
        answer: the type that a good answer is decoded to, or what makes it out of the bytes.
        good: statuses that are an answer, beside 200.
        gone: the answer to a repeated removal that finds nothing: the first attempt did it.
        once: what was perhaps done already is not asked again.
        body: encoded anew for every attempt, so that it can tell when it was sent.
    """

    method: str
    path: str
    answer: Callable[[bytes], T_co]
    query: Query = field(default_factory=dict)
    body: Callable[[], bytes] | None = None
    good: tuple[int, ...] = ()
    gone: Callable[[], T_co] | None = None
    once: bool = False
    content: str = "application/json"  # what kind of body it is


def reading(kind: type[T]) -> Callable[[bytes], T]:
    return msgspec.json.Decoder(kind).decode


def sending(body: Any) -> Callable[[], bytes]:
    return partial(msgspec.json.encode, body)


def path(*parts: str) -> str:
    """
    >>> path("videos", "a/b?")
    '/v1/videos/a%2Fb%3F'
    """
    return "/v1/" + "/".join(quote(part, safe="") for part in parts)


class Driver(Protocol):
    def run(self, call: Call[Any]) -> Any: ...  # the answer, or a coroutine of it

    def run_all(self, paged: Paged[Any]) -> Any: ...  # an iterator, or an asynchronous one


class Part(Generic[Mode]):
    """Calls that belong together."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver


class ask(Generic[S, P, T]):  # noqa: N801 (a decorator)
    """A method that says what to ask becomes one that asks it."""

    def __init__(self, make: Callable[Concatenate[S, P], Call[T]]) -> None:
        self._make = make
        update_wrapper(cast(Any, self), make)

    @overload
    def __get__(self, part: Part[Blocking], owner: Any) -> Callable[P, T]: ...
    @overload
    def __get__(self, part: Part[Awaited], owner: Any) -> Callable[P, Coroutine[Any, Any, T]]: ...
    def __get__(self, part: Any, owner: Any) -> Any:
        if part is None:
            return self

        def asking(*args: P.args, **kwargs: P.kwargs) -> Any:
            return part._driver.run(self._make(part, *args, **kwargs))

        return update_wrapper(asking, self._make)


@dataclass(frozen=True, slots=True)
class Paged(Generic[T]):
    """A list that comes in pages: how to ask for the one behind a cursor, and to read it."""

    page: Callable[[str], Call[Any]]  # "" = the first
    items: Callable[[Any], Sequence[T]]


class ask_all(Generic[S, P, T]):  # noqa: N801 (a decorator)
    """A method that says how a list begins becomes an iterator over all of it."""

    def __init__(self, make: Callable[Concatenate[S, P], Paged[T]]) -> None:
        self._make = make
        update_wrapper(cast(Any, self), make)

    @overload
    def __get__(self, part: Part[Blocking], owner: Any) -> Callable[P, Iterator[T]]: ...
    @overload
    def __get__(self, part: Part[Awaited], owner: Any) -> Callable[P, AsyncIterator[T]]: ...
    def __get__(self, part: Any, owner: Any) -> Any:
        if part is None:
            return self

        def asking(*args: P.args, **kwargs: P.kwargs) -> Any:
            paged = self._make(part, *args, **kwargs)
            return part._driver.run_all(paged)

        return update_wrapper(asking, self._make)
