"""Every number of retrieval that is configuration, with its default and unit."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

Count = Annotated[int, Meta(ge=0)]
Positive = Annotated[int, Meta(ge=1)]


class Retrieval(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How near videos are found."""

    exact_max: Positive = 5_000  # videos that are searched one by one; beyond, by lists
    probes: Positive = 20  # lists looked through for a taste; more find more and take longer
    probes_similar: Positive = 10  # the same for a video lately liked, of which few are asked
    pause_ms: Positive = 200  # between looks at what changed, off the path of requests
    rising_s: Positive = 10  # what is rising, young or proven is worked out this often
    valued_at_once: Positive = 512  # videos whose worth is predicted anew at each look
    # Videos up to which is also known what is watched with what, and after what: 8 bytes for each
    # pair of them in every process, three times that while it is worked out. 0 = never.
    cowatch_max: Count = 4_000
    cowatch_s: Positive = 60  # between two times that this is worked out anew
    seed: Count = 0  # of the lists' training
