"""Features in arrays, joined to one matrix per request.

    video    own counters, those of its topics, hashtags and sound, item vector, facts   128
    viewer   counters, the last 24 views, facts, hour                                     31
    both     topics, creator, sound and hashtags in common, vectors, language …           19

Counters, lists and what was seen are up to date after every view; the counters of topics,
hashtags and sounds are the night's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freshet.domain.outcomes import END_SLACK, LONG_VIEW_MS

Rows = NDArray[np.int32]
Floats = NDArray[np.float32]

WATCHED = ("watched_2s", "watched_6s", "finish", "long_view", "rewatch")
ACTS = ("like", "comment", "share", "favorite", "follow", "profile_visit", "not_interested")
OUTCOMES = (*WATCHED, *ACTS)  # those that ever happen in the made-up world
LONG = OUTCOMES.index("long_view")
WATCH = len(OUTCOMES)  # behind the outcomes: seconds watched, then views
MEASURES = WATCH + 2
HISTORY = 24
TASTES = 4  # liked videos whose neighbours are fetched
BOTH = 19  # columns of what a viewer and a video have in common
WORTH_VIEWS = 10.0  # views that a counter's average over everything counts for


def happened(watched_ms: NDArray[Any], duration_ms: NDArray[Any]) -> NDArray[np.bool_]:
    """(n, 5) what watches of this length come to, in the order of `WATCHED`."""
    ended = watched_ms >= END_SLACK * duration_ms
    return np.stack([
        watched_ms >= 2_000,
        (watched_ms >= 6_000) | (ended & (watched_ms > 0)),
        ended,
        (watched_ms >= LONG_VIEW_MS) | (ended & (duration_ms <= LONG_VIEW_MS)),
        watched_ms >= 1.5 * duration_ms,
    ], axis=1)  # fmt: skip


@dataclass(slots=True)
class Table:
    """What is known of M videos and N viewers. `night` fills it, `note` keeps it up."""

    vectors: Floats  # (M, 64) as our own index has them
    creator: Rows
    sound: Rows
    topics: Rows  # (M, 2), -1 where there are fewer
    hashtags: Rows  # (M, 3)
    duration_ms: Rows
    facts: Floats  # (M, 8)
    viewer_facts: Floats  # (N, 3) country, language, device
    videos: Floats  # (M, measures) sums of what views came to
    viewers: Floats  # (N, measures)
    tastes: Floats  # (N, topics + 1, 2) views and long views by topic, the last for "none"
    history: Rows  # (N, 24) the last videos, a ring
    history_did: NDArray[np.bool_]  # (N, 24, outcomes)
    count: NDArray[np.int64]  # (N,) views ever put into the ring
    seen: list[set[int]]
    world: Floats = field(init=False)  # (measures,)
    block: Floats = field(init=False)  # (M, 128) the video's part of the inputs

    def at_night(self) -> None:
        """What is worked out once a day: averages, and what a video's like came to."""
        self.world = self.videos.sum(axis=0)
        groups = [self._of_group(about) for about in (self.topics, self.hashtags, self.sound)]
        self.block = np.hstack([self.rates(self.videos), *groups, self.vectors, self.facts])

    def rates(self, sums: Floats) -> Floats:
        """Averages (…, measures) of sums, drawn to those of everything; last, log of the views."""
        views = sums[..., -1:]
        found = np.empty_like(sums)
        average = self.world[:-1] / self.world[-1]
        found[..., :-1] = (sums[..., :-1] + WORTH_VIEWS * average) / (views + WORTH_VIEWS)
        found[..., -1:] = np.log1p(views)
        return found

    def _of_group(self, about: Rows) -> Floats:
        """(M, measures) rates of a video's topics, hashtags or sound, averaged."""
        about = about.reshape(len(about), -1)
        sums = np.zeros((int(about.max()) + 2, MEASURES), np.float32)  # the last is for -1
        for column in about.T:
            np.add.at(sums, column, self.videos)
        sums[-1] = 0
        rates = self.rates(sums)
        found: Floats = np.mean([rates[column] for column in about.T], axis=0, dtype=np.float32)
        return found

    def liked(self, viewer: int) -> Rows:
        """Up to four videos the viewer lately watched for long, the last first."""
        rows, did = self._history(viewer)
        order = np.argsort(~did[:, LONG], kind="stable")
        return rows[order][:TASTES]

    def _history(self, viewer: int) -> tuple[Rows, NDArray[np.bool_]]:
        """The last 24 views, the last first."""
        count = int(self.count[viewer])
        places = np.arange(count - 1, max(count - HISTORY, 0) - 1, -1) % HISTORY
        return self.history[viewer, places], self.history_did[viewer, places]

    def inputs(self, viewer: int, rows: Rows, hour: float) -> Floats:
        """(n, 178) what the models predict from."""
        past, did = self._history(viewer)
        about = self._about(viewer, did, hour)
        own = self.block.shape[1]
        found = np.zeros((len(rows), own + len(about) + BOTH), np.float32)
        np.take(self.block, rows, axis=0, out=found[:, :own])
        found[:, own:-BOTH] = about
        self._both(viewer, rows, past, did[:, LONG].astype(np.float32), found)
        return found

    def _about(self, viewer: int, did: NDArray[np.bool_], hour: float) -> Floats:
        lately = did.mean(axis=0) if len(did) else np.zeros(len(OUTCOMES))
        rates = self.rates(self.viewers[viewer])
        facts = self.viewer_facts[viewer]
        return np.concatenate([rates, lately, facts, [hour, len(did)]]).astype(np.float32)

    def _both(self, viewer: int, rows: Rows, past: Rows, long: Floats, found: Floats) -> None:
        """What viewer and videos have in common, into the last columns of `found`."""
        out = found[:, -BOTH:]
        taste = self.tastes[viewer][self.topics[rows]]  # (n, 2, 2)
        out[:, 0:2] = np.log1p(taste[:, :, 0])
        out[:, 2:4] = (taste[:, :, 1] + 1) / (taste[:, :, 0] + 3)
        weights = np.stack([np.ones_like(long), long], axis=1)  # (24, 2)
        creator, sound, tags = self.creator[rows], self.sound[rows], self.hashtags[rows]
        out[:, 4:6] = (creator[:, None] == self.creator[past]) @ weights
        out[:, 6:8] = ((sound[:, None] == self.sound[past]) & (sound >= 0)[:, None]) @ weights
        out[:, 8:10] = self._in_common(tags, self.hashtags[past]) @ weights
        liked = self.liked(viewer)
        if len(liked):
            near = self.vectors[rows] @ self.vectors[liked].T
            out[:, 10 : 10 + len(liked)] = near
            out[:, 14], out[:, 15] = near.mean(axis=1), near.max(axis=1)
            usual = np.log(self.duration_ms[liked]).mean()
            out[:, 16] = np.abs(np.log(self.duration_ms[rows]) - usual)
        country, language = self.viewer_facts[viewer, :2]
        own = self.block.shape[1]
        out[:, 17], out[:, 18] = found[:, own - 2] == country, found[:, own - 1] == language

    @staticmethod
    def _in_common(tags: Rows, past: Rows) -> NDArray[np.bool_]:
        """(n, 24) whether any of three hashtags is one of a view's three."""
        found = np.zeros((len(tags), len(past)), np.bool_)
        for mine in tags.T:
            for theirs in past.T:
                found |= (mine[:, None] == theirs) & (mine >= 0)[:, None]
        return found

    def note(self, viewer: int, video: int, watched_ms: int, acts: NDArray[np.bool_]) -> None:
        """A view has ended. `acts` (7,) in the order of `ACTS`."""
        duration = self.duration_ms[video : video + 1]
        did = np.concatenate([happened(np.array([watched_ms]), duration)[0], acts])
        brings = np.concatenate([did, [min(watched_ms, 3 * duration[0]) / 1000, 1]])
        self.videos[video] += brings
        self.viewers[viewer] += brings
        self.block[video, :MEASURES] = self.rates(self.videos[video])
        topics = self.topics[video]
        self.tastes[viewer, topics[topics >= 0]] += (1, did[LONG])
        place = self.count[viewer] % HISTORY
        self.history[viewer, place], self.history_did[viewer, place] = video, did
        self.count[viewer] += 1
        self.seen[viewer].add(video)
