"""Signing in: what an anonymous viewer saw and did becomes a person's."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import insert, select

from freshet.catalogue.store import checks
from freshet.catalogue.store.database import Writing
from freshet.catalogue.store.tables import MERGES, PEOPLE
from freshet.domain.errors import Refused
from freshet.domain.events import ViewersMerged


def merge(writing: Writing, person: str, anonymous: str, keys: Mapping[str, str]) -> bool:
    """Tell the log that `anonymous` is `person`; False if it was told before.

    Raises:
        Refused: they cannot be the same.
    """
    connection = writing.connection
    if connection.execute(select(PEOPLE.c.id).where(PEOPLE.c.id == anonymous)).first():
        raise Refused("anonymous", "is a person of the catalogue", "an anonymous viewer's id")
    known = connection.execute(select(MERGES.c.person).where(MERGES.c.anonymous == anonymous))
    merged_into = known.scalar()
    if merged_into == person:
        return False
    if merged_into is not None:
        # Two people on one device: what came first cannot be taken apart any more.
        right = "a fresh anonymous id after each signing out"
        raise Refused("anonymous", "was merged into another person", right)
    row = {"anonymous": anonymous, "person": person, "time": writing.now_ms}
    connection.execute(insert(MERGES), row)
    writing.tell(ViewersMerged, viewer=keys[anonymous], into=keys[person])
    return True


def check_anonymous(person: str, anonymous: str) -> None:
    checks.is_id("anonymous", anonymous)
    if anonymous == person:
        raise Refused("anonymous", "is the person's own id", "an anonymous viewer's id")
