"""The catalogue's in-memory columns: a fold of supply and moderation events."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from freshet.catalogue import facts
from freshet.domain import events as ev
from freshet.domain.ids import NO_ROW
from freshet.state.block import Block
from freshet.state.names import Names

KINDS = (
    "viewer", "video", "sound", "hashtag", "topic", "trait", "placement", "language", "country",
    "device",
)  # fmt: skip


class Columns:
    """Names and facts of everything that can be shown or can watch.

    `version` grows whenever facts of videos change: what was worked out from them
    is good as long as it, and the number of videos, stand still.
    """

    def __init__(self, people: int, videos: int, folder: Path | None = None) -> None:
        at = None if folder is None else folder / "viewer_facts.block"
        self.viewers = Block("viewer_facts", facts.VIEWER_WIDTH, people, at)
        at = None if folder is None else folder / "video_facts.block"
        self.videos = Block("video_facts", facts.VIDEO_WIDTH, videos, at)
        self.names: dict[str, Names] = {kind: Names() for kind in KINDS}
        self.version = 0

    def viewer(self, key: str) -> int:
        """Row of a person, made if new."""
        names = self.names["viewer"]
        row = names.row(key)
        if row == NO_ROW:
            self.viewers.check_room(len(names) + 1)
            row = names.add(key)
            facts.blank_viewer(self.viewers, row)
        return row

    def video(self, video: str) -> int:
        """Row of a video, made if new; until it is published it is not eligible."""
        names = self.names["video"]
        row = names.row(video)
        if row == NO_ROW:
            self.videos.check_room(len(names) + 1)
            row = names.add(video)
            facts.blank_video(self.videos, row)
        return row

    def placement(self, surface: str, context: str) -> int:
        """Row of a place where feeds are shown; beyond 255 the last stands for the rest."""
        name = f"{surface}/{context}" if context else surface
        names = self.names["placement"]
        return names.add(name) if len(names) < 255 else max(names.row(name), 0)

    def apply(self, event: ev.Event) -> bool:
        """Fold one event; True if it changes what is known of people or things."""
        match event:
            case ev.PersonSaved():
                self._save_person(event)
            case ev.VideoPublished():
                self._publish(event)
            case ev.VideoChanged():
                self._flag(event.video, facts.PUBLIC, event.privacy == "PUBLIC_TO_EVERYONE")
            case ev.VideoRemoved():
                self._flag(event.video, facts.REMOVED, True)
            case ev.LabelSet():
                self._flag(event.video, facts.LABEL_BIT[event.label], True)
            case ev.LabelCleared():
                self._flag(event.video, facts.LABEL_BIT[event.label], False)
            case ev.SoundSaved():
                self.names["sound"].add(event.sound)
            case ev.OpenApp():
                self._open_app(event)
            case ev.PersonalisationSet():
                row = self.viewers.ints[self.viewer(event.viewer)]
                flags = row[facts.VIEWER_FLAGS] & ~facts.IMPERSONAL
                row[facts.VIEWER_FLAGS] = flags if event.on else flags | facts.IMPERSONAL
            case _:
                return False
        return True

    def _open_app(self, event: ev.OpenApp) -> None:
        """What a device says of itself fills what the profile leaves open."""
        row = self.viewers.ints[self.viewer(event.viewer)]
        for column, kind, value in (
            (facts.VIEWER_LANGUAGE, "language", event.language),
            (facts.VIEWER_COUNTRY, "country", event.country),
            (facts.VIEWER_DEVICE, "device", event.device),
        ):
            if value and row[column] < 0:
                row[column] = self.names[kind].add(value)

    def eligible(self) -> np.ndarray:
        """bool (videos,): published, public, and barred by no label."""
        flags = self.videos.ints[: len(self.names["video"]), facts.FLAGS]
        eligible: np.ndarray = (flags & (facts.NEEDED | facts.BARRED)) == facts.NEEDED
        return eligible

    def _save_person(self, event: ev.PersonSaved) -> None:
        row = self.viewers.ints[self.viewer(event.person)]
        kept = row[facts.VIEWER_FLAGS] & facts.IMPERSONAL
        row[:] = -1
        row[facts.VIEWER_FLAGS] = facts.KNOWN | kept
        row[facts.VIEWER_LANGUAGE] = self.names["language"].add_or_none(event.language)
        row[facts.VIEWER_COUNTRY] = self.names["country"].add_or_none(event.country)
        row[facts.VIEWER_DEVICE] = self.names["device"].add_or_none(event.device)
        for k, topic in enumerate(event.interests[: facts.INTERESTS]):
            row[facts.INTEREST + k] = self.names["topic"].add(topic)
        # Country, language and device are traits like any other: each value has its own rates.
        weak = {"country": event.country, "language": event.language, "device": event.device}
        traits = [(k, v) for k, v in (weak | event.traits).items() if v]
        self._traits(row, facts.VIEWER_TRAIT, facts.VIEWER_TRAITS, "viewer", traits)

    def _publish(self, event: ev.VideoPublished) -> None:
        row = self.videos.ints[self.video(event.video)]
        flags = row[facts.FLAGS] & facts.BARRED & ~facts.REMOVED  # labels outlive a republishing
        row[:] = -1
        self.version += 1
        row[facts.CREATOR] = self.viewer(event.creator)
        row[facts.SOUND] = self.names["sound"].add_or_none(event.sound)
        for k, topic in enumerate(event.topics[: facts.TOPICS]):
            row[facts.TOPIC + k] = self.names["topic"].add(topic)
        for k, tag in enumerate(event.hashtags[: facts.HASHTAGS]):
            row[facts.HASHTAG + k] = self.names["hashtag"].add(tag)
        row[facts.LANGUAGE] = self.names["language"].add_or_none(event.language)
        row[facts.COUNTRY] = self.names["country"].add_or_none(event.country)
        row[facts.DURATION_MS] = min(event.duration_ms, 2**31 - 1)
        row[facts.CREATED_S] = facts.seconds(event.created)
        original = facts.ORIGINAL_SOUND if event.original_sound else 0
        row[facts.FLAGS] = flags | facts.PUBLISHED | facts.PUBLIC | original
        traits = [(k, v) for k, v in event.traits.items() if v]
        self._traits(row, facts.VIDEO_TRAIT, facts.VIDEO_TRAITS, "video", traits)

    def _traits(
        self, row: np.ndarray, at: int, room: int, of: str, traits: list[tuple[str, str]]
    ) -> None:
        for k, (name, value) in enumerate(traits[:room]):
            row[at + k] = self.names["trait"].add(f"{of}.{name}={value}")

    def _flag(self, video: str, bit: int, on: bool) -> None:
        row = self.videos.ints[self.video(video)]
        self.version += 1
        row[facts.FLAGS] = row[facts.FLAGS] | bit if on else row[facts.FLAGS] & ~bit
