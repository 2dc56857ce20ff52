"""A world's people, sounds and videos, told to a server; and which videos have been told.

`Posted` is kept in a file of its own, since one world may be shown on several servers.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from freshet.domain.errors import Corrupt
from freshet.world.api import Api, Record
from freshet.world.canvas import HEIGHT, WIDTH
from freshet.world.plan import Clip, Person, Plan, Sound

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


async def introduce(plan: Plan, api: Api) -> None:
    """Tell a server of everybody who posts and of every sound. Again, it changes nothing."""
    owners = {clip.sound: clip.creator for clip in plan.clips}
    await api.save("people", [_person(person) for person in plan.people])
    await api.save("sounds", [_sound(sound, owners) for sound in plan.sounds])


async def publish(
    api: Api, clips: Sequence[Clip], posted: Posted, now_ms: int = 0, media: str = ""
) -> None:
    """Post those of the clips that were not posted before; their people must be known.

    Repeating it after a crash posts nothing twice.

    Args:
        posted: is brought up to date; the caller saves it.
        now_ms: when they are posted; 0 = each so long before the opening as the plan says.
        media: address of the folder that serves their files; "" = none does.
    """
    new = [clip for clip in clips if clip.id not in posted.videos]
    if not new:
        return
    opened_ms = posted.opened_ms
    await api.save(
        "videos",
        [_video(clip, now_ms or opened_ms - round(clip.age_h * HOUR_MS), media) for clip in new],
    )
    posted.videos += [clip.id for clip in new]


def _person(person: Person) -> Record:
    return {
        "id": person.id, "username": person.id, "display_name": person.display_name,
        "language": person.language, "country": person.country,
        "account": person.account, "category": person.topics[0],
    }  # fmt: skip


def _sound(sound: Sound, owners: Mapping[str, str]) -> Record:
    return {
        "id": sound.id, "title": sound.title,
        "owner": owners.get(sound.id, "") if sound.original else "",
        "original": sound.original, "commercial": not sound.original,
    }  # fmt: skip


def _video(clip: Clip, created_ms: int, media: str) -> Record:
    return {
        "id": clip.id, "creator": clip.creator, "create_time": created_ms,
        "title": clip.headline, "video_description": clip.caption,
        "hashtag_names": list(clip.hashtags), "music_id": clip.sound, "topics": [clip.topic],
        "language": clip.language, "region_code": clip.country,
        "duration_ms": clip.duration_ms, "width": WIDTH, "height": HEIGHT,
        "cover_image_url": f"{media}/{clip.id}.jpg" if media else "",
        "embed_link": f"{media}/{clip.id}.mp4" if media else "",
    }  # fmt: skip
