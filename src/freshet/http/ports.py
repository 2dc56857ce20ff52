"""What HTTP needs of the engine behind it. `freshet.app` has the real one."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from freshet.catalogue.access import Access
from freshet.catalogue.store.catalogue import Catalogue
from freshet.distribution.diagnosis import Diagnosis, PersonDiagnosis
from freshet.distribution.standing import Funnel, JourneySoFar
from freshet.domain.events import Event
from freshet.feed.answer import Answer
from freshet.feed.arm_table import ArmTable
from freshet.feed.options import Options
from freshet.feed.rank import Ranking
from freshet.feed.telemetry import Telemetry
from freshet.http.settings import Http
from freshet.log.ports import Appended
from freshet.moderation.asks import Ask
from freshet.surfaces.surfaces import Question, Surfaces


class Health(Protocol):
    @property
    def problems(self) -> Sequence[str]: ...  # what keeps it from serving well; empty if nothing


class Keys(Protocol):
    def key(self, external: str) -> str: ...

    def keys(self, externals: Sequence[str]) -> dict[str, str]: ...

    def known(self, external: str) -> str | None: ...

    def external(self, key: str) -> str | None: ...


class Engine(Protocol):
    @property
    def keys(self) -> Keys: ...

    @property
    def http(self) -> Http: ...

    @property
    def access(self) -> Access: ...

    def now_ms(self) -> int: ...

    async def record(self, events: Sequence[Event]) -> Appended:
        """Append, durable on return, and remember how far each viewer's folds must come."""
        ...

    @property
    def catalogue(self) -> Catalogue:
        """Its calls wait for the disk: in threads."""
        ...

    async def relay(self) -> None:
        """All that was committed to the catalogue before the call is in the log on return.

        Raises:
            Unavailable: not now; it is kept, and relayed later.
        """
        ...

    @property
    def surfaces(self) -> Surfaces: ...

    async def ask(self, surface: str, asked: Question) -> Answer:
        """A surface's next slate, or the page that a cursor names."""
        ...

    async def rank(
        self, surface: str, viewer: str, videos: Sequence[str], options: Options, reasons: bool
    ) -> Ranking:
        """A given list, scored for a viewer's key by a surface's value table."""
        ...

    async def arms(self, name: str, control: str) -> ArmTable:
        """What came of an experiment; `control` "" = that of the settings."""
        ...

    @property
    def upload_bytes(self) -> int:
        """How large a file that is looked at for copies may be."""
        ...

    async def moderate(self, asked: Ask) -> Any:
        """What moderation answers, of the kind that `ANSWERS` names; people by key."""
        ...

    def creator_of(self, video: str) -> str:
        """Key of whose video it is, "" if nobody heard of it."""
        ...

    async def journey(self, video: str) -> JourneySoFar:
        """Where a video on trial stands.

        Raises:
            NotFound: it was never on trial.
        """
        ...

    async def funnel(self) -> Funnel:
        """All trials."""
        ...

    async def diagnosis(self, video: str) -> Diagnosis:
        """Why a video stalls, if it does.

        Raises:
            NotFound: nobody heard of it.
        """
        ...

    async def person_diagnosis(self, person: str) -> PersonDiagnosis:
        """How all of a person's videos fare, by key."""
        ...

    def knows_video(self, video: str) -> bool:
        """Whether it was published."""
        ...

    def personalised(self, viewer: str) -> bool:
        """False if the viewer of this key chose a feed that does not learn from them."""
        ...

    def new_request_id(self) -> str: ...

    async def related(self, video: str, viewer: str, n: int) -> list[str]:
        """Videos like a video, nearest first; `viewer` is a key, "" = nobody."""
        ...

    async def health(self) -> Health: ...

    @property
    def telemetry(self) -> Telemetry: ...

    def running(self) -> AbstractAsyncContextManager[None]:
        """Folds in the background while entered."""
        ...
