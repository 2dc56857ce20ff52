"""What is known of a viewer, and of this viewer with this video."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from freshet.domain import events as ev
from freshet.features.ring import HISTORY
from tests.learning.telling import Story


def content(creator: str, topic: str, tag: str, sound: str) -> dict[str, Any]:
    return {"creator": creator, "topics": (topic,), "hashtags": (tag,), "sound": sound}


@pytest.fixture
def story() -> Story:
    """Ann has watched a dance of a star for long and left a match of a team at once."""
    story = Story()
    dance = content("star", "dance", "duet", "song")
    match = content("team", "sport", "goal", "cheer")
    story.publish("dance", "new dance", language="en", country="GB", **dance)
    story.publish("match", "new match", language="de", country="DE", **match)
    story.views("ann", "dance", 40)
    story.views("ann", "match", 0.5)
    return story


# --- viewer and content ---------------------------------------------------------------------


@pytest.mark.parametrize("shared", ["creator", "topic", "hashtag", "sound"])
def test_what_the_viewer_made_of_a_thing_counts_for_what_shares_it(
    story: Story, shared: str
) -> None:
    dance, match = story.values("ann", "new dance"), story.values("ann", "new match")
    assert dance[f"{shared}_shown"] == match[f"{shared}_shown"] == pytest.approx(np.log(2))
    assert dance[f"{shared}_long"] > match[f"{shared}_long"] == 0
    assert dance[f"{shared}_surprise"] > 0 > match[f"{shared}_surprise"]


def test_somebody_elses_views_say_nothing_of_this_viewer(story: Story) -> None:
    values = story.values("bob", "new dance")
    for thing in ("creator", "topic", "hashtag", "sound"):
        assert values[f"{thing}_shown"] == values[f"{thing}_surprise"] == 0


def test_a_view_counts_in_the_next_ranking_before_it_is_over(story: Story) -> None:
    story.shows("ann", "new dance")
    before = story.values("ann", "dance")["creator_long"]
    story.watches("ann", "new dance", 20)
    assert story.values("ann", "dance")["creator_long"] > before


def test_a_view_of_which_nothing_is_known_yet_is_no_evidence(story: Story) -> None:
    before = story.values("ann", "new dance")["creator_shown"]
    story.shows("ann", "dance")
    assert story.values("ann", "new dance")["creator_shown"] == before


def test_only_the_last_views_are_remembered(story: Story) -> None:
    story.publish("filler", creator="other", topics=("other",))
    for _ in range(HISTORY):
        story.views("ann", "filler", 1)
    assert story.values("ann", "new dance")["creator_shown"] == 0


def test_history_from_before_the_log_says_what_the_viewer_likes(story: Story) -> None:
    story.tell(ev.HistoryKnown, viewer="cleo", watched=("dance", "match"), long_watched=("dance",))
    dance, match = story.values("cleo", "new dance"), story.values("cleo", "new match")
    assert dance["topic_long"] > match["topic_long"] == 0


def test_videos_with_nothing_named_share_nothing(story: Story) -> None:
    story.publish("bare", "barer", creator="nobody", sound="", topics=(), hashtags=())
    story.views("ann", "bare", 30)
    values = story.values("ann", "barer")
    assert values["creator_shown"] > 0
    assert [values["topic_shown"], values["hashtag_shown"], values["sound_shown"]] == [0, 0, 0]


def test_an_original_sound_is_never_the_same_as_another() -> None:
    story = Story()
    story.publish("a", "b", sound="mine", original_sound=True)
    story.publish("c", "d", sound="song")
    story.publish("e", "f", sound="")
    sounds = story.live.sound[:6].tolist()
    song = story.live.columns.names["sound"].row("song")
    assert sounds == [-1, -1, song, song, -1, -1]


# --- viewer alone ---------------------------------------------------------------------------


def test_a_viewer_is_known_by_how_they_watch(story: Story) -> None:
    for _ in range(10):
        story.views("patient", "dance", 60)
        story.views("hasty", "dance", 0.5)
    patient, hasty = story.values("patient", "match"), story.values("hasty", "match")
    for name in ("viewer_log_watch", "viewer_recent_log_watch", "viewer_here_log_watch"):
        assert patient[name] > 0 > hasty[name], name
    assert patient["viewer_views"] == hasty["viewer_views"] > 0


def test_a_viewers_mood_fades_and_their_habit_does_not(story: Story) -> None:
    now = story.values("ann", "new dance")
    story.wait(86_400)
    later = story.values("ann", "new dance")
    assert later["viewer_recent_views"] < 0.01 < now["viewer_recent_views"]
    assert later["viewer_views"] == now["viewer_views"]


def test_a_session_ends_with_half_an_hour_of_silence(story: Story) -> None:
    assert story.values("ann", "dance")["session_shown"] > 0
    story.now_ms += 31 * 60_000
    assert story.values("ann", "dance")["session_shown"] == 0
    story.views("ann", "dance", 5)
    assert story.values("ann", "dance")["session_shown"] == pytest.approx(np.log(2))


def test_silence_grows_until_the_next_view(story: Story) -> None:
    gaps = []
    for _ in range(3):
        story.wait(600)
        gaps.append(story.values("ann", "dance")["viewer_gap"])
    story.shows("ann", "dance")
    assert gaps == sorted(gaps)
    assert story.values("ann", "dance")["viewer_gap"] < gaps[0]


def test_a_viewer_is_new_until_their_first_view(story: Story) -> None:
    story.tell(ev.OpenApp, viewer="cleo", country="GB")
    assert story.values("cleo", "dance")["viewer_is_new"] == 1
    assert story.values("nobody", "dance")["viewer_is_new"] == 1
    story.shows("cleo", "dance")
    assert story.values("cleo", "dance")["viewer_is_new"] == 0


def test_viewers_who_share_a_trait_tell_of_each_other(story: Story) -> None:
    for who in ("a1", "a2", "b1", "b2"):
        story.tell(ev.PersonSaved, person=who, traits={"plan": who[0]})
    for _ in range(30):
        story.views("a1", "dance", 60)
        story.views("b1", "dance", 0.5)
    patient, hasty = story.values("a2", "match"), story.values("b2", "match")
    assert patient["viewer_traits_log_watch"] > 0 > hasty["viewer_traits_log_watch"]


def test_what_the_model_keeps_getting_wrong_is_remembered(story: Story) -> None:
    for n in range(12):
        story.publish(f"odd{n}")
        story.views("contrary", f"odd{n}", 60)
        story.views(f"someone{n}", "match", 0.2)
    assert story.values("contrary", "match")["viewer_surprise_log_watch"] > 0
    assert story.values("nobody", "match")["video_surprise_log_watch"] < 0
    assert story.values("contrary", "match")["last_surprise_0"] > 0


def test_an_unknown_viewer_is_ranked_for_like_anybody(story: Story) -> None:
    rows = np.arange(4, dtype=np.int32)
    ranked = story.live.rank(-1, rows, story.now_ms)
    assert np.isfinite(ranked.features).all()
    assert ((ranked.predictions > 0) & (ranked.predictions < 1)).all()
    assert len(set(ranked.watch_s.tolist())) > 1


# --- matches --------------------------------------------------------------------------------


def test_a_match_is_1_a_mismatch_is_minus_1_and_not_known_is_0(story: Story) -> None:
    story.tell(ev.PersonSaved, person="ann", language="en", interests=("dance",))
    dance, match = story.values("ann", "dance"), story.values("ann", "match")
    assert (dance["language_match"], match["language_match"]) == (1, -1)
    assert (dance["interest_match"], match["interest_match"]) == (1, 0)
    assert (dance["country_match"], match["country_match"]) == (0, 0)


def test_what_a_device_says_fills_only_what_the_profile_leaves_open(story: Story) -> None:
    story.tell(ev.PersonSaved, person="ann", language="en")
    story.tell(ev.OpenApp, viewer="ann", language="de", country="DE")
    match = story.values("ann", "match")
    assert (match["language_match"], match["country_match"]) == (-1, 1)


def test_two_whose_language_is_not_known_do_not_match(story: Story) -> None:
    story.publish("silent", language="")
    story.tell(ev.PersonSaved, person="ann", country="GB")
    assert story.values("ann", "silent")["language_match"] == 0
