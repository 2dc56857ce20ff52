"""Every surface behind one door: which arm a viewer is in, which page a cursor means.

question ─▶ arm of the viewer ─▶ cursor opened ─▶ the surface's feed ─▶ cursor of the next
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from freshet.domain.errors import NotFound, Refused
from freshet.domain.events import SlateServed
from freshet.feed.answer import Answer, Item
from freshet.feed.cursor import Cursors, Page
from freshet.feed.experiments import HOLDOUT, Experiment, labelled
from freshet.feed.options import PLAIN, Options
from freshet.feed.rank import Ranking, Scorer
from freshet.feed.serve import Ask, Feed


@dataclass(frozen=True, slots=True)
class Question:
    """One request to a surface. `viewer` is a key, and so are creators in `options`."""

    viewer: str
    n: int = 10
    request_id: str = ""  # "" = a new one, or the cursor's
    session_id: str = ""
    options: Options = PLAIN
    cursor: str = ""
    given: tuple[str, ...] = ()  # rank and serve this list
    features: bool = False  # tell in the trace what was predicted from
    utc_offset_min: int | None = None  # how far the viewer's clock is ahead, if it is known
    may_shed: bool = False  # under load it may be answered at less cost


@dataclass(frozen=True, slots=True)
class Variant:
    """One surface as one arm has it; the arm "" is the surface itself."""

    feed: Feed
    scorer: Scorer


@dataclass(frozen=True, slots=True)
class Surfaces:
    """`variants` by surface and arm label."""

    variants: Mapping[tuple[str, str], Variant]
    experiments: Mapping[str, Experiment]
    cursors: Cursors
    clock: Callable[[], int]
    new_request_id: Callable[[], str]
    _running: dict[str, tuple[str, Experiment]] = field(init=False)

    def __post_init__(self) -> None:
        running = {one.surface: (n, one) for n, one in self.experiments.items() if one.running}
        object.__setattr__(self, "_running", running)

    def arm(self, surface: str, viewer: str) -> str:
        """Label of the arm a viewer is in on a surface, "" = in none."""
        name, experiment = self._running.get(surface, ("", None))
        arm = experiment.arm_of(name, viewer) if experiment is not None else ""
        return labelled(name, arm) if arm else ""

    async def feed(self, surface: str, asked: Question) -> Answer:
        """The surface's next slate, or the page a cursor names, with the cursor behind it.

        Raises:
            NotFound: no such surface.
            Refused: options or the cursor do not fit.
        """
        feed = self._variant(surface, asked.viewer).feed
        asked.options.check(asked.n)
        page = self._page(surface, asked)
        answer = await feed.serve(
            Ask(
                viewer=asked.viewer,
                n=asked.n,
                request_id=page.request_id,
                session_id=page.session_id,
                repeatable=bool(asked.request_id or asked.cursor),
                options=asked.options,
                given=asked.given,
                features=asked.features,
                utc_offset_min=asked.utc_offset_min,
                may_shed=asked.may_shed,
            )
        )
        return answer if asked.given else self._continued(surface, asked, page, answer)

    async def rank(
        self,
        surface: str,
        viewer: str,
        videos: Sequence[str],
        options: Options = PLAIN,
        reasons: bool = False,
    ) -> Ranking:
        """A given list, scored; nothing is logged."""
        scorer = self._variant(surface, viewer).scorer
        return await scorer.rank(viewer, videos, options, self.clock(), reasons)

    async def why(self, surface: str, viewer: str, video: str) -> tuple[SlateServed, Item]:
        """The latest slate of the surface that showed the video, and its item."""
        return await self._variant(surface, viewer).feed.why(viewer, video)

    def value_parts(self, slate: SlateServed, item: Item) -> dict[str, float]:
        """What each outcome brought to an item's value, weight × prediction; empty where the
        weights in force do not give the value that was logged."""
        variant = self.variants.get((slate.surface, slate.arm))
        served = slate.items[item.position]
        if variant is None or not item.predictions:
            return {}
        parts = variant.scorer.value.parts(served.predictions, served.watch_s)
        worth = served.value - served.boost + served.less_of
        near = 1e-3 * max(1.0, sum(map(abs, parts.values())))
        return parts if abs(sum(parts.values()) - worth) <= near else {}

    def language(self, viewer: str) -> str:
        """What the viewer of a key is known to speak, ISO 639; "" if nobody knows."""
        live = next(iter(self.variants.values())).feed.parts.live
        _, language = live.home(live.viewer_row(viewer))
        return live.names("language", language) if language >= 0 else ""

    @property
    def feeds(self) -> dict[str, Feed]:
        """By surface, as they are without an arm."""
        return {surface: one.feed for (surface, arm), one in self.variants.items() if not arm}

    async def warm(self) -> None:
        """Run each once for nobody's eyes, so that no viewer waits for kernels to compile."""
        for variant in self.variants.values():
            await variant.feed.warm()

    # --- pages ------------------------------------------------------------------------------

    def _page(self, surface: str, asked: Question) -> Page:
        if not asked.cursor:
            request_id = asked.request_id or self.new_request_id()
            return Page(request_id, asked.session_id, 0, 0, 0)
        if asked.request_id:
            raise Refused("request_id", "goes with no cursor: a cursor names its page", "no id")
        digest = asked.options.digest()
        page = self.cursors.opened(asked.cursor, surface, asked.viewer, digest, self.clock())
        if asked.session_id not in ("", page.session_id):
            raise Refused("session_id", "is not that of the cursor", "the same, or none")
        return page

    def _continued(self, surface: str, asked: Question, page: Page, answer: Answer) -> Answer:
        """With a cursor: the same bytes for the same slate, whenever it is asked for again."""
        if not answer.items:
            return answer
        seed = page.seed if page.number else answer.seed
        behind = Page("", answer.session_id, answer.time, seed, page.number + 1)
        cursor = self.cursors.made(surface, asked.viewer, asked.options.digest(), behind)
        return msgspec.structs.replace(answer, cursor=cursor)

    def _variant(self, surface: str, viewer: str) -> Variant:
        if (surface, "") not in self.variants:
            right = ", ".join(name for name, arm in self.variants if not arm)
            raise NotFound("surface", f"there is no surface {surface!r}", right)
        arm = self.arm(surface, viewer)
        return self.variants[surface, arm]


def labels(experiments: Mapping[str, Experiment], surface: str) -> Iterator[tuple[str, str, str]]:
    """(label, experiment, arm) of what runs on a surface; the holdout is an arm too."""
    for name, one in experiments.items():
        if one.running and one.surface == surface:
            if one.holdout:
                yield labelled(name, HOLDOUT), name, HOLDOUT
            for arm in one.arms:
                yield labelled(name, arm), name, arm
