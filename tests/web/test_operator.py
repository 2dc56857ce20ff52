"""The operator's page: empty, busy and with penalties, on a phone and on a desktop."""

from __future__ import annotations

import re
from contextlib import closing
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Locator, Route, expect

from freshet.app import now_ms, open_access
from tests.web.acting import DAY_MS, Acting
from tests.web.conftest import Visiting
from tests.web.opening import ADMIN_KEY
from tests.web.serving import Served
from tests.web.visiting import Visit

pytestmark = pytest.mark.asyncio(loop_scope="session")
WIDTHS = pytest.mark.parametrize("wide", [False, True], ids=["phone", "desktop"])


@pytest.fixture
def acting(trying: Served) -> Acting:
    """Nobody waits and nothing is in force."""
    acting = Acting(trying.url)
    acting.settle()
    return acting


def videos(served: Served, acting: Acting, n: int) -> list[str]:
    """Of so many creators, one each."""
    posted = {clip.creator: clip.id for clip in served.world.clips}
    return list(posted.values())[:n]


def title(served: Served, video: str) -> str:
    return next(clip.headline for clip in served.world.clips if clip.id == video)


def creator(served: Served, video: str) -> tuple[str, str]:
    """Id and name."""
    clip = next(clip for clip in served.world.clips if clip.id == video)
    names = {person.id: person.display_name for person in served.world.plan.people}
    return clip.creator, names[clip.creator]


async def says(here: Visit, text: str) -> None:
    await expect(here.page.get_by_role("status").filter(has_text=text)).to_have_count(1)


async def gives(place: Locator, name: str, reason: str) -> None:
    """Takes a step that needs a reason."""
    await place.get_by_role("button", name=name).click()
    await place.get_by_role("textbox").fill(reason)
    await place.get_by_role("button", name=name).click()


async def test_the_link_opens_once_and_its_browser_again_by_a_cookie(
    read: Visiting, trying: Served
) -> None:
    here = await read(f"/operator#{trying.operator}", key="")
    await expect(here.heading).to_have_text("Stages")
    assert urlsplit(here.page.url).fragment == ""
    key = await here.page.evaluate("sessionStorage.getItem('freshet:operator')")
    assert key.startswith("fk_")  # made for this, and it ends by itself
    assert await here.page.evaluate("document.cookie") == ""
    tab = await here.page.context.new_page()
    await tab.goto(f"{trying.url}/operator")
    await expect(tab.get_by_role("heading", name="Stages")).to_be_visible()

    late = await read(f"/operator#{trying.operator}", key="")
    await expect(late.heading).to_have_text("Sign in")
    await expect(late.page.get_by_role("alert")).to_contain_text("was used before")


async def test_without_a_key_it_shows_nothing_and_a_good_one_opens_it(read: Visiting) -> None:
    here = await read("/operator/queue", key="")
    await expect(here.heading).to_have_text("Sign in")
    for key, outcome in (("no key", "is not a key of this server"), (ADMIN_KEY, "")):
        await here.page.get_by_label("API key").fill(key)
        await here.page.get_by_role("button", name="Sign in").click()
        if outcome:
            await expect(here.page.get_by_role("alert")).to_contain_text(outcome)
    await expect(here.heading).to_have_text("Queue")


@WIDTHS
async def test_a_report_is_looked_at_and_dismissed(
    read: Visiting, trying: Served, acting: Acting, wide: bool
) -> None:
    [video] = videos(trying, acting, 1)
    here = await read("/operator/queue", wide=wide)
    await expect(here.page.get_by_text("Nobody waits")).to_be_visible()
    acting.report(video, *(f"{wide} {k}" for k in range(5)))
    await here.page.reload()
    await here.page.get_by_role("main").get_by_role("link", name=title(trying, video)).click()
    case = here.page.get_by_role("article", name="Case")
    await expect(case.get_by_text(re.compile("^5 reports, since"))).to_be_visible()
    await expect(case.get_by_text("gory")).to_be_visible()
    await expect(here.heading).to_have_count(1 if wide else 0)  # beside the list, or in its place

    await case.get_by_role("radio", name="Dismiss").check()
    await case.get_by_label("Reason").fill("stage blood")
    await case.get_by_role("button", name="Dismiss").click()
    await says(here, "Decided: Dismissed")
    await expect(case.get_by_text("stage blood").first).to_be_visible()
    if not wide:
        await here.page.get_by_role("link", name="← Queue").click()
    await expect(here.page.get_by_text("Nobody waits")).to_be_visible()


@WIDTHS
async def test_a_copy_stands_beside_its_original_and_an_appeal_is_granted(
    read: Visiting, trying: Served, acting: Acting, wide: bool
) -> None:
    copy, original = videos(trying, acting, 2)
    here = await read("/operator/duplicates", wide=wide)
    await expect(here.page.get_by_text("No copies")).to_be_visible()
    made = acting.decide("duplicate", video=copy, original=original)
    acting.appeal(creator(trying, copy)[0], made, "I filmed it myself")
    await here.page.reload()
    pair = here.page.get_by_role("article")
    await pair.get_by_role("button", name="Play both").click()
    await here.page.wait_for_function(
        "() => [...document.querySelectorAll('video')].every((film) => film.currentTime > 0)"
    )
    shown = await pair.locator("video").evaluate_all("films => films.map((film) => film.src)")
    assert [original in shown[0], copy in shown[1]] == [True, True]

    await pair.get_by_role("link", name=title(trying, copy)).click()
    await expect(here.page.get_by_text("I filmed it myself").first).to_be_visible()
    case = here.page.get_by_role("article", name="Case")
    await gives(case, "Grant it", "so it is")
    await says(here, "Appeal granted.")
    await here.page.get_by_role("link", name="Duplicates").click()
    await expect(here.page.get_by_text("No copies")).to_be_visible()


@WIDTHS
async def test_a_penalty_says_cause_effect_and_end_and_is_reversed(
    read: Visiting, trying: Served, acting: Acting, wide: bool
) -> None:
    person, name = creator(trying, videos(trying, acting, 1)[0])
    here = await read("/operator/penalties", wide=wide)
    await expect(here.page.get_by_text("Nobody is penalised")).to_be_visible()
    acting.decide("penalised", person=person, until=now_ms() + 3 * DAY_MS, reason="thrice")
    await here.page.reload()
    main = here.page.get_by_role("main")
    await expect(main.get_by_role("link", name=name)).to_be_visible()
    for words in ("thrice", "None of their videos is recommended", "(in 3 d)"):
        await expect(main.get_by_text(words)).to_be_visible()
    await gives(main, "Reverse", "mistaken")
    await says(here, "Reversed, with everything that followed from it.")
    await expect(here.page.get_by_text("Nobody is penalised")).to_be_visible()


async def test_the_log_is_read_page_by_page_and_narrowed(
    read: Visiting, trying: Served, acting: Acting
) -> None:
    person, name = creator(trying, videos(trying, acting, 3)[2])
    for _ in range(14):
        acting.reverse(acting.decide("penalised", person=person))
    here = await read("/operator/log")
    lines = here.page.get_by_role("main").locator("ol > li")
    await expect(lines).to_have_count(25)
    await here.page.get_by_role("button", name="Earlier").click()
    await expect(lines.nth(27)).to_be_visible()
    await here.page.get_by_label("Person").fill(person)
    await here.page.get_by_role("button", name="Show").click()
    await expect(lines.filter(has_text=name)).to_have_count(25)
    await here.page.get_by_label("By").fill("moderator:nobody")
    await here.page.get_by_role("button", name="Show").click()
    await expect(here.page.get_by_text("Nothing like that")).to_be_visible()


@WIDTHS
async def test_the_stages_are_those_that_the_server_counts(
    read: Visiting, acting: Acting, wide: bool
) -> None:
    here = await read("/operator", wide=wide)
    rows = here.page.locator("table").first.locator("tbody tr")
    await expect(rows.first).to_be_visible()
    steps = acting.get("/v1/admin/stages")["steps"]
    assert steps[0]["running"] + steps[0]["promoted"] + steps[0]["stopped"] > 0
    await expect(rows).to_have_count(len(steps))
    for row, step in zip(await rows.all(), steps, strict=True):
        told = [
            re.sub(r"\D", "", cell) for cell in await row.locator("td.number").all_inner_texts()
        ]
        assert told[:3] == [str(step[name]) for name in ("promoted", "running", "stopped")]
    await expect(here.page.get_by_text("by how many follow its creator")).to_be_visible()


async def test_stages_that_are_off_say_so(visit: Visiting, served: Served) -> None:
    async def off(route: Route) -> None:
        found = await route.fetch()
        await route.fulfill(response=found, json={**await found.json(), "on": False, "steps": []})

    here = await visit()
    await here.page.route("**/v1/admin/stages", off)
    await here.read("/operator", ADMIN_KEY)
    await expect(here.page.get_by_text("Stages are off")).to_be_visible()


async def test_a_decision_takes_no_mouse(read: Visiting, trying: Served, acting: Acting) -> None:
    [video] = videos(trying, acting, 1)
    here = await read(f"/operator/queue/video/{video}", wide=True)
    await here.page.get_by_role("radio", name="Spam").focus()
    for key in ("Space", "Tab", "Tab"):
        await here.page.keyboard.press(key)
    await here.page.keyboard.type("stuffed")
    await here.page.keyboard.press("Enter")
    await says(here, "Decided: Spam")
    case = here.page.get_by_role("article", name="Case")
    made = case.get_by_role("group", name=re.compile("^Spam")).first
    reverse = made.get_by_role("button", name="Reverse")
    await reverse.press("Enter")
    await expect(made.get_by_role("textbox")).to_be_focused()
    await here.page.keyboard.press("Escape")
    await expect(reverse).to_be_focused()
    await gives(made, "Reverse", "not stuffed")
    await expect(case.get_by_text("Recommended as any other")).to_be_visible()


async def test_a_key_that_only_moderates_does_so_without_stages_and_names(
    read: Visiting, trying: Served, acting: Acting
) -> None:
    [video] = videos(trying, acting, 1)
    acting.decide("spam", video=video)
    with closing(open_access(trying.folder / "engine")) as access:
        key = access.keys.create("a moderator", ["moderate"]).secret
    here = await read("/operator", key=key)
    await expect(here.page.get_by_role("alert")).to_contain_text("the scope admin")
    await here.page.get_by_role("link", name="Penalties").click()
    await here.page.get_by_role("radio", name="All").check()
    main = here.page.get_by_role("main")
    await expect(main.get_by_role("link", name=video)).to_be_visible()
    await gives(main, "Reverse", "mistaken")
    await expect(here.page.get_by_text("Nothing of that kind is in force")).to_be_visible()


async def test_a_server_that_goes_away_is_said_and_asked_again(read: Visiting) -> None:
    here = await read("/operator")
    await here.page.route("**/v1/moderation/duplicates*", lambda route: route.abort())
    await here.page.get_by_role("link", name="Duplicates").click()
    alert = here.page.get_by_role("alert")
    await expect(alert).to_contain_text("does not answer")
    await here.page.unroute("**/v1/moderation/duplicates*")
    await alert.get_by_role("button", name="Try again").click()
    await expect(here.page.get_by_text("No copies")).to_be_visible()
