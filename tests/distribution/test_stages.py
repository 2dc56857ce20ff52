"""Stages: small audiences first, and larger ones for what is better than its like."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from freshet.catalogue.trials import ENDED, EVERYBODY, FOLLOWERS, OPEN, RUNNING, STOPPED
from freshet.distribution.settings import Market
from freshet.distribution.settings import Stages as Settings
from freshet.domain import events as ev
from freshet.domain.errors import Refused
from freshet.log.ports import Batch
from tests.distribution.trying import LONG_MS, SHORT_MS, START_MS, Trying

DAY_MS = 86_400_000


def test_a_video_that_is_watched_longer_than_its_like_goes_on_to_the_end() -> None:
    trying = Trying()
    trying.crowd(share=0.4)
    trying.publish("good")
    trying.watch("good", LONG_MS, 10)
    assert (trying.slot("good")["state"], trying.slot("good")["stage"]) == (RUNNING, 1)
    trying.watch("good", LONG_MS, 60)
    assert trying.verdicts("good") == ["promoted", "opened"]
    assert trying.slot("good")["state"] == OPEN


def test_a_video_that_nobody_watches_stops_before_its_quota_is_had() -> None:
    trying = Trying()
    trying.crowd(share=0.6)
    trying.publish("bad", creator="star")
    trying.watch("bad", SHORT_MS, 20)
    assert trying.slot("bad")["state"] == STOPPED
    assert trying.slot("bad")["shown"] < 20


def test_an_undecided_stage_is_made_longer_once() -> None:
    trying = Trying(promote=0.99999, stop=0.00001)
    trying.crowd(share=0.5)
    trying.publish("fair")
    for view in range(30):
        trying.watch("fair", LONG_MS if view % 2 else SHORT_MS)
    assert trying.verdicts("fair") in (["extended", "promoted"], ["extended", "stopped"])


def test_what_is_served_takes_room_until_it_is_clear_that_nobody_looks() -> None:
    trying = Trying()
    trying.publish("new")
    for viewer in range(20):
        trying.serve(f"w{viewer}", "new")
    assert trying.stages.trials.wanting().tolist() == []
    trying.now_ms += 11 * 60_000
    trying.say(ev.Tick)
    assert trying.slot("new")["flying"] == 0
    assert len(trying.stages.trials.wanting()) == 1


def test_who_comes_back_to_a_video_takes_no_second_place() -> None:
    trying = Trying()
    trying.publish("new")
    trying.serve("ann", "new")
    trying.serve("ann", "new")
    assert trying.slot("new")["flying"] == 1


def test_a_full_stage_whose_viewers_have_not_left_waits_for_them() -> None:
    trying = Trying()
    trying.publish("new")
    for viewer in range(20):
        trying.say(ev.Impression, viewer=f"w{viewer}", video="new")
    assert trying.slot("new")["shown"] == 20
    assert trying.verdicts("new") == []
    trying.now_ms += 31 * 60_000
    trying.say(ev.Tick)  # all are over by then: of no worth, like everything so far
    assert trying.verdicts("new") != []


def test_an_act_after_leaving_counts_and_its_undo_takes_it_back() -> None:
    trying = Trying()
    trying.publish("new")
    trying.watch("new", SHORT_MS)
    found = trying.stages.journey("new")
    assert found is not None
    before = found[1].total
    trying.say(ev.Share, viewer="v1", video="new")
    assert found[1].total == pytest.approx(before + 3.0)
    trying.say(ev.Like, viewer="v1", video="new")
    trying.say(ev.Unlike, viewer="v1", video="new")
    assert found[1].total == pytest.approx(before + 3.0)


def test_an_established_profile_begins_with_its_followers() -> None:
    trying = Trying(established=3)
    for fan in range(3):
        trying.say(ev.Follow, viewer=f"fan {fan}", person="star")
    trying.publish("known", creator="star")
    trying.publish("unknown", creator="newcomer")
    assert trying.slot("known")["audience"] == FOLLOWERS
    assert trying.slot("unknown")["audience"] == EVERYBODY
    trying.watch("known", LONG_MS, 5, fan=True)  # a quarter of twenty
    assert trying.verdicts("known") == ["to_everybody"]
    assert (trying.slot("known")["stage"], trying.slot("known")["shown"]) == (0, 5)


def test_that_followers_watch_longer_is_expected_of_them() -> None:
    """So it says nothing of the video: how far that gets is for all to say."""
    trying = Trying()
    for video in range(12):
        trying.publish(f"other {video}", f"maker {video}")
        trying.watch(f"other {video}", LONG_MS, 6, fan=True)
        for view in range(12):
            trying.watch(f"other {video}", LONG_MS if view % 3 == 0 else SHORT_MS)
    trying.publish("loved", creator="star")
    trying.watch("loved", LONG_MS, 6, fan=True)
    found = trying.stages.journey("loved")
    assert found is not None
    assert found[1].total / found[1].views < 0.6  # a long view is worth 2.5, a short one nothing
    trying.publish("liked", creator="nobody")
    trying.watch("liked", LONG_MS, 6)
    found = trying.stages.journey("liked")
    assert found is not None
    assert found[1].total / found[1].views > 1.0


def test_followers_who_do_not_like_it_keep_it_from_everybody_else() -> None:
    trying = Trying(established=1, quotas=(40, 90), quota_min=40)
    trying.crowd()
    trying.say(ev.Follow, viewer="fan", person="star")
    trying.publish("dull", creator="star")
    trying.watch("dull", SHORT_MS, 10, fan=True)
    assert trying.verdicts("dull") == ["stopped"]


def test_followers_who_do_not_come_say_nothing() -> None:
    trying = Trying(established=1)
    trying.say(ev.Follow, viewer="fan", person="star")
    trying.publish("known", creator="star")
    for _ in range(70):
        trying.now_ms += 6 * 60_000
        trying.say(ev.Tick)
    assert trying.verdicts("known") == ["to_everybody"]


def test_a_trial_ends_with_the_life_of_the_video() -> None:
    trying = Trying(life_days=2, new_days=1, markets={"DK": Market(life_days=1)})
    trying.publish("here")
    trying.publish("there", country="DK")
    trying.publish("old", created=START_MS - DAY_MS)
    assert trying.stages.journey("old") is None
    trying.now_ms += DAY_MS + 1
    trying.say(ev.Tick)
    assert (trying.slot("here")["state"], trying.slot("there")["state"]) == (RUNNING, ENDED)
    trying.say(ev.VideoRemoved, video="here")
    assert trying.slot("here")["state"] == ENDED


def test_an_erased_creator_leaves_no_name() -> None:
    trying = Trying()
    trying.publish("theirs", creator="ann")
    trying.watch("theirs", LONG_MS)
    trying.say(ev.PersonErased, person="ann")
    found = trying.stages.journey("theirs")
    assert found is not None
    assert (found[1].creator, found[1].video) == ("", "")
    trying.say(ev.PersonErased, person="v1")
    assert "v1" not in repr(trying.stages.views.saved())


def test_audiences_shrink_where_little_is_watched_and_grow_with_it() -> None:
    trying = Trying(quotas=(200, 1_000), quota_min=10)
    for video in range(10):
        trying.publish(f"video {video}")
    assert trying.slot("video 0")["quota"] == 10
    trying.stages.book.scaling.impressions = 50_000.0
    trying.publish("one more")
    quota = int(trying.slot("one more")["quota"])
    passes = trying.stages.book.scaling.passes(0)
    assert quota == round(200 * min(1.0, 0.05 * 50_000 / 11 / (200 + passes * 1_000)))


def test_any_cut_of_the_log_and_any_snapshot_give_the_same(tmp_path: Path) -> None:
    trying, random = Trying(established=2, life_days=1), Random(5)
    for step in range(400):
        what = random.random()
        if what < 0.1:
            trying.publish(f"video {step}", f"maker {step % 5}")
        elif what < 0.2:
            trying.say(ev.Follow, viewer=f"f{step}", person=f"maker {step % 5}")
        elif what < 0.22:
            trying.now_ms += random.randrange(4 * 3_600_000)
            trying.say(ev.Tick)
        elif trying.stages.book.slots:
            name = random.choice(list(trying.stages.book.slots))
            trying.watch(name, random.choice((LONG_MS, SHORT_MS)), fan=random.random() < 0.3)
    whole, cut, at = trying.fresh(), trying.fresh(), 0
    whole.apply(Batch(1, tuple(trying.events)))
    while at < len(trying.events):
        some = trying.events[at : at + random.randrange(1, 90)]
        cut.apply(Batch(at + 1, tuple(some)))
        at += len(some)
        if random.random() < 0.2:
            cut.save(_made(tmp_path / f"{at}"))
            cut = trying.fresh()
            for event in trying.events[:at]:  # rows are the live state's to keep
                if isinstance(event, ev.VideoPublished):
                    cut.live.video_row(event.video)
                    cut.live.row("creator", event.creator)
            cut.load(tmp_path / f"{at}")
    saved = [_bytes(one, tmp_path / name) for one, name in ((whole, "w"), (cut, "c"))]
    assert saved[0] == saved[1]
    assert len(trying.events) > 900


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _bytes(stages: object, folder: Path) -> dict[str, bytes]:
    stages.save(_made(folder))  # type: ignore[attr-defined]
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_settings_that_cannot_be_are_refused() -> None:
    with pytest.raises(Refused, match="does not rise"):
        Settings(quotas=(300, 300))
    with pytest.raises(Refused, match="does not rise"):
        Settings(markets={"DK": Market(quotas=(9, 3))})
    with pytest.raises(Refused, match="not below promote"):
        Settings(stop=0.9)
