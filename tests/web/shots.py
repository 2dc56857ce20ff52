"""Pictures of every state of the player, for the guide: phone and desktop, light and dark.

    python -m tests.web.shots docs/guide/player

The world is a small one, all of it painted; a minute or two on two cores.
"""

from __future__ import annotations

import asyncio
import io
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from PIL import Image
from playwright.async_api import Browser, Route, async_playwright, expect

from tests.clients.serving import without_proxies
from tests.web.browser import NONE, found
from tests.web.serving import Served
from tests.web.visiting import Visit

CLIPS = 24  # two of each topic
SIZES = {"phone": (390, 780), "desktop": (1360, 860)}
QUALITY = 62
CALM_MS = 900  # until what glides has come to rest

Shoot = Callable[[str], Awaitable[None]]


async def states(here: Visit, shoot: Shoot, wide: bool) -> None:
    """One after the other, in the order in which one meets them."""
    page = here.page
    for _ in range(2):
        await here.next()
    await page.wait_for_timeout(CALM_MS)
    await shoot("feed")

    await page.keyboard.press(" ")
    await page.get_by_role("slider", name="Place in the clip").fill("2.6")
    await shoot("paused")
    await page.keyboard.press(" ")

    box = await here.clip.bounding_box()
    assert box is not None
    x, y = box["x"] + 0.4 * box["width"], box["y"] + 0.45 * box["height"]
    await page.mouse.dblclick(x, y)
    await page.wait_for_timeout(260)
    await shoot("like")

    for key, name in (("w", "why"), ("n", "not-interested"), ("?", "keys"), ("g", "glass")):
        if key != "w" or not wide:  # there it is beside the stage, unless one closes it
            await page.keyboard.press(key)
        await page.wait_for_timeout(CALM_MS)
        await shoot(name)
        await here.close()
    await here.button("Menu").click()
    await page.wait_for_timeout(CALM_MS)
    await shoot("menu")
    await here.close()

    await here.button("Following").click()
    await expect(page.get_by_text("Nobody to follow yet")).to_be_visible()
    await shoot("empty")
    await page.get_by_role("button", name="For You", exact=True).click()

    await page.context.set_offline(True)
    await page.wait_for_timeout(CALM_MS)
    await shoot("offline")
    await page.context.set_offline(False)

    while await here.clip.count():
        await page.keyboard.press("ArrowDown")
        await page.wait_for_timeout(120)
    await expect(page.get_by_text("You have reached the sea")).to_be_visible()
    await page.wait_for_timeout(CALM_MS)
    await shoot("end")


async def waiting(here: Visit, url: str) -> None:
    """A feed that takes its time."""

    async def never(_: Route) -> None:
        await asyncio.sleep(60)

    await here.page.route("**/v1/feeds/**", never)
    await here.page.goto(url)
    await here.page.wait_for_timeout(CALM_MS)


async def shots(browser: Browser, served: Served, out: Path, size: str, look: str) -> None:
    width, height = SIZES[size]

    async def come() -> Visit:
        context = await browser.new_context(
            viewport={"width": width, "height": height},
            has_touch=size == "phone",
            color_scheme="dark" if look == "dark" else "light",
        )
        return Visit(await context.new_page(), served)

    here = await come()

    async def shoot(name: str) -> None:
        taken = Image.open(io.BytesIO(await here.page.screenshot()))
        taken.save(out / f"{name}-{size}-{look}.webp", quality=QUALITY, method=6)

    await waiting(here, served.url)
    await shoot("loading")
    await here.page.context.close()
    here = await come()
    await here.open()
    await states(here, shoot, size == "desktop")
    await here.page.context.close()


async def main(out: Path) -> None:
    path = await asyncio.to_thread(found)
    if path is None:
        raise SystemExit(NONE)
    without_proxies()
    with tempfile.TemporaryDirectory() as folder, Served(Path(folder), CLIPS, CLIPS) as served:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
            for size in SIZES:
                for look in ("light", "dark"):
                    await shots(browser, served, out, size, look)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(folder))
