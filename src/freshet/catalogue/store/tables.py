"""The tables as they are at the newest revision. `migrations/` says how they came to be.

    people ─┬─< videos >── sounds
            │     ├─< video_hashtags >── hashtags
            │     ├─< video_mentions
            │     └── fingerprints
            └─< merges                     outbox

A video's creator and sound restrict their removal: whoever removes them first says what
becomes of the video, and tells the log. Who follows or blocks whom is not here: the log
says that (docs/decisions/catalogue.md).
"""

from __future__ import annotations

from typing import Any, TypeAlias

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
)

AnyRow: TypeAlias = Any  # a row that was read; its columns are attributes

# Names of constraints are fixed, so that a migration can speak of them on any database.
METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _text(name: str) -> Column[str]:
    return Column(name, String, nullable=False)


def _flag(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False)


def _number(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


def _json(name: str) -> Column[object]:
    return Column(name, JSON, nullable=False)


def _announced() -> Column[bytes]:
    """Digest of the event that told the log of this row; another event, another digest."""
    return Column("announced", LargeBinary)


PEOPLE = Table(
    "people",
    METADATA,
    Column("id", String, primary_key=True),
    _text("account"),
    _text("username"),
    _text("display_name"),
    _text("bio_description"),
    _text("avatar_url"),
    _text("profile_deep_link"),
    _flag("is_verified"),
    _text("language"),
    _text("country"),
    _json("interests"),
    _text("category"),
    _json("traits"),
    Column("consent", Boolean),
    _number("create_time"),
    _number("update_time"),
    _announced(),
)

SOUNDS = Table(
    "sounds",
    METADATA,
    Column("id", String, primary_key=True),
    _text("title"),
    _text("artist"),
    Column("owner", ForeignKey("people.id", ondelete="SET NULL"), index=True),
    _flag("original"),
    _flag("commercial"),
    _number("create_time"),
    _number("update_time"),
    _announced(),
)

VIDEOS = Table(
    "videos",
    METADATA,
    Column("id", String, primary_key=True),
    Column("creator", ForeignKey("people.id", ondelete="RESTRICT"), nullable=False, index=True),
    _number("create_time"),
    _text("title"),
    _text("video_description"),
    _text("voice_to_text"),
    Column("music_id", ForeignKey("sounds.id", ondelete="RESTRICT"), index=True),
    _json("effect_ids"),
    _text("category"),
    _json("topics"),
    _json("traits"),
    _text("language"),
    _text("region_code"),
    _number("duration_ms"),
    _number("width"),
    _number("height"),
    _number("available_from"),
    _number("available_until"),
    _text("privacy_level"),
    _flag("disable_comment"),
    _flag("disable_duet"),
    _flag("disable_stitch"),
    Column("parent_id", String, nullable=False, index=True),  # may be gone, or not known here
    _text("parent_kind"),
    _flag("is_aigc"),
    _text("cover_image_url"),
    _text("share_url"),
    _text("embed_link"),
    Column("vector", LargeBinary, nullable=False),  # float32, little-endian
    _number("update_time"),
    _announced(),
)

HASHTAGS = Table(
    "hashtags",
    METADATA,
    Column("id", String, primary_key=True),
    _text("description"),
    _flag("posted"),  # by the app; others go with their last video
    _number("first_use"),
    _number("video_count"),
)

VIDEO_HASHTAGS = Table(
    "video_hashtags",
    METADATA,
    Column("video_id", ForeignKey("videos.id", ondelete="CASCADE"), primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("name", ForeignKey("hashtags.id", ondelete="RESTRICT"), nullable=False),
    Index("ix_video_hashtags_name_video_id", "name", "video_id"),
)

VIDEO_MENTIONS = Table(
    "video_mentions",
    METADATA,
    Column("video_id", ForeignKey("videos.id", ondelete="CASCADE"), primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("name", String, nullable=False, index=True),  # of a person, perhaps not known here
)

MERGES = Table(
    "merges",
    METADATA,
    Column("anonymous", String, primary_key=True),
    Column("person", ForeignKey("people.id", ondelete="CASCADE"), nullable=False, index=True),
    _number("time"),
)

FINGERPRINTS = Table(
    "fingerprints",
    METADATA,
    # Never given twice, so that a reader knows what is new.
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("video_id", ForeignKey("videos.id", ondelete="CASCADE"), nullable=False, unique=True),
    Column("packed", LargeBinary, nullable=False),  # as `media.fingerprint` packs it
    _number("create_time"),
    sqlite_autoincrement=True,
)

OUTBOX = Table(
    "outbox",
    METADATA,
    # Never given twice: the order of rows is the order of what happened.
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("event", LargeBinary, nullable=False),  # a batch of one, with its schema version
    Column("erases", String, index=True),  # the person key to forget once the log has the event
    Column("refused", String),  # why the log does not take it, if so
    sqlite_autoincrement=True,
)
