"""Pictures of the operator's and the creator's page, for the guide: phone and desktop, both looks.

    python -m tests.web.shots_pages docs/guide/pages

Empty, then busy, then with a penalty. The world is a small one, all of it painted and tried in
stages; a few minutes on two cores.
"""

from __future__ import annotations

import asyncio
import io
import re
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.async_api import Browser, async_playwright, expect

from freshet.app import now_ms
from tests.clients.serving import without_proxies
from tests.web.acting import DAY_MS, Acting
from tests.web.browser import NONE, found
from tests.web.opening import ADMIN_KEY
from tests.web.serving import Served
from tests.web.shots import CALM_MS, CLIPS, QUALITY, SIZES
from tests.web.visiting import Visit

SWIPES = 900
Paths = dict[str, str]
# Where a picture begins further down, and how it gets there.
BELOW = {"diagnosis": re.compile("^(The wrong people|They did not|When they leave)")}
LOADED = "() => [...document.querySelectorAll('video')].every((film) => film.readyState > 0)"
TO_TOP = """(heading) => {
    const page = heading.closest(".page");
    const bar = innerWidth < 900 ? page.querySelector("header").offsetHeight : 0;
    page.scrollTop += heading.getBoundingClientRect().top - bar - 34;
}"""


def empty(acting: Acting) -> Paths:
    """Nobody waits, nothing is in force; somebody who posted nothing."""
    acting.settle()
    nobody = next(person for person, videos in acting.people().items() if not videos)
    return {
        "queue-empty": "/operator/queue", "duplicates-empty": "/operator/duplicates",
        "penalties-empty": "/operator/penalties", "studio-empty": f"/studio/{nobody}",
    }  # fmt: skip


def busy(served: Served, acting: Acting) -> Paths:
    """Reports, a question, a copy with an appeal; the video that most was decided of."""
    clips = list({clip.creator: clip for clip in served.world.clips}.values())
    reported, questioned, copy, original = (clip.id for clip in clips[:4])
    told = now_ms()
    acting.report(reported, *(f"{told} {k}" for k in range(4)))
    acting.report(reported, *(f"{told} other {k}" for k in range(2)), reason="a scam")
    acting.decide("review", video=questioned, reason="is this a real doctor?")
    made = acting.decide("duplicate", video=copy, original=original, reason="the same recording")
    text = "It is my own recording: I filmed it on Sunday, the other one came two days later."
    acting.appeal(clips[2].creator, made, text)
    seen, stalled = most_told(served, acting), most_told(served, acting, stalled=True)
    return {
        "stages": "/operator", "queue": f"/operator/queue/video/{reported}",
        "appeal": f"/operator/queue/video/{copy}", "duplicates": "/operator/duplicates",
        "log": "/operator/log", "studio": f"/studio/{creator_of(served, seen)}",
        "video": f"/studio/{creator_of(served, seen)}/video/{seen}",
        "diagnosis": f"/studio/{creator_of(served, stalled)}/video/{stalled}",
    }  # fmt: skip


def penalised(served: Served, acting: Acting) -> Paths:
    person, video = next((clip.creator, clip.id) for clip in served.world.clips[5:])
    acting.decide("spam", video=video, reason="one caption for the fifth time within a week")
    acting.decide("penalised", person=person, until=now_ms() + 7 * DAY_MS,
                  reason="3 videos barred within 30 days")  # fmt: skip
    return {
        "penalties": "/operator/penalties", "studio-penalised": f"/studio/{person}",
        "standing": f"/studio/{person}/standing",
    }  # fmt: skip


def most_told(served: Served, acting: Acting, stalled: bool = False) -> str:
    """The video of which there is most to tell."""

    def told(video: str) -> tuple[bool, bool, int, int]:
        found = acting.get(f"/v1/videos/{video}/diagnosis")
        decisions = found["journey"]["decisions"] if found["journey"] else []
        why = found["cause"] in ("audience", "watching")
        return why == stalled, bool(found["leaving"]), len(decisions), found["views"]

    return max((clip.id for clip in served.world.clips), key=told)


def creator_of(served: Served, video: str) -> str:
    return next(clip.creator for clip in served.world.clips if clip.id == video)


async def shots(browser: Browser, served: Served, out: Path, paths: Paths) -> None:
    for size, (width, height) in SIZES.items():
        for look in ("light", "dark"):
            context = await browser.new_context(
                viewport={"width": width, "height": height}, has_touch=size == "phone",
                color_scheme="dark" if look == "dark" else "light",
            )  # fmt: skip
            here = await Visit(await context.new_page(), served).read("/operator", ADMIN_KEY)
            for name, path in paths.items():
                await here.page.goto(served.url + path)
                await expect(
                    here.page.get_by_role("main").get_by_role("heading")
                ).not_to_have_count(0)
                await expect(here.page.get_by_text("Loading", exact=True)).to_have_count(0)
                if (below := BELOW.get(name)) is not None:
                    heading = here.page.get_by_role("heading", name=below).first
                    await heading.evaluate(TO_TOP)
                await here.page.wait_for_function(LOADED)
                await here.page.wait_for_timeout(CALM_MS)
                taken = Image.open(io.BytesIO(await here.page.screenshot()))
                taken.save(out / f"{name}-{size}-{look}.webp", quality=QUALITY, method=6)
            await context.close()


async def main(out: Path) -> None:
    path = await asyncio.to_thread(found)
    if path is None:
        raise SystemExit(NONE)
    without_proxies()
    with (
        tempfile.TemporaryDirectory() as folder,
        Served(Path(folder), CLIPS, CLIPS, SWIPES, FRESHET_STAGES_ON="true") as served,
    ):
        acting = Acting(served.url)
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
            await shots(browser, served, out, empty(acting))
            await shots(browser, served, out, busy(served, acting))
            await shots(browser, served, out, penalised(served, acting))


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(folder))
