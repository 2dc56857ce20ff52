"""How a creator posts, as far as it holds their videos back.

hopping    each of the last videos about something else than the one before
deleting   many of what was posted is taken down again
bursts     more in an hour or a day than people want of one creator
generic    hashtags that stand on videos about everything, so they say nothing of any
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Sequence
from itertools import pairwise

import msgspec

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
CREATORS, TAGS = 100_000, 20_000  # remembered
POSTS = 20  # of each creator, the last
LATELY_MS = 30 * DAY_MS

HOPPING, HOPPING_POSTS = 0.7, 5  # share of changes of topic, of so many videos or more
DELETING, DELETED = 0.3, 3  # share that is gone, and how many at least
AN_HOUR, A_DAY = 3, 8  # posts
GENERIC, GENERIC_TAGS = 0.5, 4  # share of the tags of the last videos
SPREAD, KNOWN = 0.6, 30  # a tag is generic if so little of it is its main topic's; videos with it


class Post(msgspec.Struct, array_like=True):
    video: str
    at_ms: int
    topic: str
    tags: tuple[str, ...]


class Habit(msgspec.Struct, frozen=True):
    """One that holds back. `params` fill the words of its `code`."""

    code: str  # hopping, deleting, bursts, generic
    params: dict[str, str]


class SavedHabits(msgspec.Struct, array_like=True):
    posts: list[tuple[str, list[Post]]]
    removed: list[tuple[str, list[int]]]
    tags: list[tuple[str, dict[str, int]]]
    topics: dict[str, int]


class Habits:
    """Folded from what is published and removed."""

    def __init__(self) -> None:
        self._posts: OrderedDict[str, deque[Post]] = OrderedDict()
        self._removed: dict[str, deque[int]] = {}
        self._tags: OrderedDict[str, dict[str, int]] = OrderedDict()  # tag: videos by topic
        self._topics: dict[str, int] = {}  # videos

    def published(self, creator: str, post: Post) -> None:
        posts = self._posts.get(creator)
        if posts is None:
            posts = self._posts[creator] = deque(maxlen=POSTS)
            if len(self._posts) > CREATORS:
                gone, _ = self._posts.popitem(last=False)
                self._removed.pop(gone, None)
        self._posts.move_to_end(creator)
        for at, one in enumerate(posts):
            if one.video == post.video:  # said again
                posts[at] = post
                return
        posts.append(post)
        self._topics[post.topic] = self._topics.get(post.topic, 0) + 1
        for tag in post.tags:
            by = self._tags.setdefault(tag, {})
            by[post.topic] = by.get(post.topic, 0) + 1
            self._tags.move_to_end(tag)
        while len(self._tags) > TAGS:
            self._tags.popitem(last=False)

    def removed(self, creator: str, now_ms: int) -> None:
        if creator in self._posts:
            self._removed.setdefault(creator, deque(maxlen=POSTS)).append(now_ms)

    def forget(self, creator: str) -> None:
        self._posts.pop(creator, None)
        self._removed.pop(creator, None)

    def of(self, creator: str, now_ms: int) -> list[Habit]:
        """Those that hold this creator back now."""
        posts = [one for one in self._posts.get(creator, ()) if one.at_ms > now_ms - LATELY_MS]
        found = [_hopping(posts), self._deleting(creator, posts, now_ms), _bursts(posts)]
        return [one for one in (*found, self._generic(posts)) if one is not None]

    def topics_of(self, creator: str) -> list[str]:
        """Of the last videos, the newest last."""
        return [one.topic for one in self._posts.get(creator, ())]

    def says_nothing(self, tag: str) -> bool:
        """Whether a tag stands on videos about anything: those of its commonest topic are hardly
        more among them than among all videos."""
        by = self._tags.get(tag, {})
        total = sum(by.values())
        if total < KNOWN or len(self._topics) < 2:
            return False
        main = max(by, key=lambda topic: (by[topic], topic))
        usual = self._topics[main] / sum(self._topics.values())
        return by[main] / total - usual < (1 - usual) * (1 - SPREAD)

    def _deleting(self, creator: str, posts: Sequence[Post], now_ms: int) -> Habit | None:
        gone = sum(at > now_ms - LATELY_MS for at in self._removed.get(creator, ()))
        if gone < DELETED or gone < DELETING * max(len(posts), 1):
            return None
        return Habit("deleting", {"removed": str(gone), "posted": str(max(len(posts), gone))})

    def _generic(self, posts: Sequence[Post]) -> Habit | None:
        tags = [tag for one in posts for tag in one.tags]
        empty = [tag for tag in tags if self.says_nothing(tag)]
        if len(empty) < GENERIC_TAGS or len(empty) < GENERIC * len(tags):
            return None
        seen = list(dict.fromkeys(empty))[:3]
        share = f"{100 * len(empty) / len(tags):.0f} %"
        return Habit("generic", {"tags": ", ".join(f"#{tag}" for tag in seen), "share": share})

    def saved(self) -> SavedHabits:
        return SavedHabits(
            [(who, list(posts)) for who, posts in self._posts.items()],
            [(who, list(times)) for who, times in self._removed.items()],
            list(self._tags.items()), self._topics,
        )  # fmt: skip

    def restore(self, saved: SavedHabits) -> None:
        self._posts = OrderedDict((who, deque(posts, POSTS)) for who, posts in saved.posts)
        self._removed = {who: deque(times, POSTS) for who, times in saved.removed}
        self._tags, self._topics = OrderedDict(saved.tags), saved.topics


def _hopping(posts: Sequence[Post]) -> Habit | None:
    topics = [one.topic for one in posts if one.topic]
    if len(topics) < HOPPING_POSTS:
        return None
    changes = sum(one != other for one, other in pairwise(topics))
    if changes < HOPPING * (len(topics) - 1) or len(set(topics)) < 3:
        return None
    return Habit("hopping", {"videos": str(len(topics)), "topics": str(len(set(topics)))})


def _bursts(posts: Sequence[Post]) -> Habit | None:
    times = sorted(one.at_ms for one in posts)
    for within_ms, most, code in ((HOUR_MS, AN_HOUR, "an hour"), (DAY_MS, A_DAY, "a day")):
        busiest = max(
            (sum(0 <= later - at < within_ms for later in times) for at in times), default=0
        )
        if busiest > most:
            return Habit("bursts", {"videos": str(busiest), "within": code})
    return None
