"""What clips show: one module per topic, each with its palettes and its scenes."""

from __future__ import annotations

from importlib import import_module

from freshet.world.colour import Palette
from freshet.world.shot import Scene

TOPICS = (
    "sourdough", "surfing", "chess", "cycling", "stargazing", "houseplants",
    "football", "pottery", "synthwave", "streetfood", "cats", "origami",
)  # fmt: skip


def palettes_of(topic: str) -> tuple[Palette, ...]:
    palettes: tuple[Palette, ...] = _module(topic).PALETTES
    return palettes


def scenes_of(topic: str) -> tuple[Scene, ...]:
    scenes: tuple[Scene, ...] = _module(topic).SCENES
    return scenes


def _module(topic: str):  # type: ignore[no-untyped-def]  # modules have no type of their own
    return import_module(f"freshet.world.scenes.{topic}")
