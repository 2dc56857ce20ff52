"""The catalogue's in-memory columns: a fold of supply and moderation events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from freshet.catalogue import facts
from freshet.catalogue.verdicts import Subject, Verdicts
from freshet.domain import events as ev
from freshet.domain.ids import NO_ROW
from freshet.state.block import Block
from freshet.state.memory import Memory
from freshet.state.names import Names, NameTable, Text

KINDS = (
    "viewer", "video", "sound", "hashtag", "topic", "trait", "placement", "language", "country",
    "device",
)  # fmt: skip


class Columns:
    """Names and facts of everything that can be shown or can watch.

    `version` grows whenever facts of videos change: what was worked out from them
    is good as long as it, and the number of videos, stand still.
    """

    def __init__(
        self, people: int, videos: int, memory: Memory | None = None,
        tables: dict[str, NameTable] | None = None,
    ) -> None:  # fmt: skip
        self.viewers = Block("viewer_facts", facts.VIEWER_WIDTH, people, memory)
        self.videos = Block("video_facts", facts.VIDEO_WIDTH, videos, memory)
        self.tables = tables or {}
        self.names = {kind: Names(table=self.tables.get(kind)) for kind in KINDS}
        self.version = 0
        self.verdicts = Verdicts()

    def restore(
        self, names: Mapping[str, Text | Sequence[str]], moved: dict[int, int],
        verdicts: Verdicts | None = None,
    ) -> None:  # fmt: skip
        """Names, which viewers' were moved, and decisions, as saved; facts are the caller's to
        fill. Nothing has a name yet."""
        self.verdicts = verdicts or Verdicts()
        for kind, items in names.items():
            mine = moved if kind == "viewer" else {}
            self.names[kind] = Names(items, mine, self.tables.get(kind))
        self.version += 1

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
                self._privacy(event.video, event.privacy)
            case ev.VideoRemoved():
                self._flag(event.video, facts.REMOVED, True)
            case ev.LabelSet():
                self._own_label(event, True)
            case ev.LabelCleared():
                self._own_label(event, False)
            case ev.DecisionMade() | ev.DecisionReversed() | ev.AppealAnswered():
                for subject in self.verdicts.fold(event):
                    self._mark(subject, event.received)
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

    def pass_time(self, now_ms: int) -> None:
        """Decisions that have ended by now hold no longer; to be called when `now_ms` reaches
        `verdicts.next_end`."""
        for subject in self.verdicts.ended(now_ms):
            self._mark(subject, now_ms)

    def merged(self, viewer: str, into: str, now_ms: int) -> None:
        """What was decided of one person is of another from now on."""
        for subject in self.verdicts.merge(viewer, into):
            self._mark(("person", into) if subject == ("person", viewer) else subject, now_ms)

    def forget(self, person: str) -> int:
        """The person's row, blank and without a name; their videos are removed."""
        self.verdicts.forget(person)
        row = self.viewer(person)
        video = int(self.viewers.ints[row, facts.LATEST])
        while video >= 0:
            self.videos.ints[video, facts.FLAGS] |= facts.REMOVED
            video = int(self.videos.ints[video, facts.BEFORE])
        facts.blank_viewer(self.viewers, row)
        self.names["viewer"].forget(row)
        self.version += 1
        return row

    def _privacy(self, video: str, privacy: ev.Privacy) -> None:
        self._flag(video, facts.PUBLIC, privacy == "PUBLIC_TO_EVERYONE")
        self._flag(video, facts.FOLLOWERS, privacy == "FOLLOWER_OF_CREATOR")

    def _save_person(self, event: ev.PersonSaved) -> None:
        row = self.viewers.ints[self.viewer(event.person)]
        lasting = facts.IMPERSONAL | facts.UNDER_PENALTY
        kept = row[facts.VIEWER_FLAGS] & lasting, row[facts.LATEST]
        row[:] = -1
        row[facts.VIEWER_FLAGS], row[facts.LATEST] = facts.KNOWN | kept[0], kept[1]
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
        labels = row[facts.FLAGS] & (facts.LABELS | facts.OWN_LABELS)  # outlive a republishing
        creator, before = row[facts.CREATOR], row[facts.BEFORE]
        row[:] = -1
        self.version += 1
        if creator < 0:  # new, so it heads its creator's videos
            creator = self.viewer(event.creator)
            person = self.viewers.ints[creator]
            before, person[facts.LATEST] = (
                person[facts.LATEST],
                self.names["video"].row(event.video),
            )
        row[facts.CREATOR], row[facts.BEFORE] = creator, before
        row[facts.SOUND] = self.names["sound"].add_or_none(event.sound)
        for k, topic in enumerate(event.topics[: facts.TOPICS]):
            row[facts.TOPIC + k] = self.names["topic"].add(topic)
        for k, tag in enumerate(event.hashtags[: facts.HASHTAGS]):
            row[facts.HASHTAG + k] = self.names["hashtag"].add(tag)
        row[facts.LANGUAGE] = self.names["language"].add_or_none(event.language)
        row[facts.COUNTRY] = self.names["country"].add_or_none(event.country)
        row[facts.DURATION_MS] = min(event.duration_ms, 2**31 - 1)
        row[facts.CREATED_S] = facts.seconds(event.created)
        row[facts.FROM_S] = facts.seconds(event.available_from) if event.available_from else 0
        row[facts.UNTIL_S] = facts.seconds(event.available_until) if event.available_until else 0
        original = facts.ORIGINAL_SOUND if event.original_sound else 0
        penalised = self.viewers.ints[creator, facts.VIEWER_FLAGS] & facts.UNDER_PENALTY
        original |= facts.PENALISED if penalised else 0
        row[facts.FLAGS] = labels | facts.PUBLISHED | original
        self._privacy(event.video, event.privacy)
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
        row[facts.FLAGS] = _with(row[facts.FLAGS], bit, on)

    # --- what holds ---------------------------------------------------------------------------

    def _own_label(self, event: ev.LabelSet | ev.LabelCleared, on: bool) -> None:
        bit = facts.LABEL_BIT[event.label] << facts.OWN_SHIFT
        self._flag(event.video, bit, on)
        self._mark(("video", event.video), event.received)

    def _mark(self, subject: Subject, now_ms: int) -> None:
        """Let the flags say what holds now of a video, or of a person and all their videos."""
        kind, name = subject
        effects = self.verdicts.effects(subject, now_ms)
        self.version += 1
        if kind == "video":
            row = self.videos.ints[self.video(name)]
            held = sum(facts.LABEL_BIT.get(effect, 0) for effect in effects)
            own = row[facts.FLAGS] >> facts.OWN_SHIFT & facts.LABELS
            row[facts.FLAGS] = row[facts.FLAGS] & ~facts.LABELS | own | held
            return
        person = self.viewers.ints[self.viewer(name)]
        person[facts.VIEWER_FLAGS] = _with(
            person[facts.VIEWER_FLAGS], facts.UNDER_PENALTY, "penalised" in effects
        )
        video = int(person[facts.LATEST])
        while video >= 0:
            row = self.videos.ints[video]
            row[facts.FLAGS] = _with(row[facts.FLAGS], facts.PENALISED, "penalised" in effects)
            video = int(row[facts.BEFORE])


def _with(flags: int, bit: int, on: bool) -> int:
    return flags | bit if on else flags & ~bit
