"""How the video's topics, hashtags, sound and traits fare with everybody.

Several topics or hashtags count as their mean. Creators have no such rates: a first video
has the same chance as a star's.
"""

from __future__ import annotations

from freshet.catalogue.facts import (
    HASHTAG,
    HASHTAGS,
    SOUND,
    TOPIC,
    TOPICS,
    VIDEO_TRAIT,
    VIDEO_TRAITS,
)
from freshet.features.layout import Column, Kernel, Layout
from freshet.features.tally import (
    LOG_WATCH,
    SHORT,
    SHORT_NAMES,
    SHORT_WIDTH,
    TALLY,
    VIEWS,
    add_full,
    add_short,
    evidence,
    world_rate,
)  # fmt: skip
from freshet.state.compiled import part


class TopicRates:
    scope = "video"
    hears = "tallies"
    columns = (Column("topic", "tally", TALLY),)
    outputs = tuple(f"topic_{name}" for name in SHORT_NAMES)

    def compile(self, at: Layout, k: int) -> tuple[Kernel, Kernel]:
        tally = at("topic.tally")

        @part
        def write(state, act):  # type: ignore[no-untyped-def]
            for j in range(TOPICS):
                topic = state.video_facts[act.video, TOPIC + j]
                if topic >= 0:
                    add_full(state.topic[topic], tally, act.delta)

        @part
        def value(state, ask, x):  # type: ignore[no-untyped-def]
            mean_evidence(state, state.topic, tally, True, state.video_facts[ask.video], TOPIC,
                          TOPICS, x, k)  # fmt: skip

        return write, value


class HashtagRates:
    scope = "video"
    hears = "tallies"
    columns = (Column("hashtag", "tally", SHORT_WIDTH),)
    outputs = tuple(f"hashtag_{name}" for name in SHORT_NAMES)

    def compile(self, at: Layout, k: int) -> tuple[Kernel, Kernel]:
        tally = at("hashtag.tally")

        @part
        def write(state, act):  # type: ignore[no-untyped-def]
            for j in range(HASHTAGS):
                tag = state.video_facts[act.video, HASHTAG + j]
                if tag >= 0:
                    add_short(state.hashtag[tag], tally, act.delta)

        @part
        def value(state, ask, x):  # type: ignore[no-untyped-def]
            mean_evidence(state, state.hashtag, tally, False, state.video_facts[ask.video],
                          HASHTAG, HASHTAGS, x, k)  # fmt: skip

        return write, value


class SoundRates:
    scope = "video"
    hears = "tallies"
    columns = (Column("sound", "tally", SHORT_WIDTH),)
    outputs = tuple(f"sound_{name}" for name in SHORT_NAMES)

    def compile(self, at: Layout, k: int) -> tuple[Kernel, Kernel]:
        tally = at("sound.tally")

        @part
        def write(state, act):  # type: ignore[no-untyped-def]
            sound = state.video_facts[act.video, SOUND]
            if sound >= 0:
                add_short(state.sound[sound], tally, act.delta)

        @part
        def value(state, ask, x):  # type: ignore[no-untyped-def]
            mean_evidence(state, state.sound, tally, False, state.video_facts[ask.video], SOUND, 1,
                          x, k)  # fmt: skip

        return write, value


class VideoTraitRates:
    """Traits of videos and of viewers lie in one space, `video.name=value`, `viewer.name=value`."""

    scope = "video"
    hears = "tallies"
    columns = (Column("trait", "tally", TALLY),)
    outputs = tuple(f"video_trait_{name}" for name in SHORT_NAMES)

    def compile(self, at: Layout, k: int) -> tuple[Kernel, Kernel]:
        tally = at("trait.tally")

        @part
        def write(state, act):  # type: ignore[no-untyped-def]
            for j in range(VIDEO_TRAITS):
                trait = state.video_facts[act.video, VIDEO_TRAIT + j]
                if trait >= 0:
                    add_full(state.trait[trait], tally, act.delta)

        @part
        def value(state, ask, x):  # type: ignore[no-untyped-def]
            mean_evidence(state, state.trait, tally, True, state.video_facts[ask.video],
                          VIDEO_TRAIT, VIDEO_TRAITS, x, k)  # fmt: skip

        return write, value


@part
def mean_evidence(state, block, tally, full, ids, first, count, x, k):  # type: ignore[no-untyped-def]
    """Mean evidence of the rows `ids[first : first + count]` that are not -1, into x[k:]."""
    for m in range(1, SHORT_WIDTH):
        x[k + m - 1] = 0.0
    found = 0
    for j in range(count):
        if ids[first + j] >= 0:
            found += 1
    if found == 0:
        return
    for m in range(1, SHORT_WIDTH):
        what = SHORT[m]
        at = tally + (what if full else m)
        prior = world_rate(state, what)
        total = 0.0
        for j in range(count):
            if ids[first + j] >= 0:
                row = block[ids[first + j]]
                total += evidence(row[at], row[tally + VIEWS], prior, 50.0, what == LOG_WATCH)
        x[k + m - 1] = total / found
