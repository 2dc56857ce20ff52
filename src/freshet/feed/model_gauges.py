"""How the model stands, as metrics and alerts: read when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from freshet.feed.watching import Alert, Alerts
from freshet.learning.standing import Beside, Standing

HOUR_MS = 3_600_000


def model_gauges(standing: Callable[[], Standing]) -> CollectorRegistry:
    """Of the process that folds."""
    registry = CollectorRegistry()
    registry.register(_Model(standing))
    return registry


def model_alerts(standing: Callable[[], Standing], limits: Alerts) -> Callable[[], Iterable[Alert]]:
    """Tells of ways back in the alerts' window, by the time of the log."""

    def alerts() -> Iterator[Alert]:
        now = standing()
        since = now.at - limits.window_h * HOUR_MS
        backs = [back for back in now.backs if back.at > since]
        if backs:
            text = f"the model went back to version {backs[0].to_version}: {backs[0].cause}"
            yield Alert("went_back", "model", float(len(backs)), 0.0, text)

    return alerts


class _Model(Collector):
    def __init__(self, standing: Callable[[], Standing]) -> None:
        self._standing = standing

    def collect(self) -> Iterator[Metric]:
        now = self._standing()
        yield _gauge("freshet_model_views", "Views the model has learned", now.views)
        loss = _family(
            "freshet_model_loss", "Mean log loss of an outcome, predicted before learned"
        )
        skill = _family("freshet_model_skill", "1 less loss over that of a constant, same views")
        for views, its_loss, its_skill in (
            ("1000", now.loss, now.skill),
            ("50000", now.loss_long, now.skill_long),
        ):
            loss.add_metric([views], its_loss)
            skill.add_metric([views], its_skill)
        yield from (loss, skill)
        newest = now.versions[-1].number if now.versions else 0
        yield _gauge("freshet_model_version", "The newest version kept", newest)
        yield _gauge(
            "freshet_model_went_back", "Times the model went back to a version", now.went_back
        )
        if now.shadow is not None:
            yield from _beside(now.shadow)


def _beside(shadow: Beside) -> Iterator[Metric]:
    yield _gauge("freshet_shadow_loss", "The shadow's mean log loss of an outcome", shadow.loss)
    words = "Loss of the shadow less the model's, with its 95 % interval: below 0 it is better"
    found = GaugeMetricFamily("freshet_shadow_difference", words, labels=["outcome", "bound"])
    for outcome, one in {"all": shadow.difference, **shadow.outcomes}.items():
        for bound in ("value", "low", "high"):
            found.add_metric([outcome, bound], getattr(one, bound))
    yield found


def _gauge(name: str, words: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, words, value=value)


def _family(name: str, words: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, words, labels=["views"])
