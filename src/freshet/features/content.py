"""How the video's topics, hashtags, sound and traits fare with everybody: in all, and lately.

Several topics or hashtags count as their mean. Creators have no such rates: a first video
has the same chance as a star's.
"""

from __future__ import annotations

import numpy as np

from freshet.catalogue.facts import (
    EPOCH_S,
    HASHTAG,
    HASHTAGS,
    SOUND,
    TOPIC,
    TOPICS,
    VIDEO_TRAIT,
    VIDEO_TRAITS,
)
from freshet.features.layout import ENTITIES, Column, Entity, Kernel, Layout
from freshet.features.links import KEPT, KEYS
from freshet.features.notes import RATES, RATES_WIDTH, WORK, WORLD
from freshet.features.tally import (
    LATELY_MS,
    LATELY_NAMES,
    LATELY_RATED,
    LOG_WATCH,
    RATED_SHORT,
    RATED_SHORT_NAMES,
    TALLY,
    VIEWS,
    add_full,
    decay,
    evidence,
    evidences,
    faded,
)
from freshet.state.compiled import part

# Tallies fade in steps of this, far longer than what a float32 of seconds cannot tell apart:
# a busy topic would else lose up to that much time again with every act.
STEP_S = 128.0
ENTITY_BITS = 4  # of a key, below the row
assert len(ENTITIES) <= 1 << ENTITY_BITS


class ContentRates:
    """Rates of one kind of thing a video is made of.

    Args:
        entity: whose rows hold the tallies.
        first, count: columns of the video's facts that name the rows.
    """

    scope = "video"
    hears = "tallies"

    def __init__(self, entity: Entity, first: int, count: int) -> None:
        self.entity, self.first, self.count = entity, first, count
        self.columns = (
            Column(entity, "tally", TALLY),
            Column(entity, "recent", TALLY),
            Column(entity, "recent_s"),  # float, exact to 16 s
        )
        prefix = "video_trait" if entity == "trait" else entity
        self.outputs = tuple(
            f"{prefix}_{name}" for name in (*RATED_SHORT_NAMES, *LATELY_NAMES)
        )  # fmt: skip

    def compile(self, at: Layout, k: int) -> tuple[Kernel, Kernel]:
        block, first, count = ENTITIES.index(self.entity), self.first, self.count
        tally, recent, recent_s = (
            at(f"{self.entity}.{name}") for name in ("tally", "recent", "recent_s")
        )
        n_rated, n_lately = len(RATED_SHORT), len(LATELY_RATED)
        width = n_rated + n_lately
        assert width == RATES_WIDTH

        @part
        def write(state, act):
            now_s = float(act.now // 1000 - EPOCH_S)
            for j in range(count):
                this = state.video_facts[act.video, first + j]
                if this >= 0:
                    row = state[block][this]
                    elapsed_s = now_s - row[recent_s]
                    if elapsed_s >= STEP_S:
                        decay(row, recent, TALLY, elapsed_s * 1000.0, LATELY_MS)
                        row[recent_s] = now_s
                    add_full(row, tally, act.delta)
                    add_full(row, recent, act.delta)

        @part
        def work_out(state, ask, this, kept):
            """Rates of one row into the notes, where a further video finds them."""
            notes, row = ask.notes, state[block][this]
            now_s = float(ask.now // 1000 - EPOCH_S)
            evidences(row, tally, 1.0, notes, WORLD, 50.0, notes, WORK)
            for m in range(n_rated - 1):
                notes[kept + m] = notes[WORK + RATED_SHORT[m]]
            notes[kept + n_rated - 1] = evidence(
                row[tally + LOG_WATCH], row[tally + VIEWS], notes[WORLD + LOG_WATCH], 50.0, True
            )
            fade = faded((now_s - row[recent_s]) * 1000.0, LATELY_MS)
            evidences(row, recent, fade, notes, WORLD, 25.0, notes, WORK)
            for m in range(n_lately - 1):
                notes[kept + n_rated + m] = notes[WORK + LATELY_RATED[m]]
            notes[kept + width - 1] = evidence(
                row[recent + LOG_WATCH] * fade, row[recent + VIEWS] * fade,
                notes[WORLD + LOG_WATCH], 25.0, True,
            )  # fmt: skip

        @part
        def value(state, ask, x):
            for j in range(width):
                x[k + j] = 0.0
            found = 0
            notes, links = ask.notes, ask.links
            for j in range(count):
                this = np.int64(state.video_facts[ask.video, first + j])
                if this < 0:
                    continue
                found += 1
                key = (this + 1) << ENTITY_BITS | block
                slot = (key * 0x9E3779B1 >> 9) & (KEPT - 1)
                kept = RATES + slot * RATES_WIDTH
                if links[KEYS + slot] != key:
                    work_out(state, ask, this, kept)
                    links[KEYS + slot] = key
                for m in range(width):
                    x[k + m] += notes[kept + m]
            if found > 1:
                for j in range(width):
                    x[k + j] /= found

        return write, value


TopicRates = ContentRates("topic", TOPIC, TOPICS)
HashtagRates = ContentRates("hashtag", HASHTAG, HASHTAGS)
SoundRates = ContentRates("sound", SOUND, 1)
# Traits of videos and of viewers lie in one space, `video.name=value`, `viewer.name=value`.
VideoTraitRates = ContentRates("trait", VIDEO_TRAIT, VIDEO_TRAITS)
