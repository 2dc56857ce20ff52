"""Short ways to say: these videos exist, this viewer did that, this engine serves them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from freshet.catalogue.access import Access
from freshet.catalogue.keys import PersonKeys
from freshet.catalogue.store.catalogue import FILE, Catalogue
from freshet.config import Feed, Http, Log, Settings
from freshet.distribution.settings import Stages
from freshet.domain import events as e
from freshet.domain.ids import uuid7
from freshet.engine import OneProcess
from freshet.feed.experiments import Experiment
from freshet.feed.parts import Parts
from freshet.feed.settings import Following, ForYou
from freshet.log.ports import Batch
from freshet.writer import Writer
from tests.feed.world import HOUR_MS, NOW_MS, FakeLive, FakeLog

_ids = Random(7)


def make(kind: type[e.Event], time: int = NOW_MS, /, **fields: Any) -> Any:
    return kind(event_id=uuid7(time, _ids), time=time, received=time, **fields)


def video(name: str, creator: str = "", age_h: float = 100, **fields: Any) -> e.VideoPublished:
    """A video; unless told otherwise, by a creator of its own and without a sound."""
    return make(
        e.VideoPublished,
        NOW_MS - int(age_h * HOUR_MS),
        video=name,
        creator=creator or f"creator of {name}",
        created=NOW_MS - int(age_h * HOUR_MS),
        duration_ms=15_000,
        **fields,
    )


def watched(viewer: str, *videos: str, time: int = NOW_MS) -> list[e.Event]:
    acts: list[e.Event] = []
    for name in videos:
        acts.append(make(e.Impression, time, viewer=viewer, video=name))
        report = {"watched_ms": 15_000, "completed": True, "left": True}
        acts.append(make(e.Watch, time, viewer=viewer, video=name, **report))
    return acts


def live_of(events: Sequence[e.Event]) -> FakeLive:
    live = FakeLive()
    live.apply(Batch(1, tuple(events)))
    return live


def parts_of(events: Sequence[e.Event], **settings: Any) -> Parts:
    return Parts(live_of(events), ForYou(**settings))


class Clock:
    def __init__(self) -> None:
        self.now = NOW_MS

    def __call__(self) -> int:
        return self.now


def engine_of(
    folder: Path,
    log: FakeLog | None = None,
    following: Following | None = None,
    experiments: dict[str, Experiment] | None = None,
    secret: bytes = b"for tests only, and 32 bytes long",
    stages: Stages | None = None,
    **settings: Any,
) -> OneProcess:
    """An engine over fakes, without stages unless they are given. Settings of For You by name.

    Dice that make ids have each a seed of its own, here and in what calls it: with one clock
    for all, two of the same seed make the same event twice, and the log keeps the first.
    """
    live = FakeLive()
    told = Settings(
        http=Http(api_key="key of the app", admin_key="key of the admin"),
        log=Log(tick_ms=0),
        feed=Feed(for_you=ForYou(**settings), following=following or Following()),
        experiments=experiments or {},
        stages=stages or Stages(on=False),
    )
    keys, clock = PersonKeys(folder / "keys.sqlite", Random(1)), Clock()
    catalogue = catalogue_of(folder, keys, clock)
    writer = Writer(
        log or FakeLog(), live, [live], told, clock, Random(31), catalogue=catalogue, keys=keys
    )
    access = Access(folder / "access.sqlite3", clock, Random(32))
    return OneProcess(writer, live, keys, told, clock, Random(33), secret, catalogue, access)


def catalogue_of(folder: Path, keys: PersonKeys, clock: Callable[[], int]) -> Catalogue:
    """An empty catalogue, copied from one whose tables were made once."""
    (folder / FILE).write_bytes(_empty_catalogue())
    return Catalogue.open(folder / FILE, keys, clock, Random(34))


@cache
def _empty_catalogue() -> bytes:
    with TemporaryDirectory() as name:
        file = Path(name) / FILE
        keys = PersonKeys(Path(name) / "keys", Random(1))
        Catalogue.open(file, keys, Clock(), Random(1)).close()
        return file.read_bytes()
