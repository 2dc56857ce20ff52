"""Somebody with the page open: what they do, and what they see."""

from __future__ import annotations

import json
import re
from typing import Any

from playwright.async_api import Locator, Page, expect

from tests.web.serving import Served

PATIENCE_MS = 30_000  # a busy machine is not a broken page

# Every clip half of which came on screen, in order, as the browser itself says it.
NOTE = """
window.onScreen = [];
function note(records, names) {
    for (const { target, intersectionRatio } of records)
        if (intersectionRatio >= 0.5)
            window.onScreen.push(names?.get(target) ?? target.dataset.video);
}
const half = new IntersectionObserver((records) => note(records), { threshold: [0, 0.5] });
// Articles take turns: what was noted of one so far was of the clip that it showed until now.
const turns = new MutationObserver((changes) => {
    const names = changes.reverse().map(({ target, oldValue }) => [target, oldValue]);
    note(half.takeRecords(), new Map(names));
});
const known = new Set();
(function look() {
    for (const article of document.querySelectorAll("article[data-video]"))
        if (!known.has(article)) {
            known.add(article);
            half.observe(article);
            turns.observe(article, { attributeFilter: ["data-video"], attributeOldValue: true });
        }
    requestAnimationFrame(look);
})();
"""
PLACE = "document.querySelector('article[data-video]:not([inert])')?.ariaPosInSet ?? 0"
FASTER = 3
PLAYED = """
(video, [seconds, faster]) => new Promise((done) => {
    video.playbackRate = faster;
    let before = video.currentTime, sum = 0;
    video.addEventListener("timeupdate", function heard() {
        const now = video.currentTime;
        sum += now < before ? video.duration - before + now : now - before;
        before = now;
        if (sum < seconds) return;
        video.removeEventListener("timeupdate", heard);
        video.playbackRate = 1;
        done();
    });
})
"""


class Visit:
    """A page, with all that it complained of."""

    def __init__(self, page: Page, served: Served) -> None:
        self.page, self.served = page, served
        self.complaints: list[str] = []
        self.session = ""
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._heard)

    def _heard(self, said: Any) -> None:
        # Browsers say of each request that it failed, which while offline is no news.
        if said.type in ("error", "warning") and "Failed to load resource" not in said.text:
            self.complaints.append(said.text)

    async def open(self, path: str = "/") -> Visit:
        await self.page.add_init_script(NOTE)
        await self.page.goto(self.served.url + path)
        await expect(self.clip).to_be_visible(timeout=PATIENCE_MS)
        self.session = await self.page.evaluate("sessionStorage.getItem('freshet:session')")
        return self

    async def read(self, path: str, key: str, wait: str = "") -> Visit:
        """A page of operators or creators, once its heading is there, or some words of it.

        Args:
            key: an operator's; "" = who has none.
        """
        if key:
            keep = f"sessionStorage.setItem('freshet:operator', {json.dumps(key)})"
            await self.page.add_init_script(keep)
        await self.page.goto(self.served.url + path)
        await expect(self.page.get_by_text(wait) if wait else self.heading.first).to_be_visible()
        return self

    @property
    def heading(self) -> Locator:
        return self.page.get_by_role("main").get_by_role("heading", level=2)

    @property
    def clip(self) -> Locator:
        """The one on screen."""
        return self.page.locator("article[data-video]:not([inert])")

    async def shown(self) -> str:
        video = await self.clip.get_attribute("data-video")
        assert video is not None
        return video

    async def seen(self) -> list[str]:
        """All that came on screen since the page was loaded."""
        seen: list[str] = await self.page.evaluate("window.onScreen")
        return seen

    async def place(self) -> int:
        """Of the clip on screen among all that came, from 1; 0 while the next are awaited.

        Who moves on fast enough never gets half of a clip on screen.
        """
        return int(await self.page.evaluate(PLACE))

    async def settled(self) -> list[str]:
        """The same, once nothing moves any more: keys may be ahead of the screen."""
        before: list[str] = []
        while (now := await self.seen()) != before:
            before = now
            await self.page.wait_for_timeout(700)
        return now

    async def next(self) -> str:
        """Swipe by key; the clip that is then on screen."""
        before = await self.shown()
        await self.page.keyboard.press("ArrowDown")
        await self.moved_from(before)
        video = await self.shown()
        await self.came(video)
        return video

    async def less(self, meaning: str) -> None:
        """Not interested, in what the panel says by `meaning`."""
        await self.page.keyboard.press("n")
        dialog = self.page.get_by_role("dialog", name="Not interested")
        await dialog.get_by_role("button", name=meaning).click()

    async def leave(self) -> None:
        """Close the page: what plays on takes its share of the machine."""
        await self.page.close()

    async def close(self) -> None:
        """Whatever panel is open."""
        await self.page.keyboard.press("Escape")
        await expect(self.page.locator("dialog")).to_have_count(0)  # hidden a little sooner

    async def came(self, video: str) -> None:
        """Until half of it is on screen: it glides there."""
        await self.page.wait_for_function("(video) => window.onScreen.at(-1) === video", arg=video)

    async def moved_from(self, video: str) -> None:
        await expect(self.clip).not_to_have_attribute("data-video", video, timeout=PATIENCE_MS)

    async def at(self, video: str) -> None:
        await expect(self.clip).to_have_attribute("data-video", video, timeout=PATIENCE_MS)

    async def glanced(self, ms: int) -> None:
        """A short look, however long a busy machine takes about it: the clip all but stands."""
        await self.clip.locator("video").evaluate("(video) => (video.playbackRate = 0.1)")
        await self.page.wait_for_timeout(ms)

    def button(self, name: str | re.Pattern[str]) -> Locator:
        """By its whole name: a clip's own words may hold it, too ("1986 called back")."""
        return self.page.get_by_role("button", name=name, exact=True)

    def status(self, text: str) -> Locator:
        return self.page.get_by_role("status").filter(has_text=text)

    async def played(self, seconds: float) -> None:
        """Until so much of the clip was played, faster than it was made for."""
        await self.clip.locator("video").evaluate(PLAYED, [seconds, FASTER])
