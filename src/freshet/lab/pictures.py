"""Pictures of what was measured, drawn without a display."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from freshet.lab.extras import extra

PER_INCH = 120


def empty(width: float, height: float) -> Any:
    """A figure of so many inches.

    Raises:
        Refused: matplotlib is not installed.
    """
    extra("lab", "matplotlib", "--picture").use("Agg")
    figures = extra("lab", "matplotlib.figure", "--picture")
    return figures.Figure((width, height), layout="constrained")


def write(figure: Any, path: Path) -> None:
    figure.savefig(path, dpi=PER_INCH, format="png")
