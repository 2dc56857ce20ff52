"""`freshet model show` tells what the snapshot, or the log, says of the model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from freshet import cli_model, config
from freshet.backends.sqlite_log import SqliteLog
from freshet.domain import events as ev
from freshet.domain.errors import NotFound, Refused
from freshet.domain.events import Event
from freshet.feed.model_gauges import model_alerts, model_gauges
from freshet.feed.telemetry import exposition
from freshet.feed.watching import Alerts
from freshet.learning.live import Live
from freshet.learning.settings import Shadow, Versions
from freshet.log.follow import catch_up
from freshet.log.snapshots import Snapshots
from tests.feed.making import make
from tests.feed.world import HOUR_MS, NOW_MS

SETTINGS = "[learner.versions]\nevery = 110\ntrial = 100\n[learner.shadow]\non = true\nstep = 0.5\n"
VIEWS = 60
EVENTS = 1 + 2 * VIEWS


def views(count: int, first: int = 0) -> list[Event]:
    found: list[Event] = []
    for k in range(first, first + count):
        at, who = NOW_MS + 10_000 * k, f"p{k % 7}"
        watched = {"watched_ms": 900 * (k % 9), "left": True}
        found.append(make(ev.Impression, at, viewer=who, video="one"))
        found.append(make(ev.Watch, at + 9_000, viewer=who, video="one", **watched))
    return found


@pytest.fixture
async def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """60 views, of which a snapshot tells, and 5 that came later."""
    (tmp_path / "freshet.toml").write_text(SETTINGS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    learner = config.load().learner
    log = SqliteLog(tmp_path, lambda: NOW_MS + HOUR_MS, mode="import")
    video = make(ev.VideoPublished, video="one", creator="c", created=NOW_MS)
    await log.append([video, *views(VIEWS)])
    live = Live(learner.seed, versions=learner.versions, shadow=learner.shadow)
    await catch_up(log, [live])
    async for batch in log.read(EVENTS - 1):
        Snapshots(tmp_path / "snapshots").save(EVENTS, batch.events[-1].event_id, [live])
    await log.append(views(5, VIEWS))
    await log.close()
    return tmp_path


def run(*args: object) -> str:
    done = CliRunner().invoke(cli_model.app, ["show", *(str(arg) for arg in args)])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def test_the_snapshot_is_told_with_its_versions_and_its_shadow(folder: Path) -> None:
    said = run("--data", folder)
    assert f"{VIEWS} views learned, from the log's first {EVENTS} events; 10 came later" in said
    assert "never went back" in said
    assert "untrained" in said
    assert "all outcomes" in said
    assert "Too few views to tell them apart." in said


def test_now_folds_what_came_later(folder: Path) -> None:
    before, after = (
        json.loads(run("--data", folder, "--json")),
        json.loads(run("--data", folder, "--now", "--json")),
    )
    assert (before["later"], after["later"]) == (10, 0)
    assert (before["model"]["views"], after["model"]["views"]) == (VIEWS, VIEWS + 5)


def test_without_a_snapshot_it_says_what_would_help(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "snapshots").rename(tmp_path / "elsewhere")
    with pytest.raises(NotFound, match="--now"):
        run("--data", folder)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("FRESHET_LEARNER_SHADOW_STEP", "0"),
        ("FRESHET_LEARNER_SHADOW_PRIOR", "-1"),
        ("FRESHET_LEARNER_VERSIONS_KEPT", "0"),
        ("FRESHET_LEARNER_VERSIONS_EVERY", "900"),
    ],
)
def test_settings_that_make_no_sense_are_refused(setting: str, value: str) -> None:
    with pytest.raises(Refused) as refused:
        config.load(environment={setting: value})
    assert setting.rpartition("_")[2].lower() in refused.value.field


# --- metrics --------------------------------------------------------------------------------


def test_metrics_and_alerts_tell_of_a_way_back() -> None:
    live = Live(
        capacity={"viewer": 16, "video": 16}, versions=Versions(every=0), shadow=Shadow(on=True)
    )
    alerts = model_alerts(live.standing, Alerts(window_h=2))
    assert list(alerts()) == []
    published = make(ev.VideoPublished, video="one", creator="c", created=NOW_MS)
    live.fold([published, *views(3)])
    live.params.b[:] = np.nan
    live.fold(views(2, 3))
    (alert,) = alerts()
    assert (alert.code, alert.value) == ("went_back", 1.0)
    assert "version 0" in alert.text
    said = exposition(model_gauges(live.standing), "0")
    assert 'freshet_model_went_back{worker="0"} 1.0' in said
    assert 'freshet_model_views{worker="0"} 5.0' in said
    assert 'freshet_shadow_difference{bound="low",outcome="like",worker="0"}' in said
    live.fold([make(ev.Tick, NOW_MS + 3 * HOUR_MS)])
    assert list(alerts()) == []
