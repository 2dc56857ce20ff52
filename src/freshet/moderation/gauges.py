"""Numbers of moderation that are read when they are asked for."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Gauge

from freshet.moderation.book import Book


def moderation_gauges(book: Book) -> CollectorRegistry:
    """Of the process that folds."""
    registry = CollectorRegistry()
    waiting = Gauge(
        "freshet_moderation_waiting", "Questions and appeals in the moderators' queue",
        registry=registry,
    )  # fmt: skip
    waiting.set_function(lambda: len(book.open_questions()) + len(book.open_appeals()))
    return registry
