"""What the viewer made of videos that lie near this one: the cross viewer x item vector.

Topics, hashtags and sounds are what somebody said a video is; where its item vector lies is
also what those made of it who watched it. A view counts by how near its video lies, so one whose
hashtag is wrong counts with its like once it was watched by those who like them.
"""

from __future__ import annotations

import numpy as np

from freshet.catalogue.content import WIDTH
from freshet.features import notes as n
from freshet.features.feature import no_write
from freshet.features.item import put_item
from freshet.features.layout import Kernel, Layout
from freshet.features.ring import HISTORY
from freshet.state.arithmetic import ln1p
from freshet.state.compiled import part
from freshet.state.machine import COLUMNS, put_products

assert COLUMNS == HISTORY
FAR = np.float32(0.2)  # videos with nothing in common lie about this near by chance
PER_REST = np.float32(1.0) / (np.float32(1.0) - FAR)


class Alike:
    """`alike_surprise`: mean surprise of views by nearness, shrunk to 0. `alike_nearest`: cosine
    of the nearest video that was watched long."""

    scope = "video"
    hears = "tallies"
    columns = ()
    outputs = ("alike_shown", "alike_long", "alike_surprise", "alike_nearest")

    def compile(self, at: Layout, k: int) -> tuple[Kernel, Kernel]:
        vectors, vector, cosines = n.VECTORS, n.VECTOR, n.COSINES
        long, surprise, past = n.LONG, n.SURPRISE, n.PAST
        none, shrink = np.float32(0.0), np.float32(1.5)

        @part
        def value(state, ask, x):
            for j in range(4):
                x[k + j] = none
            notes = ask.notes
            views = int(notes[past])
            if ask.viewer < 0 or views == 0:
                return
            length = put_item(state, ask.video, notes, vector)
            put_products(notes, vector, vectors, WIDTH, cosines)
            shown, seen_long, made, nearest = none, none, none, none
            for h in range(views):
                cosine = length * notes[cosines + h]
                near = max(cosine - FAR, none) * PER_REST
                weight = near * near
                shown += weight
                seen_long += weight * notes[long + h]
                made += weight * notes[surprise + h]
                nearest = max(nearest, cosine * notes[long + h])
            x[k] = ln1p(shown)
            x[k + 1] = ln1p(seen_long)
            x[k + 2] = made / (shown + shrink)
            x[k + 3] = nearest

        return no_write, value
