"""A fold depends on the events and on nothing else.

Not on how they are cut into batches, on where a snapshot interrupted it, on the process, on
how often a batch is applied. "The same" is: every byte of the state.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freshet.domain import events as ev
from freshet.domain.errors import Corrupt, Unavailable
from freshet.domain.events import Event
from freshet.features.compose import FEATURES, compose
from freshet.lab.generate.mixed import mixed_events
from freshet.learning.live import CHUNK, Live
from freshet.learning.model import PER_ROW
from freshet.log.ports import Batch
from tests.learning.telling import SMALL, differing, everything, folded, small_live

INPUTS = len(compose(FEATURES).names)
EVENTS = 4_000
cuts = st.lists(st.integers(1, EVENTS), max_size=12)


def mixed(count: int, viewers: int = 60, videos: int = 80, seed: int = 1) -> list[Event]:
    """Events of every kind, with served vectors of the right width among them."""
    return list(mixed_events(count, seed=seed, viewers=viewers, videos=videos, features=INPUTS))


FEW = mixed(150, viewers=5, videos=6)  # for what need not be a large world
MANY = mixed(EVENTS)


@pytest.fixture(scope="module")
def once() -> Live:
    """`MANY`, folded in one go."""
    return folded(MANY)


def test_the_events_bear_on_every_part_of_the_state(once: Live) -> None:
    """What stays at its start in every test would prove nothing."""
    blank = small_live()
    unused = {"names.device", "block.hour"}  # may or may not, by chance
    unused |= {"params.fixed", "params.rates"}  # never
    # Only after so many views, or with a shadow: tests/learning/test_guard.py.
    unused |= {
        f"model.{name}" for name in (*PER_ROW, "seen", "versions", "tried", "backs", "beside")
    }
    assert set(everything(blank)) - set(differing(once, blank)) <= unused
    assert once.params.seen[1] > EVENTS / 10
    assert {type(event) for event in MANY} == set(ev.AnyEvent.__args__)


# --- cuts -----------------------------------------------------------------------------------


def test_one_event_at_a_time_is_the_same_as_all_at_once() -> None:
    assert differing(folded(FEW, range(len(FEW))), folded(FEW)) == []


@given(cuts)
@settings(max_examples=10)
def test_any_cut_into_batches_gives_the_same_state(once: Live, cuts: list[int]) -> None:
    assert differing(folded(MANY, cuts), once) == []


def test_more_records_than_one_call_takes_give_the_same_state() -> None:
    events = mixed(3 * CHUNK, seed=2)
    assert differing(folded(events), folded(events, range(0, len(events), 997))) == []


def test_what_a_device_says_of_itself_bears_only_on_what_comes_after() -> None:
    """The impression before it is predicted without it, in one batch as in two."""
    events = [
        ev.VideoPublished(event_id="1", time=1, received=1, video="a", creator="c", created=1,
                          language="en", country="GB"),
        ev.Impression(event_id="2", time=2, received=2, viewer="ann", video="a"),
        ev.OpenApp(event_id="3", time=3, received=3, viewer="ann", language="en", country="GB"),
        ev.Watch(event_id="4", time=4, received=4, viewer="ann", video="a", watched_ms=9,
                 left=True),
    ]  # fmt: skip
    assert differing(folded(events), folded(events, range(4))) == []


# --- again ----------------------------------------------------------------------------------


def test_folding_again_gives_the_same_state() -> None:
    assert differing(folded(FEW), folded(FEW)) == []


def test_folding_much_again_gives_the_same_state(once: Live) -> None:
    assert differing(folded(MANY), once) == []


def test_folding_at_another_time_of_day_gives_the_same_state(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = folded(FEW)
    for clock in ("time", "time_ns", "monotonic", "monotonic_ns"):
        monkeypatch.setattr(time, clock, lambda: 0)
    assert differing(folded(FEW), now) == []


def test_a_batch_applied_twice_changes_nothing() -> None:
    live = folded(FEW)
    live.apply(Batch(1, FEW))
    live.apply(Batch(100, FEW[99:]))
    assert differing(live, folded(FEW)) == []


@given(st.lists(st.tuples(st.integers(0, EVENTS), st.integers(1, 1_000)), max_size=8))
@settings(max_examples=8)
def test_batches_that_overlap_count_once(once: Live, pieces: list[tuple[int, int]]) -> None:
    """A reader that starts a little earlier than it had to gives some events again."""
    live = small_live()
    for first, back in sorted(pieces):
        start = min(max(first - back, 0), live.offset)
        live.apply(Batch(start + 1, MANY[start : max(first, start + 1)]))
    live.apply(Batch(live.offset + 1, MANY[live.offset :]))
    assert differing(live, once) == []


IN_A_PROCESS = """
import sys, zlib
from tests.learning.telling import everything
from tests.learning.test_fold import FEW, folded
parts = everything(folded(FEW))
print({name: zlib.crc32(repr(part).encode()) for name, part in parts.items()})
"""


def test_another_process_gives_the_same_state() -> None:
    """One whose sets and dicts of strings lie in another order."""
    told = []
    for seed in "12":
        environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run(
            [sys.executable, "-c", IN_A_PROCESS], env=environment, capture_output=True,
            text=True, check=True,
        )  # fmt: skip
        told.append(done.stdout)
    assert told[0] == told[1] != ""


AS_PLAIN_PYTHON = """
import sys
from pathlib import Path
from tests.learning.test_fold import FEW, folded
folded(FEW).save(Path(sys.argv[1]))
"""


def test_kernels_as_plain_python_give_almost_the_same_state(tmp_path: Path) -> None:
    """They round otherwise, but whoever reads or debugs them that way sees what happens."""
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", AS_PLAIN_PYTHON, tmp_path], env=environment, check=True)
    plain, compiled = small_live(), folded(FEW)
    plain.load(tmp_path)
    a, b = plain.state(), compiled.state()
    for name in ("facts.viewer", "facts.video", "viewers.ends", "params.seen",
                 "params.ends", "pending.status", "pending.viewer", "pending.video"):  # fmt: skip
        assert (a[name] == b[name]).all(), name
    for name in ("params.w1", "params.w3", "params.mean", "pending.x", "pending.expected"):
        np.testing.assert_allclose(a[name], b[name], atol=0.02, err_msg=name)
    for entity in set(plain.blocks) - {"viewer"}:
        one, two = (state[f"block.{entity}"].view(np.float32) for state in (a, b))
        np.testing.assert_allclose(one, two, rtol=0.02, atol=0.02, err_msg=entity)


# --- snapshots ------------------------------------------------------------------------------


def resumed(events: Sequence[Event], cut: int, folder: Path) -> Live:
    """Folded to `cut`, saved, loaded by a new state, folded to the end."""
    folder.mkdir()
    folded(events[:cut]).save(folder)
    live = small_live()
    live.load(folder)
    live.apply(Batch(cut + 1, events[cut:]))
    return live


def test_a_fold_goes_on_from_a_snapshot_as_if_nothing_had_been(tmp_path: Path) -> None:
    assert differing(resumed(FEW, 110, tmp_path / "saved"), folded(FEW)) == []


def test_a_fold_of_much_goes_on_from_any_snapshot(once: Live, tmp_path: Path) -> None:
    for cut in (1, *Random(1).sample(range(EVENTS), 4), EVENTS - 1):
        assert differing(resumed(MANY, cut, tmp_path / f"{cut}"), once) == []


def test_a_state_that_is_loaded_is_the_one_that_was_saved(once: Live, tmp_path: Path) -> None:
    once.save(tmp_path)
    loaded = small_live()
    loaded.load(tmp_path)
    assert differing(loaded, once) == []
    assert (loaded.offset, loaded.now) == (EVENTS, MANY[-1].received)


def test_a_snapshot_of_nothing_can_be_loaded(tmp_path: Path) -> None:
    small_live().save(tmp_path)
    loaded = small_live(seed=5)
    loaded.load(tmp_path)
    assert differing(loaded, small_live()) == []


def test_a_block_that_is_missing_is_corrupt(tmp_path: Path) -> None:
    folded(FEW).save(tmp_path)
    (tmp_path / "block.video.npy").unlink()
    with pytest.raises(Corrupt, match=r"block\.video"):
        small_live().load(tmp_path)


def test_a_snapshot_of_other_features_is_corrupt(tmp_path: Path) -> None:
    folded(FEW).save(tmp_path)
    with pytest.raises(Corrupt):
        small_live(features=FEATURES[:6]).load(tmp_path)


def test_a_snapshot_with_another_number_of_waiting_vectors_is_corrupt(tmp_path: Path) -> None:
    folded(FEW).save(tmp_path)
    for other in (1 << 7, 1 << 9):
        with pytest.raises(Corrupt, match="pending"):
            small_live(pending=other).load(tmp_path)


def test_a_snapshot_that_needs_more_room_says_so(tmp_path: Path) -> None:
    folded(FEW).save(tmp_path)
    with pytest.raises(Unavailable, match="raise its capacity"):
        small_live(capacity=SMALL | {"video": 4}).load(tmp_path)


# --- trouble --------------------------------------------------------------------------------


def test_a_world_larger_than_its_room_is_refused_each_time_it_is_told() -> None:
    live = small_live(capacity=SMALL | {"viewer": 4})
    for _ in range(2):
        with pytest.raises(Unavailable, match="raise its capacity"):
            live.fold(FEW)
    assert len(live.columns.names["viewer"]) == 4


def test_more_topics_than_there_is_room_for_are_refused_before_anything_is_read() -> None:
    live = small_live(capacity=SMALL | {"topic": 2})
    video = ev.VideoPublished(event_id="1", time=1, received=1, video="a", creator="c", created=1,
                              topics=("x", "y", "z"))  # fmt: skip
    with pytest.raises(Unavailable, match="'topic' is full"):
        live.fold([video])


def test_a_full_table_of_ties_is_refused() -> None:
    live = small_live(capacity=SMALL | {"tie": 8})
    with pytest.raises(Unavailable, match="table of ties is full"):
        live.fold(FEW)


@pytest.mark.parametrize("features", [b"", b"\x00", b"odd length", bytes(2 * INPUTS + 2)])
def test_vectors_of_an_odd_length_are_passed_over(features: bytes) -> None:
    slate = ev.SlateServed(event_id="1", time=1, received=1, viewer="ann", request_id="r",
                           items=(ev.Served("a", "explore", 1.0),), features=features)  # fmt: skip
    live = folded([slate])
    assert not np.flatnonzero(live.pending.status).any()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 65_504.0])
def test_vectors_that_are_not_numbers_do_no_lasting_harm(value: float) -> None:
    vectors = np.full((1, INPUTS), value, np.float16)
    slate = ev.SlateServed(event_id="1", time=1, received=1, viewer="ann", request_id="r",
                           items=(ev.Served("a", "explore", 1.0),),
                           features=vectors.tobytes())  # fmt: skip
    shown = ev.Impression(event_id="2", time=2, received=2, viewer="ann", video="a")
    left = ev.Watch(event_id="3", time=3, received=3, viewer="ann", video="a", watched_ms=9_000,
                    left=True)  # fmt: skip
    live = folded([slate, shown, left])
    assert live.params.seen[1] == 1
    for name, parameters in live.params._asdict().items():
        assert np.isfinite(parameters).all(), name
    ranked = live.rank(0, np.zeros(1, np.int32), 4)
    assert ((ranked.predictions > 0) & (ranked.predictions < 1)).all()
