"""What another process reads of the live state is what the writer folded."""

from __future__ import annotations

import numpy as np
import pytest

from freshet.domain import events as ev
from freshet.domain.errors import Broken
from freshet.learning.mapped import MappedLive
from freshet.log.ports import Batch
from freshet.state.memory import Mapped, Shared
from tests.learning.telling import SMALL, small_live
from tests.learning.test_fold import FEW


def test_a_mapped_state_answers_as_the_one_that_folds() -> None:
    memory = Shared()
    live = small_live(memory=memory)
    read = MappedLive(Mapped(memory.files), SMALL)
    first = 1
    for batch in (FEW[:80], FEW[80:]):
        live.apply(Batch(first, batch))
        first += len(batch)
        assert (read.offset, read.now) == (live.offset, live.now)
        assert read.model_version == live.model_version
        rows = np.arange(live.video_count(), dtype=np.int32)
        assert read.video_count() == len(rows)
        for viewer in (f"viewer{n}" for n in range(5)):
            at = read.viewer_row(viewer)
            assert at == live.viewer_row(viewer)
            one, two = read.rank(at, rows, live.now), live.rank(at, rows, live.now)
            assert one.features.tobytes() == two.features.tobytes()
            assert one.predictions.tobytes() == two.predictions.tobytes()
            assert one.watch_s.tobytes() == two.watch_s.tobytes()
            assert (read.seen(at, rows, live.now) == live.seen(at, rows, live.now)).all()
            assert (read.hidden(at, rows) == live.hidden(at, rows)).all()
            assert (read.recent(at) == live.recent(at)).all()
            assert (read.follows(at) == live.follows(at)).all()
        assert (read.eligible[rows] == live.eligible[rows]).all()
        assert [read.video_id(row) for row in rows] == [live.video_id(row) for row in rows]


def test_memory_of_another_layout_is_refused() -> None:
    memory = Shared()
    small_live(memory=memory)
    with pytest.raises(Broken, match="has"):
        MappedLive(Mapped(memory.files), SMALL | {"viewer": 16})


def test_a_person_erased_is_gone_for_readers_too() -> None:
    memory = Shared()
    live = small_live(memory=memory)
    read = MappedLive(Mapped(memory.files), SMALL)
    at = {"time": 1, "received": 1_800_000_000_000}
    live.apply(Batch(1, [ev.PersonSaved(event_id="a", person="anna", **at)]))
    assert read.viewer_row("anna") == 0
    live.apply(Batch(2, [ev.PersonErased(event_id="b", person="anna", **at)]))
    assert read.viewer_row("anna") == -1
