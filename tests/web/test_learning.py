"""The feed learns: who watches one topic to its end and skips the rest soon gets more of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from itertools import pairwise

import pytest
from playwright.async_api import expect

from tests.conftest import Rounds
from tests.web.conftest import Visiting
from tests.web.painting import CLIPS, LASTS_S
from tests.web.serving import Served
from tests.web.visiting import Visit

pytestmark = pytest.mark.asyncio(loop_scope="session")

SWIPES, FROM = 30, 10
AFTER = 8  # swipes once the topic is no longer wanted
SKIP_MS = 400
PAIRS = [("cats", "pottery"), ("football", "origami"), ("stargazing", "sourdough")]


async def test_what_is_watched_to_the_end_comes_three_times_as_often(
    visit: Visiting, served: Served, rounds: Rounds
) -> None:
    for one, other in PAIRS[: rounds(few=1, many=3)]:
        async with asyncio.TaskGroup() as both:
            both.create_task(learns(await visit(), served, one))
            both.create_task(learns(await visit(), served, other))


async def learns(here: Visit, served: Served, topic: str) -> None:
    clips = {clip.id: clip for clip in served.world.clips}
    for _ in range(SWIPES):
        if served.topics[await here.shown()] == topic:
            await here.played(LASTS_S)
        else:
            await here.glanced(SKIP_MS)
        await here.next()
    seen = (await here.seen())[:SWIPES]
    assert sorted(set(seen)) == sorted(seen)  # nothing twice
    for before, after in pairwise(seen):
        assert clips[before].creator != clips[after].creator
        assert clips[before].sound != clips[after].sound
    topics = Counter(served.topics[video] for video in seen[FROM:])
    in_catalogue = sum(named == topic for named in served.topics.values()) / CLIPS
    share = topics[topic] / (SWIPES - FROM)
    assert share >= 3 * in_catalogue, await story(here, served, topic)
    assert len(topics) >= 5, topics

    while f"about {topic}" not in (why := await why_shown(here, served, topic)):
        assert "Exploring" in why  # its place was kept for it, taste or none
        await here.next()

    before = await here.shown()
    await here.less("nothing on this topic")
    await here.moved_from(before)
    for _ in range(AFTER):
        assert served.topics[await here.next()] != topic
    await here.leave()


async def why_shown(here: Visit, served: Served, topic: str) -> str:
    """The reasons of the next clip of `topic`, the one on screen counting."""
    while served.topics[await here.shown()] != topic:
        await here.next()
    await here.page.keyboard.press("w")
    panel = here.page.get_by_role("dialog", name="Why this clip?")
    await expect(panel.get_by_role("listitem").first).to_be_visible()
    reasons = await panel.get_by_role("list").first.inner_text()
    await here.close()
    return reasons


async def story(here: Visit, served: Served, topic: str) -> str:
    """What came, and what the log holds of it: for whom a feed did not learn."""
    lines = [f"{topic} of " + " ".join(served.topics[video] for video in await here.seen())]
    for event in await served.told(here.session):
        video = getattr(event, "video", "")
        watched_s = getattr(event, "watched_ms", 0) / 1000
        lines.append(f"{event.time} {type(event).__name__} {served.topics.get(video)} {watched_s}")
    return "\n".join(lines)
