"""What each process of a server says of itself, so that any of them can say all of it.

Every process writes its numbers and alerts into one small file of a shared folder every
few seconds; whichever is asked for `/metrics` answers with its own of this moment and the
others' last. A number belongs to the process that the label `worker` names: counters are
summed over it, as in `sum without (worker) (rate(freshet_http_requests_total[5m]))`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import msgspec
import structlog
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from freshet.feed.watching import Alert

EVERY_S = 5.0
STALE_MS = 60_000  # a process not heard of for so long is gone

_log = structlog.get_logger("freshet.alerts")


class Said(msgspec.Struct, frozen=True):
    """By one process, at one moment."""

    worker: str
    at: int  # ms since 1970
    metrics: str  # in the text format of Prometheus
    alerts: tuple[Alert, ...] = ()


class Telemetry:
    """One process's part in it.

    Args:
        worker: its name among the server's processes.
        folder: shared by them; None = there is one process alone.
        clock: ms since 1970.
    """

    def __init__(self, worker: str, folder: Path | None, clock: Callable[[], int]) -> None:
        self.worker, self._folder, self._clock = worker, folder, clock
        alerting = CollectorRegistry()
        self._registries = [alerting]
        self._watches: list[Callable[[], Iterable[Alert]]] = []
        self._told: set[tuple[str, str]] = set()
        alerting.register(_Alerts(self._own_alerts))

    def add(self, registry: CollectorRegistry) -> None:
        self._registries.append(registry)

    def watch(self, alerts: Callable[[], Iterable[Alert]]) -> None:
        self._watches.append(alerts)

    def metrics(self) -> str:
        """Numbers of all processes."""
        return joined([self._own_metrics(), *(said.metrics for said in self._others())])

    def alerts(self) -> list[Alert]:
        """What all processes see; the log is told of what this one sees for the first time."""
        found = self._own_alerts()
        found += [alert for said in self._others() for alert in said.alerts]
        return sorted(found, key=lambda alert: (alert.code, alert.subject, alert.worker))

    def tell(self) -> None:
        """Let the others know."""
        alerts = tuple(self._own_alerts())
        if self._folder is None:
            return
        said = Said(self.worker, self._clock(), self._own_metrics(), alerts)
        self._folder.mkdir(parents=True, exist_ok=True)
        unfinished = self._folder / f".{self.worker}"
        unfinished.write_bytes(msgspec.json.encode(said))
        unfinished.replace(self._folder / f"{self.worker}.json")

    @asynccontextmanager
    async def telling(self) -> AsyncIterator[None]:
        """Tell every few seconds while entered."""
        task = asyncio.create_task(self._tell_on(), name="telemetry")
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            if self._folder is not None:
                (self._folder / f"{self.worker}.json").unlink(missing_ok=True)

    async def _tell_on(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                self.tell()
            except Exception as error:  # a full disk must not end the telling for good
                _log.warning("not told", error=repr(error))

    def _own_metrics(self) -> str:
        return joined(exposition(registry, self.worker) for registry in self._registries)

    def _own_alerts(self) -> list[Alert]:
        seen = [alert for alerts in self._watches for alert in alerts()]
        now = {(alert.code, alert.subject) for alert in seen}
        for alert in seen:
            if (alert.code, alert.subject) not in self._told:
                _log.warning(alert.text, alert=alert.code, subject=alert.subject)
        for code, subject in sorted(self._told - now):
            _log.info("is over", alert=code, subject=subject)
        self._told = now
        return [msgspec.structs.replace(alert, worker=self.worker) for alert in seen]

    def _others(self) -> Iterator[Said]:
        if self._folder is None or not self._folder.is_dir():
            return
        for file in sorted(self._folder.glob("*.json")):
            if file.stem == self.worker:
                continue
            with suppress(OSError, msgspec.DecodeError):  # it ended just now
                said = msgspec.json.decode(file.read_bytes(), type=Said)
                if self._clock() - said.at < STALE_MS:
                    yield said


class _Alerts(Collector):
    """What is beyond its limit, as numbers; none while all is well."""

    def __init__(self, alerts: Callable[[], Iterable[Alert]]) -> None:
        self._alerts = alerts

    def collect(self) -> Iterator[Metric]:
        words = "What is beyond the limits of the settings `alerts`"
        family = GaugeMetricFamily("freshet_alert", words, labels=["code", "subject"])
        for alert in self._alerts():
            family.add_metric([alert.code, alert.subject], alert.value)
        yield family


class _Labelled(Collector):
    """A registry whose every number bears the worker's name."""

    def __init__(self, registry: CollectorRegistry, worker: str) -> None:
        self._registry, self._worker = registry, worker

    def collect(self) -> Iterator[Metric]:
        for family in self._registry.collect():
            family.samples = [
                sample._replace(labels={"worker": self._worker, **sample.labels})
                for sample in family.samples
            ]
            yield family


def exposition(registry: CollectorRegistry, worker: str) -> str:
    """A registry in the text format of Prometheus."""
    labelled = CollectorRegistry()
    labelled.register(_Labelled(registry, worker))
    return generate_latest(labelled).decode()


def joined(texts: Iterable[str]) -> str:
    """Several processes' numbers as one text, in which each family is described once.

    >>> head = "# HELP a A\\n# TYPE a gauge\\n"
    >>> print(joined([f"{head}a 1\\n", f"{head}a 2\\n"]))
    # HELP a A
    # TYPE a gauge
    a 1
    a 2
    <BLANKLINE>
    """
    heads: dict[str, list[str]] = {}
    samples: dict[str, list[str]] = {}
    for text in texts:
        name = ""
        for line in text.splitlines():
            comment = _COMMENT.match(line)
            if comment is None:
                samples[name].append(line)
                continue
            name = comment[1]
            samples.setdefault(name, [])
            if line not in heads.setdefault(name, []):
                heads[name].append(line)
    lines = [line for name in heads for line in (*heads[name], *samples[name])]
    return "\n".join([*lines, ""])


_COMMENT = re.compile(r"# (?:HELP|TYPE) (\S+)")
