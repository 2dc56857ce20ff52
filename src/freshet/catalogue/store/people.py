"""People: their rows, and what follows when one of them changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import select

from freshet.catalogue.keys import PersonKeys
from freshet.catalogue.store.announce import tell_people, tell_videos
from freshet.catalogue.store.clearance import uncleared_videos
from freshet.catalogue.store.database import Database, Writing
from freshet.catalogue.store.erasure import Erased, erase
from freshet.catalogue.store.merging import check_anonymous, merge
from freshet.catalogue.store.records import Person, StoredPerson
from freshet.catalogue.store.shelf import Change, Shelf, plain
from freshet.catalogue.store.tables import MERGES, OUTBOX, PEOPLE, VIDEOS
from freshet.domain.errors import Refused
from freshet.domain.events import PersonalisationSet


class People(Shelf[Person, StoredPerson]):
    """The people of the app, named by its own ids; the log knows them by their keys."""

    kind, stored, table, noun = Person, StoredPerson, PEOPLE, "person"
    filters = ("account", "country")

    def __init__(self, database: Database, keys: PersonKeys) -> None:
        super().__init__(database)
        self._keys = keys

    def remove(self, record_id: str) -> Erased:
        """Erase the person: rows, videos, their own sounds, mentions, and, once the log has
        heard of it, their key. Also of somebody known by events alone.

        Raises:
            NotFound: nobody is known by this id.
        """
        with self._writing() as writing:
            erased = erase(writing, record_id, self._keys)
            if erased is None:
                raise self._missing(record_id)
            return erased

    def merge(self, record_id: str, anonymous: str) -> bool:
        """What an anonymous viewer did is this person's; False if it was already.

        Raises:
            NotFound: there is no such person.
            Refused: the other is a person too, the same, or was merged into somebody else.
        """
        check_anonymous(record_id, anonymous)
        self.get(record_id)  # before a key is made for somebody who does not exist
        keys = self._keys.keys([record_id, anonymous])
        with self._writing() as writing:
            self._get(writing.connection, record_id)
            return merge(writing, record_id, anonymous, keys)

    def _before(self, records: Sequence[Person]) -> None:
        self._keys.keys(person.id for person in records)

    def _refusals(
        self, writing: Writing, changes: Mapping[str, Change]
    ) -> Iterator[tuple[str, Refused]]:
        keys = {key: one for one, key in self._keys.keys(changes).items()}
        leaving = select(OUTBOX.c.erases).where(OUTBOX.c.erases.in_(keys))
        for key in writing.connection.execute(leaving).scalars():
            yield keys[cast(str, key)], Refused("id", "is being erased", "the same in a moment")
        merged = select(MERGES.c.anonymous).where(MERGES.c.anonymous.in_(changes))
        for one in writing.connection.execute(merged).scalars():
            yield one, Refused("id", "was merged into a person as an anonymous viewer", "another")
        turned = [
            one
            for one, change in changes.items()
            if change.record.account == "business" and change.old is not None
        ]
        for creator, count in uncleared_videos(writing.connection, turned).items():
            reason = f"{count} of their videos use sounds that businesses may not"
            yield creator, Refused("account", reason, "other sounds on these videos first")

    def _row(self, record: Person, change: Change) -> dict[str, Any]:
        return plain(record)

    def _told(self, writing: Writing, changes: Mapping[str, Change]) -> None:
        tell_people(writing, list(changes), self._keys)
        for one, change in changes.items():
            was = change.old.consent if change.old is not None else None
            if change.record.consent != was:  # taking it back to "not asked" withdraws it
                on = bool(change.record.consent)
                writing.tell(PersonalisationSet, viewer=self._keys.key(one), on=on)
        moved = [one for one, change in changes.items() if _category_changed(change)]
        if moved:  # it is part of what their videos are about
            theirs = select(VIDEOS.c.id).where(VIDEOS.c.creator.in_(moved), VIDEOS.c.category == "")
            ids = writing.connection.execute(theirs.order_by(VIDEOS.c.id)).scalars().all()
            tell_videos(writing, ids, self._keys)


def _category_changed(change: Change) -> bool:
    return change.old is not None and change.old.category != change.record.category
