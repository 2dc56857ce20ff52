"""The pages of operators and creators, for everybody: in both looks, with a screen reader."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from freshet.app import now_ms
from tests.web.acting import DAY_MS, Acting
from tests.web.conftest import Visiting
from tests.web.serving import Served
from tests.web.test_access import AXE, issues

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture
def pages(trying: Served) -> list[str]:
    """All of them, busy."""
    acting = Acting(trying.url)
    acting.settle()
    posted = {clip.creator: clip.id for clip in trying.world.clips}
    (person, video), (other, copy), *_ = posted.items()
    acting.report(video, *(f"{now_ms()} {k}" for k in range(5)))  # each counts once, for ever
    made = acting.decide("duplicate", video=copy, original=video)
    acting.appeal(other, made, "mine")
    acting.decide("penalised", person=person, until=now_ms() + DAY_MS)
    return [
        "/operator", f"/operator/queue/video/{video}", f"/operator/queue/video/{copy}",
        "/operator/duplicates", "/operator/penalties", "/operator/log", "/studio",
        f"/studio/{person}", f"/studio/{person}/video/{video}", f"/studio/{person}/standing",
    ]  # fmt: skip


@pytest.mark.parametrize(("wide", "look"), [(False, "dark"), (True, "light")])
async def test_axe_finds_nothing_serious(
    read: Visiting, pages: list[str], wide: bool, look: str
) -> None:
    here = await read(
        "/operator", wide=wide, color_scheme=look, bypass_csp=True, reduced_motion="reduce"
    )
    for path in pages:
        await here.page.goto(here.served.url + path)
        await expect(here.page.get_by_role("main").get_by_role("heading").first).to_be_visible()
        await expect(here.page.get_by_text("Loading", exact=True)).to_have_count(0)
        await here.page.evaluate(AXE.read_text())
        assert await issues(here) == [], path
        across = await here.page.evaluate("document.querySelector('.page').scrollWidth")
        assert across <= (1360 if wide else 390), f"{path} is wider than the screen"
