"""What one does with a clip is felt at once, told to the server, and still so after a reload."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.async_api import expect

from freshet.domain import events as e
from tests.web.conftest import Visiting
from tests.web.serving import Served
from tests.web.visiting import Visit

pytestmark = pytest.mark.asyncio(loop_scope="session")


# How what somebody new is told begins, in two of the languages.
BEGINNINGS = {
    "da": ("på prøve", "andre seere", "lagt op", "noget andet", "den er", "videoer", "lignende",
           "blandt det", "du har"),
    "en": ("exploring", "other viewers", "posted", "something else", "it is", "videos", "from what",
           "you "),
}  # fmt: skip


async def told(served: Served, here: Visit, *kinds: type[e.Event]) -> list[Any]:
    """The events of these kinds, once there is one of each."""

    def of(events: list[Any]) -> list[Any]:
        return [event for event in events if isinstance(event, kinds)]

    def whole(events: list[Any]) -> bool:
        return {type(event) for event in of(events)} == set(kinds)

    found = of(await served.tells(here.session, whole))
    assert {type(event) for event in found} == set(kinds)
    return found


async def test_liked_saved_and_followed_it_is_so_after_a_reload(
    visit: Visiting, served: Served
) -> None:
    here = await visit()
    video = await here.shown()
    await here.page.keyboard.press("l")
    await here.button(re.compile("^Favourite")).click()
    await here.button(re.compile("^Follow ")).click()
    told_of = await told(served, here, e.Like, e.Favorite, e.Follow)
    assert {event.video for event in told_of} == {video}
    assert all(event.request_id for event in told_of)

    await here.page.reload()
    await here.at(video)
    for name in ("Like", "Favourite", "Follow "):
        await expect(here.button(re.compile(f"^{name}"))).to_have_attribute("aria-pressed", "true")
    await here.button(re.compile("^Like")).click()
    await expect(here.button(re.compile("^Like"))).to_have_attribute("aria-pressed", "false")
    await told(served, here, e.Unlike)


async def test_no_more_of_a_topic_means_none_at_once_until_it_is_taken_back(
    visit: Visiting, served: Served
) -> None:
    here = await visit()
    video = await here.shown()
    topic = served.topics[video]
    await here.less("nothing on this topic")
    await here.moved_from(video)
    await expect(here.status("No more of")).to_be_visible()
    assert [(one.kind, one.target) for one in await told(served, here, e.Hide)] == [
        ("topic", topic)
    ]
    for _ in range(12):
        assert served.topics[await here.next()] != topic

    await here.less("nothing on this topic")
    await here.button("Undo").click()
    await told(served, here, e.Hide, e.Unhide)


@pytest.mark.parametrize(("locale", "spoken"), [("da-DK", "da"), ("fr-FR", "en")])
async def test_reasons_are_told_in_the_language_of_the_browser(
    visit: Visiting, locale: str, spoken: str
) -> None:
    here = await visit(locale=locale)
    await here.shown()
    pill = here.page.locator("article:not([inert]) .why span[lang]")
    await expect(pill).to_have_attribute("lang", spoken)
    await here.page.keyboard.press("w")
    told = here.page.get_by_role("dialog", name="Why this clip?").locator(".reasons")
    await expect(told).to_have_attribute("lang", spoken)
    first = told.get_by_role("listitem").first.locator("span").first
    await expect(first).to_have_text(
        re.compile(f"^({'|'.join(BEGINNINGS[spoken])})", re.IGNORECASE)
    )


async def test_the_panel_says_why_and_what_it_expects(visit: Visiting, served: Served) -> None:
    here = await visit()
    await here.page.keyboard.press("w")
    panel = here.page.get_by_role("dialog", name="Why this clip?")
    await expect(panel.get_by_text("What it expects of you")).to_be_visible()
    assert await panel.get_by_role("listitem").count() > 0
    await here.close()

    wide = await visit(wide=True)  # beside the stage, for each clip anew
    panel = wide.page.get_by_role("complementary", name="Why this clip")
    before = await panel.inner_text()
    await wide.next()
    await expect(panel).not_to_have_text(before)


async def test_a_hashtag_opens_its_clips_and_the_way_back(visit: Visiting, served: Served) -> None:
    here = await visit()
    first = await here.shown()
    tag = here.clip.locator(".tag").first
    name = (await tag.inner_text()).lstrip("#")
    of_tag = {clip.id for clip in served.world.clips if name in clip.hashtags}
    await tag.click()
    await expect(here.page.get_by_role("heading", name=f"#{name}", exact=True)).to_be_visible()
    if await here.clip.count():
        assert await here.shown() in of_tag
    end = here.page.get_by_text("There is nothing more here")
    while not await end.is_visible():  # which is no error
        await here.page.keyboard.press("ArrowDown")
        await here.page.wait_for_timeout(150)
    assert set(await here.seen()) - {first} <= of_tag
    await here.page.get_by_label("Back", exact=True).click()
    await here.at(first)


async def test_following_is_empty_until_one_follows_and_then_theirs(
    visit: Visiting, served: Served
) -> None:
    here = await visit()
    await here.button("Following").click()
    await expect(here.page.get_by_text("Nobody to follow yet")).to_be_visible()
    await here.button("Find some in For You").click()
    creators = {clip.id: clip.creator for clip in served.world.clips}
    followed = creators[await here.shown()]
    await here.button(re.compile("^Follow ")).click()
    await told(served, here, e.Follow)
    await here.button("Following").click()
    await expect(here.clip).to_be_visible()
    assert creators[await here.shown()] == followed


async def test_a_feed_is_made_the_same_for_all_and_begins_anew(visit: Visiting) -> None:
    here = await visit()
    await here.next()
    menu = here.page.get_by_role("dialog", name="Your feed")

    await here.button("Menu").click()
    await menu.get_by_role("switch", name="Learn from me").uncheck()
    await expect(here.status("The same feed for everybody")).to_be_visible()
    await here.close()
    await here.next()
    await here.page.keyboard.press("w")
    why = here.page.get_by_role("dialog", name="Why this clip?")
    await expect(why.get_by_text("the same for everybody")).to_be_visible()
    await here.close()

    await here.button("Menu").click()
    await menu.get_by_role("button", name="Reset").click()
    await menu.get_by_role("button", name="Forget").click()
    await expect(here.status("Your feed begins anew")).to_be_visible()


async def test_a_link_opens_the_clip_it_names(visit: Visiting, served: Served) -> None:
    video = served.world.clips[100].id
    here = await visit(f"/v/{video}")
    assert await here.shown() == video
    assert here.page.url == f"{served.url}/"
