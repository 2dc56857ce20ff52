"""Weak matches: language, country, declared interests; and whom the viewer follows."""

from __future__ import annotations

from freshet.catalogue.facts import (
    COUNTRY,
    CREATOR,
    INTEREST,
    INTERESTS,
    LANGUAGE,
    TOPIC,
    TOPICS,
    VIEWER_COUNTRY,
    VIEWER_LANGUAGE,
)
from freshet.features.feature import no_write
from freshet.features.layout import Kernel, Layout
from freshet.state.compiled import part
from freshet.state.ties import FOLLOWS, PERSON, get_tie


class Match:
    """1 if equal, -1 if both are known and differ, 0 if either is unknown."""

    scope = "video"
    hears = "tallies"
    columns = ()
    outputs = ("language_match", "country_match", "interest_match", "creator_followed")

    def compile(self, at: Layout, k: int) -> tuple[Kernel, Kernel]:
        @part
        def value(state, ask, x):
            for j in range(4):
                x[k + j] = 0.0
            if ask.viewer < 0:
                return
            viewer, video = state.viewer_facts[ask.viewer], state.video_facts[ask.video]
            x[k] = compare(viewer[VIEWER_LANGUAGE], video[LANGUAGE])
            x[k + 1] = compare(viewer[VIEWER_COUNTRY], video[COUNTRY])
            for i in range(INTERESTS):
                for j in range(TOPICS):
                    if viewer[INTEREST + i] >= 0 and viewer[INTEREST + i] == video[TOPIC + j]:
                        x[k + 2] = 1.0
            tie = get_tie(state.tie_heads, state.tie_words, ask.viewer, PERSON, video[CREATOR])
            x[k + 3] = 1.0 if tie & FOLLOWS else 0.0

        return no_write, value


@part
def compare(a, b):
    if a < 0 or b < 0:
        return 0.0
    return 1.0 if a == b else -1.0
