"""The live state: catalogue, features, ties, model and waiting examples, folded together.

One projection, because order matters across them: an example's vector is taken before its
outcome changes a tally, and its surprise is noted after the model learned it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from freshet.catalogue import facts
from freshet.catalogue.columns import KINDS, Columns
from freshet.domain.errors import Corrupt, Unavailable
from freshet.domain.events import Event
from freshet.domain.outcomes import OUTCOMES
from freshet.features.compose import FEATURES, compose
from freshet.features.feature import Feature
from freshet.features.history import H_COUNT, H_VIDEO, HISTORY
from freshet.features.layout import CAPACITY, ENTITIES, State
from freshet.learning import kernels
from freshet.learning.learner import HEADS, THRESHOLDS_S, new_params
from freshet.learning.pending import new_pending
from freshet.learning.records import Records
from freshet.log.ports import Batch
from freshet.log.snapshots import load_block, load_value, save_block, save_value
from freshet.state.block import Block
from freshet.state.compiled import address_of
from freshet.state.names import Names
from freshet.state.pairs import SEEN, Pairs

Rows = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]

CHUNK = 8192  # records folded in one call at the most
HEAD_NAMES = (*OUTCOMES, *(f"watched_over_{t:g}s" for t in THRESHOLDS_S))


@dataclass(frozen=True, slots=True)
class Ranked:
    """What the model says of n videos.

    Attributes:
        features: float32 (n, F), as `Live.feature_names`.
        predictions: float32 (n, O), as `Live.outcomes`: probabilities.
        watch_s: float32 (n,), expected watch time in seconds, at the expected rank among all
            views (`learner.watch_times`).
        median_s, mean_s: float32 (n,), median and plain mean of the same distribution.
    """

    features: Floats
    predictions: Floats
    watch_s: Floats
    median_s: Floats
    mean_s: Floats


@dataclass(slots=True)
class Recorder:
    """Keeps what was predicted for each impression as it came on screen."""

    features: list[Floats]
    predictions: list[Floats]
    times: list[Floats]


class Live:
    """Everything known, as of the last folded offset.

    Args:
        seed: of the model's first weights.
        capacity: rows reserved per entity, where not the default.
        pending: vectors that can wait for an outcome, a power of two.
        folder: share the blocks through files there.
        features: other than the standard ones, for laboratories and tests.
    """

    name = "live"
    fold_version = 1
    outcomes = OUTCOMES

    def __init__(
        self, seed: int = 0, capacity: dict[str, int] | None = None, pending: int = 1 << 15,
        folder: Path | None = None, features: Sequence[Feature] = FEATURES,
    ) -> None:  # fmt: skip
        room = CAPACITY | (capacity or {})
        self.composed = compose(features)
        self.inputs = len(self.composed.names)
        self.columns = Columns(room["viewer"], room["video"], folder)
        self.blocks: dict[str, Block] = self.composed.layout.blocks(room, folder)
        self.pairs = Pairs(room.get("pair", 1 << 26))
        self.params = new_params(self.inputs, seed)
        self.pending = new_pending(pending, self.inputs)
        self.offset = 0
        self.now = 0  # received time of the last event folded
        self.recorder: Recorder | None = None
        self._records = Records(self.columns, self.inputs)
        self._state = cast(Any, State)(  # no checker knows its fields, they are computed
            **{entity: self.blocks[entity].floats for entity in ENTITIES},
            viewer_ints=self.blocks["viewer"].ints, video_ints=self.blocks["video"].ints,
            viewer_facts=self.columns.viewers.ints, video_facts=self.columns.videos.ints,
            viewer_sequence=self.blocks["viewer"].sequence,
            video_sequence=self.blocks["video"].sequence,
            pair_keys=self.pairs.keys, pair_values=self.pairs.values, pair_used=self.pairs.used,
        )  # fmt: skip
        self._seen_as = self._state
        self._scratch = self._with_calls()
        self._derived: dict[str, npt.NDArray[Any]] = {}
        self._derived_of = (-1, -1)  # version of the catalogue, and videos in it

    def _with_calls(self) -> Any:
        """Scratch that holds the addresses of our features' kernels, compiled now."""
        blank = kernels.new_scratch(self.inputs, kernels.Calls(0, 0, 0, 0))
        calls = {
            name: address_of(getattr(self.composed, name), *arguments)
            for name, arguments in kernels.samples(self._state, blank).items()
        }
        return kernels.new_scratch(self.inputs, kernels.Calls(**calls))

    # --- folding ----------------------------------------------------------------------------

    def apply(self, batch: Batch) -> None:
        """Fold a batch; events at or before `offset` are passed over."""
        skip = max(self.offset + 1 - batch.first, 0)
        self.fold(batch.events[skip:] if skip else batch.events)
        self.offset = max(self.offset, batch.last)

    def fold(self, events: Sequence[Event]) -> None:
        records, columns = self._records, self.columns
        for event in events:
            self.now = event.received
            if type(event) in records.kinds:
                records.add(event)
                if len(records) >= CHUNK:
                    self._flush()
            else:
                self._flush()
                columns.apply(event)
        self._flush()
        self._check_room()  # also for names that only the catalogue has used yet

    def fold_records(self, records: np.ndarray, vectors: Floats) -> int:
        """Fold RECORD (n,) rows; returns the number of impressions among them.

        Raises:
            Unavailable: a block is full.
        """
        self._check_room()
        rows = len(records) if self.recorder is not None else 0
        out = (
            np.empty((rows, self.inputs), np.float32),
            np.empty((rows, HEADS), np.float32),
            np.empty((rows, 4), np.float32),
        )
        done = kernels.fold(
            self._state,
            self._seen_as,
            self.params,
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

    def warm(self) -> None:
        """Compile the fold now: one tick at the beginning of time changes nothing."""
        tick = np.zeros(1, kernels.RECORD)
        self.fold_records(tick, np.zeros((0, self.inputs), np.float32))

    def _flush(self) -> None:
        if len(self._records):
            self.fold_records(*self._records.take())

    def _check_room(self) -> None:
        names = self.columns.names
        for entity in ("sound", "hashtag", "topic", "trait"):
            self.blocks[entity].check_room(len(names[entity]))

    def hold_viewers(self) -> None:
        """For measuring: from now on vectors see every viewer as they are at this moment,
        whatever they do; everything else lives on."""
        viewer = self.blocks["viewer"].ints.copy()
        pairs = {f"pair_{name}": array.copy() for name, array in self.pairs.state().items()}
        self._seen_as = self._state._replace(
            viewer=viewer.view(np.float32), viewer_ints=viewer, **pairs
        )

    def hide_viewers(self) -> None:
        """For measuring: from now on vectors are made as if nothing were known of anybody."""
        self._scratch.anonymous[0] = True

    # --- reading ----------------------------------------------------------------------------

    @property
    def feature_names(self) -> tuple[str, ...]:
        names: tuple[str, ...] = self.composed.names
        return names

    @property
    def model_version(self) -> str:
        return f"{self.name}-{self.fold_version}.{int(self.params.seen[1])}"

    def viewer_row(self, key: str) -> int:
        return self.columns.names["viewer"].row(key)

    def video_row(self, video: str) -> int:
        return self.columns.names["video"].row(video)

    def video_id(self, row: int) -> str:
        return self.columns.names["video"][row]

    def video_count(self) -> int:
        return len(self.columns.names["video"])

    def names(self, kind: str, row: int) -> str:
        """Id of a creator, sound, hashtag, topic, language or country by its row."""
        return self.columns.names["viewer" if kind == "creator" else kind][row]

    def _facts(self, first: int, count: int = 1) -> Rows:
        rows = self.columns.videos.ints[: self.video_count()]
        rows = rows[:, first] if count == 1 else rows[:, first : first + count]
        rows.flags.writeable = False
        return rows

    def _derive(self, name: str, work_out: Callable[[], npt.NDArray[Any]]) -> Any:
        """A whole column, worked out once per version of the catalogue; read-only."""
        now = (self.columns.version, self.video_count())
        if self._derived_of != now:
            self._derived, self._derived_of = {}, now
        if name not in self._derived:
            self._derived[name] = work_out()
            self._derived[name].flags.writeable = False
        return self._derived[name]

    @property
    def creator(self) -> Rows:
        return self._facts(facts.CREATOR)

    @property
    def sound(self) -> Rows:
        """Sound rows; -1 for none and for original sounds, which never count as equal."""
        return self._derive("sound", self._sound)  # type: ignore[no-any-return]

    def _sound(self) -> Rows:
        original = (self._facts(facts.FLAGS) & facts.ORIGINAL_SOUND) != 0
        return np.where(original, np.int32(-1), self._facts(facts.SOUND))

    @property
    def topics(self) -> Rows:
        return self._facts(facts.TOPIC, facts.TOPICS)

    @property
    def hashtags(self) -> Rows:
        return self._facts(facts.HASHTAG, facts.HASHTAGS)

    @property
    def duration_ms(self) -> Rows:
        return self._facts(facts.DURATION_MS)

    @property
    def created_ms(self) -> npt.NDArray[np.int64]:
        return self._derive("created_ms", self._created_ms)  # type: ignore[no-any-return]

    def _created_ms(self) -> npt.NDArray[np.int64]:
        return (self._facts(facts.CREATED_S).astype(np.int64) + facts.EPOCH_S) * 1000

    @property
    def language(self) -> Rows:
        return self._facts(facts.LANGUAGE)

    @property
    def country(self) -> Rows:
        return self._facts(facts.COUNTRY)

    @property
    def eligible(self) -> Mask:
        return self._derive("eligible", self.columns.eligible)  # type: ignore[no-any-return]

    @property
    def shown(self) -> Floats:
        """Views counted per video, float32 (videos,)."""
        at = self.composed.layout("video.tally")
        shown = self.blocks["video"].floats[: self.video_count(), at]
        shown.flags.writeable = False
        return shown

    def published(self, video: str) -> bool:
        """Whether the video is known and was ever published."""
        row = self.video_row(video)
        return row >= 0 and bool(self.columns.videos.ints[row, facts.FLAGS] & facts.PUBLISHED)

    def impersonal(self, viewer: int) -> bool:
        """Chose a feed that does not use what they did, or did not consent to one that does."""
        if viewer < 0:
            return False
        return bool(self.columns.viewers.ints[viewer, facts.VIEWER_FLAGS] & facts.IMPERSONAL)

    def seen_ms(self, viewer: int, rows: Rows) -> npt.NDArray[np.int64]:
        """When each video was last on the viewer's screen, ms since 1970; 0 = never."""
        seconds = self.pairs.get_many(viewer, SEEN, rows).astype(np.int64)
        return np.where(seconds == 0, 0, (seconds + facts.EPOCH_S) * 1000)

    def seen(self, viewer: int, rows: Rows, now_ms: int, horizon_ms: int = 90 * 86_400_000) -> Mask:
        """True where the video was on the viewer's screen within the horizon."""
        at = self.seen_ms(viewer, rows)
        seen: Mask = (at != 0) & (now_ms - at < horizon_ms)
        return seen

    def hidden(self, viewer: int, rows: Rows) -> Mask:
        """True where the viewer hid, blocked (or is blocked by) or rejected what it is made of,
        or made it."""
        out = np.zeros(len(rows), np.bool_)
        if viewer >= 0:
            kernels.hidden(self._state, viewer, rows, out)
            out |= self.creator[rows] == viewer
        return out

    def recent(self, viewer: int) -> Rows:
        """Video rows of the viewer's last views, newest first."""
        if viewer < 0:
            return np.zeros(0, np.int32)
        ints = self.blocks["viewer"].ints[viewer]
        count = int(ints[H_COUNT])
        rings = [(count - 1 - back) % HISTORY for back in range(min(count, HISTORY))]
        return np.array([ints[H_VIDEO + ring] for ring in rings], np.int32)

    def rank(self, viewer: int, rows: Rows, now_ms: int, surface: str = "for_you") -> Ranked:
        """Predict videos `rows` for a viewer (-1: nobody known) as of `now_ms`."""
        place = max(self.columns.names["placement"].row(surface), 0)
        x = np.empty((len(rows), self.inputs), np.float32)
        p, times = self._out(len(rows))
        kernels.rank(
            self._state, self.params, viewer, np.asarray(rows, np.int32), now_ms, place,
            self._scratch, x, p, times,
        )  # fmt: skip
        return self._ranked(x, p, times)

    def predict(self, features: Floats) -> Ranked:
        """The same heads on given vectors, float32 (n, F)."""
        x = np.ascontiguousarray(features, np.float32)
        p, times = self._out(len(x))
        kernels.predict(self.params, x, self._scratch, p, times)
        return self._ranked(x, p, times)

    def _out(self, n: int) -> tuple[Floats, Floats]:
        return np.empty((n, HEADS), np.float32), np.empty((n, 4), np.float32)

    def _ranked(self, x: Floats, p: Floats, times: Floats) -> Ranked:
        return Ranked(x, p[:, : len(OUTCOMES)], times[:, 0], times[:, 1], times[:, 2])

    # --- snapshots --------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Every array that folding writes, by name, only what is in use."""
        counts = {kind: len(names) for kind, names in self.columns.names.items()}
        rows = {
            name: block.ints[: counts.get(name.partition(".")[2], block.capacity)]
            for name, block in self._blocks().items()
        }
        return {
            **rows,
            **{f"pairs.{name}": array for name, array in self.pairs.state().items()},
            **self._arrays(),
            "at": np.array([self.offset, self.now], np.int64),
        }

    def layout_digest(self) -> str:
        """Of what lies where: the columns of every block, the features, the model's heads.

        Two layouts can have blocks of equal shapes, and then the numbers of one would be
        read as those of the other."""
        columns = [f"{c.entity}.{c.name}:{c.width}" for c in self.composed.layout.columns]
        text = "\n".join((*columns, "", *self.feature_names, "", *HEAD_NAMES))
        return hashlib.sha256(text.encode()).hexdigest()

    def save(self, folder: Path) -> None:
        for name, array in self.state().items():
            save_block(folder, name, array)
        for kind, names in self.columns.names.items():
            save_value(folder, f"names.{kind}", names.items)
        save_value(folder, "layout", self.layout_digest())

    def load(self, folder: Path) -> None:
        """Restore what `save` wrote, into a state that has folded nothing yet.

        Raises:
            Corrupt: it is of another layout, or a block is missing or has another shape.
            Unavailable: more rows are in use than this state has reserved.
            In both cases nothing was changed.
        """
        if load_value(folder, "layout", str) != self.layout_digest():
            raise Corrupt("it is of another layout of features")
        names = {kind: load_value(folder, f"names.{kind}", list[str]) for kind in KINDS}
        rows = {name: self._rows_of(folder, name, block) for name, block in self._blocks().items()}
        arrays = {name: _like(folder, name, target) for name, target in self._arrays().items()}
        pairs = {name: load_block(folder, f"pairs.{name}") for name in self.pairs.state()}
        if len(pairs["keys"]) > len(self.pairs.keys):
            raise Unavailable("the table of ties is full; raise its capacity and start again")
        offset, now = load_block(folder, "at", dtype=np.int64).tolist()

        self.columns.names.update({kind: Names(items) for kind, items in names.items()})
        self.columns.version += 1
        for name, block in self._blocks().items():
            block.ints[: len(rows[name])] = rows[name]
        for name, target in self._arrays().items():
            target[:] = arrays[name]
        self.pairs.restore(pairs)
        self.offset, self.now = offset, now

    def _rows_of(self, folder: Path, name: str, block: Block) -> Rows:
        rows = load_block(folder, name, dtype=np.int32)
        if rows.shape[1:] != (block.width,):
            raise Corrupt(f"snapshot block {name} is not {block.width} words wide")
        block.check_room(len(rows))
        return rows

    def _blocks(self) -> dict[str, Block]:
        """Rows that names, or fixed numbers, say are in use."""
        return {
            **{f"block.{entity}": block for entity, block in self.blocks.items()},
            "facts.viewer": self.columns.viewers,
            "facts.video": self.columns.videos,
        }

    def _arrays(self) -> dict[str, np.ndarray]:
        """Arrays that are always in use as a whole."""
        return {
            **{f"params.{name}": array for name, array in self.params._asdict().items()},
            **{f"pending.{name}": array for name, array in self.pending._asdict().items()},
        }


def _like(folder: Path, name: str, target: npt.NDArray[Any]) -> npt.NDArray[Any]:
    array = load_block(folder, name, dtype=target.dtype)
    if array.shape != target.shape:
        raise Corrupt(f"snapshot block {name} has shape {array.shape}, not {target.shape}")
    return array
