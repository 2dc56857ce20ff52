"""For everybody: without a mouse, without motion, with a screen reader."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.web.conftest import Visiting
from tests.web.visiting import Visit

pytestmark = pytest.mark.asyncio(loop_scope="session")

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"


async def issues(here: Visit) -> list[str]:
    """What axe finds serious, twice in a row: the page may just be on its way to another state."""
    found = await looked(here)
    if found:
        await here.page.wait_for_timeout(1_000)
        found = await looked(here)
    return found


async def looked(here: Visit) -> list[str]:
    found = await here.page.evaluate("axe.run().then((found) => found.violations)")
    return [
        f"{one['id']}: {node['html'][:160]} {node['failureSummary']}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("look", ["light", "dark"])
@pytest.mark.parametrize("wide", [False, True], ids=["phone", "desktop"])
async def test_axe_finds_nothing_serious(visit: Visiting, wide: bool, look: str) -> None:
    # bypass_csp: the page lets no script in but its own, axe neither.
    here = await visit(wide=wide, color_scheme=look, bypass_csp=True, reduced_motion="reduce")
    await here.page.evaluate(AXE.read_text())
    assert await issues(here) == []
    for key, title in (("n", "Not interested"), ("?", "Keys")):
        await here.page.keyboard.press(key)
        await expect(here.page.get_by_role("dialog", name=title)).to_be_visible()
        assert await issues(here) == []
        await here.close()
    await here.button("Menu").click()
    assert await issues(here) == []
    await here.close()
    await here.button("Following").click()
    await expect(here.page.get_by_text("Nobody to follow yet")).to_be_visible()
    assert await issues(here) == []


async def test_all_can_be_reached_by_keys_and_a_panel_gives_the_focus_back(visit: Visiting) -> None:
    here = await visit()
    reached = set()
    for _ in range(24):
        await here.page.keyboard.press("Tab")
        reached.add(
            await here.page.evaluate(
                "(document.activeElement.ariaLabel ?? document.activeElement.innerText).trim()"
            )
        )
    for name in ("Menu", "For You", "Following", "Not interested", "Place in the clip"):
        assert name in reached
    less = here.button("Not interested")
    await less.focus()
    await here.page.keyboard.press("Enter")
    dialog = here.page.get_by_role("dialog", name="Not interested")
    await expect(dialog).to_be_visible()
    await here.close()
    await expect(less).to_be_focused()


async def test_what_is_on_screen_is_said_and_the_rest_is_not_there(visit: Visiting) -> None:
    here = await visit()
    await here.next()
    name = await here.clip.get_attribute("aria-label")
    assert name
    await expect(here.status(name)).to_have_count(1)
    await expect(here.page.locator("article[data-video][inert]")).to_have_count(3)


async def test_who_wants_no_motion_gets_none(visit: Visiting) -> None:
    here = await visit(reduced_motion="reduce")
    moving = await here.page.evaluate(
        """[...document.querySelectorAll("*")].filter((one) => {
            const { transitionDuration, animationDuration, animationName } = getComputedStyle(one);
            const glides = transitionDuration.split(",").some((s) => parseFloat(s) > 0.01);
            return glides || (animationName !== "none" && parseFloat(animationDuration) > 0.01);
        }).map((one) => one.className)"""
    )
    assert moving == []
    await here.next()
