"""API keys: shown once, found by their secret alone, gone everywhere when revoked."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from random import Random

import pytest

from freshet.catalogue.access_file import open_access
from freshet.catalogue.api_keys import DAY_MS, HELD_MS, UNKNOWN_MS, ApiKeys, signing_of
from freshet.domain.errors import NotFound, Refused

NOW_MS = 1_700_000_000_000


class Clock:
    now = NOW_MS

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(tmp_path: Path, clock: Clock) -> ApiKeys:
    return opened(tmp_path, clock, 1)


def opened(folder: Path, clock: Clock, seed: int) -> ApiKeys:
    return ApiKeys(open_access(folder / "access.sqlite3"), clock, Random(seed))


def test_a_key_is_known_by_its_secret_and_has_its_scopes(keys: ApiKeys) -> None:
    made = keys.create("app", ["feed", "ingest"])
    key = keys.verified(made.secret)
    assert key is not None
    assert (key.id, key.name, key.scopes) == (made.key.id, "app", ("ingest", "feed"))
    assert key.allows("feed")
    assert not key.allows("catalogue")
    assert keys.create("root", ["admin"]).key.allows("catalogue")


def test_another_secret_under_the_same_id_is_nobodys(keys: ApiKeys) -> None:
    made, other = keys.create("app", ["feed"]), keys.create("other", ["feed"])
    forged = f"fk_{made.key.id}_{other.secret.split('_', 2)[2]}"
    for given in (forged, made.secret[:-1], made.secret + "x", "", "fk_", "fk_a_b", "é" * 57):
        assert keys.verified(given) is None


def test_the_file_holds_no_key(keys: ApiKeys, tmp_path: Path) -> None:
    secret = keys.create("app", ["feed"]).secret
    written = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert secret.encode() not in written
    assert secret.split("_", 2)[2].encode() not in written


def test_a_new_key_opens_another_process_at_once(
    keys: ApiKeys, tmp_path: Path, clock: Clock
) -> None:
    beside = opened(tmp_path, clock, 2)
    assert beside.all() == []
    secret = keys.create("app", ["feed"]).secret
    clock.now += UNKNOWN_MS
    assert beside.verified(secret) is not None


def test_a_revoked_key_is_refused_here_at_once_and_elsewhere_within_seconds(
    keys: ApiKeys, tmp_path: Path, clock: Clock
) -> None:
    made = keys.create("app", ["feed"])
    beside = opened(tmp_path, clock, 2)

    def states() -> list[str]:
        found = [one.verified(made.secret) for one in (keys, beside)]
        return [key.state(clock()) for key in found if key]

    assert states() == ["live", "live"]
    keys.revoke(made.key.id)
    assert states() == ["revoked", "live"]
    clock.now += HELD_MS
    assert states() == ["revoked", "revoked"]


def test_a_key_expires_by_itself(keys: ApiKeys, clock: Clock) -> None:
    key = keys.create("app", ["feed"], expires=NOW_MS + 1).key
    assert key.state(clock()) == "live"
    assert key.state(clock() + 1) == "expired"


def test_the_day_of_the_last_use_is_kept_once_a_day(keys: ApiKeys, clock: Clock) -> None:
    made = keys.create("app", ["feed"])
    key = keys.verified(made.secret)
    assert key is not None
    assert keys.unnoted(key)
    keys.note_used(key)
    (key,) = keys.all()
    assert key.last_used_day == NOW_MS // DAY_MS
    assert not keys.unnoted(key)
    clock.now += DAY_MS
    assert keys.unnoted(key)


def test_the_signing_secret_follows_from_the_key(keys: ApiKeys) -> None:
    made = keys.create("app", ["feed"])
    held = keys.signing(made.key.id)
    assert held is not None
    assert held[1] == made.signing == signing_of(made.secret)
    assert keys.signing("none") is None


@pytest.mark.parametrize(
    ("name", "scopes", "expires", "field"),
    [("", ["feed"], 0, "name"), ("x" * 101, ["feed"], 0, "name"), ("a\nb", ["feed"], 0, "name"),
     ("app", [], 0, "scopes"), ("app", ["feed", "write"], 0, "scopes"),
     ("app", ["feed"], NOW_MS, "expires")],
)  # fmt: skip
def test_a_wrong_wish_is_refused(
    keys: ApiKeys, name: str, scopes: list[str], expires: int, field: str
) -> None:
    with pytest.raises(Refused) as refused:
        keys.create(name, scopes, expires)
    assert refused.value.field == field
    assert keys.all() == []


def test_revoking_what_is_not_there_says_so(keys: ApiKeys) -> None:
    with pytest.raises(NotFound, match="freshet keys list"):
        keys.revoke("none")


def test_a_file_of_a_newer_freshet_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "access.sqlite3") as newer:
        newer.execute("PRAGMA user_version = 99")
    with pytest.raises(Refused, match="schema 99"):
        open_access(tmp_path / "access.sqlite3")
