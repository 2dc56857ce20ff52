"""What is known of videos and people, as int32 rows that kernels read.

Names become rows (`Names`); -1 is "none". Times are seconds since 2020 to fit 32 bits.
"""

from __future__ import annotations

from freshet.state.block import Block

EPOCH_S = 1_577_836_800  # 2020-01-01, UTC

TOPICS, HASHTAGS, VIDEO_TRAITS = 3, 5, 4  # kept per video; more are dropped, in order
INTERESTS, VIEWER_TRAITS = 4, 32

# columns of a video's facts
CREATOR, SOUND, TOPIC, HASHTAG = 0, 1, 2, 2 + TOPICS
LANGUAGE = HASHTAG + HASHTAGS
COUNTRY = LANGUAGE + 1
DURATION_MS = COUNTRY + 1
CREATED_S = DURATION_MS + 1
VIDEO_TRAIT = CREATED_S + 1
FLAGS = VIDEO_TRAIT + VIDEO_TRAITS
VIDEO_WIDTH = FLAGS + 1

# bits of FLAGS
PUBLISHED, PUBLIC, ORIGINAL_SOUND, REMOVED = 1, 2, 4, 8
LABEL_BIT = {
    "duplicate": 1 << 8, "spam": 1 << 9, "under_review": 1 << 10, "upsetting": 1 << 11,
    "regulated": 1 << 12, "age_limited": 1 << 13,
}  # fmt: skip
BARRED = REMOVED | sum(LABEL_BIT.values())
NEEDED = PUBLISHED | PUBLIC

# columns of a viewer's facts
VIEWER_LANGUAGE, VIEWER_COUNTRY, VIEWER_DEVICE, VIEWER_FLAGS = 0, 1, 2, 3
INTEREST = 4
VIEWER_TRAIT = INTEREST + INTERESTS
VIEWER_WIDTH = VIEWER_TRAIT + VIEWER_TRAITS
# bits of VIEWER_FLAGS: the row's facts were set; the feed must not use what this viewer did
KNOWN, IMPERSONAL = 1, 2


def seconds(time_ms: int) -> int:
    """Seconds since 2020 of a time in ms since 1970, held within int32."""
    return max(min(time_ms // 1000 - EPOCH_S, 2**31 - 1), -(2**31))


def blank_video(block: Block, row: int) -> None:
    """Facts of a video nothing is known of."""
    block.ints[row, :FLAGS] = -1
    block.ints[row, DURATION_MS] = block.ints[row, CREATED_S] = 0


def blank_viewer(block: Block, row: int) -> None:
    block.ints[row] = -1
    block.ints[row, VIEWER_FLAGS] = 0
