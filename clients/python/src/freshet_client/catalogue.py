"""People, videos, sounds and hashtags: save, get, change, remove, list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec

from freshet_client.answers import Erased, Merged, Removed, Saved
from freshet_client.call import (
    Call,
    Driver,
    Mode,
    Paged,
    Part,
    ask,
    ask_all,
    path,
    reading,
    sending,
)
from freshet_client.records import (
    Hashtag,
    Person,
    Sound,
    StoredHashtag,
    StoredPerson,
    StoredSound,
    StoredVideo,
    Video,
)
from freshet_client.rulings import Looked, PersonStanding
from freshet_client.trials import Diagnosis, Journey, PersonDiagnosis

R = TypeVar("R")  # as the app tells it
S = TypeVar("S")  # as the catalogue has it
D = TypeVar("D", bound=Removed)  # what was removed

PAGE = 500


class Shelf(Part[Mode], Generic[Mode, R, S, D]):
    """One kind of record."""

    plural: str
    stored: type[S]
    removed: type[D]

    def __init__(self, driver: Driver) -> None:
        super().__init__(driver)
        page = msgspec.defstruct(
            "Page", [(self.plural, tuple[self.stored, ...]), ("cursor", str)]  # type: ignore[name-defined]
        )  # fmt: skip
        self._page: Callable[[bytes], Any] = reading(page)

    @ask
    def save(self, *records: R) -> Call[Saved]:
        """Insert or replace up to 1,000 records; fields left out fall back to their defaults.
        Good ones are kept; `errors` says what is wrong with the others. When this answers,
        feeds know of them."""
        body = sending({self.plural: records})
        return Call("POST", path(self.plural), reading(Saved), body=body, good=(400,))

    @ask
    def get(self, record_id: str) -> Call[S]:
        """One record, whole."""
        return Call("GET", path(self.plural, record_id), reading(self.stored))

    @ask
    def change(self, record_id: str, /, **fields: Any) -> Call[S]:
        """Only the fields given change; answers with the whole."""
        where = path(self.plural, record_id)
        return Call("PATCH", where, reading(self.stored), body=sending(fields))

    @ask
    def delete(self, record_id: str) -> Call[D]:
        """Remove it: a video is gone for everybody, a person is erased, with all of theirs."""
        removed = self.removed
        return Call(
            "DELETE",
            path(self.plural, record_id),
            reading(removed),
            gone=lambda: removed(id=record_id, again=True),
        )

    @ask_all
    def list(self, /, **only: str) -> Paged[S]:
        """All records in the order of their ids, or `only` those with, for instance, a creator."""

        def page(cursor: str) -> Call[Any]:
            query: dict[str, Any] = {"max_count": PAGE, **only}
            if cursor:
                query["cursor"] = cursor
            return Call("GET", path(self.plural), self._page, query)

        return Paged(page, lambda answer: getattr(answer, self.plural))


class People(Shelf[Mode, Person, StoredPerson, Erased], Generic[Mode]):
    plural, stored, removed = "people", StoredPerson, Erased

    @ask
    def merge(self, person: str, anonymous: str) -> Call[Merged]:
        """At sign-in: what the anonymous viewer saw and did is the person's from now on."""
        body = sending({"anonymous": anonymous})
        return Call("POST", path("people", person, "merge"), reading(Merged), body=body)

    @ask
    def standing(self, person: str) -> Call[PersonStanding]:
        """What was decided of a person and their videos, and whether they may appeal."""
        return Call("GET", path("people", person, "standing"), reading(PersonStanding))

    @ask
    def diagnosis(self, person: str) -> Call[PersonDiagnosis]:
        """How all of a creator's videos fare, and what holds them back."""
        return Call("GET", path("people", person, "diagnosis"), reading(PersonDiagnosis))


class Videos(Shelf[Mode, Video, StoredVideo, Removed], Generic[Mode]):
    plural, stored, removed = "videos", StoredVideo, Removed

    @ask
    def fingerprint(self, video: str, file: bytes) -> Call[Looked]:
        """Have a video's file looked at for copies, before this answers: a second or two. The
        file is not kept."""
        where = path("videos", video, "fingerprint")
        kind = "application/octet-stream"
        return Call("POST", where, reading(Looked), body=lambda: file, content=kind)

    @ask
    def journey(self, video: str) -> Call[Journey]:
        """A new video on its way from stage to stage; `NotFound` if it was never on trial."""
        return Call("GET", path("videos", video, "journey"), reading(Journey))

    @ask
    def diagnosis(self, video: str) -> Call[Diagnosis]:
        """Its journey, who saw it, its numbers beside its like; why it stalls, what would help."""
        return Call("GET", path("videos", video, "diagnosis"), reading(Diagnosis))


class Sounds(Shelf[Mode, Sound, StoredSound, Removed], Generic[Mode]):
    plural, stored, removed = "sounds", StoredSound, Removed


class Hashtags(Shelf[Mode, Hashtag, StoredHashtag, Removed], Generic[Mode]):
    plural, stored, removed = "hashtags", StoredHashtag, Removed
