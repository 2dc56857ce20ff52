"""How far each estimator was off, run by run, as one PNG."""

from __future__ import annotations

from pathlib import Path

from freshet.lab import pictures
from freshet.lab.ope.measure import FULL, Tried


def draw_errors(tried: Tried, path: Path) -> None:
    """Raises:
    Refused: matplotlib is not installed.
    """
    figure = pictures.empty(7, 4)
    axes = figure.subplots()
    axes.boxplot([tried.errors[name] for name in FULL], tick_labels=[*FULL.values()])
    axes.axhline(0.0, color="grey", linestyle=":")
    axes.set_ylabel("estimate − truth")
    axes.set_title(f"{tried.runs} logs of {tried.rounds:,} decisions")
    axes.grid(alpha=0.3, axis="y")
    pictures.write(figure, path)
