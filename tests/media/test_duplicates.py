"""Copies are found whatever was done to them; what only sounds alike, or stands alike, is not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freshet.domain.errors import NotFound, Refused
from freshet.lab.duplicates.transform import CHANGES, copy_changed
from freshet.media.duplicates import Duplicates
from freshet.media.fingerprint import fingerprint
from tests.media.films import Film

FILM = Film()
OTHERS = [Film(room=n, mover=n, tune=n) for n in range(2, 6)]


@pytest.fixture(scope="module")
def known(known_by):
    """Eight videos, five of them with one sound."""
    index = Duplicates()
    index.add("film", known_by(FILM))
    for film in OTHERS:
        index.add(f"other {film.room}", known_by(film))
        index.add(f"same sound {film.room}", known_by(replace(film, room=10 + film.room, tune=1)))
    return index


@pytest.fixture(scope="module")
def copy_of(file_of, tmp_path_factory):
    """A copy of the film, by kind of change and way."""

    def made(kind, way):
        path = tmp_path_factory.mktemp("copy") / "copy.mp4"
        copy_changed(file_of(FILM), CHANGES[kind], way, path)
        return fingerprint(path)

    return made


@pytest.mark.parametrize(
    ("kind", "way", "change"),
    [
        ("re-encode", 0, ()), ("crop", 0, ("cropped",)), ("mirror", 0, ("mirrored",)),
        ("trim", 0, ("trimmed",)), ("trim", 1, ("trimmed",)), ("speed", 0, ("faster",)),
        ("border", 0, ("bordered",)), ("border", 1, ("bordered",)), ("border", 2, ("bordered",)),
    ],
)  # fmt: skip
def test_a_copy_is_found_and_what_was_done_to_it(kind, way, change, known, copy_of):
    [match] = known.find(copy_of(kind, way))
    assert (match.video, match.evidence, match.changes) == ("film", "both", change)
    assert 0.85 < match.score < 1


def test_the_original_of_a_copy_is_found_too(known_by, copy_of):
    told = {
        "crop": "widened", "mirror": "mirrored", "trim": "lengthened", "border": "unbordered",
        "speed": "slower",
    }  # fmt: skip
    for kind, change in told.items():
        index = Duplicates()
        index.add("copy", copy_of(kind, 0))
        [match] = index.find(known_by(FILM))
        assert match.changes == (change,)


def test_the_same_bytes_are_exact(known, known_by):
    [match] = known.find(known_by(FILM))
    assert (match.video, match.score, match.evidence) == ("film", 1.0, "exact")


def test_a_sound_alone_makes_no_duplicate(known, known_by):
    assert known.find(known_by(Film(room=30, mover=30, tune=1))) == []


def test_pictures_with_another_sound_are_a_duplicate_by_the_pictures(known, known_by):
    for tune in (9, None):
        [match] = known.find(known_by(replace(FILM, tune=tune)))
        assert (match.video, match.evidence) == ("film", "pictures")


def test_pictures_that_are_less_alike_need_the_same_sound(known, copy_of, known_by):
    copy, other = copy_of("crop", 0), known_by(replace(FILM, tune=9))
    dubbed = replace(copy, sound=other.sound)
    [heard], [alone] = known.find(copy), known.find(dubbed, alone_max=1.0)
    between = 1 - heard.score - 0.001
    assert (heard.evidence, alone.evidence) == ("both", "pictures")
    assert [match.video for match in known.find(copy, alone_max=between)] == ["film"]
    assert known.find(dubbed, alone_max=between) == []


def test_another_take_in_the_same_room_is_another_video(known, known_by):
    assert known.find(known_by(replace(FILM, mover=7))) == []


def test_videos_that_show_nothing_are_no_copies_of_each_other(known_by):
    index = Duplicates()
    index.add("black", known_by(Film(room=None, mover=None)))
    assert index.find(known_by(Film(room=None, mover=None, seconds=4))) == []


def test_a_picture_is_found_in_a_film_of_it(known_by):
    index = Duplicates()
    index.add("still", known_by(Film(mover=None, seconds=5)))
    [match] = index.find(known_by(Film(mover=None, seconds=4, tune=None)))
    assert match.video == "still"


def test_what_is_added_is_found_and_what_is_removed_is_not_at_once(known_by):
    index = Duplicates()
    assert index.find(known_by(FILM)) == []
    copy = known_by(replace(FILM, tune=9))
    for _ in range(3):
        index.add("film", known_by(FILM))
        assert [match.video for match in index.find(copy)] == ["film"]
        assert ("film" in index, len(index)) == (True, 1)
        index.remove("film")
        assert index.find(copy) == index.find(known_by(FILM)) == []
        assert ("film" in index, len(index)) == (False, 0)


def test_adding_twice_and_removing_what_is_not_there_are_refused(known_by):
    index = Duplicates()
    index.add("film", known_by(FILM))
    with pytest.raises(Refused, match="'film' is there already"):
        index.add("film", known_by(OTHERS[0]))
    with pytest.raises(NotFound, match="'gone' is not there"):
        index.remove("gone")
    assert [match.evidence for match in index.find(known_by(FILM))] == ["exact"]


@settings(max_examples=12)
@given(st.permutations(range(10)), st.sets(st.integers(0, 4)), st.integers(0, 9))
def test_the_order_of_adding_does_not_matter(known_by, order, removed, asked):
    films = [replace(film, tune=tune) for film in (FILM, *OTHERS) for tune in (1, 2)]
    index, plain = Duplicates(), Duplicates()
    for k in (*removed, *order):
        if str(k) in index:
            index.remove(str(k))
        index.add(str(k), known_by(films[k]))
    for k in range(10):
        plain.add(str(k), known_by(films[k]))
    found = index.find(known_by(films[asked]))
    assert found == plain.find(known_by(films[asked]))
    assert {match.video for match in found} == {str(asked), str(asked ^ 1)}
