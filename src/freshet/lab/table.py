"""A report as people read it in a terminal."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table

from freshet.lab.intervals import Estimate
from freshet.lab.report import Report
from freshet.lab.scores import Scores


def tables(report: Report) -> RenderableType:
    """All of a report: scores, calibration, reliability."""
    return Group(score_table(report), calibration_table(report), reliability_table(report))


def score_table(report: Report) -> Table:
    """Ours above the peers, with 95 % intervals by bootstrap over viewers."""
    table = Table(
        title=f"Progressive replay, {report.report_from} to {report.report_to}",
        caption=_caption(report),
        caption_justify="left",
        title_justify="left",
        box=SIMPLE_HEAD,
    )
    table.add_column(report.outcome.replace(" against", "\nagainst"), no_wrap=True)
    for name in ("AUC", "GAUC", "XAUC", "MAE s"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_row("ours", *_cells(report.ours))
    table.add_row("  no viewer", "", _text(report.gauc_no_viewer), "", "")
    table.add_row("  gain by viewer", "", _text(report.personal), "", "")
    for name, peer in report.peers.items():
        table.add_row(name, *_cells(peer.scores))
        table.add_row("  ours above it", _text(peer.ours_minus_auc), "", "", "")
    return table


def calibration_table(report: Report) -> Table:
    """One row per outcome with enough positives."""
    table = Table(title="Calibration", title_justify="left", box=SIMPLE_HEAD)
    for name in (
        "outcome",
        "positives",
        "slope",
        "observed /\npredicted",
        "log loss",
        "of a\nconstant",
    ):
        table.add_column(name, justify="left" if name == "outcome" else "right")
    for outcome, found in report.calibration.items():
        table.add_row(
            outcome,
            f"{found.positives:,}",
            f"{found.slope:.3f}",
            f"{found.observed_over_predicted:.3f}",
            f"{found.log_loss:.4f}",
            f"{found.log_loss_constant:.4f}",
        )
    return table


def reliability_table(report: Report) -> Table:
    """Observed / predicted per tenth of the impressions, from the lowest predictions up."""
    table = Table(
        title="Observed / predicted by decile of prediction",
        title_justify="left",
        box=SIMPLE_HEAD,
        collapse_padding=True,  # eleven columns in 80
        pad_edge=False,
    )
    table.add_column("outcome", no_wrap=True)
    for number in range(1, 11):
        table.add_column(str(number), justify="right")
    for outcome, found in report.calibration.items():
        table.add_row(outcome, *(f"{d.observed_over_predicted:.2f}" for d in found.deciles))
    return table


def _cells(scores: Scores) -> tuple[str, str, str, str]:
    return (
        _text(scores.auc),
        _text(scores.gauc),
        _text(scores.xauc),
        _text(scores.mae_s, digits=2),
    )


def _text(estimate: Estimate | None, digits: int = 4) -> str:
    """A value above its interval, so that the table fits 80 columns."""
    if estimate is None:
        return "-"
    return f"{_short(estimate.value, digits)}\n" + " ".join(
        _short(end, digits) for end in (estimate.low, estimate.high)
    )


def _short(value: float, digits: int) -> str:
    """Without the zero before the point, as the field prints shares.

    >>> _short(0.7334, 4), _short(-0.0586, 4), _short(18.923, 2)
    ('.7334', '-.0586', '18.92')
    """
    text = f"{value:.{digits}f}"
    return text.replace("0.", ".", 1) if abs(value) < 1 else text


def _caption(report: Report) -> str:
    lines = [
        f"{report.reported:,} of {report.impressions:,} impressions, {report.viewers:,} viewers",
        f"{report.outcome}: {report.positives:,} of {report.judged:,}",
        f"{report.impressions_per_s:,.0f} impressions/s replayed",
        "under each value: 95 % interval by bootstrap over viewers",
    ]
    both = {"ours": report.ours} | {name: peer.scores for name, peer in report.peers.items()}
    coarse = ", ".join(f"{name} {_short(s.xauc_whole_s.value, 4)}" for name, s in both.items())
    lines.append(f"XAUC of watch time to the nearest second: {coarse}")
    whole = ", ".join(
        f"{name} {_short(s.xauc_all.value, 4)} / {s.mae_all_s.value:.2f} s"
        for name, s in both.items()
    )
    lines.append(f"XAUC / MAE with rows of length 0 left in, as 0 s watched: {whole}")
    lines += [
        f"{name}: best of {len(peer.run.grid)} settings by AUC here: {peer.run.setting}"
        f" ({peer.run.seconds:.0f} s for all)" + (f"; {peer.run.remark}" if peer.run.remark else "")
        for name, peer in report.peers.items()
    ]
    lines += [f"{key}: {value}" for key, value in report.run.items()]
    return "\n".join(lines)
