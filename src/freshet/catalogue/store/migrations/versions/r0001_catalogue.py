"""People, videos, sounds, hashtags, merged viewers."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def _columns(kind: type[sa.types.TypeEngine[Any]], *names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind(), nullable=False) for name in names]


def upgrade() -> None:
    text, number, flag = sa.String, sa.BigInteger, sa.Boolean
    op.create_table(
        "people",
        sa.Column("id", text(), nullable=False),
        *_columns(text, "account", "username", "display_name", "bio_description", "avatar_url"),
        *_columns(text, "profile_deep_link"),
        *_columns(flag, "is_verified"),
        *_columns(text, "language", "country"),
        *_columns(sa.JSON, "interests"),
        *_columns(text, "category"),
        *_columns(sa.JSON, "traits"),
        sa.Column("consent", flag()),
        *_columns(number, "create_time", "update_time"),
        sa.Column("announced", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("id", name="pk_people"),
    )
    op.create_table(
        "sounds",
        sa.Column("id", text(), nullable=False),
        *_columns(text, "title", "artist"),
        sa.Column("owner", text()),
        *_columns(flag, "original", "commercial"),
        *_columns(number, "create_time", "update_time"),
        sa.Column("announced", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("id", name="pk_sounds"),
        sa.ForeignKeyConstraint(
            ["owner"], ["people.id"], name="fk_sounds_owner", ondelete="SET NULL"
        ),
    )
    op.create_index("ix_sounds_owner", "sounds", ["owner"])
    op.create_table(
        "videos",
        sa.Column("id", text(), nullable=False),
        *_columns(text, "creator"),
        *_columns(number, "create_time"),
        *_columns(text, "title", "video_description", "voice_to_text"),
        sa.Column("music_id", text()),
        *_columns(sa.JSON, "effect_ids"),
        *_columns(text, "category"),
        *_columns(sa.JSON, "topics", "traits"),
        *_columns(text, "language", "region_code"),
        *_columns(number, "duration_ms", "width", "height", "available_from", "available_until"),
        *_columns(text, "privacy_level"),
        *_columns(flag, "disable_comment", "disable_duet", "disable_stitch"),
        *_columns(text, "parent_id", "parent_kind"),
        *_columns(flag, "is_aigc"),
        *_columns(text, "cover_image_url", "share_url", "embed_link"),
        *_columns(sa.LargeBinary, "vector"),
        *_columns(number, "update_time"),
        sa.Column("announced", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("id", name="pk_videos"),
        sa.ForeignKeyConstraint(
            ["creator"], ["people.id"], name="fk_videos_creator", ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["music_id"], ["sounds.id"], name="fk_videos_music_id", ondelete="RESTRICT"
        ),
    )
    for column in ("creator", "music_id", "parent_id"):
        op.create_index(f"ix_videos_{column}", "videos", [column])
    op.create_table(
        "hashtags",
        sa.Column("id", text(), nullable=False),
        *_columns(text, "description"),
        *_columns(flag, "posted"),
        *_columns(number, "first_use", "video_count"),
        sa.PrimaryKeyConstraint("id", name="pk_hashtags"),
    )
    op.create_table(
        "video_hashtags",
        *_columns(text, "video_id"),
        *_columns(sa.Integer, "place"),
        *_columns(text, "name"),
        sa.PrimaryKeyConstraint("video_id", "place", name="pk_video_hashtags"),
        sa.ForeignKeyConstraint(
            ["video_id"], ["videos.id"], name="fk_video_hashtags_video_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["name"], ["hashtags.id"], name="fk_video_hashtags_name", ondelete="RESTRICT"
        ),
    )
    op.create_index("ix_video_hashtags_name_video_id", "video_hashtags", ["name", "video_id"])
    op.create_table(
        "video_mentions",
        *_columns(text, "video_id"),
        *_columns(sa.Integer, "place"),
        *_columns(text, "name"),
        sa.PrimaryKeyConstraint("video_id", "place", name="pk_video_mentions"),
        sa.ForeignKeyConstraint(
            ["video_id"], ["videos.id"], name="fk_video_mentions_video_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_video_mentions_name", "video_mentions", ["name"])
    op.create_table(
        "merges",
        sa.Column("anonymous", text(), nullable=False),
        *_columns(text, "person"),
        *_columns(number, "time"),
        sa.PrimaryKeyConstraint("anonymous", name="pk_merges"),
        sa.ForeignKeyConstraint(
            ["person"], ["people.id"], name="fk_merges_person", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_merges_person", "merges", ["person"])
