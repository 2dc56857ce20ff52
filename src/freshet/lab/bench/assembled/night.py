"""What runs at night: the past becomes counters, the last views become trained models.

    python -m freshet.lab.bench.assembled.night '{"folder": …, "to": …}'

The past is the one that `lay_past` laid, drawn anew; item vectors and facts are read from the
snapshot. Counters hold what ours hold, the last 24 views of each viewer, and the models learn
the same last views as our own model did, each view's inputs taken before it, by the code that
serves. Settings are those of the nightly peer in the laboratory.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from freshet.app import now_ms
from freshet.catalogue import facts
from freshet.feed.settings import WEIGHTS
from freshet.lab.bench.assembled.table import (
    ACTS,
    HISTORY,
    LONG,
    MEASURES,
    OUTCOMES,
    Floats,
    Table,
    happened,
)
from freshet.lab.bench.catalogue import made_world
from freshet.lab.bench.folder import Made
from freshet.lab.bench.past import Size, last_views, older_views, past_rng
from freshet.lab.extras import extra
from freshet.lab.generate.columns import Columns
from freshet.lab.generate.world import World
from freshet.lab.lightgbm_nightly import COMMON, GRID, TREES
from freshet.learning.live import Live
from freshet.log.snapshots import Snapshots

TABLE_FILE, MODELS_FILE = "table.pickle", "models.json"
SETTINGS = {**COMMON, **GRID["31 leaves of 100+, rate 0.05"]}
HOUR_MS = 3_600_000


class Night(msgspec.Struct, frozen=True):
    """Whose past, where it lies, and where what came of it goes."""

    folder: str
    to: str
    made: Made
    trees: int = TREES


class Models(msgspec.Struct):
    """Trained models as text: one for each outcome, `watch_s` and `value`."""

    inputs: int
    text: dict[str, str]


def worked(night: Night) -> None:
    made, now, to = night.made, now_ms(), Path(night.to)
    world = made_world(made.videos, made.viewers, made.seed)
    rng, size = past_rng(made.seed), Size(made.videos, made.viewers)
    table = _empty(world, _laid(Path(night.folder)))
    remember(table, older_views(rng, world, size, now, lambda *_: None))
    table.at_night()
    models = _trained(table, last_views(rng, world, size, now), night.trees)
    (to / MODELS_FILE).write_bytes(msgspec.json.encode(models))
    with (to / TABLE_FILE).open("wb") as file:
        pickle.dump(table, file)


def _laid(folder: Path) -> Live:
    live, snapshots = Live(), Snapshots(folder / "snapshots")
    saved = snapshots.at(snapshots.offsets()[-1], live)
    assert saved is not None
    live.load(saved)
    return live


def _empty(world: World, live: Live) -> Table:
    """Facts and vectors; nobody has seen anything."""
    n, m = world.viewers, world.videos
    video, viewer = live.columns.videos.ints[:m], live.columns.viewers.ints[:n]
    about = [
        np.log(world.duration_ms), video[:, facts.CREATED_S] / 3_600, world.sound >= 0,
        *world.video_topics.T, (world.video_hashtags >= 0).sum(axis=1),
        video[:, facts.COUNTRY], video[:, facts.LANGUAGE],
    ]  # fmt: skip
    who = [facts.VIEWER_COUNTRY, facts.VIEWER_LANGUAGE, facts.VIEWER_DEVICE]
    return Table(
        vectors=live.items(np.arange(m, dtype=np.int32)),
        creator=world.creator, sound=world.sound, topics=world.video_topics,
        hashtags=world.video_hashtags, duration_ms=world.duration_ms,
        facts=np.stack(about, axis=1).astype(np.float32),
        viewer_facts=viewer[:, who].astype(np.float32),
        videos=np.zeros((m, MEASURES), np.float32), viewers=np.zeros((n, MEASURES), np.float32),
        tastes=np.zeros((n, world.topics + 1, 2), np.float32),
        history=np.zeros((n, HISTORY), np.int32),
        history_did=np.zeros((n, HISTORY, len(OUTCOMES)), np.bool_),
        count=np.zeros(n, np.int64), seen=[],
    )  # fmt: skip


def _did(views: Columns) -> NDArray[np.bool_]:
    """(n, outcomes)"""
    acts = np.stack([views.outcomes[name] for name in ACTS], axis=1)
    return np.hstack([happened(views.watched_ms, views.duration_ms), acts])


def _watched_s(watched_ms: NDArray[Any], duration_ms: NDArray[Any]) -> NDArray[np.float64]:
    clipped: NDArray[np.float64] = np.minimum(watched_ms, 3 * duration_ms) / 1_000
    return clipped


def remember(table: Table, past: Iterable[Columns]) -> None:
    """What each viewer has seen; the last 24 views of each also as history and in counters,
    for our own state knows no more of the laid past."""
    parts = [(views.viewer, views.video, views.watched_ms, _did(views)) for views in past]
    viewer, video, watched_ms, did = (np.concatenate(part) for part in zip(*parts, strict=True))
    order = np.argsort(viewer, kind="stable")
    viewer, video = viewer[order], video[order]
    views = np.bincount(viewer, minlength=len(table.count))
    ends = np.cumsum(views)
    table.seen = [set(rows.tolist()) for rows in np.split(video, ends[:-1])]
    nth = np.arange(len(viewer)) - (ends - HISTORY)[viewer]
    last = nth >= 0
    viewer, video, nth, order = viewer[last], video[last], nth[last], order[last]
    table.history[viewer, nth], table.history_did[viewer, nth] = video, did[order]
    table.count[:] = HISTORY
    _count(table, viewer, video, watched_ms[order], did[order])


def _count(
    table: Table, viewer: NDArray[Any], video: NDArray[Any], watched_ms: NDArray[Any],
    did: NDArray[np.bool_],
) -> None:  # fmt: skip
    watched_s = _watched_s(watched_ms, table.duration_ms[video])
    brings = [*did.T, watched_s, np.ones(len(viewer))]
    for sums, who in ((table.videos, video), (table.viewers, viewer)):
        for column, values in enumerate(brings):
            sums[:, column] += np.bincount(who, values, len(sums))
    topics = table.tastes.shape[1]
    for topic in table.topics[video].T:
        at = viewer.astype(np.int64) * topics + topic % topics
        for column, values in enumerate((None, did[:, LONG])):
            found = np.bincount(at, values, table.tastes.shape[0] * topics)
            table.tastes[:, :, column] += found.reshape(-1, topics)


def _trained(table: Table, views: Columns, trees: int) -> Models:
    did, watched_s = _did(views), _watched_s(views.watched_ms, views.duration_ms)
    inputs: list[Floats] = []
    for k, (viewer, video) in enumerate(
        zip(views.viewer.tolist(), views.video.tolist(), strict=True)
    ):
        hour = views.time_ms[k] / HOUR_MS % 24
        inputs.append(table.inputs(viewer, np.array([video], np.int32), hour))
        table.note(viewer, video, int(views.watched_ms[k]), did[k, -len(ACTS) :])
    lightgbm = extra("bench", "lightgbm", "--baseline")
    joined = np.concatenate(inputs)
    data = lightgbm.Dataset(joined, params=SETTINGS, free_raw_data=False)
    row = np.array([WEIGHTS[name] for name in OUTCOMES])
    targets: dict[str, NDArray[Any]]
    targets = {name: did[:, k] for k, name in enumerate(OUTCOMES) if did[:, k].any()}
    targets |= {"watch_s": watched_s, "value": did @ row + WEIGHTS["watch_s"] * watched_s}
    text = {}
    for name, target in targets.items():
        objective = "binary" if name in OUTCOMES else "regression"
        data.set_label(target.astype(np.float32))
        fitted = lightgbm.train({**SETTINGS, "objective": objective}, data, trees)
        text[name] = fitted.model_to_string()
    return Models(joined.shape[1], text)


if __name__ == "__main__":
    worked(msgspec.json.decode(sys.argv[1], type=Night))
