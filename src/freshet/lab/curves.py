"""Learning curves and reliability as one PNG."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from freshet.lab import pictures
from freshet.lab.main_outcome import main_name
from freshet.lab.metrics import Array, Doubles, auc
from freshet.lab.recording import Recording
from freshet.lab.report import Report
from freshet.lab.scores import Forecast

POINTS = 60  # of a curve
SPAN = 8_000  # impressions a rolling AUC looks back on


def rolling_auc(
    label: Array, prediction: Array, span: int = SPAN, points: int = POINTS
) -> tuple[Array, Doubles]:
    """Ends of `points` stretches of `span` impressions, and the AUC of each.

    >>> ends, found = rolling_auc(np.array([0, 1] * 4), np.arange(8.0), span=4, points=3)
    >>> ends, found
    (array([4, 6, 8]), array([0.75, 0.75, 0.75]))
    """
    span = min(span, len(label))
    ends = np.unique(np.linspace(span, len(label), points).astype(np.int64))
    found = [auc(label[end - span : end], prediction[end - span : end]) for end in ends]
    return ends, np.array(found)


def draw_curves(
    recording: Recording, report: Report, forecasts: Mapping[str, Forecast], path: Path
) -> None:
    """Write a PNG: rolling AUC of ours and the peers, and reliability by outcome.

    Raises:
        Refused: matplotlib is not installed.
    """
    figure = pictures.empty(12, 5)
    learning, reliability = figure.subplots(1, 2)
    _learning(learning, recording, report, forecasts)
    _reliability(reliability, report)
    pictures.write(figure, path)


def _learning(
    axes: Any, recording: Recording, report: Report, forecasts: Mapping[str, Forecast]
) -> None:
    main = recording.main_label()
    rows = np.flatnonzero(main.counts)
    for name, forecast in forecasts.items():
        ends, found = rolling_auc(main.happened[rows], forecast.main[rows])
        axes.plot(rows[ends - 1] + 1, found, label=name, linewidth=2 if name == "ours" else 1)
    inside = np.flatnonzero(recording.window(report.report_from, report.report_to))
    axes.axvspan(inside[0], inside[-1], alpha=0.08, label="report window")
    axes.set_xlabel("impressions replayed")
    axes.set_ylabel(
        f"AUC of {main_name(recording.main)}, last {min(SPAN, len(rows)):,} impressions"
    )
    axes.set_title("Learning curves")
    axes.grid(alpha=0.3)
    axes.legend()


def _reliability(axes: Any, report: Report) -> None:
    for name, found in report.calibration.items():
        predicted = [decile.predicted for decile in found.deciles]
        observed = [decile.observed for decile in found.deciles]
        axes.plot(predicted, observed, marker="o", markersize=3, label=name)
    axes.axline((0, 0), slope=1, color="grey", linestyle=":")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_xlabel("predicted, mean of a decile")
    axes.set_ylabel("observed share")
    axes.set_title("Reliability in the report window")
    axes.grid(alpha=0.3)
    if report.calibration:
        axes.legend()
