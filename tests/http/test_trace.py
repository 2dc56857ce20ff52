"""All of a ranking can be read by whoever runs the system, and adds up."""

from __future__ import annotations

from typing import Any

import pytest
from litestar.testing import TestClient

from freshet.engine import OneProcess as Engine
from tests.http.asking import Asking, said


@pytest.fixture
def app(client: TestClient[Any]) -> Asking:
    app = Asking(client)
    app.publish(*"abcdef", topics=["tea"])
    app.watch("a")
    return app


def test_sources_drops_features_predictions_weights_and_order_are_told(
    app: Asking, engine: Engine
) -> None:
    feed = app.get(features=1, trace=0).json()
    steps = {step["stage"]: step for step in feed["trace"]["rungs"][0]["steps"]}
    assert any(step["kind"] == "source" and step["after"] for step in steps.values())
    assert steps["not_seen"]["before"] - steps["not_seen"]["after"] == 1
    weights = feed["trace"]["weights"]
    assert weights == engine.settings.feed.for_you.weights
    for item in feed["items"]:
        features = feed["trace"]["features"][item["video"]]
        assert set(features) == set(engine.live.feature_names)
        assert features["topic_shown"] == 1
        table = sum(weights[name] * p for name, p in item["predictions"].items())
        watch = weights["watch_s"] * app.why(item["video"])["watch_s"]
        assert table + watch == pytest.approx(item["value"], abs=1e-4)
    assert [item["position"] for item in feed["items"]] == list(range(5))


def test_features_are_told_only_if_asked_for(app: Asking) -> None:
    assert app.get(n=1).json()["trace"]["features"] == {}
    assert app.get(n=1, trace=0).json().get("trace") is None
    assert app.post(n=1, features=True, trace=False).json()["trace"]["features"]


def test_a_viewer_token_has_no_features(app: Asking) -> None:
    token = app.http.post(
        "/v1/viewer_tokens", json={"viewer": "vera"},
        headers={"Authorization": "Bearer key of the app"},
    ).json()["token"]  # fmt: skip
    answer = app.http.get(
        "/v1/feeds/for_you", params={"features": 1}, headers={"Authorization": f"Bearer {token}"}
    )
    assert answer.status_code == 403
    assert answer.json()["error"]["field"] == "features"
    assert said(app.get(features=2))["field"] == "features"
