"""A clip at a time, by whatever one has at hand; and what the log says of it."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest
from playwright.async_api import expect

from freshet.domain import events as e
from tests.conftest import Rounds
from tests.web.conftest import Visiting
from tests.web.painting import LASTS_S
from tests.web.serving import Served
from tests.web.visiting import PATIENCE_MS, Visit

pytestmark = pytest.mark.asyncio(loop_scope="session")

MIDDLE = 180


async def drag(visit: Visit, far: int) -> None:
    """A finger put down in the middle of the stage and moved so many pixels down."""
    cdp = await visit.page.context.new_cdp_session(visit.page)

    async def touch(kind: str, y: float) -> None:
        points = [] if kind == "touchEnd" else [{"x": MIDDLE, "y": y}]
        await cdp.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    start = 400
    await touch("touchStart", start)
    for part in range(1, 7):
        await touch("touchMove", start + far * part / 6)
    await touch("touchEnd", 0)


async def test_a_finger_takes_one_clip_on_and_back_and_a_short_drag_none(visit: Visiting) -> None:
    here = await visit()
    first = await here.shown()
    await drag(here, -300)
    await here.moved_from(first)
    second = await here.shown()
    await drag(here, 300)
    await here.at(first)
    await drag(here, 300)  # nothing is before the first
    await drag(here, -300)
    await here.at(second)


async def test_wheel_keys_and_buttons_each_take_one_clip(visit: Visiting) -> None:
    here = await visit(wide=True)
    clips = [await here.shown()]
    await here.page.mouse.move(680, 400)
    for step in (
        here.page.mouse.wheel(0, 120),
        here.page.keyboard.press("j"),
        here.page.keyboard.press("PageDown"),
        here.button("Next clip").click(),
    ):
        await step
        await here.moved_from(clips[-1])
        clips.append(await here.shown())
        await here.came(clips[-1])
    assert len(set(clips)) == 5
    assert await here.seen() == clips
    for key in ("k", "ArrowUp", "PageUp"):
        clips.pop()
        await here.page.keyboard.press(key)
        await here.at(clips[-1])


async def test_a_tap_lets_the_sound_in_then_pauses_and_two_like(visit: Visiting) -> None:
    here = await visit()
    video = here.clip.locator("video")
    await expect(here.page.get_by_text("Tap for sound")).to_be_visible()
    assert await video.evaluate("(video) => video.muted")
    await here.page.touchscreen.tap(MIDDLE, 300)
    await expect(here.page.get_by_text("Tap for sound")).to_be_hidden()
    assert not await video.evaluate("(video) => video.muted")

    await here.page.touchscreen.tap(MIDDLE, 300)
    await expect(here.page.locator(".paused")).to_be_visible()
    assert await video.evaluate("(video) => video.paused")
    await here.page.wait_for_timeout(400)  # two taps so far apart are not one double
    await here.page.touchscreen.tap(MIDDLE, 300)
    await expect(here.page.locator(".paused")).to_be_hidden()

    await here.page.wait_for_timeout(400)
    for _ in range(2):
        await here.page.touchscreen.tap(MIDDLE, 300)
    await expect(here.button(re.compile("^Like, "))).to_have_attribute("aria-pressed", "true")


async def test_a_clip_loops_and_can_be_scrubbed(visit: Visiting) -> None:
    here = await visit()
    await here.played(1.1 * LASTS_S)
    bar = here.page.get_by_role("slider", name="Place in the clip")
    await here.page.keyboard.press(" ")
    await expect(here.page.locator(".paused")).to_be_visible()
    await bar.fill("1.5")
    at = await here.clip.locator("video").evaluate("(video) => video.currentTime")
    assert 1.4 < at < 1.6


async def test_however_fast_one_swipes_each_view_is_told_once(
    visit: Visiting, served: Served, rounds: Rounds
) -> None:
    """Also while the tab is hidden and shown, the network is away and the page is reloaded."""
    here, much, away_s = await visit(), rounds(few=45, many=200), rounds(few=3, many=20)
    await hurry(here, much // 3)
    await hide(here, True)
    await hide(here, False)
    await hurry(here, much // 3)

    await here.page.context.set_offline(True)
    while await here.clip.count():  # to the end of what is there already
        await here.page.keyboard.press("ArrowDown")
        await here.page.wait_for_timeout(100)
    await expect(here.page.get_by_text("The stream is cut")).to_be_visible()
    await here.page.wait_for_timeout(1_000 * away_s)
    await here.page.context.set_offline(False)
    await expect(here.clip).to_be_visible(timeout=PATIENCE_MS)
    seen, place = await here.settled(), await here.place()

    on_screen = await here.shown()
    await here.page.reload()
    await here.at(on_screen)  # where one was
    seen += await hurry(here, much - place)
    assert len(set(seen)) == len(seen) - 1  # the one on screen came again with the page

    await here.page.goto("about:blank")  # the last view ends, too
    both = Counter(seen), Counter(seen)
    assert views(await served.tells(here.session, lambda told: views(told) == both)) == both


async def hurry(here: Visit, swipes: int) -> list[str]:
    """So many clips on, as fast as the keys can be pressed; all that came on screen."""
    goal = await here.place() + swipes
    while await here.place() < goal:
        await here.page.keyboard.press("ArrowDown")
    return await here.settled()


async def hide(here: Visit, hidden: bool) -> None:
    """What a browser does when one looks at another tab, and comes back."""
    state = "hidden" if hidden else "visible"
    await here.page.evaluate(
        """(state) => {
            const now = { value: state, configurable: true };
            Object.defineProperty(document, "visibilityState", now);
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        state,
    )


def views(told: list[Any]) -> tuple[Counter[str], Counter[str]]:
    """How often each video came on screen, and how often such a view has ended."""
    return (
        Counter(event.video for event in told if isinstance(event, e.Impression)),
        Counter(event.video for event in told if isinstance(event, e.Watch) and event.left),
    )
