"""Progressive replay of a real feed: predict, record, then fold and learn, as in production.

The log becomes events, the events go through the very fold that serves (`learning.live`),
and the fold tells what it predicted for each impression as it came on screen. Three passes:

    plain     what is reported, but for GAUC
    held      everything kept per viewer stops at the start of the report window
    hidden    the same system with no viewer inputs at all

GAUC is read from the held pass: within a viewer with few impressions a positive already
seen makes the rest likelier negative, so a model that learns the viewer while it is
measured on that viewer would be punished for it. Held minus hidden is what knowing the
viewer brings.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from freshet.domain.errors import Refused
from freshet.domain.events import Event, Impression, Tick
from freshet.domain.outcomes import OUTCOMES
from freshet.features.compose import FEATURES
from freshet.features.feature import Feature
from freshet.lab.main_outcome import main_score
from freshet.lab.readers.folder import Folder
from freshet.lab.readers.impressions import Log
from freshet.lab.readers.layouts import LAYOUTS
from freshet.lab.readers.report import ReadReport
from freshet.lab.readers.tables import open_table
from freshet.lab.recording import Floats, Recording
from freshet.learning.live import Live, Recorder

PIECE = 50_000  # events folded between two words of progress
Note = Callable[[str], None]

# our outcome -> the log's own column; the others follow from the time watched
COLUMNS = {
    "long_view": "long_view", "click": "is_click", "like": "is_like", "comment": "is_comment",
    "share": "is_forward", "follow": "is_follow", "profile_visit": "is_profile_enter",
    "not_interested": "is_hate", "favorite": "is_favorite",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Replayed:
    recording: Recording
    impressions_per_s: float  # folded and learned, reading the files not counted
    read: ReadReport


@dataclass(slots=True)
class Pass:
    """What one run over the log left behind."""

    live: Live
    seconds: float
    viewer: np.ndarray
    video: np.ndarray
    features: Floats
    predictions: Floats
    times: Floats


def replay(
    folder: Folder,
    *,
    now_ms: int,
    seed: int = 0,
    report_from: int | None = None,
    warm: bool = False,
    features: Sequence[Feature] = FEATURES,
    without: Sequence[str] = (),
    personal: bool = True,
    note: Note = lambda _: None,
) -> Replayed:
    """Replay the log of `folder`.

    Args:
        now_ms: nothing in the log can be later than a day after it.
        report_from: yyyymmdd, where the held pass holds the viewers; default: the second half
            of the log's days.
        warm: fold what viewers did before the log first.
        without: names of inputs that say nothing in this replay.
        personal: also run the held and the hidden pass.

    Raises:
        Refused: files are not what they should be, or hold no impression.
    """
    report, layout = ReadReport(), LAYOUTS[folder.layout]
    note("reading the log")
    columns = layout.columns(folder, ReadReport(), now_ms)
    if not len(columns):
        raise Refused("path", "the log holds no impression that can be read", "a log of a feed")
    first_day = default_from(columns) if report_from is None else report_from
    starts = columns.time_ms[columns.date >= first_day]
    hold_ms = int(starts.min()) if len(starts) else None

    def events(to: ReadReport) -> Iterator[Event]:
        return layout.events(folder, now_ms=now_ms, report=to, history=warm)

    plain = run(
        events(report),
        seed,
        features,
        without=without,
        note=lambda n: note(f"replay: {n:,} impressions"),
    )
    _check_same(plain, columns)
    room = {kind: len(plain.live.columns.names[kind]) for kind in ("viewer", "video")}
    kept: dict[str, Any] = {"room": room, "without": without}
    held = hidden = plain
    if personal:
        held = run(events(ReadReport()), seed, features, hold_ms=hold_ms, **kept,
                   note=lambda n: note(f"viewers held: {n:,} impressions"))  # fmt: skip
        hidden = run(events(ReadReport()), seed, features, hide=True, **kept,
                     note=lambda n: note(f"viewers hidden: {n:,} impressions"))  # fmt: skip
    recording = _recording(plain, held, hidden, columns, columns.date >= first_day)
    return Replayed(recording, len(columns) / plain.seconds, report)


def default_from(columns: Log) -> int:
    """First day of the second half of the log's days."""
    days = np.unique(columns.date)
    return int(days[len(days) // 2])


def run(
    events: Iterable[Event],
    seed: int,
    features: Sequence[Feature] = FEATURES,
    *,
    hold_ms: int | None = None,
    hide: bool = False,
    room: dict[str, int] | None = None,
    without: Sequence[str] = (),
    note: Callable[[int], None] = lambda _: None,
) -> Pass:
    """Fold `events` into an empty system and keep what was predicted for each impression.

    Args:
        hold_ms: from this time on vectors see the viewers as they were then.
        hide: vectors never see the viewer.
        room: rows needed per entity, if known.
        without: names of inputs that say nothing.
    """
    live = Live(seed, room, features=features)
    live.leave_out(without)
    live.fold([Tick(event_id="", time=0)])  # compiles, or loads what was compiled
    live.recorder = Recorder([], [], [])
    if hide:
        live.hide_viewers()
    shown: list[tuple[int, int]] = []
    rows = live.columns
    seconds = 0.0
    for piece in pieces(events, hold_ms):
        if hold_ms is not None and piece[0].received >= hold_ms:
            live.hold_viewers()
            hold_ms = None
        begun = time.perf_counter()
        live.fold(piece)
        seconds += time.perf_counter() - begun
        shown += [
            (rows.viewer(e.viewer), rows.video(e.video)) for e in piece if type(e) is Impression
        ]
        note(len(shown))
    recorder = live.recorder
    viewer, video = np.array(shown, np.int32).reshape(-1, 2).T
    return Pass(
        live, seconds, viewer, video, np.concatenate(recorder.features),
        np.concatenate(recorder.predictions), np.concatenate(recorder.times),
    )  # fmt: skip


def pieces(events: Iterable[Event], cut_ms: int | None = None) -> Iterator[list[Event]]:
    """The events, received at their own time, in lists; one starts with the first at `cut_ms`."""
    piece: list[Event] = []
    for event in events:
        at_cut = cut_ms is not None and event.time >= cut_ms
        if len(piece) >= PIECE or (at_cut and piece):
            yield piece
            piece = []
        if at_cut:
            cut_ms = None
        piece.append(msgspec.structs.replace(event, received=event.time))
    if piece:
        yield piece


def _check_same(plain: Pass, columns: Log) -> None:
    """The events' impressions are the columns' rows, in order."""
    names = plain.live.columns.names
    viewers = [str(viewer) for viewer in columns.viewer.tolist()]
    if [names["viewer"][row] for row in plain.viewer.tolist()] != viewers:
        raise Refused("path", "the log changed while it was read", "a log that stays as it is")


def _recording(
    plain: Pass,
    held: Pass,
    hidden: Pass,
    columns: Log,
    window: np.ndarray,
) -> Recording:
    predicted = len(OUTCOMES)
    duration_ms = columns.duration_ms.astype(np.int64)
    played_ms = columns.play_time_ms.astype(np.int64)
    known = duration_ms > 0
    most_s = np.where(known, 3 * duration_ms / 1000, np.inf).astype(np.float32)
    nothing = np.full(len(columns), np.nan, np.float32)
    return Recording(
        viewer=plain.viewer, video=plain.video, time_ms=columns.time_ms,
        learn_ms=columns.time_ms + played_ms, date=columns.date,
        features=plain.features, feature_names=plain.live.feature_names,
        predictions=plain.predictions[:, :predicted], outcomes=OUTCOMES, main=columns.main,
        labels=labels_of(columns),
        watch_mean_s=np.minimum(plain.times[:, 0], most_s),
        watch_median_s=np.minimum(plain.times[:, 1], most_s),
        watched_s=(played_ms / 1000).astype(np.float32),
        duration_s=(duration_ms / 1000).astype(np.float32),
        gauc_main=np.where(window, main_score(columns.main, OUTCOMES, held.predictions), nothing),
        gauc_no_viewer=np.where(
            window, main_score(columns.main, OUTCOMES, hidden.predictions), nothing
        ),
        features_frozen=held.features if held is not plain else plain.features[:0],
    )  # fmt: skip


def labels_of(columns: Log) -> np.ndarray:
    """uint8 (n, O): which outcomes each impression of a log came to."""
    duration_ms = columns.duration_ms.astype(np.int64)
    played_ms = columns.play_time_ms.astype(np.int64)
    labels = np.zeros((len(columns), len(OUTCOMES)), np.uint8)
    for name, column in COLUMNS.items():
        labels[:, OUTCOMES.index(name)] = columns.outcomes[column]
    known = duration_ms > 0
    derived = {
        "watched_2s": played_ms >= 2000,
        "watched_6s": (played_ms >= 6000) | (known & (played_ms >= duration_ms)),
        "finish": known & (played_ms >= 0.97 * duration_ms),
        "rewatch": known & (played_ms >= 1.5 * duration_ms),
    }
    for name, happened in derived.items():
        labels[:, OUTCOMES.index(name)] = happened
    return labels


def with_history(folder: Folder, path: Path) -> Folder:
    """`folder` with the histories of the file at `path`.

    Raises:
        Refused: no table, or a layout whose reader knows no histories.
    """
    if folder.layout != "kuairand":
        raise Refused("--warm-start", f"a log as {folder.layout} has none", "leave it out")
    return replace(folder, history=(open_table(path),))
