"""People, videos, sounds and hashtags, as the app tells of them and as the catalogue has them.

Nothing is null but `consent`: "", 0 and () mean "not said". Times are ms since 1970.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from freshet_client.events import Privacy


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the app says."""

    id: str


class Person(Record, frozen=True, kw_only=True):
    """Somebody who watches, makes videos, or both."""

    account: Literal["personal", "creator", "business"] = "personal"
    username: str = ""
    display_name: str = ""
    bio_description: str = ""
    avatar_url: str = ""
    profile_deep_link: str = ""
    is_verified: bool = False
    language: str = ""  # ISO 639
    country: str = ""  # ISO 3166-1 alpha-2
    interests: tuple[str, ...] = ()  # topics chosen at sign-up
    category: str = ""  # what their own videos are about
    traits: dict[str, str] = {}  # the app's own weak labels
    consent: bool | None = None  # to a feed that learns; None = not asked here
    create_time: int = 0  # 0 = when it was first saved


class Video(Record, frozen=True, kw_only=True):
    """A video, its switches, and what it is made of."""

    creator: str
    create_time: int = 0
    title: str = ""
    video_description: str = ""  # the caption
    voice_to_text: str = ""
    hashtag_names: tuple[str, ...] = ()
    music_id: str = ""
    effect_ids: tuple[str, ...] = ()
    video_mention_list: tuple[str, ...] = ()
    category: str = ""
    topics: tuple[str, ...] = ()
    traits: dict[str, str] = {}
    language: str = ""
    region_code: str = ""  # where it was published
    duration_ms: int = 0
    width: int = 0
    height: int = 0
    available_from: int = 0
    available_until: int = 0  # 0 = for ever
    privacy_level: Privacy = "PUBLIC_TO_EVERYONE"
    disable_comment: bool = False
    disable_duet: bool = False
    disable_stitch: bool = False
    parent_id: str = ""
    parent_kind: Literal["", "duet", "stitch", "reply"] = ""
    is_aigc: bool = False
    cover_image_url: str = ""
    share_url: str = ""
    embed_link: str = ""
    vector: tuple[float, ...] = ()  # the team's own


class Sound(Record, frozen=True, kw_only=True):
    """A piece of music or an original recording."""

    title: str = ""
    artist: str = ""
    owner: str = ""  # the person whose recording it is
    original: bool = False
    commercial: bool = False  # cleared for business accounts
    create_time: int = 0


class Hashtag(Record, frozen=True, kw_only=True):
    """A hashtag that the app has something to say of; others come with their videos."""

    description: str = ""


class StoredPerson(Person, frozen=True, kw_only=True):
    update_time: int = 0


class StoredVideo(Video, frozen=True, kw_only=True):
    update_time: int = 0


class StoredSound(Sound, frozen=True, kw_only=True):
    update_time: int = 0


class StoredHashtag(Hashtag, frozen=True, kw_only=True):
    first_use: int = 0
    video_count: int = 0
