"""What every video of a request is held against, worked out once: `Ask.notes`.

    WORLD      rates of all views, as a full tally lies (TALLY,)
    HERE       rates of this place, as a short tally lies (LANES,), the rest is 0
    PAST       how many of the viewer's last views there is something to say of
    PAST_AT    where in the ring each of them is         (HISTORY,)
    LENGTH     ln(1 + seconds) of each one's video       (HISTORY,)
    LONG       was it a long view                        (HISTORY,)
    SURPRISE   that minus what had been expected         (HISTORY,)
    WORK, MORE room for what a video's values work out   (WORK_WIDTH,) each
    MARKS      which creators, sounds, hashtags, topics the views had, and who is followed

Filled with the viewer's half of a vector, before the videos' half is asked for.

Most candidates have nothing in common with most views. MARKS, a Bloom filter, says so at the
cost of one look: a mark that is not there means no; one that is there, that it may be.
"""

from __future__ import annotations

import numpy as np

from freshet.catalogue.facts import CREATOR, DURATION_MS, HASHTAG, HASHTAGS, SOUND, TOPIC, TOPICS
from freshet.features.layout import Column, Kernel, Layout
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
PAST_AT = PAST + 1
LENGTH, LONG, SURPRISE = (PAST_AT + n * HISTORY for n in (1, 2, 3))
WORK = SURPRISE + HISTORY
WORK_WIDTH = max(TALLY, HISTORY)
MORE = WORK + WORK_WIDTH
MARKS = MORE + WORK_WIDTH
MARKS_WIDTH = 1024  # a power of two
NOTES = MARKS + MARKS_WIDTH

# kinds of marks
BY, WITH, TAGGED, ABOUT, FOLLOWED = 0, 1, 2, 3, 4

PLACE_STRENGTH = np.float32(20.0)
PER_S = np.float32(0.001)


@inlined
def place_of_mark(kind, row):
    return MARKS + ((row * 0x9E3B + kind * 0x3C6F) & (MARKS_WIDTH - 1))


@part
def marked(notes, kind, facts, video, first, count):
    """Whether one of a video's ids, of those that stand from `first` on, may be marked."""
    for j in range(count):
        row = np.int64(facts[video, first + j])
        if row < 0:
            break
        if notes[place_of_mark(kind, row)] != 0:
            return True
    return False


@part
def mark(notes, kind, facts, video, first, count):
    for j in range(count):
        row = np.int64(facts[video, first + j])
        if row < 0:
            break
        notes[place_of_mark(kind, row)] = 1.0


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
            notes, world, place = ask.notes, state.all[0], state.placement[ask.placement]
            for j in range(TALLY):
                total = world[j] + BASE_VIEWS * BASE[j]
                notes[WORLD + j] = total / (world[VIEWS] + BASE_VIEWS)
            for m in range(LANES):
                notes[HERE + m] = 0.0
            for m in range(SHORT_WIDTH):
                total = place[place_tally + SHORT[m]] + PLACE_STRENGTH * notes[WORLD + SHORT[m]]
                notes[HERE + m] = total / (place[place_tally + VIEWS] + PLACE_STRENGTH)
            past = 0
            for j in range(MARKS, NOTES):
                notes[j] = 0.0
            if ask.viewer >= 0:
                facts = state.video_facts
                for h in range(min(state.viewer_ints[ask.viewer, H_COUNT], HISTORY)):
                    bits = state.viewer_ints[ask.viewer, H_BITS + h]
                    if bits & (COUNTED | CLOSED) == 0:
                        continue  # still on screen, nothing known yet
                    video = state.viewer_ints[ask.viewer, H_VIDEO + h]
                    long = np.float32(1.0 if bits & LONG_BIT else 0.0)
                    notes[PAST_AT + past] = h
                    notes[LENGTH + past] = ln1p(np.float32(facts[video, DURATION_MS]) * PER_S)
                    notes[LONG + past] = long
                    notes[SURPRISE + past] = long - state.viewer[ask.viewer, H_EXPECTED + h]
                    past += 1
                    mark(notes, BY, facts, video, CREATOR, 1)
                    mark(notes, WITH, facts, video, SOUND, 1)
                    mark(notes, TAGGED, facts, video, HASHTAG, HASHTAGS)
                    mark(notes, ABOUT, facts, video, TOPIC, TOPICS)
                heads, words = state.tie_heads, state.tie_words
                start = np.int64(heads[ask.viewer, OTHER + START])
                for i in range(start, start + heads[ask.viewer, OTHER + COUNT]):
                    if (words[i] >> KIND_SHIFT) & 15 == PERSON:
                        notes[place_of_mark(FOLLOWED, np.int64(words[i] & ROW_MASK))] = 1.0
            notes[PAST] = past

        return write, value
