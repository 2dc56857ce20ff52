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
FROM_S = FLAGS + 1  # may be recommended from then on
UNTIL_S = FROM_S + 1  # and before this; 0 = for ever
BEFORE = UNTIL_S + 1  # the same creator's video before this one, -1 = it is their first
VIDEO_WIDTH = BEFORE + 1

# bits of FLAGS
PUBLISHED, PUBLIC, ORIGINAL_SOUND, REMOVED, FOLLOWERS = 1, 2, 4, 8, 16
LABEL_BIT = {
    "duplicate": 1 << 8, "spam": 1 << 9, "under_review": 1 << 10, "upsetting": 1 << 11,
    "regulated": 1 << 12, "age_limited": 1 << 13,
}  # fmt: skip
LABELS = sum(LABEL_BIT.values())  # that hold, whoever says so
PENALISED = 1 << 14  # its creator is penalised
COMPACTED = 1 << 22  # removed for so long that its rows are another video's
OWN_SHIFT = 8  # a label's bit moved up by this: the app's own word, by `LabelSet`
OWN_LABELS = LABELS << OWN_SHIFT
FOLLOWERS_BARRED = REMOVED | LABELS  # what is not even shown to followers
BARRED = FOLLOWERS_BARRED | PENALISED
NEEDED = PUBLISHED | PUBLIC

# columns of a viewer's facts
VIEWER_LANGUAGE, VIEWER_COUNTRY, VIEWER_DEVICE, VIEWER_FLAGS = 0, 1, 2, 3
INTEREST = 4
VIEWER_TRAIT = INTEREST + INTERESTS
LATEST = VIEWER_TRAIT + VIEWER_TRAITS  # the person's newest video, -1 = none
VIEWER_WIDTH = LATEST + 1
# bits of VIEWER_FLAGS: the row's facts were set; the feed must not use what this viewer did;
# their videos are not recommended for now
KNOWN, IMPERSONAL, UNDER_PENALTY = 1, 2, 4


def seconds(time_ms: int) -> int:
    """Seconds since 2020 of a time in ms since 1970, held within int32."""
    return max(min(time_ms // 1000 - EPOCH_S, 2**31 - 1), -(2**31))


def blank_video(block: Block, row: int) -> None:
    """Facts of a video nothing is known of."""
    block.ints[row, :FLAGS] = -1
    block.ints[row, DURATION_MS] = block.ints[row, CREATED_S] = 0
    block.ints[row, FLAGS] = block.ints[row, FROM_S] = block.ints[row, UNTIL_S] = 0
    block.ints[row, BEFORE] = -1


def blank_viewer(block: Block, row: int) -> None:
    block.ints[row] = -1
    block.ints[row, VIEWER_FLAGS] = 0
