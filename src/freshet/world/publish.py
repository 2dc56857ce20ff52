"""A world's people, sounds and videos, told to a server; and which videos have been told.

`Posted` is kept in a file of its own, since one world may be shown on several servers.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from freshet.domain.errors import Corrupt
from freshet.world.api import Api, Record
from freshet.world.canvas import HEIGHT, WIDTH
from freshet.world.plan import Clip, Person, Plan, Sound

HOUR_MS = 3_600_000
MEDIA = "/media"  # plus the name of a file of the world's folder


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


async def introduce(plan: Plan, api: Api, opened_ms: int) -> None:
    """Tell a server of everybody who posts and of every sound. Again, it changes nothing."""
    await api.save("people", [_person(person) for person in plan.people], opened_ms)
    await api.save("sounds", [_sound(sound) for sound in plan.sounds], opened_ms)


async def publish(
    api: Api, clips: Sequence[Clip], posted: Posted, now_ms: int = 0, media: str = MEDIA
) -> None:
    """Post those of the clips that were not posted before; their people must be known.

    Repeating it after a crash posts nothing twice.

    Args:
        posted: is brought up to date; the caller saves it.
        now_ms: when they are posted; 0 = each so long before the opening as the plan says.
        media: where their files are served.
    """
    new = [clip for clip in clips if clip.id not in posted.videos]
    if not new:
        return
    opened_ms = posted.opened_ms
    records = [
        _video(clip, now_ms or opened_ms - round(clip.age_h * HOUR_MS), media) for clip in new
    ]
    await api.save("videos", records, now_ms or opened_ms)
    posted.videos += [clip.id for clip in new]


def _person(person: Person) -> Record:
    return {
        "id": person.id, "username": person.id, "display_name": person.display_name,
        "language": person.language, "country": person.country,
        "account": person.account, "category": person.topics[0],
    }  # fmt: skip


def _sound(sound: Sound) -> Record:
    return {
        "id": sound.id, "title": sound.title,
        "original": sound.original, "commercial": not sound.original,
    }  # fmt: skip


def _video(clip: Clip, created_ms: int, media: str) -> Record:
    return {
        "id": clip.id, "creator": clip.creator, "create_time": created_ms,
        "title": clip.headline, "video_description": clip.caption,
        "hashtag_names": list(clip.hashtags), "music_id": clip.sound, "topics": [clip.topic],
        "language": clip.language, "region_code": clip.country,
        "duration_ms": clip.duration_ms, "width": WIDTH, "height": HEIGHT,
        "cover_image_url": f"{media}/{clip.id}.jpg", "share_url": f"{media}/{clip.id}.mp4",
    }  # fmt: skip
