"""Experiments: a surface's viewers split into arms that rank by other settings.

    key ─▶ hash with the experiment's name and seed ─▶ [0, 1) ─▶ |holdout| arm | arm | rest |

A viewer keeps the arm as long as name, seed and shares stand. One experiment at a time runs
on a surface. What an arm does not name is as the surface's own section has it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from freshet.domain.errors import Refused

HOLDOUT = "holdout"
Share = Annotated[float, Meta(ge=0, le=1)]
S = TypeVar("S", bound=msgspec.Struct)


class Arm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One way to rank."""

    share: Share  # of the surface's viewers
    weights: dict[str, float] = {}  # laid over the surface's value table
    explore_share: Share | None = None  # in place of the surface's, where it has chance
    model: Literal["live"] = "live"  # whose predictions it ranks by
    settings: dict[str, Any] = {}  # laid over the surface's other settings


class Experiment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A split of one surface's viewers."""

    surface: Literal["for_you", "following"] = "for_you"  # whose viewers are split
    seed: Annotated[int, Meta(ge=0)] = 0  # another one splits them anew
    running: bool = True  # False: nobody is in it; its results stay
    holdout: Share = 0.0  # of viewers who get the plain surface and are counted beside
    control: str = ""  # the arm the others are compared with; "" = the first
    arms: dict[str, Arm]  # by name

    def arm_of(self, name: str, viewer: str) -> str:
        """The arm of a viewer's key in the experiment `name`, "" = in none.

        >>> one = Experiment(arms={"a": Arm(share=0.5), "b": Arm(share=0.5)})
        >>> one.arm_of("test", "p_1"), one.arm_of("test", "p_2"), one.arm_of("test", "p_3")
        ('a', 'b', 'a')
        """
        at = chance(name, self.seed, viewer)
        for arm, share in ((HOLDOUT, self.holdout), *self._shares()):
            if at < share:
                return arm
            at -= share
        return ""

    def _shares(self) -> list[tuple[str, float]]:
        return [(name, arm.share) for name, arm in self.arms.items()]


def chance(name: str, seed: int, viewer: str) -> float:
    """In [0, 1), evenly, and for each experiment another."""
    digest = hashlib.blake2b(f"{name}:{seed}:{viewer}".encode(), digest_size=6).digest()
    return int.from_bytes(digest, "big") / 2**48


def labelled(experiment: str, arm: str) -> str:
    """As `SlateServed` has it."""
    return f"{experiment}/{arm}"


def laid_over(path: str, below: S, arm: Arm) -> S:
    """A surface's settings as an arm has them.

    Raises:
        Refused: the arm names a setting that the surface has not, or a wrong value.
    """
    plain = msgspec.to_builtins(below)
    above = dict(arm.settings)
    if arm.explore_share is not None:
        above["explore_share"] = arm.explore_share
    for name, value in above.items():
        if name not in plain or name in ("weights", "slates_kept"):
            right = ", ".join(sorted(set(plain) - {"weights", "slates_kept"}))
            raise Refused(f"{path}.{name}", "is no setting of this surface that an arm has", right)
        plain[name] = value
    plain["weights"] |= arm.weights
    try:
        return msgspec.convert(plain, type(below))
    except msgspec.ValidationError as error:
        raise Refused(path, str(error)) from None


def check(experiments: Mapping[str, Experiment]) -> None:
    """
    Raises:
        Refused: shares beyond 1, a name that cannot be one, two experiments on one surface.
    """
    running: dict[str, str] = {}
    for name, one in experiments.items():
        path = f"experiments.{name}"
        total = one.holdout + sum(arm.share for arm in one.arms.values())
        if total > 1 + 1e-9:
            raise Refused(f"{path}.arms", f"share {total:g} of the viewers", "1 at most")
        for text in (name, *one.arms):
            if not text or "/" in text or text == HOLDOUT:
                raise Refused(f"{path}.arms", f"{text!r} cannot be a name", "text without /")
        if one.control and one.control not in one.arms:
            raise Refused(f"{path}.control", "is no arm of it", ", ".join(one.arms))
        if one.running:
            if one.surface in running:
                reason = f"{running[one.surface]!r} runs on {one.surface} already"
                raise Refused(f"{path}.surface", reason, "one at a time: running = false")
            running[one.surface] = name
