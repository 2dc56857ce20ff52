"""What every video of a request is held against, worked out once: `Ask.notes`.

    WORLD      rates of all views, as a full tally lies (TALLY,)
    HERE       rates of this place, as a short tally lies (LANES,), the rest is 0
    PAST       how many of the viewer's last views there is something to say of
    LENGTH     ln(1 + seconds) of each one's video       (HISTORY,)
    LONG       was it a long view                        (HISTORY,)
    SURPRISE   that minus what had been expected         (HISTORY,)
    WORK, MORE room for what a video's values work out   (WORK_WIDTH,) each
    RATES      of contents, as they come (`ContentRates`), RATES_WIDTH each
    MARKS      who is followed, a Bloom filter: no mark means no; a mark, that it may be
    VECTORS    of each of those views' videos, value by value            (64, HISTORY)
    VECTOR     room for the vector of the video that is asked about      (64,)
    COSINES    room for what it has in common with each view             (HISTORY,)

Filled with the viewer's half of a vector, before the videos' half is asked for; and with them
`Ask.links`, which views had what (features/links.py).
"""

from __future__ import annotations

import numpy as np

from freshet.catalogue.content import WIDTH
from freshet.catalogue.facts import CREATOR, DURATION_MS, HASHTAG, HASHTAGS, SOUND, TOPIC, TOPICS
from freshet.features.item import put_item
from freshet.features.layout import Column, Kernel, Layout
from freshet.features.links import ABOUT, BY, KEPT, LINKS, TAGGED, WITH, link
from freshet.features.ring import (
    CLOSED,
    COUNTED,
    H_BITS,
    H_COUNT,
    H_EXPECTED,
    H_VIDEO,
    HISTORY,
    LONG_BIT,
)
from freshet.features.tally import BASE, BASE_VIEWS, LANES, SHORT, SHORT_WIDTH, TALLY, VIEWS
from freshet.state.arithmetic import ln1p
from freshet.state.compiled import inlined, part
from freshet.state.ties import COUNT, KIND_SHIFT, OTHER, PERSON, ROW_MASK, START

WORLD = 0
HERE = WORLD + TALLY
PAST = HERE + LANES
LENGTH, LONG, SURPRISE = (PAST + 1 + n * HISTORY for n in (0, 1, 2))
WORK = SURPRISE + HISTORY
WORK_WIDTH = max(TALLY, HISTORY)
MORE = WORK + WORK_WIDTH
MARKS = MORE + WORK_WIDTH
MARKS_WIDTH = 1024  # a power of two
RATES = MARKS + MARKS_WIDTH
RATES_WIDTH = 9  # values of one content
VECTORS = RATES + KEPT * RATES_WIDTH
VECTOR = VECTORS + WIDTH * HISTORY
COSINES = VECTOR + WIDTH
NOTES = COSINES + HISTORY

PLACE_STRENGTH = np.float32(20.0)
PER_S = np.float32(0.001)


@inlined
def place_of_mark(row):
    return MARKS + ((row * 0x9E3B) & (MARKS_WIDTH - 1))


@part
def may_follow(notes, person):
    """False if the viewer surely does not follow a person."""
    return person >= 0 and notes[place_of_mark(np.int64(person))] != 0


class Notes:
    """Has no columns and no outputs."""

    scope = "viewer"
    hears = "tallies"
    columns: tuple[Column, ...] = ()
    outputs: tuple[str, ...] = ()

    def compile(self, at: Layout, k: int) -> tuple[Kernel, Kernel]:
        place_tally = at("placement.tally")

        @part
        def write(state, act):
            pass

        @part
        def value(state, ask, x):
            notes, links = ask.notes, ask.links
            world, place = state.all[0], state.placement[ask.placement]
            for j in range(TALLY):
                total = world[j] + BASE_VIEWS * BASE[j]
                notes[WORLD + j] = total / (world[VIEWS] + BASE_VIEWS)
            for m in range(LANES):
                notes[HERE + m] = 0.0
            for m in range(SHORT_WIDTH):
                total = place[place_tally + SHORT[m]] + PLACE_STRENGTH * notes[WORLD + SHORT[m]]
                notes[HERE + m] = total / (place[place_tally + VIEWS] + PLACE_STRENGTH)
            past = 0
            for j in range(MARKS, RATES):
                notes[j] = 0.0
            for j in range(LINKS):
                links[j] = 0
            if ask.viewer >= 0:
                facts = state.video_facts
                slot = state.viewer_slots[ask.viewer]
                ints, floats = state.viewer_ints[slot], state.viewer[slot]
                for h in range(min(ints[H_COUNT], HISTORY)):
                    bits = ints[H_BITS + h]
                    if bits & (COUNTED | CLOSED) == 0:
                        continue  # still on screen, nothing known yet
                    video = ints[H_VIDEO + h]
                    long = np.float32(1.0 if bits & LONG_BIT else 0.0)
                    notes[LENGTH + past] = ln1p(np.float32(facts[video, DURATION_MS]) * PER_S)
                    notes[LONG + past] = long
                    notes[SURPRISE + past] = long - floats[H_EXPECTED + h]
                    link(links, BY, facts, video, CREATOR, 1, past)
                    link(links, WITH, facts, video, SOUND, 1, past)
                    link(links, TAGGED, facts, video, HASHTAG, HASHTAGS, past)
                    link(links, ABOUT, facts, video, TOPIC, TOPICS, past)
                    length = put_item(state, video, notes, VECTOR)
                    for j in range(WIDTH):
                        notes[VECTORS + j * HISTORY + past] = length * notes[VECTOR + j]
                    past += 1
                heads, words = state.tie_heads, state.tie_words
                start = np.int64(heads[ask.viewer, OTHER + START])
                for i in range(start, start + heads[ask.viewer, OTHER + COUNT]):
                    if (words[i] >> KIND_SHIFT) & 15 == PERSON:
                        notes[place_of_mark(np.int64(words[i] & ROW_MASK))] = 1.0
            notes[PAST] = past

        return write, value
