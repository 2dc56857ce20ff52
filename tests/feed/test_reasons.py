"""No reason shown is untrue: each has evidence, and the value drops without it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from freshet.catalogue.facts import seconds
from freshet.domain import events as e
from freshet.feed.parts import Parts
from freshet.feed.query import FeedQuery
from freshet.feed.reason import Reason, reason
from freshet.feed.reasons import Placed, Reasons
from freshet.feed.value import Value
from freshet.pipeline import Candidates
from freshet.surfaces.for_you import for_you
from tests.feed.making import make, parts_of, video, watched
from tests.feed.world import HOUR_MS, NOW_MS


async def slate_of(
    parts: Parts, viewer: str, n: int = 20, utc_offset_min: int | None = None
) -> tuple[FeedQuery, Candidates]:
    row = parts.live.viewer_row(viewer)
    query = FeedQuery(viewer=row, n=n, now_ms=NOW_MS, seed=1, utc_offset_min=utc_offset_min)
    filled = await for_you(parts).fill(query)
    return query, filled.slate


def reasons_of(parts: Parts, share_min: float = 0.01) -> Reasons:
    value = Value(parts.settings.weights, parts.live.outcomes)
    return Reasons(parts.live, value, parts.settings.reasons, share_min)


async def explained(
    parts: Parts, viewer: str, utc_offset_min: int | None = None
) -> dict[str, list[Reason]]:
    query, slate = await slate_of(parts, viewer, utc_offset_min=utc_offset_min)
    said = reasons_of(parts).of(query, slate)
    return {parts.live.video_id(int(row)): why for row, why in zip(slate.rows, said, strict=True)}


def codes(why: list[Reason]) -> list[str]:
    return [one.code for one in why]


WORLD = [
    video("old1", "ann", hashtags=("tea",), topics=("cooking",)),
    video("old2", "ann", hashtags=("tea", "cake"), topics=("cooking",)),
    video("by ann", "ann"),
    video("tea", "bob", hashtags=("green", "tea")),
    video("cooking", "cy", topics=("cooking",)),
    video("new", "dee", age_h=2),
    video("plain", "eve"),
    *watched("v", "old1", "old2"),
]


async def test_reasons_say_what_the_viewer_did() -> None:
    why = await explained(parts_of(WORLD, explore_share=0.0), "v")
    assert why["by ann"][0].text == "you finished 2 videos by this creator in the last hour"
    assert why["tea"][0].text == "you finished 2 videos with #tea in the last hour"
    assert why["cooking"][0].text == "you finished 2 videos about cooking in the last hour"
    assert why["new"][0].text == "posted 2 hours ago"
    assert codes(why["plain"]) == ["unseen"]


async def told_of(
    *ago_h: float, reset: bool = False, utc_offset_min: int | None = None
) -> list[str]:
    """What a video about cooking is said to be shown for, after views so many hours ago."""
    events = [video(f"old{k}", f"maker{k}", topics=("cooking",)) for k in range(len(ago_h))]
    acts = [watched("v", f"old{k}", time=NOW_MS - int(h * HOUR_MS)) for k, h in enumerate(ago_h)]
    more = [make(e.ResetFeed, viewer="v")] if reset else []
    this = video("this", "eve", topics=("cooking",))
    parts = parts_of([*events, this, *(act for each in acts for act in each), *more])
    return [one.text for one in (await explained(parts, "v", utc_offset_min))["this"]]


async def test_a_time_is_said_that_all_the_acts_are_of() -> None:
    assert (await told_of(0.5, 0.2))[0] == "you finished 2 videos about cooking in the last hour"
    assert (await told_of(2, 0.2))[0] == "you finished 2 videos about cooking in the last 24 hours"
    assert (await told_of(99, 2))[0] == "you finished 2 videos about cooking in the last 7 days"
    assert (await told_of(999, 2))[0] == "you finished 2 videos about cooking lately"


async def test_today_is_said_where_the_viewers_clock_is_known() -> None:
    # It is 22:13 in London.
    assert (await told_of(2, 0.2, utc_offset_min=0))[
        0
    ] == "you finished 2 videos about cooking today"
    assert "in the last 24 hours" in (await told_of(2, utc_offset_min=120))[0]  # 00:13 in Athens
    assert "today" in (await told_of(0.1, utc_offset_min=120))[0]  # shorter than an hour
    assert "in the last hour" in (await told_of(0.5, utc_offset_min=-600))[0]


async def test_after_a_reset_nothing_is_told_of_before() -> None:
    assert not any("cooking" in text for text in await told_of(2, reset=True))


async def test_where_views_may_be_missing_no_time_is_said() -> None:
    parts = parts_of(WORLD, explore_share=0.0)
    query, slate = await slate_of(parts, "v")
    whole = parts.live.in_common(query.viewer, slate.rows)
    missing = replace(whole, whole_since_s=seconds(NOW_MS) - 60)  # type: ignore[type-var]
    parts.live.in_common = lambda *_: missing  # type: ignore[method-assign]
    said = [
        one for why in reasons_of(parts).of(query, slate) for one in why if "when" in one.params
    ]
    assert {one.params["when"] for one in said} == {"lately"}


async def test_a_viewer_without_history_is_told_nothing_about_themselves() -> None:
    why = await explained(parts_of(WORLD, explore_share=0.0), "nobody")
    said = {code for reasons in why.values() for code in codes(reasons)}
    assert not said & {"creator", "hashtag", "topic", "sound", "language", "country"}


async def test_what_the_model_gives_no_weight_is_no_reason() -> None:
    parts = parts_of(WORLD, explore_share=0.0)
    for name in ("creator_shown", "creator_long"):
        parts.live.model[parts.live.feature_names.index(name)] = 0  # type: ignore[attr-defined]
    assert codes((await explained(parts, "v"))["by ann"]) == ["unseen"]


async def test_what_speaks_against_an_item_is_no_reason_for_it() -> None:
    parts = parts_of(WORLD, explore_share=0.0)
    parts.live.model[parts.live.feature_names.index("hashtag_shown")] *= -1  # type: ignore[attr-defined]
    assert "hashtag" not in codes((await explained(parts, "v"))["tea"])


async def test_every_reasons_weight_is_the_drop_that_a_recount_finds() -> None:
    # Of what "tea" has in common with what was watched, one video is not among those named.
    green = [video("old3", "flo", hashtags=("green",)), *watched("v", "old3")]
    parts = parts_of([*WORLD, *green], explore_share=0.0)
    query, slate = await slate_of(parts, "v")
    reasons, live = reasons_of(parts), parts.live
    rest = live.in_common(query.viewer, slate.rows).rest
    for i, why in enumerate(reasons.of(query, slate)):
        for one in why:
            if one.code not in ("creator", "hashtag", "topic", "sound"):
                continue
            vector = slate["features"][i : i + 1].copy()
            whole = live.predict(vector)
            for f, name in enumerate(live.feature_names):
                if name.startswith(f"{one.code}_"):
                    vector[0, f] = rest[one.code][i, 0]
            without = live.predict(vector)
            before = reasons.value.of(whole.predictions, whole.watch_s)[0]
            after = reasons.value.of(without.predictions, without.watch_s)[0]
            assert after < before
            assert one.weight == pytest.approx((before - after) / abs(before), abs=1e-3)


async def test_the_weightiest_reasons_come_first_and_three_at_most() -> None:
    locale: dict[str, Any] = {"language": "de", "country": "AT"}
    viewer = make(e.PersonSaved, person="v", **locale)
    best = video("best", "ann", 1, hashtags=("tea",), topics=("cooking",), **locale)
    why = (await explained(parts_of([*WORLD, viewer, best], explore_share=0.0), "v"))["best"]
    assert len(why) == 3
    assert [one.weight for one in why] == sorted((one.weight for one in why), reverse=True)
    assert codes(why)[0] == "creator"


async def test_language_and_country_are_said_when_they_match() -> None:
    viewer = make(e.PersonSaved, person="v", language="de", country="AT")
    events = [viewer, video("match", language="de", country="AT"), video("not", language="fr")]
    why = await explained(parts_of(events, explore_share=0.0), "v")
    assert set(codes(why["match"])) == {"language", "country"}
    assert codes(why["not"]) == ["unseen"]


async def test_others_are_spoken_of_only_once_there_were_others() -> None:
    parts = parts_of([video("loved"), video("other"), video("third")], explore_share=0.0)
    parts.live.long_views[0] = 8  # type: ignore[attr-defined]
    parts.live.shown[:] = 10  # type: ignore[index]
    assert codes((await explained(parts, "v"))["loved"]) == ["unseen"]
    parts.live.shown[:] = 20  # type: ignore[index]
    why = await explained(parts, "v")
    assert codes(why["loved"]) == ["others"]
    assert codes(why["other"]) == ["unseen"]


async def test_what_chance_placed_says_so_and_nothing_else() -> None:
    parts = parts_of(WORLD, explore_share=1.0)
    why = await explained(parts, "v")
    assert {code for reasons in why.values() for code in codes(reasons)} == {"exploring"}


async def test_a_topic_shown_for_being_new_says_so_first() -> None:
    unlike = [video(f"{k}", f"maker{k}", topics=("opera",)) for k in range(3)]
    parts = parts_of([*WORLD, *unlike], explore_share=0.0, topic_novelty=9.0)
    query, slate = await slate_of(parts, "v")
    why = reasons_of(parts).of(query, slate)
    assert any(slate["novel"])
    for novel, said in zip(slate["novel"], why, strict=True):
        assert (codes(said)[0] == "new_topic") is bool(novel)
    texts = [said[0].text for said in why]
    assert "something else: you were not shown any of opera lately" in texts


async def test_a_rung_that_does_not_order_by_value_claims_no_value() -> None:
    parts = parts_of(WORLD)
    query, slate = await slate_of(parts, "v")
    why = (await Placed("popular").columns(query, slate))["reasons"]
    assert why.tolist() == [[reason("popular")]] * len(slate)


async def test_without_predictions_nothing_is_claimed() -> None:
    parts = parts_of(WORLD, explore_share=0.0)
    query, slate = await slate_of(parts, "v")
    zeros = np.zeros_like(slate["features"])
    bare = replace(slate, columns={**slate.columns, "features": zeros, "typical": zeros})
    said = reasons_of(parts).of(query, bare)
    assert {code for why in said for code in codes(why)} <= {"unseen"}


async def test_what_is_old_is_not_called_fresh() -> None:
    # Younger than most, and the younger the better: but 50 hours are not fresh.
    events = [video("older"), video("younger", age_h=50)]
    why = await explained(parts_of(events, explore_share=0.0), "v")
    assert codes(why["younger"]) == ["unseen"]
