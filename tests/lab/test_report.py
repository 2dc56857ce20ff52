import io
import json

import numpy as np
import pytest
from rich.console import Console

from freshet.domain.errors import Refused
from freshet.lab import extras, lightgbm_nightly
from freshet.lab.curves import draw_curves
from freshet.lab.metrics import auc, xauc
from freshet.lab.report import measure, replay_report
from freshet.lab.scores import PeerForecast, ours
from freshet.lab.table import tables

LAST_TWO_DAYS = 20220426


@pytest.fixture(scope="module")
def recording(made_up):
    return made_up()


@pytest.fixture(scope="module")
def report(recording):
    itself = PeerForecast(ours(recording), "as it is", {"as it is": 0.8}, 1.5)
    return measure(
        recording,
        recording.window(LAST_TWO_DAYS),
        {"itself": itself},
        impressions_per_s=25_000.0,
        run={"commit": "abc1234", "data": "made_up"},
    )


def test_the_json_has_the_keys_others_compare_by(report):
    found = json.loads(json.dumps(report.as_json(), allow_nan=False))
    assert {"auc", "gauc", "gauc_no_viewer", "xauc", "mae_s", "calibration"} <= set(found["ours"])
    assert {"auc", "gauc", "xauc", "mae_s"} <= set(found["peers"]["itself"])
    assert {"low", "high"} <= set(found["auc_minus_peer"]["itself"])
    assert found["impressions"] == 3000
    assert found["impressions_per_s"] == 25_000.0
    assert (found["commit"], found["data"]) == ("abc1234", "made_up")
    assert found["report"]["from"] == LAST_TWO_DAYS


def test_a_peer_that_says_the_same_differs_by_nothing(report):
    difference = report.peers["itself"].ours_minus_auc
    assert (difference.value, difference.low, difference.high) == (0, 0, 0)


def test_watch_time_is_measured_without_rows_of_unknown_length_and_once_more_with_them(made_up):
    base = made_up()
    watched_s = np.where(base.duration_s > 0, base.watched_s, 7).astype(np.float32)
    said_s = (base.watch_mean_s + 2).astype(np.float32)  # also of what cannot be watched
    recording = made_up(watched_s=watched_s, watch_mean_s=said_s, watch_median_s=said_s)
    window = recording.window(LAST_TWO_DAYS)
    found = measure(recording, window, {}).ours
    most_s = 3.0 * base.duration_s[window]
    truth, said = np.minimum(watched_s[window], most_s), np.minimum(said_s[window], most_s)
    known = base.duration_s[window] > 0
    assert 0 < np.count_nonzero(~known) < 60
    assert found.xauc.value == pytest.approx(xauc(truth[known], said_s[window][known]))
    assert found.xauc_all.value == pytest.approx(xauc(truth, said))
    assert found.xauc_all.value > found.xauc.value  # nothing is easier than what is 0 for sure
    assert found.mae_all_s.value == pytest.approx(np.abs(truth - said).mean())


def test_a_second_pass_that_knows_nothing_has_a_gauc_of_one_half(report):
    assert report.gauc_no_viewer.value == 0.5
    assert report.personal.value == pytest.approx(report.ours.gauc.value - 0.5)


def test_only_outcomes_with_enough_positives_are_calibrated(report):
    assert set(report.calibration) == {"long_view"}
    assert report.calibration["long_view"].slope == pytest.approx(1, abs=0.15)


def test_without_a_second_pass_gauc_is_absent_rather_than_wrong(made_up):
    recording = made_up(500, gauc_main=np.full(500, np.nan, np.float32))
    found = measure(recording, recording.window(), {})
    assert found.ours.gauc is None
    assert found.as_json()["ours"]["gauc"] is None
    assert found.as_json()["impressions_per_s"] is None


def test_the_tables_show_every_number_and_the_settings(report):
    console = Console(file=io.StringIO(), width=80)
    console.print(tables(report))
    shown = console.file.getvalue()
    for text in (
        "ours",
        "no viewer",
        "itself",
        "as it is",
        "abc1234",
        ".5000",
        "long_view",
    ):
        assert text in shown
    assert f"{report.ours.auc.value:.4f}".removeprefix("0") in shown
    assert "…" not in shown


def test_a_report_with_a_peer_draws_its_curves(made_up, monkeypatch, tmp_path):
    monkeypatch.setattr(lightgbm_nightly, "TREES", 5)
    recording, said = made_up(1500), []
    report, forecasts = replay_report(recording, ["lightgbm"], LAST_TWO_DAYS, note=said.append)
    assert set(forecasts) == {"ours", "lightgbm"}
    assert said
    draw_curves(recording, report, forecasts, tmp_path / "curves.png")
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_curves_without_matplotlib_are_refused_with_the_way_to_get_it(
    recording, report, monkeypatch, tmp_path
):
    def absent(name):
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(extras, "import_module", absent)
    with pytest.raises(Refused, match=r"pip install freshet\[lab\]"):
        draw_curves(recording, report, {}, tmp_path / "curves.png")
    assert not (tmp_path / "curves.png").exists()


def printed(report):
    console = Console(file=io.StringIO(), width=80)
    console.print(tables(report))
    return console.file.getvalue()


def test_of_one_outcome_against_another_only_impressions_that_came_to_one_of_them_count(made_up):
    base = made_up()
    hated, random = base.labels[:, 0], np.random.default_rng(3)
    liked = (1 - hated) * (random.random(len(base)) < 0.5)
    p = np.column_stack([base.predictions[:, 0], np.full(len(base), 0.3)])
    recording = made_up(
        outcomes=("not_interested", "like"), main=("not_interested", "like"),
        labels=np.column_stack([hated, liked]).astype(np.uint8), predictions=p.astype(np.float32),
    )  # fmt: skip
    window = recording.window(LAST_TWO_DAYS)
    found = measure(recording, window, {})
    judged = window & (hated + liked == 1)
    assert found.outcome == "not_interested against like"
    assert (found.judged, found.positives) == (judged.sum(), hated[judged].sum())
    assert found.judged < found.reported
    assert found.ours.auc.value == pytest.approx(auc(hated[judged], p[judged, 0]))
    assert found.as_json()["report"]["judged"] == found.judged
    assert "against like" in printed(found)


def test_what_is_said_of_a_peer_in_this_window_is_under_the_table(recording):
    itself = PeerForecast(ours(recording), "as it is", {"as it is": 0.8}, 1.5, "was not there")
    shown = printed(measure(recording, recording.window(), {"itself": itself}))
    assert "was not there" in " ".join(shown.split())
