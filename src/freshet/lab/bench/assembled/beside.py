"""The assembled feed under the same load as ours, in turn with it.

Its candidates are as many as our median. It is measured twice: with a model per outcome, as
ours predicts them, and with one model for the value itself, which says nothing of outcomes and
cannot be re-weighted, but costs a fraction.
"""

from __future__ import annotations

import http.client
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from freshet.app import Tell
from freshet.domain.errors import Refused, Unavailable
from freshet.feed.settings import WEIGHTS
from freshet.lab.bench.assembled.night import Night
from freshet.lab.bench.assembled.rank import By
from freshet.lab.bench.catalogue import made_world
from freshet.lab.bench.drive import Quantiles, carried_out, median
from freshet.lab.bench.folder import Made
from freshet.lab.bench.load import Done, Feed, Plan
from freshet.lab.bench.server import SERVER_LOG, Server
from freshet.lab.bench.truth import true_worth
from freshet.lab.extras import extra
from freshet.lab.lightgbm_nightly import TREES
from freshet.retrieval.settings import Retrieval

ASKED = 200  # viewers whose slates are valued
BEST_FOR = 20  # viewers for whom the whole catalogue is
SLATE = 10
Slates = dict[int, list[int]]  # rows of videos, by viewer
# Neither variety nor chance nor trials: what is thought to be of most worth, as a feed assembled
# from parts has it.
BY_VALUE = {
    f"FRESHET_FEED_FOR_YOU_{name.upper()}": "0"
    for name in ("topic_spread", "topic_novelty", "new_share", "explore_share", "trial_share")
}


class Measured(msgspec.Struct, kw_only=True):
    """Of one feed; latencies at half of what it carries. `worth` is per video shown, `acts`
    what of it is not seconds watched."""

    feeds_per_s: float
    feeds_per_s_per_core: float
    http_ms: Quantiles
    events_ms: Quantiles
    worth: float
    acts: float
    candidates: float = 0.0
    models: int = 0
    inputs: int = 0
    stages_ms: dict[str, float] = {}


class Ratio(msgspec.Struct):
    """Ours over theirs."""

    feeds_per_s_per_core: float
    p50: float
    p99: float
    worth: float
    acts: float


class Baseline(msgspec.Struct, kw_only=True):
    """Both ways of assembling a feed, and ours. `worth_best` is that of the ten truly best of
    the catalogue, `worth_any` that of any video; `worth_by_value` and `acts_by_value` are of
    ours in the order of value alone."""

    ours: Measured
    outcomes: Measured
    value: Measured
    ratio: dict[str, Ratio]
    worth_best: float
    worth_any: float
    worth_by_value: float
    acts_by_value: float


class _Served(msgspec.Struct):
    candidates: list[int]
    stages_ms: dict[str, list[float]]
    inputs: int
    models: int


class Assembled(Server):
    """One of the two, on while entered."""

    def __init__(self, folder: Path, by: By, candidates: int) -> None:
        super().__init__(folder, workers=1)
        self.by, self.candidates = by, candidates
        self.closed: list[Done] = []
        self.half: list[Done] = []
        self.slates: Slates = {}

    @property
    def command(self) -> list[str]:
        serve = {
            "folder": str(self.folder), "host": self.host, "port": self.port,
            "candidates": self.candidates, "by": self.by,
        }  # fmt: skip
        return [sys.executable, "-m", f"{__package__}.app", msgspec.json.encode(serve).decode()]

    def round(self, plan: Plan) -> None:
        """The same plan against this server: closed loop, then half of what it carried."""
        mine = replace(plan, host=self.host, port=self.port, key=self.key,
                       processes=self.processes, rate=0.0, trace_share=0.0)  # fmt: skip
        self.closed.append(carried_out(mine))
        rate = self.closed[-1].steps / self.closed[-1].wall_s / 2
        self.half.append(carried_out(replace(mine, rate=rate)))

    def measured(self, yardstick: Yardstick) -> Measured:
        told = msgspec.json.decode(asked(self, "/told"), type=_Served)
        found = measured(self.closed, self.half, yardstick.of(self.slates))
        found.candidates, found.inputs, found.models = (
            median(told.candidates), told.inputs, told.models,
        )  # fmt: skip
        found.stages_ms = {name: round(median(ms), 3) for name, ms in told.stages_ms.items()}
        return found


class Beside:
    """What runs beside ours, whose slates these are, as served and in the order of value alone;
    `round` after each of ours, `report` at the end."""

    def __init__(self, made: Made, pair: list[Assembled], ours: Slates, by_value: Slates) -> None:
        self._made, self._pair, self._slates, self._by_value = made, pair, ours, by_value
        for one in pair:
            one.slates = shown(one, list(ours))

    def round(self, plan: Plan) -> None:
        for one in self._pair:
            one.round(plan)

    def report(self, closed: list[Done], half: list[Done]) -> Baseline:
        yardstick = Yardstick(self._made)
        ours = measured(closed, half, yardstick.of(self._slates))
        ours.candidates = median([n for done in (*closed, *half) for n in done.survived])
        found = {one.by: one.measured(yardstick) for one in self._pair}
        best, anything = yardstick.edges(list(self._slates)[:BEST_FOR])
        worth, acts = yardstick.of(self._by_value)
        return Baseline(
            ours=ours, outcomes=found["outcomes"], value=found["value"],
            ratio={by: _ratio(ours, one) for by, one in found.items()},
            worth_best=best, worth_any=anything, worth_by_value=worth, acts_by_value=acts,
        )  # fmt: skip


def check(folder: Path) -> None:
    """Raises: Refused, if a part is not installed, or the folder has been served: viewers of
    the load watch without taste, and a model that learns at once has unlearned theirs."""
    if (folder / SERVER_LOG).exists():
        raise Refused("--baseline", f"{folder} has been put under load", "a folder made anew")
    for module in ("fastapi", "uvicorn", "httptools", "lightgbm"):
        extra("bench", module, "--baseline")


@contextmanager
def assembled(
    folder: Path, made: Made, candidates: int, tell: Tell, trees: int = TREES
) -> Iterator[list[Assembled]]:
    """Both, trained on the past of `folder`, on while entered."""
    with tempfile.TemporaryDirectory(prefix="freshet-baseline-") as to, ExitStack() as stack:
        tell("training the baseline")
        night = Night(folder=str(folder), to=to, made=made, trees=trees)
        told = msgspec.json.encode(night).decode()
        subprocess.run([sys.executable, "-m", f"{__package__}.night", told], check=True)
        tell("starting the baseline")
        sorts: tuple[By, By] = ("outcomes", "value")
        yield [stack.enter_context(Assembled(Path(to), by, candidates)) for by in sorts]


def shown_by_value(folder: Path, made: Made) -> Slates:
    """What the same viewers would be shown by value alone, of a copy: what is served counts."""
    with tempfile.TemporaryDirectory(prefix="freshet-by-value-") as to:
        copied = Path(shutil.copytree(folder, Path(to) / "data"))
        with Server(copied, workers=1, settings=BY_VALUE) as server:
            time.sleep(settled_s(made))
            return shown(server, drawn(made))


def shown(server: Server, viewers: list[int]) -> Slates:
    """What each is shown, asked one by one."""
    path = f"/v1/feeds/for_you?n={SLATE}&viewer=viewer-"
    slates = {}
    for viewer in viewers:
        feed = msgspec.json.decode(asked(server, f"{path}{viewer}"), type=Feed)
        slates[viewer] = [int(item.video.removeprefix("video-")) for item in feed.items]
    return slates


def settled_s(made: Made) -> float:
    """Seconds after a start until lists, pools and what videos are worth stand: they are made
    anew in the background (`retrieval/nearby.py`), but in a catalogue that is looked through
    whole."""
    return 0.0 if made.videos <= Retrieval().exact_max else 20.0 + made.videos / 10_000


def drawn(made: Made) -> list[int]:
    """Viewers whose slates are valued."""
    rng = np.random.default_rng([made.seed, 7])
    found: list[int] = rng.permutation(made.viewers)[:ASKED].tolist()
    return found


def asked(server: Server, path: str) -> bytes:
    """The body of an answer. Raises: Unavailable, if it is an error."""
    caller = http.client.HTTPConnection(server.host, server.port, timeout=60)
    caller.request("GET", path, headers={"authorization": f"Bearer {server.key}"})
    answer = caller.getresponse()
    body = answer.read()
    caller.close()
    if answer.status != 200:
        raise Unavailable(f"{path} was answered {answer.status}: {body[:300]!r}")
    return body


class Yardstick:
    """True worth in the made-up world, in the value table's own units."""

    def __init__(self, made: Made) -> None:
        self._world = made_world(made.videos, made.viewers, made.seed)

    def of(self, slates: Slates) -> tuple[float, float]:
        """Worth per video shown, and what of it is not seconds watched."""
        pairs = [(viewer, row) for viewer, rows in slates.items() for row in rows]
        viewer, video = np.array(pairs, np.int32).T
        worth, acts = (
            float(true_worth(self._world, weights, viewer, video).mean())
            for weights in (WEIGHTS, WEIGHTS | {"watch_s": 0.0})
        )
        return round(worth, 4), round(acts, 4)

    def edges(self, viewers: list[int]) -> tuple[float, float]:
        """The ten best of the catalogue, and any."""
        every: NDArray[np.int32] = np.arange(self._world.videos, dtype=np.int32)
        best, anything = [], []
        for viewer in viewers:
            worth = true_worth(self._world, WEIGHTS, np.full_like(every, viewer), every)
            best.append(np.partition(worth, -SLATE)[-SLATE:].mean())
            anything.append(worth.mean())
        return round(float(np.mean(best)), 4), round(float(np.mean(anything)), 4)


def measured(closed: list[Done], half: list[Done], worth: tuple[float, float]) -> Measured:
    """Medians over rounds."""

    def middle(name: str) -> Quantiles:
        found = [Quantiles.of(getattr(done, name)) for done in half]
        return Quantiles(median([q.p50 for q in found]), median([q.p99 for q in found]))

    return Measured(
        feeds_per_s=round(median([d.steps / d.wall_s for d in closed]), 2),
        feeds_per_s_per_core=round(median([d.steps / d.server_cpu_s for d in closed]), 2),
        http_ms=middle("feed_ms"), events_ms=middle("events_ms"),
        worth=worth[0], acts=worth[1],
    )  # fmt: skip


def _ratio(ours: Measured, theirs: Measured) -> Ratio:
    return Ratio(
        round(ours.feeds_per_s_per_core / theirs.feeds_per_s_per_core, 2),
        round(ours.http_ms.p50 / theirs.http_ms.p50, 3),
        round(ours.http_ms.p99 / theirs.http_ms.p99, 3),
        round(ours.worth / theirs.worth, 3),
        round(ours.acts / theirs.acts, 3),
    )
