"""A world's people, sounds and videos, told to a server; and which videos have been told.

`Posted` is kept in a file of its own, since one world may be shown on several servers.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from random import Random

import msgspec

from freshet.domain.errors import Corrupt
from freshet.domain.ids import uuid7
from freshet.world.api import Api, Record
from freshet.world.plan import Clip, Plan

HOUR_MS = 3_600_000


class Posted(msgspec.Struct):
    """What a server has been told of a world."""

    opened_ms: int  # when the world opened there
    videos: list[str] = []  # oldest first

    @staticmethod
    def read(file: Path, now_ms: int) -> Posted:
        """What the file says, or nothing posted yet.

        Raises:
            Corrupt: the file cannot be read.
        """
        try:
            return msgspec.json.decode(file.read_bytes(), type=Posted)
        except FileNotFoundError:
            return Posted(now_ms)
        except msgspec.DecodeError as error:
            raise Corrupt(f"{file} cannot be read: {error}; delete it") from error

    def save(self, file: Path) -> None:
        beside = file.with_name(f"{file.name}.part")
        beside.write_bytes(msgspec.json.encode(self))
        os.replace(beside, file)


async def publish(
    plan: Plan, api: Api, clips: Sequence[Clip], posted: Posted, now_ms: int = 0
) -> None:
    """Tell a server of people, sounds and these clips, of those that it was not told before.

    Repeating it after a crash tells nothing twice: an event's id follows from what it says.

    Args:
        clips: which may be watched from now on.
        posted: is brought up to date; the caller saves it.
        now_ms: when they were posted; 0 = each so long before the opening as the plan says.
    """
    new = [clip for clip in clips if clip.id not in posted.videos]
    if not new:
        return
    opened_ms = posted.opened_ms
    supply = [] if posted.videos else supply_of(plan, opened_ms)
    videos = [_video(plan, clip, opened_ms, now_ms) for clip in new]
    await api.tell([*supply, *videos])
    posted.videos += [clip.id for clip in new]


def supply_of(plan: Plan, opened_ms: int) -> list[Record]:
    """Everybody who posts and every sound."""
    people = [
        {
            "type": "person_saved", "time": opened_ms, "person": person.id,
            "event_id": _id(plan, person.id, opened_ms),
            "language": person.language, "country": person.country,
            "account": person.account, "category": person.topics[0],
        }
        for person in plan.people
    ]  # fmt: skip
    sounds = [
        {
            "type": "sound_saved", "time": opened_ms, "sound": sound.id,
            "event_id": _id(plan, sound.id, opened_ms),
            "original": sound.original, "commercial": not sound.original,
        }
        for sound in plan.sounds
    ]  # fmt: skip
    return [*people, *sounds]


def _video(plan: Plan, clip: Clip, opened_ms: int, now_ms: int) -> Record:
    created = now_ms or opened_ms - round(clip.age_h * HOUR_MS)
    originals = {sound.id for sound in plan.sounds if sound.original}
    return {
        "type": "video_published", "time": now_ms or opened_ms, "video": clip.id,
        "event_id": _id(plan, clip.id, now_ms or opened_ms),
        "creator": clip.creator, "created": created, "duration_ms": clip.duration_ms,
        "width": 360, "height": 640, "sound": clip.sound,
        "original_sound": clip.sound in originals, "hashtags": list(clip.hashtags),
        "topics": [clip.topic], "language": clip.language, "country": clip.country,
    }  # fmt: skip


def _id(plan: Plan, name: str, time_ms: int) -> str:
    """The same whenever the same thing is told of the same opening."""
    return uuid7(time_ms, Random(f"{plan.seed} {name} {time_ms}"))
