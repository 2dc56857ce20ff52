"""The live state: catalogue, features, ties, model and waiting examples, folded together.

One projection, because order matters across them: an example's vector is taken before its
outcome changes a tally, and its surprise is noted after the model learned it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from freshet.catalogue.columns import KINDS
from freshet.catalogue.content import WIDTH, content_vector
from freshet.catalogue.facts import COMPACTED, FLAGS, REMOVED, seconds
from freshet.catalogue.verdicts import Verdicts
from freshet.domain import events as ev
from freshet.domain.errors import Corrupt, Unavailable
from freshet.domain.events import Event
from freshet.features.compose import FEATURES
from freshet.features.feature import Feature
from freshet.learning import kernels, people
from freshet.learning.cold import Cold
from freshet.learning.learner import HEADS
from freshet.learning.model import new_model, rows_of, saved_of
from freshet.learning.parked import Parked
from freshet.learning.pending import FREE, new_pending
from freshet.learning.predicting import Floats, Ranked, Rows
from freshet.learning.reading import Reading
from freshet.learning.records import Records
from freshet.learning.removed import Removed
from freshet.learning.settings import Shadow, Versions
from freshet.learning.space import HEAD_NAMES, LEARNED, NOW, OFFSET, PUBLISHED, Space
from freshet.learning.standing import Standing, standing
from freshet.log.ports import Batch
from freshet.log.snapshots import load_block, load_value, save_block, save_value
from freshet.state.block import Block, begin, end
from freshet.state.memory import Memory
from freshet.state.names import Text
from freshet.state.slots import FIRST, NOBODY

__all__ = ["HEAD_NAMES", "Live", "Ranked", "Recorder"]

ALL = 1 << 31  # of a person's videos
LOOKED_AT = 4096  # viewers, for who may go to disk: some milliseconds
CHUNK = 8192  # records folded in one call at the most
BY_SLOT = ("block.video", "vectors.video")  # blocks saved by number, that lie by slot
SUMS = ("viewer.tally", "viewer.known", "viewer.surprise")  # columns of a viewer's row that add up


@dataclass(slots=True)
class Recorder:
    """Keeps what was predicted for each impression as it came on screen."""

    features: list[Floats]
    predictions: list[Floats]
    times: list[Floats]


class Live(Reading):
    """Everything known, as of the last folded offset.

    Args:
        seed: of the model's first weights.
        capacity: rows reserved per entity, where not the default.
        pending: vectors that can wait for an outcome, a power of two.
        memory: shared with serving processes; None keeps the state in this one.
        features: other than the standard ones, for laboratories and tests.
        versions: when the model is copied, and goes back to a copy.
        shadow: a second model that learns beside it.
        cold_folder: viewers who did not come for `cold_hours`, but for `cold_beyond` of them,
            lie there in a file without a name; None or 0 hours keeps everybody in memory.
    """

    offset = 0
    now = 0  # received time of the last event folded

    def __init__(
        self, seed: int = 0, capacity: dict[str, int] | None = None, pending: int = 1 << 15,
        memory: Memory | None = None, features: Sequence[Feature] = FEATURES,
        versions: Versions = Versions(), shadow: Shadow = Shadow(),  # noqa: B008 - frozen
        cold_folder: Path | None = None, cold_hours: int = 0, cold_beyond: int = 0,
    ) -> None:  # fmt: skip
        self.space = Space(capacity, memory, features)
        self.cold = Cold(self.space.state, self.space.slots, cold_folder, cold_hours, cold_beyond)
        self.composed = self.space.composed
        self.model = new_model(self.composed.names, seed, versions, shadow)
        self.params = self.model.params
        self._learning = msgspec.json.encode((versions, shadow)).decode()
        self.pending = new_pending(pending, self.inputs)
        self.recorder: Recorder | None = None
        self.parked = Parked()
        self.removed = Removed()
        self._records = Records(self.columns, self.inputs)
        self._seen_as = self._state
        self._scratch = self.space.scratch()

    @property
    def _state(self) -> Any:
        return self.space.state

    @property
    def views_learned(self) -> int:
        return int(self.params.seen[1])

    def standing(self) -> Standing:
        return standing(saved_of(self.model), self.views_learned, self.now)

    # --- folding ----------------------------------------------------------------------------

    def apply(self, batch: Batch) -> None:
        """Fold a batch; events at or before `offset` are passed over."""
        skip = max(self.offset + 1 - batch.first, 0)
        self.fold(batch.events[skip:] if skip else batch.events)
        self.offset = max(self.offset, batch.last)
        self._publish()

    def fold(self, events: Sequence[Event]) -> None:
        for event in events:
            self.now = event.received
            if event.received >= self.columns.verdicts.next_end:
                self._flush()
                self.columns.pass_time(event.received)
            if event.received >= self.removed.next_end:
                self._compact(event.received)
            for late in self.parked.ended(event.received):
                self._fold_one(late)
            if not self._park(event):
                self._fold_one(event)
                if isinstance(event, ev.VideoPublished):
                    for waiting in self.parked.take(event.video, event.received):
                        self._fold_one(waiting)
        self._flush()
        self._check_room()  # also for names that only the catalogue has used yet

    def _park(self, event: Event) -> bool:
        """An act on a video that nobody has published yet waits for it."""
        if not getattr(event, "parked", False) or self.published(event.video):  # type: ignore[attr-defined]
            return False
        return self.parked.put(event)  # type: ignore[arg-type]

    def _fold_one(self, event: Event) -> None:
        records = self._records
        if type(event) in records.kinds:
            records.add(event)
            if len(records) >= CHUNK:
                self._flush()
            return
        self._flush()
        match event:
            case ev.ViewersMerged():
                self._merge(event)
            case ev.PersonErased():
                for video in self.videos_of(self.viewer_row(event.person), ALL).tolist():
                    self._forget(video, event.received)
                row = self.columns.forget(event.person)
                self._ready(np.array([row]))
                self.parked.forget(event.person)
                people.erase_viewer(self._state, self.pending, row)
            case _:
                self.columns.apply(event)
                self._vectorise(event)

    def _vectorise(self, event: Event) -> None:
        """An item vector begins with what a video is made of and ends with the video."""
        if isinstance(event, ev.VideoPublished):
            content = event.vector
            if len(content) != WIDTH:
                content = content_vector(
                    hashtags=event.hashtags, sound=event.sound, topics=event.topics,
                    traits=event.traits,
                )  # fmt: skip
            self.space.vectors.publish(self.video_row(event.video), content)
        elif isinstance(event, ev.VideoRemoved):
            self._forget(self.video_row(event.video), event.received)

    def _forget(self, video: int, now_ms: int) -> None:
        self.space.vectors.forget(video)
        self.removed.put(video, now_ms)

    def _compact(self, now_ms: int) -> None:
        """Rows of what was removed long enough ago are free for others."""
        self._flush()
        of, facts_of = self.space.video_slots.of, self.columns.videos.ints
        block = self.blocks["video"]
        for video in self.removed.ended(now_ms):
            if not facts_of[video, FLAGS] & REMOVED:
                continue  # it came back
            facts_of[video, FLAGS] |= COMPACTED
            slot = int(of[video])
            if slot < FIRST:
                continue  # it never had rows
            self.space.vectors.forget(video)  # again: a late view counts that it moved it
            begin(block.sequence, video)
            of[video] = NOBODY
            block.ints[slot] = 0
            end(block.sequence, video)
            self.space.video_slots.give_back(np.array([slot]))

    def _merge(self, event: ev.ViewersMerged) -> None:
        source, viewer = self.columns.viewer(event.viewer), self.columns.viewer(event.into)
        if source == viewer:
            return  # said twice
        self._ready(np.array([source, viewer]))
        layout = self.composed.layout
        widths = {f"{c.entity}.{c.name}": c.width for c in layout.columns}
        sums = [np.arange(layout(name), layout(name) + widths[name]) for name in SUMS
                if name in widths]  # fmt: skip
        fits = people.merge_viewers(
            self._state, self.model, self.pending, source, viewer,
            np.concatenate([np.zeros(0, np.int64), *sums]), event.received, self._scratch,
        )  # fmt: skip
        if not fits:
            raise Unavailable("the table of ties is full; raise its capacity and start again")
        self.columns.names["viewer"].move(event.viewer, viewer)
        self.columns.merged(event.viewer, event.into, event.received)

    def fold_records(self, records: np.ndarray, vectors: Floats) -> int:
        """Fold RECORD (n,) rows; returns the number of impressions among them.

        Raises:
            Unavailable: a block is full.
        """
        self._check_room()
        kinds = records["kind"]
        self._ready(records["viewer"][kinds != kernels.TICK])
        self._give_rows(records["video"][kernels.counts_for_videos(kinds)])
        rows = len(records) if self.recorder is not None else 0
        out = (
            np.empty((rows, self.inputs), np.float32),
            np.empty((rows, HEADS), np.float32),
            np.empty((rows, 4), np.float32),
        )
        done = kernels.fold(
            self._state,
            self._seen_as,
            self.model,
            self.pending,
            records,
            vectors,
            self._scratch,
            *out,
        )
        if done < 0:
            raise Unavailable("the table of ties is full; raise its capacity and start again")
        if self.recorder is not None:
            self.recorder.features.append(out[0][:done])
            self.recorder.predictions.append(out[1][:done])
            self.recorder.times.append(out[2][:done])
        return int(done)

    def _ready(self, viewers: npt.NDArray[np.integer]) -> None:
        self.cold.ready(viewers, seconds(self.now))

    def _give_rows(self, videos: npt.NDArray[np.integer]) -> None:
        """All of `videos` have rows on return, but those that are gone for good."""
        slots = self.space.video_slots
        if not len(videos) or slots.of[videos].min() >= FIRST:
            return
        new = np.unique(videos[(slots.of[videos] < FIRST) & (videos >= 0)])
        slots.give(new[self.columns.videos.ints[new, FLAGS] & COMPACTED == 0])

    def _here(self, viewer: int) -> None:
        if self.away(viewer):
            self.wake(viewer)

    def wake(self, viewer: int) -> None:
        """What is known of a viewer is in memory, for as long as they did not come for now."""
        self.cold.wake(np.array([viewer]), seconds(self.now))

    def let_go(self, first: int) -> int:
        """Viewers from `first` on, some thousand, who did not come for long go to disk.

        Returns:
            The first of the next, 0 after the last.
        """
        viewers = len(self.columns.names["viewer"])
        end = min(first + LOOKED_AT, viewers)
        self.cold.let_go(first, end, seconds(self.now), self._awaited())
        return end if end < viewers else 0

    def _awaited(self) -> Rows:
        """Viewers whose views are open, or who may yet open one that was served."""
        waiting: Rows = np.unique(self.pending.viewer[self.pending.status != FREE])
        return waiting

    def held(self) -> dict[str, int]:
        gone = {"gone": self.video_count() - self.space.video_slots.taken}
        cold = {"cold": self.cold.count, "woken": self.cold.woken, "cold_bytes": self.cold.bytes}
        return super().held() | gone | cold

    def warm(self) -> None:
        """Compile everything now, also what only readers call: one tick at the beginning of
        time changes nothing, and no request waits for a compiler."""
        tick = np.zeros(1, kernels.RECORD)
        self.fold_records(tick, np.zeros((0, self.inputs), np.float32))
        rows = np.zeros(0, np.int32)
        self.predict(self.rank(0, rows, 0).features)
        self.seen(0, rows, 0, served_since_s=0)
        self.hidden(0, rows)
        self.less_of(0, rows, 0, 1.0)
        self.recent(0)
        self.session(0, "", "for_you", 0)
        self.interests(0)
        self.liked(0)
        self.items(rows)

    def _flush(self) -> None:
        if len(self._records):
            self.fold_records(*self._records.take())

    def _check_room(self) -> None:
        names = self.columns.names
        for entity in ("sound", "hashtag", "topic", "trait"):
            self.blocks[entity].check_room(len(names[entity]))

    def _publish(self) -> None:
        """Tell serving processes how far the state is; the model first, the offset last."""
        meta = self.space.meta
        if self.space.weights.shared:
            self.space.weights.write(int(meta[PUBLISHED]) + 1, self.params)
            meta[PUBLISHED] += 1
        meta[LEARNED], meta[NOW] = self.views_learned, self.now
        meta[OFFSET] = self.offset

    def hold_viewers(self) -> None:
        """For measuring: from now on vectors see every viewer as they are at this moment,
        whatever they do; everything else lives on."""
        viewer, ties = self.blocks["viewer"].ints.copy(), self.ties
        self._seen_as = self._state._replace(
            viewer_slots=self.space.slots.of.copy(), viewer=viewer.view(np.float32),
            viewer_ints=viewer, tie_heads=ties.heads.copy(),
            tie_words=ties.words[: int(ties.used[0]) + 1].copy(), tie_used=ties.used.copy(),
        )  # fmt: skip

    def hide_viewers(self) -> None:
        """For measuring: from now on vectors are made as if nothing were known of anybody."""
        self._scratch.anonymous[0] = True

    def leave_out(self, names: Iterable[str]) -> None:
        """For measuring: these inputs say nothing of any video, from the first view on."""
        left = np.isin(self.feature_names, list(names))
        for params in rows_of(self.model):
            params.fixed[left], params.mean[left] = 1, 0.0
            params.variance[left], params.w3[left] = np.inf, 0.0

    # --- snapshots --------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Every array that folding writes, by name, only what is in use."""
        return self._rest() | self.cold.frozen(len(self.columns.names["viewer"])).whole()

    def _rest(self) -> dict[str, npt.NDArray[Any]]:
        """All but what single viewers did."""
        counts = {kind: len(names) for kind, names in self.columns.names.items()}
        blocks = self._blocks()
        rows = {
            name: block.ints[: counts.get(name.partition(".")[2], block.capacity)]
            for name, block in blocks.items() if name not in BY_SLOT
        }  # fmt: skip
        slots = self.space.video_slots.of[: counts["video"]]
        rows |= {name: blocks[name].ints[slots] for name in BY_SLOT}
        names: dict[str, npt.NDArray[Any]] = {}
        for kind, mine in self.columns.names.items():
            text = mine.text()
            names |= {f"names.{kind}.text": text.text, f"names.{kind}.ends": text.ends}
        at = np.array([self.offset, self.now], np.int64)
        return {**rows, **self._arrays(), **names, "at": at}

    def layout_digest(self) -> str:
        return self.space.digest()

    def save(self, folder: Path) -> None:
        self.freeze()(folder)

    def freeze(self) -> Callable[[Path], None]:
        """A copy of all that `save` writes; takes as much memory again until it is written,
        but for viewers on disk, who are read from there."""
        state = {name: array.copy() for name, array in self._rest().items()}
        viewers = self.cold.frozen(len(self.columns.names["viewer"]))
        self.cold.turn()
        # Lists and dicts of what never changes: their own copies are enough, and quick.
        values = {name: copy.copy(value) for name, value in self._values().items()}

        def save(folder: Path) -> None:
            _save(folder, state, values)
            viewers.save(folder)
            self.cold.saved(viewers, folder)

        return save

    def _values(self) -> dict[str, Any]:
        """What is saved beside the arrays."""
        return {
            "moved": self.columns.names["viewer"].moved,
            "parked": self.parked.saved(),
            "removed": self.removed.saved(),
            "verdicts": self.columns.verdicts.saved(),
            "layout": self.layout_digest(),
            "learning": self._learning,
        }

    def load(self, folder: Path) -> None:
        """Restore what `save` wrote, into a state that has folded nothing yet.

        Raises:
            Corrupt: it is of another layout, or a block is missing or has another shape.
            Unavailable: more rows are in use than this state has reserved.
            In both cases nothing was changed.
        """
        if load_value(folder, "layout", str) != self.layout_digest():
            raise Corrupt("it is of another layout of features")
        if load_value(folder, "learning", str) != self._learning:
            raise Corrupt("it was learned by other settings of versions or of the shadow")
        names = {kind: _text(folder, kind) for kind in KINDS}
        moved = load_value(folder, "moved", dict[int, int])
        parked = Parked.of(load_value(folder, "parked", bytes))
        removed = Removed(load_value(folder, "removed", list[tuple[int, int]]))
        verdicts = Verdicts.of_saved(load_value(folder, "verdicts", bytes))
        rows = {name: self._rows_of(folder, name, block) for name, block in self._blocks().items()}
        arrays = {name: _like(folder, name, target) for name, target in self._arrays().items()}
        offset, now = load_block(folder, "at", dtype=np.int64).tolist()
        viewers = len(names["viewer"])
        self.columns.viewers.check_room(viewers)
        awaited = arrays["pending.viewer"][arrays["pending.status"] != FREE]
        self.cold.load(folder, viewers, seconds(now), np.unique(awaited))

        self.columns.restore(names, moved, verdicts)
        self.parked, self.removed = parked, removed
        kept = np.flatnonzero(rows["facts.video"][:, FLAGS] & COMPACTED == 0)
        self.space.video_slots.give(kept)
        for name, block in self._blocks().items():
            mine, first = rows[name], 0
            if name in BY_SLOT:
                mine, first = mine if len(kept) == len(mine) else mine[kept], FIRST
            block.ints[first : first + len(mine)] = mine
        for name, target in self._arrays().items():
            target[:] = arrays[name]
        self.offset, self.now = offset, now
        self._publish()

    def _rows_of(self, folder: Path, name: str, block: Block) -> Rows:
        rows = load_block(folder, name, dtype=np.int32, writable=False)
        if rows.shape[1:] != (block.width,):
            raise Corrupt(f"snapshot block {name} is not {block.width} words wide")
        block.check_room(len(rows))
        return rows

    def _blocks(self) -> dict[str, Block]:
        """Rows that names, or fixed numbers, say are in use."""
        return {
            **{f"block.{kind}": rows for kind, rows in self.blocks.items() if kind != "viewer"},
            "facts.viewer": self.columns.viewers,
            "facts.video": self.columns.videos,
            "vectors.video": self.space.vectors.block,
        }

    def _arrays(self) -> dict[str, np.ndarray]:
        """Arrays that are always in use as a whole."""
        return {
            **{f"params.{name}": array for name, array in self.params._asdict().items()},
            **{f"model.{name}": array for name, array in saved_of(self.model).items()},
            **{f"pending.{name}": array for name, array in self.pending._asdict().items()},
            "vectors.ends": self.space.vectors.ends,
        }


def _text(folder: Path, kind: str) -> Text:
    text = load_block(folder, f"names.{kind}.text", dtype=np.uint8)
    return Text(text, load_block(folder, f"names.{kind}.ends", dtype=np.int64))


def _save(folder: Path, state: dict[str, np.ndarray], values: dict[str, Any]) -> None:
    for name, array in state.items():
        save_block(folder, name, array)
    for name, value in values.items():
        save_value(folder, name, value)


def _like(folder: Path, name: str, target: npt.NDArray[Any]) -> npt.NDArray[Any]:
    array = load_block(folder, name, dtype=target.dtype, writable=False)
    if array.shape != target.shape:
        raise Corrupt(f"snapshot block {name} has shape {array.shape}, not {target.shape}")
    return array
