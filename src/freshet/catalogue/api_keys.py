"""API keys with scopes, stored so that the table opens nothing.

    fk_<id>_<secret>      shown once, when it is made

The secret is 256 random bits, and the table holds a keyed hash of it. A slow hash such as
argon2 makes guessing passwords dear; 2^256 secrets cannot be guessed at any price, and a
slow hash on every request would only serve whoever wants us busy.

From the secret also comes the key's *signing secret*, with which the app's backend signs
viewer tokens by itself. It is stored, because checking a signature takes it; it opens
nothing by itself but what viewer tokens open.

Processes hold the table for `HELD_MS`: within that a revoked key stops working everywhere.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random
from threading import Lock
from typing import Any

import sqlalchemy as sa

from freshet.catalogue.access_file import metadata
from freshet.domain.errors import NotFound, Refused

SCOPES = ("ingest", "feed", "catalogue", "moderate", "admin")
HELD_MS = 3_000  # how long a revoked key may still work
UNKNOWN_MS = 50  # the table is read again for an id it did not have, but not more often
NAME_MAX = 100
DAY_MS = 86_400_000

table = sa.Table(
    "api_keys",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("hash", sa.LargeBinary, nullable=False),
    sa.Column("signing", sa.String, nullable=False),
    sa.Column("scopes", sa.String, nullable=False),  # in the order of SCOPES, by spaces
    sa.Column("created", sa.BigInteger, nullable=False),  # ms since 1970
    sa.Column("expires", sa.BigInteger, nullable=False),  # 0 = never
    sa.Column("last_used_day", sa.Integer, nullable=False),  # days since 1970, 0 = never
    sa.Column("revoked", sa.BigInteger, nullable=False),  # ms since 1970, 0 = it is not
)

_FORM = re.compile(r"fk_([a-z2-7]{10})_([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is known of a key: never the key."""

    id: str
    name: str
    scopes: tuple[str, ...]
    created: int
    expires: int
    last_used_day: int
    revoked: int

    def allows(self, scope: str) -> bool:
        return allows(self.scopes, scope)

    def state(self, now_ms: int) -> str:
        """ "live", "revoked" or "expired"."""
        if self.revoked:
            return "revoked"
        return "expired" if 0 < self.expires <= now_ms else "live"


@dataclass(frozen=True, slots=True)
class Made:
    """A key just made. Nobody can show `secret` and `signing` again."""

    key: ApiKey
    secret: str  # the whole of `fk_<id>_<secret>`
    signing: str


@dataclass(frozen=True, slots=True)
class _Held:
    key: ApiKey
    hash: bytes
    signing: str


def allows(scopes: Iterable[str], scope: str) -> bool:
    """Whether one of the scopes opens what needs `scope`; admin opens everything.

    >>> allows(("feed",), "feed"), allows(("admin",), "feed"), allows(("feed",), "ingest")
    (True, True, False)
    """
    return scope in scopes or "admin" in scopes


def signing_of(secret: str) -> str:
    """The signing secret of a key: HMAC-SHA256 of the words below, keyed by the whole key."""
    return hmac.new(secret.encode(), b"freshet viewer tokens", hashlib.sha256).hexdigest()


def looks_like_one(given: str) -> bool:
    return _FORM.fullmatch(given) is not None


class ApiKeys:
    """The keys of one data folder.

    `random` should be the operating system's. `clock` gives ms since 1970.
    """

    def __init__(self, access: sa.Engine, clock: Callable[[], int], random: Random) -> None:
        self._access, self._clock, self._random = access, clock, random
        self._lock = Lock()
        self._held: dict[str, _Held] = {}
        self._read_at = 0

    def create(self, name: str, scopes: Iterable[str], expires: int = 0) -> Made:
        """
        Raises:
            Refused: no name, no scope, an unknown scope, or a time of expiry that is past.
        """
        wanted, now = set(scopes), self._clock()
        if not 0 < len(name) <= NAME_MAX or not name.isprintable():
            raise Refused("name", "is no name", f"1 to {NAME_MAX} printable characters")
        if not wanted or wanted - set(SCOPES):
            wrong = ", ".join(sorted(wanted - set(SCOPES))) or "none"
            raise Refused("scopes", f"{wrong} is not a scope", ", ".join(SCOPES))
        if expires and expires <= now:
            raise Refused("expires", "lies in the past", "a time to come, or 0 for never")
        key = ApiKey(
            self._draw(10, base64.b32encode)[:10].lower(), name, _ordered(wanted), created=now,
            expires=expires, last_used_day=0, revoked=0,
        )  # fmt: skip
        secret = f"fk_{key.id}_{self._draw(32, base64.urlsafe_b64encode)}"
        made = Made(key, secret, signing_of(secret))
        with self._access.begin() as connection:
            connection.execute(sa.insert(table), _row(made))
        self._read()
        return made

    def all(self) -> list[ApiKey]:
        """Oldest first, as the table has them now."""
        self._read()
        return sorted((held.key for held in self._held.values()), key=lambda key: key.created)

    def revoke(self, key_id: str) -> None:
        """For good; other processes follow within `HELD_MS`.

        Raises:
            NotFound: there is no such key.
        """
        with self._access.begin() as connection:
            revoked = connection.execute(
                sa.update(table)
                .where(table.c.id == key_id)
                .values(
                    revoked=sa.case((table.c.revoked == 0, self._clock()), else_=table.c.revoked)
                )
            )
        if not revoked.rowcount:
            raise NotFound(
                "id", f"there is no key {key_id!r}", "an id that `freshet keys list` shows"
            )
        self._read()

    def verified(self, given: str) -> ApiKey | None:
        """The key whose secret this is, whatever its state; None if nobody's."""
        form = _FORM.fullmatch(given)
        held = self._find(form[1]) if form else None
        if held is None or not hmac.compare_digest(_hash(given), held.hash):
            return None
        return held.key

    def signing(self, key_id: str) -> tuple[ApiKey, str] | None:
        """A key and its signing secret, for checking what its owner signed."""
        held = self._find(key_id)
        return (held.key, held.signing) if held else None

    def unnoted(self, key: ApiKey) -> bool:
        """Whether this is the key's first use today."""
        return key.last_used_day < self._clock() // DAY_MS

    def note_used(self, key: ApiKey) -> None:
        """Keep the day, and nothing finer, on which a key was last used."""
        today = self._clock() // DAY_MS
        with self._access.begin() as connection:
            connection.execute(
                sa.update(table)
                .where(table.c.id == key.id, table.c.last_used_day < today)
                .values(last_used_day=today)
            )
        self._read()

    def _find(self, key_id: str) -> _Held | None:
        held, age = self._held.get(key_id), abs(self._clock() - self._read_at)
        if age >= HELD_MS or (held is None and age >= UNKNOWN_MS):
            self._read()
        return self._held.get(key_id)

    def _read(self) -> None:
        with self._lock, self._access.connect() as connection:
            rows = connection.execute(sa.select(table)).all()
            self._held = {row.id: _held(row) for row in rows}
            self._read_at = self._clock()

    def _draw(self, size: int, encode: Callable[[bytes], bytes]) -> str:
        drawn = self._random.getrandbits(8 * size).to_bytes(size, "big")
        return encode(drawn).decode().rstrip("=")


def _ordered(scopes: Iterable[str]) -> tuple[str, ...]:
    return tuple(scope for scope in SCOPES if scope in set(scopes))


def _hash(secret: str) -> bytes:
    return hmac.new(secret.encode(), b"freshet api key", hashlib.sha256).digest()


def _row(made: Made) -> dict[str, Any]:
    row = {"hash": _hash(made.secret), "signing": made.signing}
    for name in ("id", "name", "created", "expires", "last_used_day", "revoked"):
        row[name] = getattr(made.key, name)
    return row | {"scopes": " ".join(made.key.scopes)}


def _held(row: Any) -> _Held:
    key = ApiKey(
        row.id, row.name, tuple(row.scopes.split()), row.created, row.expires, row.last_used_day,
        row.revoked,
    )  # fmt: skip
    return _Held(key, row.hash, row.signing)
