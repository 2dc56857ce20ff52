"""What the app tells of people, videos, sounds and hashtags: one struct each.

The same struct is the body of a request, a line of an import and the row of an export; with
`update_time` it is an answer. Nothing here is null: "" and 0 mean "not said".

Field names are those of the TikTok APIs where the thing is the same thing. Times are ms
since 1970. `checked(record, now_ms)` gives the record in its one spelling, or refuses it.
"""

from __future__ import annotations

from functools import singledispatch
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from freshet.catalogue.store import checks
from freshet.domain.errors import Refused
from freshet.domain.events import Privacy

NUMBER_MAX = 2**53 - 1  # what every JSON client can say exactly
LONGEST_MS = 7 * 24 * 3_600_000  # no video is longer than a week
VECTOR_MAX = 4_096

Id = Annotated[str, Meta(max_length=200)]
Short = Annotated[str, Meta(max_length=200)]
Long = Annotated[str, Meta(max_length=5_000)]
Url = Annotated[str, Meta(max_length=checks.URL_MAX)]
# Their patterns are checked below, in words rather than as a regular expression.
Language = Annotated[str, Meta(extra_json_schema={"pattern": checks.LANGUAGE.pattern})]
Country = Annotated[str, Meta(extra_json_schema={"pattern": checks.COUNTRY.pattern})]
Time = Annotated[int, Meta(ge=0, le=NUMBER_MAX)]
Pixels = Annotated[int, Meta(ge=0, le=100_000)]
Topics = Annotated[tuple[Short, ...], Meta(max_length=20)]
Traits = Annotated[dict[Short, Short], Meta(max_length=32)]
Names = Annotated[tuple[Short, ...], Meta(max_length=100)]


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the app says."""


R = TypeVar("R", bound=Record)


class Person(Record, frozen=True, kw_only=True):
    """Somebody who watches, makes videos, or both."""

    id: Id  # the app's own id
    account: Literal["personal", "creator", "business"] = "personal"
    username: Short = ""
    display_name: Short = ""
    bio_description: Long = ""
    avatar_url: Url = ""
    profile_deep_link: Url = ""
    is_verified: bool = False
    language: Language = ""  # ISO 639
    country: Country = ""  # ISO 3166-1 alpha-2
    interests: Topics = ()  # topics chosen at sign-up
    category: Short = ""  # what their own videos are about, as they say
    traits: Traits = {}  # the app's own weak labels
    consent: bool | None = None  # to a feed that learns; null = not asked here
    create_time: Time = 0  # 0 = when it was first saved


class Video(Record, frozen=True, kw_only=True):
    """A video, its switches, and what it is made of."""

    id: Id
    creator: Id  # a person of the catalogue
    create_time: Time = 0  # 0 = when it was first saved
    title: Short = ""
    video_description: Long = ""  # the caption
    voice_to_text: Annotated[str, Meta(max_length=20_000)] = ""
    hashtag_names: Names = ()
    music_id: Id = ""  # a sound of the catalogue
    effect_ids: Names = ()
    video_mention_list: Names = ()  # ids of people
    category: Short = ""  # "" = the creator's
    topics: Topics = ()
    traits: Traits = {}
    language: Language = ""
    region_code: Country = ""  # where it was published
    duration_ms: Annotated[int, Meta(ge=0, le=LONGEST_MS)] = 0
    width: Pixels = 0
    height: Pixels = 0
    available_from: Time = 0
    available_until: Time = 0  # 0 = for ever
    privacy_level: Privacy = "PUBLIC_TO_EVERYONE"
    disable_comment: bool = False
    disable_duet: bool = False
    disable_stitch: bool = False
    parent_id: Id = ""  # the video it is a duet, stitch or reply of
    parent_kind: Literal["", "duet", "stitch", "reply"] = ""
    is_aigc: bool = False
    cover_image_url: Url = ""
    share_url: Url = ""
    embed_link: Url = ""
    vector: Annotated[tuple[float, ...], Meta(max_length=VECTOR_MAX)] = ()  # the team's own


class Sound(Record, frozen=True, kw_only=True):
    """A piece of music or an original recording."""

    id: Id
    title: Short = ""
    artist: Short = ""
    owner: Id = ""  # the person whose recording it is
    original: bool = False
    commercial: bool = False  # cleared for business accounts
    create_time: Time = 0


class Hashtag(Record, frozen=True, kw_only=True):
    """A hashtag that the app has something to say of; others come with their videos."""

    id: Short  # its name; normalised (NFKC, no case, no #)
    description: Long = ""


class StoredPerson(Person, frozen=True, kw_only=True):
    """A person as the catalogue holds them."""

    update_time: Time = 0


class StoredVideo(Video, frozen=True, kw_only=True):
    """A video as the catalogue holds it."""

    update_time: Time = 0


class StoredSound(Sound, frozen=True, kw_only=True):
    """A sound as the catalogue holds it."""

    update_time: Time = 0


class StoredHashtag(Hashtag, frozen=True, kw_only=True):
    """A hashtag with what became of it."""

    first_use: Time = 0  # of the earliest video that bore it when saved; 0 = never used
    video_count: int = 0  # whatever their privacy


@singledispatch
def checked(record: Any, now_ms: int) -> Any:
    """The record in its one spelling.

    Raises:
        Refused: says which field and what would be right.
    """
    raise TypeError(type(record))


@checked.register
def _(person: Person, now_ms: int) -> Person:
    _checked_texts(person, texts=("bio_description",))
    _checked_urls(person, "avatar_url", "profile_deep_link")
    checks.time("create_time", person.create_time, now_ms)
    return replace(
        person,
        language=checks.language("language", person.language),
        country=checks.country("country", person.country),
    )


@checked.register
def _(video: Video, now_ms: int) -> Video:
    _checked_texts(video, texts=("video_description", "voice_to_text"))
    checks.is_id("creator", video.creator)
    _checked_urls(video, "cover_image_url", "share_url", "embed_link")
    checks.time("create_time", video.create_time, now_ms)
    checks.finite("vector", video.vector)
    for field in ("available_from", "available_until"):
        value = getattr(video, field)
        if 0 < value < checks.YEAR_2000_MS:
            raise Refused(field, f"{value} ms is before 2000", "milliseconds since 1970")
    if 0 < video.available_until <= video.available_from:
        raise Refused("available_until", "is not after available_from", "a later time, or 0")
    if bool(video.parent_id) != bool(video.parent_kind):
        missing = "parent_kind" if video.parent_id else "parent_id"
        raise Refused(missing, "is missing", "parent_id and parent_kind, or neither")
    if video.parent_id == video.id:
        raise Refused("parent_id", "is the video itself", "another video")
    return replace(
        video,
        hashtag_names=checks.hashtags("hashtag_names", video.hashtag_names),
        video_mention_list=tuple(dict.fromkeys(video.video_mention_list)),
        language=checks.language("language", video.language),
        region_code=checks.country("region_code", video.region_code),
    )


@checked.register
def _(sound: Sound, now_ms: int) -> Sound:
    _checked_texts(sound)
    checks.time("create_time", sound.create_time, now_ms)
    return sound


@checked.register
def _(hashtag: Hashtag, now_ms: int) -> Hashtag:
    name = checks.hashtag("id", hashtag.id)
    _checked_texts(hashtag, texts=("description",))
    return replace(hashtag, id=name)


def _checked_texts(record: Record, texts: tuple[str, ...] = ()) -> None:
    for field in record.__struct_fields__:
        value = getattr(record, field)
        if field == "id":
            checks.is_id(field, value)
        elif field in texts:
            checks.text(field, value)
        else:
            _checked_value(field, value)


def _checked_value(field: str, value: Any) -> None:
    if isinstance(value, str):
        checks.one_line(field, value)
    elif isinstance(value, dict):
        for name, inner in value.items():
            checks.one_line(f"{field}.{name[:60]}", name)
            checks.one_line(f"{field}.{name[:60]}", inner)
    elif isinstance(value, tuple) and value and isinstance(value[0], str):
        for index, inner in enumerate(value):
            if not inner:
                raise Refused(f"{field}.{index}", "is empty", "a name")
            checks.one_line(f"{field}.{index}", inner)


def _checked_urls(record: Record, *fields: str) -> None:
    for field in fields:
        checks.url(field, getattr(record, field))
