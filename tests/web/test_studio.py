"""A creator's page: nothing posted, videos on their way, and penalised."""

from __future__ import annotations

import math
import re

import httpx
import pytest
from playwright.async_api import expect

from freshet.app import now_ms
from tests.web.acting import DAY_MS, Acting
from tests.web.conftest import Visiting
from tests.web.serving import Served

pytestmark = pytest.mark.asyncio(loop_scope="session")
WIDTHS = pytest.mark.parametrize("wide", [False, True], ids=["phone", "desktop"])


@pytest.fixture
def acting(trying: Served) -> Acting:
    """Nobody waits and nothing is in force."""
    acting = Acting(trying.url)
    acting.settle()
    return acting


def creator_of(acting: Acting, video: str) -> str:
    return str(acting.get(f"/v1/videos/{video}")["creator"])


async def test_only_the_operator_takes_a_creators_place(trying: Served) -> None:
    async with httpx.AsyncClient(base_url=trying.url, trust_env=False) as http:
        viewer = (await http.post("/demo/session", json={})).json()["token"]
        for headers in ({}, {"Authorization": f"Bearer {viewer}"}):
            said = {"person": trying.world.plan.people[0].id}
            answer = await http.post("/demo/studio", json=said, headers=headers)
            assert answer.status_code in (401, 403)
            assert (await http.get("/demo/people", headers=headers)).status_code in (401, 403)
        for code in ("", "guessed"):
            assert (await http.post("/demo/operator", json={"code": code})).status_code == 401


async def test_it_says_how_to_get_in(read: Visiting) -> None:
    here = await read("/studio", key="", wait="Whose studio?")
    await expect(here.page.get_by_text("open the operator's link")).to_be_visible()


@WIDTHS
async def test_who_posted_nothing_is_told_what_will_stand_there(
    read: Visiting, acting: Acting, wide: bool
) -> None:
    nobody = next(person for person, videos in acting.people().items() if not videos)
    here = await read(f"/studio/{nobody}", wide=wide)
    await expect(here.page.get_by_text("Nothing posted yet")).to_be_visible()
    await here.page.get_by_role("link", name="Standing").click()
    await expect(here.page.get_by_text("All is well")).to_be_visible()


@WIDTHS
async def test_each_video_tells_its_way_and_what_was_decided(
    read: Visiting, trying: Served, acting: Acting, wide: bool
) -> None:
    told = {clip.id: clip.headline for clip in trying.world.clips}
    diagnoses = [acting.get(f"/v1/videos/{video}/diagnosis") for video in told]
    tried = [one for one in diagnoses if one["journey"]]
    most = max(tried, key=lambda one: (one["views"], len(one["journey"]["decisions"])))
    journey, video = most["journey"], most["video"]
    here = await read(f"/studio/{creator_of(acting, video)}", wide=wide)
    await here.page.get_by_role("link", name=told[video]).click()
    main = here.page.get_by_role("main")
    await expect(here.heading).to_have_text(told[video])
    steps = main.get_by_role("list", name=re.compile("^(Stage|Stopped|Open)")).get_by_role(
        "listitem"
    )
    await expect(steps).to_have_count(journey["stages"] + 1)
    verdicts = {
        "promoted": "Went on to", "extended": "was made longer", "stopped": "Stopped in stage",
        "opened": "Went on to everybody",
    }  # fmt: skip
    for decision in journey["decisions"]:
        words = verdicts[decision["verdict"]]
        await expect(main.locator("ol b").filter(has_text=words).first).to_be_visible()
    await expect(main.get_by_text(most["next"]["text"], exact=False)).to_be_visible()
    assert most["numbers"]
    await expect(main.get_by_role("heading", name="Beside such videos")).to_be_visible()
    for number in most["numbers"]:
        share = f"{math.floor(100 * number['value'] + 0.5)} %"  # the page rounds a half up
        if number["value"] >= 0.1:
            await expect(main.get_by_text(share, exact=True).first).to_be_visible()
    if most["leaving"]:
        curve = main.get_by_role("img", name=re.compile("^Still watching at the end"))
        await expect(curve).to_be_visible()


@WIDTHS
async def test_a_penalty_is_told_and_appealed_against_and_the_answer_stands_there(
    read: Visiting, acting: Acting, wide: bool
) -> None:
    person = max(acting.people().items(), key=lambda one: one[1])[0]
    made = acting.decide(
        "penalised", person=person, until=now_ms() + 3 * DAY_MS, reason="three videos barred"
    )
    here = await read(f"/studio/{person}", wide=wide)
    main = here.page.get_by_role("main")
    await expect(main.get_by_text("Your profile is penalised")).to_be_visible()
    await expect(main.get_by_text("Cause: three videos barred")).to_be_visible()
    await here.page.get_by_role("link", name="how to appeal").click()
    now = main.locator("section").first
    for words in ("three videos barred", "None of your videos is recommended", "(in 3 d)"):
        await expect(now.get_by_text(words)).to_be_visible()
    await expect(now.get_by_text("by a moderator")).to_be_visible()  # and not by whom
    await now.get_by_role("button", name="Appeal").click()
    await now.get_by_role("textbox").fill("They were my own\nrecordings")
    await now.get_by_role("button", name="Appeal").click()
    await expect(now.get_by_text("A moderator has still to look at it.")).to_be_visible()
    await expect(now.get_by_role("button", name="Appeal")).to_have_count(0)
    assert acting.waiting() == {person}

    told = {"moderator": "lou", "reason": "they were not", "granted": False}
    acting.post(f"/v1/moderation/decisions/{made}/answer", **told)
    await here.page.reload()
    await expect(now.get_by_text("they were not")).to_be_visible()
    await expect(now.get_by_text("Turned down")).to_be_visible()


async def test_a_video_of_somebody_else_is_not_shown(read: Visiting, acting: Acting) -> None:
    nobody = next(person for person, videos in acting.people().items() if not videos)
    here = await read(f"/studio/{nobody}/video/clip0000", wait="No video of yours")
    await expect(here.page.locator("video")).to_have_count(0)
