"""Behind the glass: the last slate to its last number, and how the system does."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Locator, expect

from tests.web.conftest import Visiting
from tests.web.serving import Served
from tests.web.visiting import Visit

pytestmark = pytest.mark.asyncio(loop_scope="session")

COUNTED = re.compile(r"([\d,]+) in the log")


def glass(here: Visit) -> Locator:
    return here.page.get_by_role("dialog", name="Behind the glass")


async def events(here: Visit) -> int:
    text = await glass(here).get_by_text(COUNTED).inner_text()
    found = COUNTED.search(text)
    assert found
    return int(found[1].replace(",", ""))


async def test_it_tells_the_last_slate_and_where_each_clip_stands(
    visit: Visiting, served: Served
) -> None:
    here = await visit("/glass", wide=True)
    rows = glass(here).locator("tbody tr")
    await expect(rows.first).to_be_visible()
    titles = {clip.headline for clip in served.world.clips}
    for row in await rows.all():
        cells = await row.locator("td").all_inner_texts()
        assert cells[1] in titles
        assert [cell.endswith("%") for cell in cells[4:9]] == [True] * 5
        assert re.fullmatch(r"-?\d+\.\d\d", cells[9])
    await expect(glass(here).get_by_text("long view", exact=True).first).to_be_visible()
    stands = glass(here).get_by_role("img", name=re.compile(r"^\d+ clips, shown \d+ times$"))
    await expect(stands).to_have_count(len(set(served.topics.values())))


async def test_it_follows_what_happens_and_has_an_address(visit: Visiting) -> None:
    here = await visit(wide=True)
    await here.page.keyboard.press("g")
    before = await events(here)
    assert urlsplit(here.page.url).path == "/glass"
    await here.close()
    assert urlsplit(here.page.url).path == "/"
    for _ in range(3):
        await here.next()
    await here.page.keyboard.press("g")
    await expect(glass(here).get_by_text(COUNTED)).not_to_have_text(
        re.compile(f"^{before:,} in the log"), timeout=20_000
    )
    assert await events(here) > before
    await here.page.reload()
    await expect(glass(here)).to_be_visible()
