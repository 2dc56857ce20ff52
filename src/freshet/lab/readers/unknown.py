"""People and videos that a file of acts names but never introduces."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from freshet.domain.events import Event, PersonSaved, VideoPublished
from freshet.lab.readers.ids import content_id


def introduced(events: Iterable[Event]) -> Iterator[Event]:
    """`events`, and just before the first use of a person or video one that says it exists.

    Who made such a video is not known; each gets a creator of its own, else all of them would
    look like the work of one person.
    """
    people: set[str] = set()
    videos: set[str] = set()
    for event in events:
        for person in (getattr(event, name, "") for name in ("viewer", "person", "creator")):
            if person and person not in people and not isinstance(event, PersonSaved):
                yield PersonSaved(event_id=content_id(event.time, b"person", person.encode()),
                                  time=event.time, person=person)  # fmt: skip
            people.add(person)
        video = getattr(event, "video", "")
        if video and video not in videos and not isinstance(event, VideoPublished):
            yield VideoPublished(
                event_id=content_id(event.time, b"video", video.encode()), time=event.time,
                video=video, creator=f"of-{video}", created=event.time,
                duration_ms=getattr(event, "duration_ms", 0),
            )  # fmt: skip
        videos.add(video)
        yield event
