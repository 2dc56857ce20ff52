"""Names and facts of a generated world, as its supply events would leave them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from freshet.app import Tell
from freshet.catalogue import facts
from freshet.catalogue.columns import KINDS
from freshet.catalogue.content import content_vector
from freshet.lab.generate.world import NO, World, make_world
from freshet.learning.live import Live

LANGUAGES, COUNTRIES, DEVICES = ("en", "it", "da", "nl"), ("IT", "DK", "NL", "IE"), ("a", "b")
SUPPLY_MS = 90 * 86_400_000  # videos were published over these days
VIDEOS_PER_CREATOR = 8


def video_id(row: int) -> str:
    return f"video-{row}"


def viewer_id(row: int) -> str:
    return f"viewer-{row}"


def topic_id(row: int) -> str:
    return f"topic-{row}"


def made_world(videos: int, viewers: int, seed: int) -> World:
    """Creators are viewers, too."""
    creators = min(max(videos // VIDEOS_PER_CREATOR, 1), viewers)
    return make_world(seed, viewers=viewers, videos=videos, creators=creators)


def lay_catalogue(
    live: Live, world: World, keys: list[str], now_ms: int, seed: int, tell: Tell
) -> None:
    """Everybody is known and everything is published; `keys` are the viewers' names."""
    rng = np.random.default_rng([seed, 3])
    live.columns.restore(_names(world, keys), {})
    _videos(live, world, now_ms, rng)
    _viewers(live, world, rng)
    _vectors(live, world, tell)


def _names(world: World, keys: list[str]) -> dict[str, list[str]]:
    traits = [
        *(f"viewer.country={country}" for country in COUNTRIES),
        *(f"viewer.language={language}" for language in LANGUAGES),
        *(f"viewer.device={device}" for device in DEVICES),
    ]
    names = {
        "viewer": keys,
        "video": [video_id(row) for row in range(world.videos)],
        "sound": [f"sound-{row}" for row in range(int(world.sound.max()) + 1)],
        "hashtag": [f"hashtag-{row}" for row in range(world.hashtags)],
        "topic": [topic_id(row) for row in range(world.topics)],
        "trait": traits, "placement": ["for_you"], "language": list(LANGUAGES),
        "country": list(COUNTRIES), "device": list(DEVICES),
    }  # fmt: skip
    return {kind: names.get(kind, []) for kind in KINDS}


def _videos(live: Live, world: World, now_ms: int, rng: np.random.Generator) -> None:
    count = world.videos
    rows = live.columns.videos.ints[:count]
    rows[:] = NO
    rows[:, facts.CREATOR], rows[:, facts.SOUND] = world.creator, world.sound
    for first, room, values in (
        (facts.TOPIC, facts.TOPICS, world.video_topics),
        (facts.HASHTAG, facts.HASHTAGS, world.video_hashtags),
    ):
        width = min(values.shape[1], room)
        # Those that there are stand first, the rest is filled up with -1.
        order = np.argsort(values == NO, axis=1, kind="stable")
        rows[:, first : first + width] = np.take_along_axis(values, order, axis=1)[:, :width]
    rows[:, facts.LANGUAGE] = rng.integers(0, len(LANGUAGES), count)
    rows[:, facts.COUNTRY] = rng.integers(0, len(COUNTRIES), count)
    rows[:, facts.DURATION_MS] = world.duration_ms
    created_ms = now_ms - np.sort(rng.integers(0, SUPPLY_MS, count))[::-1]  # rows as they came
    rows[:, facts.CREATED_S] = created_ms // 1000 - facts.EPOCH_S
    rows[:, facts.FLAGS] = facts.NEEDED
    rows[:, facts.FROM_S] = rows[:, facts.UNTIL_S] = 0
    rows[:, facts.BEFORE] = _before(world.creator)


def _before(creator: NDArray[np.int32]) -> NDArray[np.int32]:
    """Each video's predecessor by the same creator, -1 = it is their first."""
    order = np.argsort(creator, kind="stable")
    same = np.r_[False, creator[order][1:] == creator[order][:-1]]
    before = np.empty(len(creator), np.int32)
    before[order] = np.where(same, np.r_[NO, order[:-1]], NO)
    return before


def _viewers(live: Live, world: World, rng: np.random.Generator) -> None:
    count = world.viewers
    rows = live.columns.viewers.ints[:count]
    rows[:] = NO
    rows[:, facts.VIEWER_FLAGS] = facts.KNOWN
    at = facts.VIEWER_TRAIT
    first = 0
    for column, kinds in (
        (facts.VIEWER_COUNTRY, COUNTRIES),
        (facts.VIEWER_LANGUAGE, LANGUAGES),
        (facts.VIEWER_DEVICE, DEVICES),
    ):
        rows[:, column] = rng.integers(0, len(kinds), count)
        rows[:, at] = first + rows[:, column]
        at, first = at + 1, first + len(kinds)
    rows[world.creator, facts.LATEST] = np.arange(world.videos)  # the last written is the newest


def _vectors(live: Live, world: World, tell: Tell) -> None:
    """What each video is made of."""
    about = zip(world.video_topics, world.video_hashtags, world.sound.tolist(), strict=True)
    for row, (topics, tags, sound) in enumerate(about):
        if row % 10_000 == 0:
            tell("making vectors", row, world.videos)
        content = content_vector(
            hashtags=[f"hashtag-{tag}" for tag in tags.tolist() if tag != NO],
            topics=[topic_id(topic) for topic in topics.tolist() if topic != NO],
            sound=f"sound-{sound}" if sound != NO else "",
        )
        live.space.vectors.publish(row, content)
