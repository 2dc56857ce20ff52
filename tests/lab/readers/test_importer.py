"""Events of a reader appended to a log, interrupted, repeated and resumed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence

import pytest

from freshet.domain.errors import Overloaded, Refused
from freshet.domain.events import Event, Follow, Hide, Impression, VideoPublished
from freshet.lab.readers.ids import content_id
from freshet.lab.readers.importer import Checkpoint, ImportReport, import_events
from freshet.log.ports import Appended, Batch, Offset

T0 = 1_650_812_741_436


class Keys:
    """Keys in a dict; ids may not be empty."""

    def __init__(self) -> None:
        self.table: dict[str, str] = {}

    def key(self, external: str) -> str:
        if not external:
            raise Refused("person", "an id of 0 characters", "1 to 200")
        return self.table.setdefault(external, f"key{len(self.table)}")

    def keys(self, externals: Iterable[str]) -> dict[str, str]:
        return {external: self.key(external) for external in sorted(externals)}


class Log:
    """A log in a list that can be made to fail."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.calls = 0
        self.fail_at = -1
        self.busy = 0

    async def append(self, events: Sequence[Event]) -> Appended:
        self.calls += 1
        if self.calls == self.fail_at:
            raise ConnectionError("pulled the plug")
        if self.busy:
            self.busy -= 1
            raise Overloaded("the log", 0.0)
        known = {event.event_id: at for at, event in enumerate(self.events, 1)}
        offsets, repeated, refused = [], [], []
        for at, event in enumerate(events):
            if isinstance(event, Impression) and event.video == "refused":
                refused.append((at, Refused("video", "is not wanted")))
                offsets.append(0)
            elif event.event_id in known:
                repeated.append(at)
                offsets.append(known[event.event_id])
            else:
                self.events.append(event)
                offsets.append(len(self.events))
        return Appended(tuple(offsets), tuple(repeated), tuple(refused))

    async def read(self, after: Offset = 0) -> Iterator[Batch]:
        raise NotImplementedError

    async def wait(self, after: Offset) -> None: ...

    @property
    def last(self) -> Offset:
        return len(self.events)

    async def close(self) -> None: ...


def impressions(count: int, viewer: str = "ada") -> list[Event]:
    return [
        Impression(
            event_id=content_id(T0 + i, b"%d" % i), time=T0 + i, viewer=viewer, video=f"v{i}"
        )
        for i in range(count)
    ]


def run(log: Log, events: Iterable[Event], **options: object) -> ImportReport:
    keys = options.pop("keys", None) or Keys()
    return asyncio.run(import_events(log, events, keys=keys, **options))  # type: ignore[arg-type]


def test_every_event_is_appended_and_counted_by_type():
    log = Log()
    report = run(log, impressions(5), batch_events=2)
    assert [event.video for event in log.events] == ["v0", "v1", "v2", "v3", "v4"]
    assert report.appended == {"impression": 5}
    assert (log.calls, report.events, report.seconds > 0) == (3, 5, True)


def test_viewers_creators_followed_people_and_hidden_creators_are_named_by_key():
    log, keys = Log(), Keys()
    run(log, [
        VideoPublished(event_id=content_id(T0, b"v"), time=T0, video="v", creator="eve",
                       created=T0),
        Follow(event_id=content_id(T0, b"f"), time=T0, viewer="ada", person="eve"),
        Hide(event_id=content_id(T0, b"h"), time=T0, viewer="ada", kind="creator", target="eve"),
        Hide(event_id=content_id(T0, b"t"), time=T0, viewer="ada", kind="topic", target="eve"),
    ], keys=keys)  # fmt: skip
    published, follow, hide, topic = log.events
    ada, eve = keys.table["ada"], keys.table["eve"]
    assert published.creator == follow.person == hide.target == eve
    assert follow.viewer == hide.viewer == ada
    assert topic.target == "eve"


def test_an_interrupted_import_goes_on_where_the_log_stopped_acknowledging(tmp_path):
    log, checkpoint = Log(), Checkpoint(tmp_path, "abc")
    log.fail_at = 3
    with pytest.raises(ConnectionError):
        run(log, impressions(10), checkpoint=checkpoint, batch_events=2)
    assert log.last == 4
    report = run(log, impressions(10), checkpoint=checkpoint, batch_events=2)
    assert log.last == 10
    assert (report.skipped, report.appended.total(), report.repeated) == (4, 6, 0)


def test_what_was_appended_after_the_last_checkpoint_is_a_repeat(tmp_path):
    log, checkpoint = Log(), Checkpoint(tmp_path, "abc")
    run(log, impressions(4), checkpoint=None)
    report = run(log, impressions(6), checkpoint=checkpoint)
    assert (report.appended.total(), report.repeated) == (2, 4)


def test_a_finished_import_adds_nothing_when_it_is_run_again(tmp_path):
    log, checkpoint = Log(), Checkpoint(tmp_path, "abc")
    run(log, impressions(6), checkpoint=checkpoint)
    report = run(log, impressions(6), checkpoint=checkpoint)
    assert (log.last, report.skipped, report.appended.total()) == (6, 6, 0)


def test_a_checkpoint_of_another_log_or_source_or_a_broken_one_is_not_believed(tmp_path):
    checkpoint = Checkpoint(tmp_path, "abc")
    run(Log(), impressions(6), checkpoint=checkpoint)
    assert run(Log(), impressions(6), checkpoint=checkpoint).appended.total() == 6
    assert run(Log(), impressions(6), checkpoint=Checkpoint(tmp_path, "xyz")).skipped == 0
    checkpoint.path.write_text("{half")
    assert run(Log(), impressions(6), checkpoint=checkpoint).appended.total() == 6


def test_a_full_log_is_asked_again():
    log = Log()
    log.busy = 2
    assert run(log, impressions(3)).appended.total() == 3


def test_an_event_the_log_refuses_is_counted_and_its_neighbours_are_kept():
    events = impressions(3)
    bad = Impression(event_id=content_id(T0, b"x"), time=T0, viewer="ada", video="refused")
    report = run(Log(), [*events, bad])
    assert report.appended.total() == 3
    assert report.refused == {"refused": 1}
    assert "is not wanted" in report.examples[0]


def test_a_person_who_cannot_have_a_key_costs_only_their_own_events():
    log = Log()
    report = run(log, [*impressions(2), *impressions(1, viewer="")])
    assert report.appended.total() == 2
    assert report.refused == {"refused": 1}
