"""Who chooses what is shown: ours, the most popular, item-based collaborative filtering.

A player is asked for a slate and told each view. Baselines are fitted anew every 1,000 views,
as a nightly job would be if nights were short; ours learns each view as it comes.
"""

from __future__ import annotations

import warnings
from collections import defaultdict
from typing import Any, Protocol

import numpy as np
from scipy.sparse import csr_matrix

from freshet.config import Feed, Log, Settings
from freshet.domain.events import VideoPublished
from freshet.feed.settings import ForYou
from freshet.lab.acting import Acting
from freshet.lab.extras import extra
from freshet.lab.swiping.world import World

REFIT = 1_000  # views
NEIGHBOURS = 100
SWIPE_MS = 200  # between two swipes of anybody: some fifty viewers side by side
OLD_MS = 30 * 86_400_000  # published so long ago: no video is newer than another


class Player(Protocol):
    async def slate(self, viewer: int, n: int) -> list[int]:
        """Up to n videos the viewer has not seen."""
        ...

    async def viewed(self, viewer: int, video: int, position: int, ms: int, long: bool) -> None: ...


class Ours:
    """The engine that serves, through the two calls that clients have: a feed, and events."""

    def __init__(self, on: Acting, world: World) -> None:
        self.on, self.world = on, world

    @staticmethod
    def settings(seed: int) -> Settings:
        return Settings(feed=Feed(for_you=ForYou(seed=seed)), log=Log(tick_ms=0))

    async def begin(self) -> None:
        now_ms, world = self.on.clock.now_ms, self.world
        await self.on.record([
            VideoPublished(
                event_id=self.on.event_id(), time=now_ms, video=str(row), creator=f"by {row}",
                created=now_ms - OLD_MS, duration_ms=int(world.duration_ms[row]),
                sound=f"sound {world.sound[row]}", topics=(f"topic {world.tag[row]}",),
            )
            for row in range(world.shape.videos)
        ])  # fmt: skip

    async def slate(self, viewer: int, n: int) -> list[int]:
        return [int(video) for video in await self.on.slate(str(viewer), n)]

    async def viewed(self, viewer: int, video: int, position: int, ms: int, long: bool) -> None:
        self.on.clock.now_ms += SWIPE_MS
        await self.on.record(self.on.view(str(viewer), str(video), position, ms))


class Counted:
    """What baselines share: who saw what, who watched what long, and a fit now and then."""

    def __init__(self, world: World, seed: int) -> None:
        self.rng, self.videos = np.random.default_rng([seed, 3]), world.shape.videos
        self.seen: dict[int, list[int]] = defaultdict(list)
        self.liked: dict[int, list[int]] = defaultdict(list)
        self.views = 0
        self.popular = self.rng.random(self.videos)  # ties in an order of their own

    async def slate(self, viewer: int, n: int) -> list[int]:
        scores = self.scores(viewer)
        scores[self.seen[viewer]] = -np.inf
        best = np.argpartition(-scores, n)[:n]
        rows: list[int] = best[np.argsort(-scores[best])].tolist()
        return rows

    async def viewed(self, viewer: int, video: int, position: int, ms: int, long: bool) -> None:
        self.seen[viewer].append(video)
        if long:
            self.liked[viewer].append(video)
        self.views += 1
        if self.views % REFIT == 0:
            self.fit()

    def scores(self, viewer: int) -> Any:
        return self.popular.copy()

    def fit(self) -> None:
        all_of_it = np.concatenate([np.array(v, np.int64) for v in self.liked.values()])
        counts = np.bincount(all_of_it, minlength=self.videos)
        self.popular = counts + self.rng.random(self.videos)


class Popular(Counted):
    """Most watched long."""


class ItemBased(Counted):
    """`implicit`'s cosine neighbours of what the viewer watched long; before there are any, the
    most popular."""

    def __init__(self, world: World, seed: int) -> None:
        super().__init__(world, seed)
        cosine: Any = extra("bench", "implicit.nearest_neighbours", "freshet lab swipes")
        self.model = cosine.CosineRecommender(K=NEIGHBOURS)
        self.similar: Any = None

    def scores(self, viewer: int) -> Any:
        # Below every neighbour, the popular in their order.
        popular = self.popular / (1.0 + self.popular.max()) * 1e-3
        if self.similar is None or not self.liked[viewer]:
            return popular
        near = np.asarray(self.similar[self.liked[viewer]].sum(axis=0)).ravel()
        return near + popular

    def fit(self) -> None:
        super().fit()
        viewers = [viewer for viewer, liked in self.liked.items() if liked]
        ends = np.cumsum([0, *(len(self.liked[viewer]) for viewer in viewers)])
        rows = np.concatenate([np.array(self.liked[viewer], np.int64) for viewer in viewers])
        shape = (len(viewers), self.videos)
        watched = csr_matrix((np.ones(len(rows), np.float32), rows, ends), shape)
        with warnings.catch_warnings(action="ignore"):  # of a matrix the library itself makes
            self.model.fit(watched, show_progress=False)
        self.similar = self.model.similarity


BASELINES: dict[str, type[Counted]] = {"popular": Popular, "item_based": ItemBased}
