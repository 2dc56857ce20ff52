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
from freshet.features.notes import may_follow
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
            who, this = ask.viewer, ask.video
            people, videos = state.viewer_facts, state.video_facts
            x[k] = compare(people[who, VIEWER_LANGUAGE], videos[this, LANGUAGE])
            x[k + 1] = compare(people[who, VIEWER_COUNTRY], videos[this, COUNTRY])
            for i in range(INTERESTS):
                interest = people[who, INTEREST + i]
                if interest >= 0:
                    for j in range(TOPICS):
                        if interest == videos[this, TOPIC + j]:
                            x[k + 2] = 1.0
            creator = videos[this, CREATOR]
            if may_follow(ask.notes, creator):
                tie = get_tie(state.tie_heads, state.tie_words, who, PERSON, creator)
                x[k + 3] = 1.0 if tie & FOLLOWS else 0.0

        return no_write, value


@part
def compare(a, b):
    if a < 0 or b < 0:
        return 0.0
    return 1.0 if a == b else -1.0
