"""How new videos are tried out: sizes of audiences, and when they go on or stop."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

import msgspec
from msgspec import Meta

from freshet.domain.errors import Refused

Positive = Annotated[int, Meta(ge=1)]
Share = Annotated[float, Meta(ge=0, le=1)]
Quotas = tuple[Positive, ...]


class Market(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is different for videos published in one country."""

    quotas: Quotas = ()  # () = as everywhere
    life_days: Annotated[int, Meta(ge=0)] = 0  # 0 = as everywhere


class Stages(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new video is shown to a small audience; how that watches decides about the next one."""

    on: bool = True  # without them there are no trials; chance alone tries new videos
    quotas: Quotas = (300, 1_000, 5_000, 20_000, 100_000)  # impressions of each stage, rising
    quota_min: Positive = 20  # impressions of the first stage, however little is watched
    life_days: Positive = 90  # a trial ends so long after publishing
    new_days: Positive = 7  # a video older than this when first heard of was tried elsewhere
    bar: Share = 0.50  # of its cohort that a video must be better than
    promote: Share = 0.80  # chance of being above the bar that is enough
    stop: Share = 0.15  # and that is too small
    extensions: Annotated[int, Meta(ge=0, le=10)] = 1  # times an undecided stage is made longer
    stage_hours: Positive = 48  # a stage that is not full by then is decided as it stands
    established: Positive = 50  # followers from which a video goes to them first
    follower_hours: Positive = 6  # and then to everybody, whether or not they came
    markets: dict[str, Market] = {}  # by country of publishing

    def __post_init__(self) -> None:
        for where, quotas in (("quotas", self.quotas), *(
            (f"markets.{country}.quotas", market.quotas) for country, market in self.markets.items()
        )):  # fmt: skip
            rises = all(low < high for low, high in pairwise(quotas))
            if not rises or (where == "quotas" and not quotas):
                raise Refused(where, f"{list(quotas)} does not rise", "impressions, rising")
        if self.stop >= self.promote:
            reason = f"{self.stop} is not below promote = {self.promote}"
            raise Refused("stop", reason, "a smaller chance than promote")

    def quotas_of(self, country: str) -> Quotas:
        market = self.markets.get(country)
        return market.quotas if market and market.quotas else self.quotas

    def life_ms_of(self, country: str) -> int:
        market = self.markets.get(country)
        return 86_400_000 * (market.life_days if market and market.life_days else self.life_days)
