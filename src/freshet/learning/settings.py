"""When the model is copied and goes back, and what learns beside it."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from freshet.domain.errors import Refused

Step = Annotated[float, Meta(gt=0, le=1)]


class Versions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Copies of the model that it goes back to if one of them predicts better again. Changed,
    the log is folded anew."""

    every: Annotated[int, Meta(ge=0)] = 20_000  # views between versions; 0 = only the untrained
    kept: Annotated[int, Meta(ge=1, le=16)] = 3  # the last so many
    # Views that the versions predict along with the model before one of them may replace it.
    trial: Annotated[int, Meta(ge=100)] = 1_000

    def __post_init__(self) -> None:
        if 0 < self.every <= self.trial:
            reason = f"{self.every} is not above trial = {self.trial}"
            raise Refused("versions.every", reason, "more views than a trial takes, or 0")


class Shadow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A second model that learns beside the one that serves, and never serves. Changed, the
    log is folded anew."""

    on: bool = False  # learn and score it
    seed: Annotated[int, Meta(ge=0)] = 0  # of its first weights
    step: Step = 0.02  # of the hidden layer's weights
    linear_step: Step = 0.01  # of the linear layer's
    shrink: Annotated[float, Meta(ge=0, le=0.1)] = 0.0008  # pull towards 0 while views are few
    # How much of what the model takes for granted at first; 0 = nothing.
    prior: Annotated[float, Meta(ge=0, le=4)] = 1.0
