"""A feature: the columns it owns, what events write there, what rankers read.

Both sides stand in one file so that training and serving cannot drift apart. `compile`
is called once, when the process starts; it closes over its offsets, which thereby become
constants of the compiled code.
"""

from __future__ import annotations

from typing import Protocol

from freshet.features.layout import Column, Kernel, Layout
from freshet.state.compiled import kernel


class Feature(Protocol):
    """One family of inputs of the ranker.

    Attributes:
        scope: "viewer" if its values do not depend on the video: computed once a request.
        hears: "tallies" if `write` is for acts that change tallies, "moments" if it is for
            views that open or close, "known" if for views from before the log.
        outputs: names of the float32 values it adds, in order.
    """

    @property
    def scope(self) -> str: ...

    @property
    def hears(self) -> str: ...

    @property
    def columns(self) -> tuple[Column, ...]: ...

    @property
    def outputs(self) -> tuple[str, ...]: ...

    def compile(self, at: Layout, k: int) -> tuple[Kernel, Kernel]:
        """The pair (write, value).

        `write(state, act)` changes the feature's own columns only; it sees an `Act`.
        `value(state, ask, x)` fills `x[k : k + len(outputs)]` for an `Ask` and writes
        nothing else. Neither reads a clock nor draws a random number.
        """
        ...


@kernel
def no_write(state, act):
    """For features that keep nothing of their own."""
