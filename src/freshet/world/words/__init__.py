"""What clips say, by hand, in four languages: names of topics, headlines, captions, hashtags."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

import msgspec

LANGUAGES = ("en", "da", "it", "nl")


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One topic in one language."""

    name: str  # as people call it
    word: str  # what a username may end in
    headlines: tuple[str, ...]
    captions: tuple[str, ...]
    hashtags: tuple[str, ...]  # without their #


@cache
def words(language: str) -> dict[str, Words]:
    """By topic."""
    text = files(__name__).joinpath(f"{language}.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, Words])
