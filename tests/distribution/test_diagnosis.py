"""Why a video stalls: whom it met, how they watched, and what a creator's habits do to it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from freshet.catalogue.content import content_vector
from freshet.distribution.causes import Gap, because_of, gap, leaving, measured, next_of
from freshet.distribution.diagnosis import Penalty, Taste
from freshet.distribution.habits import DAY_MS, HOUR_MS, Habits, Post
from freshet.distribution.matching import Matching, Seen
from freshet.distribution.postits import Postits
from freshet.distribution.tallies import LEAVES, LEFT, VIEWS, WIDTH, Tallies, told_by
from freshet.domain import events as ev
from freshet.domain.outcomes import INDEX
from tests.distribution.trying import LONG_MS, SHORT_MS, START_MS, Trying

VARIANCES = (1.4, 0.2)  # of views, of videos
MET = 0.08  # of what was expected, between videos


def tally(views: int, expected: float, beyond: float) -> Any:
    return sum(told_by(expected + beyond, expected, 0, 0, 0) for _ in range(views))


USUAL = tally(1, 0.5, 0.0)


def why(
    seen: Any,
    misled: float = 0.0,
    other: Taste | None = None,
    met: float = MET,
    elsewhere: float = 0.0,
) -> Gap:
    return gap(seen, USUAL, VARIANCES, misled, other, met, elsewhere)


def test_what_such_viewers_make_of_any_video_is_not_the_videos_fault() -> None:
    assert why(tally(30, -0.1, 0.0)).to_audience > 0.9
    assert why(tally(30, 0.5, -0.6)).to_audience < 0.05


def test_where_neither_part_is_large_it_is_the_one_that_is_known_more_roughly() -> None:
    """A dozen views that went as usual clear the video; whom they met varies anyway."""
    level, short = tally(14, 0.5, -0.05), tally(14, 0.5, -0.6)
    assert why(level).to_audience > 0.5
    assert why(level, met=10 * MET).to_audience > 0.5
    assert why(short).to_audience < 0.2


def test_few_views_say_less_of_a_video_than_many() -> None:
    few, many = (why(tally(n, 0.3, -0.4)) for n in (8, 200))
    assert 0 < few.watching < many.watching
    assert few.audience == pytest.approx(many.audience)


def test_who_was_expected_to_like_what_it_is_not_about_is_the_wrong_one() -> None:
    short = tally(30, 0.5, -0.3)
    assert why(short).to_audience < 0.5
    assert why(short, misled=0.25).to_audience > 0.5
    loved = Taste("tea", 0.1, 0.3, 0.4)
    assert why(short, other=loved).to_audience > 0.5


def test_what_is_made_of_another_topic_than_it_was_given_met_the_wrong_people() -> None:
    both = tally(20, 0.3, -0.25)
    sure, open_, other = (why(both, elsewhere=share).odds for share in (0.0, 0.5, 1.0))
    assert sure < open_ < other
    assert open_ - sure < 0.5  # that it is what it says speaks little for a badly made video
    assert other - open_ > 2.5


def test_the_second_is_named_at_which_more_leave_than_of_its_like() -> None:
    mine, usual = np.zeros(WIDTH), np.zeros(WIDTH)
    mine[VIEWS], mine[LEFT + 2], mine[LEFT + LEAVES] = 30, 20, 10
    usual[VIEWS], usual[LEFT : LEFT + LEAVES], usual[LEFT + LEAVES] = 1, 0.5 / LEAVES, 0.5
    found = leaving(mine, usual, 20_000)
    assert found is not None
    assert found.most_s == 3.0
    assert found.still[0] == 1.0
    assert found.still[3] == pytest.approx(1 / 3, abs=1e-4)
    assert found.usual[-1] == pytest.approx(0.5)
    assert leaving(usual * 30, usual, 20_000).most_s == -1.0  # type: ignore[union-attr]
    assert leaving(mine, usual, 0) is None


def test_numbers_stand_beside_their_cohorts_with_an_interval() -> None:
    bits = 1 << INDEX["long_view"]
    mine = sum(told_by(0, 0, bits if view < 5 else 0, 0, 0) for view in range(50))
    usual = told_by(0, 0, 0, 0, 0)
    usual[4 + INDEX["long_view"]] = 0.4
    told = {one.name: one for one in measured(mine, usual)}
    assert told["long_view"].verdict == "below"
    assert told["long_view"].low < 0.1 < told["long_view"].high < 0.4
    assert told["like"].verdict == "level"


def test_a_penalty_says_its_reason_and_its_end() -> None:
    ends = Penalty("d1", "penalised", "bought views", START_MS, "person")
    evidence, helps = because_of([ends])
    assert "bought views" in evidence[0].text
    assert "2025-06-15" in evidence[1].text
    assert helps[0].code == "help_penalty"
    assert next_of(None, [ends]).code == "next_penalty"
    evidence, helps = because_of([Penalty("d2", "spam", "ten alike", 0, "video")])
    assert [one.code for one in (*evidence, *helps)] == ["penalised_video", "no_end", "help_appeal"]


def posted(habits: Habits, *posts: tuple[int, str, tuple[str, ...]], who: str = "ann") -> None:
    for n, (at_ms, topic, tags) in enumerate(posts):
        habits.published(who, Post(f"{who} {n}", START_MS + at_ms, topic, tags))


def codes(habits: Habits, who: str = "ann") -> list[str]:
    return [one.code for one in habits.of(who, START_MS + 10 * DAY_MS)]


def test_a_new_topic_every_time_is_a_habit_and_two_by_turns_are_not() -> None:
    habits = Habits()
    posted(habits, *((n * DAY_MS, topic, ()) for n, topic in enumerate("abcde")))
    posted(habits, *((n * DAY_MS, topic, ()) for n, topic in enumerate("ababa")), who="ben")
    assert codes(habits) == ["hopping"]
    assert codes(habits, "ben") == []


def test_bursts_and_deleting_are_habits() -> None:
    habits = Habits()
    posted(habits, *((n * 60_000, "tea", ()) for n in range(5)))
    for _ in range(3):
        habits.removed("ann", START_MS + DAY_MS)
    assert codes(habits) == ["deleting", "bursts"]
    assert habits.of("ann", START_MS + 90 * DAY_MS) == []


def test_a_hashtag_that_stands_on_everything_says_nothing() -> None:
    habits = Habits()
    for n in range(60):
        topic = f"t{n % 6}"
        posted(habits, (n * HOUR_MS, topic, ("viral", f"only{topic}")), who=f"maker {n}")
    assert habits.says_nothing("viral")
    assert not habits.says_nothing("onlyt0")
    posted(habits, *((n * DAY_MS, "t0", ("viral",)) for n in range(4)))
    assert codes(habits) == ["generic"]
    assert habits.of("ann", START_MS + 10 * DAY_MS)[0].params["tags"] == "#viral"


class Known:
    """As much of the live state as tastes are read from: two topics, apart in every way."""

    topics = np.array([[0, -1], [0, -1], [1, -1], [1, -1], [-1, -1]], np.int32)
    vectors = np.zeros((5, 64), np.float32)
    vectors[:2, 0], vectors[2:, 1] = 1, 1
    likes: dict[str, list[int]] = {"cat": [0, 1], "dog": [2, 3], "both": [0, 2]}  # noqa: RUF012

    def names(self, kind: str, row: int) -> str:
        return ("cats", "dogs")[row]

    def video_count(self) -> int:
        return 5

    def items(self, rows: Any) -> Any:
        return self.vectors[rows]

    def liked(self, viewer: int) -> Any:
        return np.array(list(self.likes.values())[viewer], np.int32)

    def videos_of(self, person: int, n: int) -> Any:
        return np.array([0] if person == 0 else [], np.int32)

    def viewer_row(self, key: str) -> int:
        return list(self.likes).index(key) if key in self.likes else -1

    def video_row(self, video: str) -> int:
        return int(video)

    def video_id(self, row: int) -> str:
        return str(row)


def test_a_video_without_a_topic_is_about_what_lies_near_it_and_what_its_watchers_like() -> None:
    postits = Postits(Known())
    (first, *_) = postits.of_video(4, (), START_MS)
    assert (first.topic, first.share > 0.9) == ("dogs", True)
    changed = postits.of_video(4, ["cat"] * 20, START_MS)
    assert changed[0].topic == "cats"
    assert changed[0].confidence > first.confidence


def test_a_profile_is_about_what_it_posts_and_likes_and_who_watches_it() -> None:
    (only,) = Postits(Known()).of_person("cat", ())
    assert (only.topic, only.share) == ("cats", 1.0)
    mixed = Postits(Known()).of_person("cat", ["dog"] * 30)
    assert [one.topic for one in mixed] == ["dogs", "cats"]
    assert Postits(Known()).of_person("nobody", ()) == []


def test_how_well_viewers_match_is_what_they_like_but_for_the_video_itself() -> None:
    tallies, rows = Tallies(8), np.array([0, 0, 2], np.int32)
    for viewer in ("cat", "dog", "both", "nobody"):
        tallies.saw(1, viewer, 0.0, 0.0)
    seen = Matching(tallies, rows, Postits(Known())).seen(1)
    assert seen.likes == [{0}, {1}, {1}, set()]  # "both" likes cats by this very video
    assert seen.match({0: 0.75, 1: 0.25}).tolist() == [0.75, 0.25, 0.25, 0.0]
    assert Seen([], np.empty(0), np.empty(0)).match({}).tolist() == []


async def test_who_was_expected_to_watch_because_of_a_wrong_topic_is_not_the_videos_fault() -> None:
    known = Known()
    known.likes = {"cat": [1] * 6, "dog": [3] * 6}
    # Two more are given cats, and all of them is dogs.
    known.topics = np.vstack([known.topics, [[0, -1]] * 2]).astype(np.int32)
    known.vectors = np.vstack([known.vectors, np.eye(64)[[1, 1]]])
    known.video_count = lambda: 7  # type: ignore[method-assign]
    tallies, rows = Tallies(8), np.array([-1, 0, 2, 5, 6], np.int32)
    for slot, right in ((1, "cat"), (2, "dog"), (3, "dog")):
        for view in range(12):
            viewer = ("cat", "dog")[view % 2]
            tallies.saw(slot, viewer, float(viewer == right), 0.0)
    matching = Matching(tallies, rows, Postits(known))
    await matching.measure(START_MS)
    usual = matching.usual
    assert usual.match == pytest.approx(0.5, abs=0.1)
    about, given = usual.worth
    assert 0.3 < about < 1.0  # shrunk: three dozen views are not many
    assert abs(given) < about / 2
    for _ in range(10):
        tallies.saw(4, "cat", 0.0, 0.5)
    assert matching.misled(matching.seen(4), 6, START_MS) > 0.15
    assert abs(matching.misled(matching.seen(1), 0, START_MS)) < 0.1


def test_a_topic_that_was_given_does_not_lie_beside_itself() -> None:
    known = Known()
    known.topics = np.array([[0, -1]] * 9 + [[1, -1]] * 9, np.int32)
    for row in range(18):
        about = ("mewing", "barking")[row > 9]  # the tenth is given dogs and says cats
        one = content_vector(about, topics=[known.names("topic", known.topics[row, 0])])
        known.vectors = np.vstack([known.vectors[:row], np.frombuffer(one, np.int8) / 127.0])
    known.video_count = lambda: 18  # type: ignore[method-assign]
    postits = Postits(known)
    assert postits.content(9, START_MS)[0] > 0.6
    topic, chance = postits.elsewhere(9, START_MS)
    assert (topic, chance > 0.9) == ("cats", True)
    topic, chance = postits.elsewhere(10, START_MS)
    assert (topic, chance < 0.1) == ("cats", True)


def test_what_nothing_is_said_of_is_not_called_something_else() -> None:
    postits = Postits(Known())
    assert postits.elsewhere(4, START_MS) == ("", 0.0)  # was given no topic


def test_what_a_view_said_is_corrected_when_more_comes_of_it() -> None:
    trying = Trying()
    trying.publish("new")
    trying.watch("new", SHORT_MS)
    slot, journey = trying.stages.journey("new") or (0, None)
    assert journey is not None
    trying.say(ev.Like, viewer="v1", video="new")
    like = 4 + INDEX["like"]
    tallies = trying.stages.tallies
    assert (tallies.of[slot, VIEWS], tallies.of[slot, like]) == (1, 1)
    assert tallies.usual(slot, journey, 0)[like] == 1
    trying.say(ev.Unlike, viewer="v1", video="new")
    assert (tallies.of[slot, VIEWS], tallies.of[slot, like]) == (1, 0)
    assert tallies.of[slot, LEFT:].sum() == 1


def test_who_is_erased_is_in_no_sample() -> None:
    trying = Trying()
    trying.publish("new")
    trying.watch("new", LONG_MS, 3)
    trying.say(ev.PersonErased, person="v2")
    (last,) = trying.stages.tallies.last.values()
    assert [one[0] for one in last] == ["v1", "v3"]
