"""One demo and one browser for all journeys; each has a visitor of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from freshet.demo.page import BUILT
from tests.clients.conftest import node  # noqa: F401 (a fixture)
from tests.clients.serving import without_proxies
from tests.web.browser import NONE, found
from tests.web.opening import ADMIN_KEY
from tests.web.painting import PAINTED, paint
from tests.web.serving import Served
from tests.web.visiting import Visit

PHONE = {"width": 390, "height": 780}
DESKTOP = {"width": 1360, "height": 860}
FEW_CLIPS, FEW_SWIPES = 24, 400  # enough for some to go on and others to stop

Visiting = Callable[..., Awaitable[Visit]]


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a world whose pictures the others share: drawing is what takes longest."""
    folder = tmp_path_factory.mktemp("drawn") / "world"
    paint(folder, PAINTED)
    return folder


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def served(tmp_path_factory: pytest.TempPathFactory, drawn: Path) -> AsyncIterator[Served]:
    assert (BUILT / "index.html").is_file(), "the player's page is not built: make web"
    without_proxies()
    with Served(tmp_path_factory.mktemp("web"), drawn=drawn) as served:
        yield served


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    path = await asyncio.to_thread(found)
    if path is None:
        pytest.skip(NONE)  # which under CI fails the run
    async with async_playwright() as playwright:
        # Without a sandbox: containers forbid it, and the only page is ours.
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def trying(tmp_path_factory: pytest.TempPathFactory, drawn: Path) -> AsyncIterator[Served]:
    """A smaller world, where new videos are tried in stages."""
    without_proxies()
    folder = tmp_path_factory.mktemp("trying")
    few = Served(folder, FEW_CLIPS, past=FEW_SWIPES, drawn=drawn, FRESHET_STAGES_ON="true")
    with few as served:
        yield served


@pytest_asyncio.fixture(loop_scope="session")
async def visit(served: Served, browser: Browser) -> AsyncIterator[Visiting]:
    """`await visit()`: somebody new opens the page, on a phone unless told otherwise."""
    async with visitors(served, browser) as come:

        async def opened(path: str = "/", wide: bool = False, **more: Any) -> Visit:
            return await (await come(wide, **more)).open(path)

        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def read(trying: Served, browser: Browser) -> AsyncIterator[Visiting]:
    """`await read(path)`: the operator opens a page, of creators or their own."""
    async with visitors(trying, browser) as come:

        async def opened(
            path: str, wide: bool = False, key: str = ADMIN_KEY, wait: str = "", **more: Any
        ) -> Visit:
            return await (await come(wide, **more)).read(path, key, wait)

        yield opened


@asynccontextmanager
async def visitors(served: Served, browser: Browser) -> AsyncIterator[Visiting]:
    """Each with a browser of their own. That no page complained of anything is looked at when
    the test is over."""
    visits: list[Visit] = []

    async def come(wide: bool, **more: Any) -> Visit:
        about = {"viewport": DESKTOP} if wide else {"viewport": PHONE, "has_touch": True}
        context = await browser.new_context(**(about | more))
        visits.append(Visit(await context.new_page(), served))
        return visits[-1]

    yield come
    for one in visits:
        await one.page.context.close()
    assert [complaint for one in visits for complaint in one.complaints] == []
