"""The numbers of one replay: ours, the peers', and the differences."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from freshet.lab.calibration import LEAST_POSITIVES, Calibration, calibrate
from freshet.lab.intervals import Estimate
from freshet.lab.main_outcome import main_name
from freshet.lab.peers import run_peers
from freshet.lab.recording import Bools, Recording
from freshet.lab.scores import Forecast, Note, PeerForecast, Scorer, Scores, ours


@dataclass(frozen=True, slots=True, eq=False)
class Peer:
    scores: Scores
    ours_minus_auc: Estimate  # paired: above 0 where ours is better
    run: PeerForecast


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """`run` says on what all this was: commit, data, settings, seed."""

    impressions: int  # replayed
    impressions_per_s: float
    reported: int  # of them in the report window
    viewers: int  # in the window
    report_from: int  # yyyymmdd
    report_to: int
    outcome: str  # that AUC and GAUC judge
    judged: int  # impressions that it judges
    positives: int  # of them
    ours: Scores
    gauc_no_viewer: Estimate | None
    calibration: dict[str, Calibration]
    peers: dict[str, Peer]
    run: Mapping[str, Any] = field(default_factory=dict)

    @property
    def personal(self) -> Estimate | None:
        """GAUC that viewer inputs bring."""
        if self.ours.gauc is None or self.gauc_no_viewer is None:
            return None
        return self.ours.gauc - self.gauc_no_viewer

    def as_json(self) -> dict[str, Any]:
        """Plain values under stable keys; what could not be measured is null."""
        scores = {
            **_scores(self.ours),
            "gauc_no_viewer": _value(self.gauc_no_viewer),
            "personal": _interval(self.personal),
            "calibration": {name: asdict(found) for name, found in self.calibration.items()},
        }
        scores["intervals"]["gauc_no_viewer"] = _interval(self.gauc_no_viewer)
        peers = {
            name: {
                **_scores(peer.scores),
                "setting": peer.run.setting,
                "grid": peer.run.grid,
                "seconds": peer.run.seconds,
                "remark": peer.run.remark,
            }
            for name, peer in self.peers.items()
        }
        differences = {name: _interval(peer.ours_minus_auc) for name, peer in self.peers.items()}
        plain: dict[str, Any] = _finite(
            {
                "command": "freshet lab replay",
                **self.run,
                "ours": scores,
                "peers": peers,
                "auc_minus_peer": differences,
                "impressions": self.impressions,
                "impressions_per_s": self.impressions_per_s,
                "report": {
                    "from": self.report_from,
                    "to": self.report_to,
                    "impressions": self.reported,
                    "viewers": self.viewers,
                    "outcome": self.outcome,
                    "judged": self.judged,
                    "positives": self.positives,
                },
            }
        )
        return plain


def measure(
    recording: Recording,
    window: Bools,
    peers: Mapping[str, PeerForecast],
    seed: int = 0,
    impressions_per_s: float = math.nan,
    run: Mapping[str, Any] | None = None,
) -> Report:
    """Score ours and the peers' forecasts on the same impressions and draws of viewers."""
    scorer = Scorer.of(recording, window, seed)
    mine = scorer.score(ours(recording))
    theirs = {name: (scorer.score(peer.forecast), peer) for name, peer in peers.items()}
    dates = recording.date[window]
    return Report(
        impressions=len(recording),
        impressions_per_s=impressions_per_s,
        reported=len(scorer.rows),
        viewers=scorer.viewers.draws.shape[1],
        report_from=int(dates.min()),
        report_to=int(dates.max()),
        outcome=main_name(recording.main),
        judged=len(scorer.judged),
        positives=int(np.count_nonzero(scorer.label)),
        ours=mine,
        gauc_no_viewer=scorer.gauc(recording.gauc_no_viewer),
        calibration=_calibrations(recording, window),
        peers={name: Peer(s, mine.auc - s.auc, peer) for name, (s, peer) in theirs.items()},
        run=run or {},
    )


def replay_report(
    recording: Recording,
    peers: Sequence[str] = (),
    report_from: int | None = None,
    report_to: int | None = None,
    seed: int = 0,
    impressions_per_s: float = math.nan,
    run: Mapping[str, Any] | None = None,
    note: Note = lambda _: None,
) -> tuple[Report, dict[str, Forecast]]:
    """Run the peers and measure: the report, and all forecasts for the learning curves.

    Raises:
        Refused: an empty window, an unknown peer, or a peer's library is not installed.
    """
    window = recording.window(report_from, report_to)
    runs = run_peers(peers, recording, window, seed, note)
    note("measuring")
    report = measure(recording, window, runs, seed, impressions_per_s, run)
    return report, {"ours": ours(recording)} | {name: peer.forecast for name, peer in runs.items()}


def _calibrations(recording: Recording, window: Bools) -> dict[str, Calibration]:
    labels, predictions = recording.labels[window], recording.predictions[window]
    return {
        name: calibrate(labels[:, o], predictions[:, o])
        for o, name in enumerate(recording.outcomes)
        if np.count_nonzero(labels[:, o]) >= LEAST_POSITIVES
    }


def _scores(scores: Scores) -> dict[str, Any]:
    names = ("auc", "gauc", "xauc", "xauc_whole_s", "mae_s", "xauc_all", "mae_all_s")
    found = {name: getattr(scores, name) for name in names}
    return {
        **{name: _value(estimate) for name, estimate in found.items()},
        "intervals": {name: _interval(estimate) for name, estimate in found.items()},
    }


def _value(estimate: Estimate | None) -> float | None:
    return None if estimate is None else estimate.value


def _interval(estimate: Estimate | None) -> dict[str, float] | None:
    if estimate is None:
        return None
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high}


def _finite(value: Any) -> Any:
    """JSON knows no nan."""
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
