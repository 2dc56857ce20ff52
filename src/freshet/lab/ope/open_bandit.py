"""The Open Bandit Dataset: what a uniform policy earns, told from a Thompson sampler's log.

A folder holds `bts*` and `random*` logs (Saito et al. 2021), CSV or Parquet, of the same
campaign. The estimate from the first is shown beside the mean of the second, which was really
logged by a uniform policy.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from freshet.domain.errors import Refused
from freshet.lab.ope.bandit import predicted
from freshet.lab.readers.report import ReadReport
from freshet.lab.readers.tables import SUFFIXES, open_table
from freshet.learning.off_policy import (
    Array,
    Doubles,
    Interval,
    Logged,
    effective_size,
    estimates,
)

COLUMNS = ("item_id", "position", "click", "propensity_score")


@dataclass(frozen=True, slots=True)
class OffAndOn:
    """A uniform policy's click rate: off policy by name, and as it was."""

    estimates: dict[str, Interval]
    on_policy: Interval
    ess: float
    decisions: int
    clicks: int  # in both logs


def uniform_policy(path: Path, rng: np.random.Generator) -> OffAndOn:
    """The uniform policy of the folder at `path`.

    Raises:
        Refused: a log is missing, or a line of one cannot be used.
    """
    off, on = _read(path, "bts"), _read(path, "random")
    items = int(max(off["item_id"].max(), on["item_id"].max())) + 1
    item, click = off["item_id"].astype(np.int64), off["click"]
    places = off["position"][:, None] == np.unique(off["position"])[None, 1:]
    q = predicted(places.astype(np.float64), item, click, items, rng)
    uniform = np.full(len(click), 1.0 / items)
    log = Logged(
        click, off["propensity_score"], uniform, q[np.arange(len(click)), item], q.mean(axis=1)
    )
    really = np.ones(len(on["click"]))
    here = estimates(Logged(on["click"], really, really), rng)["ips"]
    return OffAndOn(
        estimates(log, rng), here, effective_size(log.weight), len(click),
        int(click.sum() + on["click"].sum()),
    )  # fmt: skip


def _read(path: Path, policy: str) -> dict[str, Doubles]:
    """Columns of every log whose name begins with `policy`."""
    if not path.is_dir():
        raise Refused("path", f"{path.name} is no folder", "a folder with bts* and random* logs")
    files = sorted(p for p in path.glob(f"{policy}*") if p.name.endswith(SUFFIXES))
    if not files:
        raise Refused("path", f"no {policy}*.csv or {policy}*.parquet in it", "both logs")
    columns: dict[str, list[Array]] = {name: [] for name in COLUMNS}
    report = ReadReport()
    for file in files:
        table = open_table(file)
        for name in COLUMNS:
            if name not in table.columns:
                raise Refused(file.name, f"has no column {name}", ", ".join(COLUMNS))
        for frame in table.frames(COLUMNS, report):
            numbers = frame.with_columns(pl.col(COLUMNS).cast(pl.Float64, strict=False))
            wrong = numbers.filter(pl.any_horizontal(pl.col(COLUMNS).is_null()))
            if len(wrong):
                line = wrong["line"][0]
                raise Refused(file.name, f"line {line} holds what is no number", "numbers")
            for name in COLUMNS:
                columns[name].append(numbers[name].to_numpy())
    if report.examples:
        wrong_one = report.examples[0]
        raise Refused(wrong_one.file, wrong_one.reason, wrong_one.right)
    return {name: np.concatenate(parts) for name, parts in columns.items()}
