"""What the model keeps getting wrong about a viewer, and about a video.

Mean of observed - predicted over closed views, shrunk to 0: for long view, log watch and
watched 2 s. A viewer's fades by 2 % a view, so that a change of mood shows. A video's is shrunk
twice: as if by 20 views, which chance cannot fool, and by two, for where the first views already
tell; how far to trust either is learned.
"""

from __future__ import annotations

from freshet.features.layout import Column, Kernel, Layout
from freshet.state.compiled import part
from freshet.state.slots import to_write

NAMES = ("long_view", "log_watch", "watched_2s")
KEEP = 0.98
SOON = 2  # of those names, that also count with few views


class ViewerSurprise:
    scope = "viewer"
    hears = "moments"
    columns = (Column("viewer", "surprise", 4),)
    outputs = tuple(f"viewer_surprise_{name}" for name in NAMES)

    def compile(self, at: Layout, k: int) -> tuple[Kernel, Kernel]:
        column = at("viewer.surprise")

        @part
        def write(state, act):
            if act.closed:
                row = state.viewer[state.viewer_slots[act.viewer]]
                row[column] = row[column] * KEEP + 1.0
                for j in range(3):
                    row[column + 1 + j] = row[column + 1 + j] * KEEP + act.surprise[j]

        @part
        def value(state, ask, x):
            for j in range(3):
                x[k + j] = 0.0
            if ask.viewer >= 0:
                row = state.viewer[state.viewer_slots[ask.viewer]]
                for j in range(3):
                    x[k + j] = row[column + 1 + j] / (row[column] + 4.0)

        return write, value


class VideoSurprise:
    scope = "video"
    hears = "moments"
    columns = (Column("video", "surprise", 4),)
    outputs = (
        *(f"video_surprise_{name}" for name in NAMES),
        *(f"video_surprise_soon_{name}" for name in NAMES[:SOON]),
    )

    def compile(self, at: Layout, k: int) -> tuple[Kernel, Kernel]:
        column = at("video.surprise")

        @part
        def write(state, act):
            if act.closed:
                row = state.video[to_write(state.video_slots, act.video)]
                row[column] += 1.0
                for j in range(3):
                    row[column + 1 + j] += act.surprise[j]

        @part
        def value(state, ask, x):
            row = state.video[state.video_slots[ask.video]]
            for j in range(3):
                x[k + j] = row[column + 1 + j] / (row[column] + 20.0)
            for j in range(SOON):
                x[k + 3 + j] = row[column + 1 + j] / (row[column] + 2.0)

        return write, value
