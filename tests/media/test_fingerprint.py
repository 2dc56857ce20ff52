"""Fingerprints: small, the same every time, of whatever file somebody sends."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from freshet.domain.errors import Corrupt, NotFound, Refused
from freshet.media import decode as decoding
from freshet.media.fingerprint import Fingerprint, fingerprint
from freshet.media.pictures import Pictures
from tests.media.films import Film, room

EMPTY = Fingerprint(
    bytes(32),
    Pictures(np.zeros((1, 48, 48), np.uint8), np.zeros((1, 8, 8), np.uint8), 0.25, (0, 96, 0, 96)),
    np.zeros(0, np.uint32),
)


def test_a_fingerprint_is_small_and_comes_back_from_its_bytes(known_by, file_of):
    made = known_by(Film())
    packed = made.to_bytes()
    assert len(packed) < 6_000
    back = Fingerprint.from_bytes(packed)
    assert back.sha256 == hashlib.sha256(file_of(Film()).read_bytes()).digest()
    assert back.to_bytes() == packed
    assert np.array_equal(back.pictures.motion, made.pictures.motion)
    assert np.array_equal(back.sound, made.sound)
    assert back.seconds == pytest.approx(5.0, abs=0.25)


def test_the_same_file_has_the_same_fingerprint_every_time(known_by, file_of):
    assert fingerprint(file_of(Film())).to_bytes() == known_by(Film()).to_bytes()


def test_another_version_and_bytes_cut_short_are_told():
    packed = EMPTY.to_bytes()
    with pytest.raises(Corrupt, match="version"):
        Fingerprint.from_bytes(b"\x02" + packed[1:])
    for end in range(len(packed)):
        with pytest.raises(Corrupt):
            Fingerprint.from_bytes(packed[:end])


@given(st.integers(0, len(EMPTY.to_bytes()) - 1), st.integers(0, 255))
def test_a_byte_changed_is_told_or_harmless(at, value):
    packed = bytearray(EMPTY.to_bytes())
    packed[at] = value
    with suppress(Corrupt):
        Fingerprint.from_bytes(bytes(packed))


def test_a_video_without_sound_and_a_silent_one_have_nothing_to_hear(known_by):
    assert len(known_by(Film(tune=None)).sound) == 0
    assert len(known_by(Film()).sound) > 60


def test_a_picture_is_a_video_that_stands_still(tmp_path):
    for name in ("one.png", "one.jpg"):
        Image.fromarray(room(1)).save(tmp_path / name)
        made = fingerprint(tmp_path / name)
        assert len(made.pictures.motion) == 1
        assert len(made.sound) == 0


def test_a_long_video_costs_no_more_than_a_short_one(known_by):
    made = known_by(Film(seconds=40.0, tune=None))
    assert len(made.pictures.motion) <= decoding.PICTURES
    assert made.pictures.step_s == 1.0
    assert made.seconds == pytest.approx(40.0, abs=1.0)


def test_what_is_no_video_is_refused_in_words(tmp_path):
    with pytest.raises(NotFound, match=r"there is no file gone\.mp4"):
        fingerprint(tmp_path / "gone.mp4")
    bad = tmp_path / "bad.mp4"
    for content in (b"", b"\0", b"no video at all" * 99, bytes(100_000)):
        bad.write_bytes(content)
        with pytest.raises(Refused, match=r"file: .*right would be a whole video"):
            fingerprint(bad)
    with pytest.raises(NotFound):
        fingerprint(tmp_path)


@pytest.mark.parametrize(
    "list_of", ["#EXTM3U\n#EXTINF:9,\n{}\n#EXT-X-ENDLIST\n", "ffconcat version 1.0\nfile {}\n"]
)
def test_a_list_of_other_files_is_no_video(list_of, tmp_path, file_of):
    for ending in ("mp4", "m3u8", "ffconcat"):
        path = tmp_path / f"list.{ending}"
        path.write_text(list_of.format(file_of(Film())))
        with pytest.raises(Refused):
            fingerprint(path)


def test_a_sound_alone_is_no_video(tmp_path):
    import av

    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("aac", rate=24_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 24_000), np.float32), "fltp", "mono")
        frame.sample_rate = 24_000
        file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    with pytest.raises(Refused, match="no pictures"):
        fingerprint(path)


def test_files_and_pictures_have_a_largest_size(file_of, monkeypatch):
    monkeypatch.setattr(decoding, "PIXELS_MAX", 10_000)
    with pytest.raises(Refused, match="144 × 256"):
        fingerprint(file_of(Film()))
    monkeypatch.setattr(decoding, "BYTES_MAX", 100)
    with pytest.raises(Refused, match="at most 100"):
        fingerprint(file_of(Film()))


def test_codecs_that_are_not_on_the_list_are_not_run(file_of, monkeypatch):
    monkeypatch.setattr(decoding, "CODECS", "h264")
    assert len(fingerprint(file_of(Film())).sound) == 0
    monkeypatch.setattr(decoding, "CODECS", "aac")
    with pytest.raises(Refused, match="no pictures"):
        fingerprint(file_of(Film()))


def test_only_so_many_pictures_are_decoded(file_of, monkeypatch):
    monkeypatch.setattr(decoding, "DECODED_MAX", 12)
    assert fingerprint(file_of(Film())).seconds == pytest.approx(1.0, abs=0.25)


def test_a_damaged_file_is_read_as_far_as_it_goes_or_refused(file_of, tmp_path, rounds):
    whole, path = file_of(Film()).read_bytes(), tmp_path / "damaged.mp4"
    random = np.random.default_rng(0)
    for _ in range(rounds(few=25, many=1_000)):
        content = bytearray(whole[: random.integers(1, len(whole) + 1)])
        for at in random.integers(0, len(content), random.integers(0, 40)):
            content[at] = random.integers(0, 256)
        path.write_bytes(content)
        try:
            made = fingerprint(path)
        except Refused:
            continue
        assert 1 <= len(made.pictures.motion) <= decoding.PICTURES
        assert Fingerprint.from_bytes(made.to_bytes()).sha256 == made.sha256


def test_times_that_leap_do_not_take_memory():
    class Frame:
        width = height = 96
        rotation = 0
        time = 0.0

    seen = decoding.Seen()
    seen._small = lambda frame: np.zeros((96, 96), np.uint8)  # type: ignore[method-assign]
    for Frame.time in (0.0, 1e300, -1e300, float("inf"), 5.0):
        seen.add(Frame())
    pictures, step_s = seen.pictures()
    assert len(pictures) <= decoding.PICTURES
    assert step_s <= decoding.LATEST_S


def test_a_path_may_be_anything(tmp_path):
    with pytest.raises(NotFound):
        fingerprint(Path("http://127.0.0.1:1/video.mp4"))
