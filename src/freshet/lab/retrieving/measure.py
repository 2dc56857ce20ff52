"""HR@10 and NDCG@10 of the video left out, among all that the viewer had not watched.

Settings are chosen by the last but one video among the videos watched most; then each model is
fitted once on all, without the last.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from rich.box import SIMPLE_HEAD
from rich.table import Table

from freshet.lab import pictures
from freshet.lab.retrieving.histories import Histories, Rows
from freshet.lab.retrieving.models import OURS, PEERS, Model, Score, Setting, matrix

TOP, SHOWN = 10, 50
AT_ONCE = 512  # viewers ranked together
Note = Callable[[str], None]


class Found(msgspec.Struct, frozen=True):
    """How often the video left out is among the ten best, and how high."""

    hr10: float
    ndcg10: float
    curve: list[float]  # share found among the best 1, 2, ...
    setting: dict[str, float]
    tried: dict[str, float]  # setting -> NDCG@10 when it was chosen
    fit_s: float


class Compared(msgspec.Struct, frozen=True):
    ours: Found
    peers: dict[str, Found]
    fit_s: float  # ours
    viewers: int
    videos: int
    margin: dict[str, float]  # ours over the better peer, less 1


def compare(histories: Histories, chosen_among: int, seed: int, note: Note) -> Compared:
    small = histories.most_watched(chosen_among)
    found = {}
    for name, model in {"ours": OURS, **PEERS}.items():
        note(f"settings of {name}")
        setting, tried = _chosen(model, small, seed)
        note(f"fitting {name}")
        begun = time.perf_counter()
        pasts, videos = histories.left_out(1)
        score = model.prepare(pasts, histories.videos, seed)(setting)
        seconds = time.perf_counter() - begun
        note(f"ranking by {name}")
        rank = ranks(score, pasts, videos, histories.videos)
        curve = [float((rank < n).mean()) for n in range(1, SHOWN + 1)]
        found[name] = Found(*quality(rank), curve, dict(setting), tried, seconds)
    ours = found.pop("ours")
    best = {key: max(getattr(one, key) for one in found.values()) for key in ("hr10", "ndcg10")}
    margin = {key: getattr(ours, key) / value - 1 if value else 0.0 for key, value in best.items()}
    return Compared(ours, found, ours.fit_s, len(videos), histories.videos, margin)


def _chosen(model: Model, histories: Histories, seed: int) -> tuple[Setting, dict[str, float]]:
    pasts, videos = histories.left_out(2)
    fit = model.prepare(pasts, histories.videos, seed)
    gains = [quality(ranks(fit(one), pasts, videos, histories.videos))[1] for one in model.grid]
    return model.grid[int(np.argmax(gains))], dict(zip(map(said, model.grid), gains, strict=True))


def ranks(score: Score, pasts: Sequence[Rows], videos: Rows, catalogue: int) -> Rows:
    """How many not watched before are ranked above the one asked for; of equal scores it counts
    as the last."""
    watched, found = matrix(pasts, catalogue), []
    for first in range(0, len(pasts), AT_ONCE):
        end = min(first + AT_ONCE, len(pasts))
        scores = np.array(score(first, end), np.float32)
        scores[watched[first:end].nonzero()] = -np.inf
        own = scores[np.arange(end - first), videos[first:end]]
        found.append((scores >= own[:, None]).sum(axis=1) - 1)
    return np.concatenate(found)


def quality(rank: Rows) -> tuple[float, float]:
    """HR@10 and NDCG@10."""
    hit = rank < TOP
    return float(hit.mean()), float((hit / np.log2(rank + 2.0)).mean())


def said(setting: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in setting.items())


def table(found: Compared) -> Table:
    shown = Table(
        title="The next video, among all", box=SIMPLE_HEAD, title_justify="left",
        caption=f"{found.viewers:,} viewers, {found.videos:,} videos; ours over the better peer:"
        f" HR@10 {found.margin['hr10']:+.1%}, NDCG@10 {found.margin['ndcg10']:+.1%}",
        caption_justify="left",
    )  # fmt: skip
    for name in ("", "HR@10", "NDCG@10", "fitted in", "setting"):
        shown.add_column(name, justify="left" if name in ("", "setting") else "right")
    for name, one in {"ours": found.ours, **found.peers}.items():
        shown.add_row(
            name, f"{one.hr10:.4f}", f"{one.ndcg10:.4f}", f"{one.fit_s:.0f} s", said(one.setting)
        )
    return shown


def as_json(found: Compared) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(found)
    return plain


def draw(found: Compared, path: Path) -> None:
    """How often the video left out is among the best so many, as one PNG.

    Raises:
        Refused: matplotlib is not installed.
    """
    figure = pictures.empty(6, 4)
    axes = figure.subplots()
    for name, one in {"ours": found.ours, **found.peers}.items():
        width = 2 if name == "ours" else 1
        axes.plot(range(1, SHOWN + 1), one.curve, label=name, linewidth=width)
    axes.set_xlabel("best so many")
    axes.set_ylabel("share of next videos found")
    axes.set_title(f"{found.viewers:,} viewers, {found.videos:,} videos")
    axes.grid(alpha=0.3)
    axes.legend()
    pictures.write(figure, path)
