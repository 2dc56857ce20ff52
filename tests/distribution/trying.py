"""Short ways to say: this video came, so many watched it, this long."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np

from freshet.catalogue.trials import Trials
from freshet.distribution.expecting import BY
from freshet.distribution.settings import Stages as Settings
from freshet.distribution.stages import Stages
from freshet.domain import events as ev
from freshet.domain.ids import uuid7
from freshet.feed.settings import WEIGHTS
from freshet.log.ports import Batch

START_MS = 1_750_000_000_000
LONG_MS, SHORT_MS = 10_000, 500
_ids = Random(3)


class Rows:
    """As much of the live state as stages read."""

    feature_names = (*BY, "video_long_view")

    def __init__(self) -> None:
        self.trials = Trials(1_000, slots=64)
        self.names: dict[str, int] = {}

    def video_row(self, video: str) -> int:
        return self.names.setdefault(video, len(self.names))

    def row(self, kind: str, name: str) -> int:
        return self.names.setdefault(name, len(self.names))


class Trying:
    """Stages, and a log that is written by what tests say."""

    def __init__(self, **settings: Any) -> None:
        known: dict[str, Any] = {
            "on": True,
            "quotas": (20, 60),
            "quota_min": 20,
            "established": 1_000,
        } | settings
        self.settings = Settings(**known)
        self.events: list[ev.Event] = []
        self.now_ms, self.viewers = START_MS, 0
        self.stages = self.fresh()

    def fresh(self) -> Stages:
        return Stages(Rows(), self.settings, WEIGHTS, 0.05)

    def say(self, kind: type[ev.Event], **fields: Any) -> None:
        event = kind(event_id=uuid7(self.now_ms, _ids), time=self.now_ms, received=self.now_ms,
                     **fields)  # fmt: skip
        self.events.append(event)
        self.stages.apply(Batch(len(self.events), (event,)))

    def publish(self, video: str, creator: str = "ann", **fields: Any) -> None:
        known = {"created": self.now_ms, "duration_ms": LONG_MS, "topics": ("tea",)} | fields
        self.say(ev.VideoPublished, video=video, creator=creator, **known)

    def watch(self, video: str, watched_ms: int, times: int = 1, fan: bool = False) -> None:
        """By new viewers, one after another."""
        for _ in range(times):
            self.viewers += 1
            who = f"v{self.viewers}"
            self.serve(who, video, fan)
            self.say(ev.Impression, viewer=who, video=video)
            self.say(ev.Watch, viewer=who, video=video, watched_ms=watched_ms, left=True,
                     completed=watched_ms >= LONG_MS)  # fmt: skip
            self.now_ms += 1_000

    def serve(self, viewer: str, video: str, fan: bool = False) -> None:
        self.say(
            ev.SlateServed, viewer=viewer, request_id="r",
            items=(ev.Served(video, "explore", 0.0),),
            features=np.array(
                [fan * (name == "creator_followed") for name in Rows.feature_names], np.float16
            ).tobytes(),
        )  # fmt: skip

    def crowd(self, videos: int = 8, share: float = 0.5) -> None:
        """Others of the cohort, `share` of whose views are long."""
        for video in range(videos):
            self.publish(f"other {video}", f"maker {video}")
            for view in range(20):
                self.watch(f"other {video}", LONG_MS if view < 20 * share else SHORT_MS)

    def slot(self, video: str) -> Any:
        found = self.stages.journey(video)
        assert found is not None
        return self.stages.trials.slots[found[0]]

    def verdicts(self, video: str) -> list[str]:
        found = self.stages.journey(video)
        assert found is not None
        return [decision.verdict for decision in found[1].decisions]
