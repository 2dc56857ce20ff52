"""Sounds: every style plays, none clicks, each is its own."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from freshet.world.sounds import RATE, STYLES, cut, play, tempo


@pytest.mark.parametrize("style", STYLES)
def test_a_loop_lasts_four_bars_at_a_pleasant_level_without_a_seam(style: str) -> None:
    bpm = tempo(style, Random(1))
    wave = play(style, bpm, 5)
    assert len(wave) == round(16 * 60 / bpm * RATE)
    assert 20 * np.log10(np.sqrt(np.mean(wave**2))) == pytest.approx(-18, abs=1.5)
    assert np.abs(wave).max() < 0.86
    # Across the seam it moves no faster than it does anywhere.
    jump = np.abs(wave[0] - wave[-1]).max()
    assert jump <= np.abs(np.diff(wave, axis=0)).max()
    assert np.abs(wave.mean(0)).max() < 0.01


def test_a_cut_of_a_loop_begins_and_ends_in_silence() -> None:
    loop = play("musicbox", 90, 3)
    wave = cut(loop, len(loop) + RATE)
    assert len(wave) == len(loop) + RATE
    assert np.abs(wave[[0, -1]]).max() < 1e-6


def test_two_sounds_differ_in_what_is_heard() -> None:
    def spectrum(seed: int) -> np.ndarray:
        heard = np.abs(np.fft.rfft(play("marimba", 110, seed).mean(1)))
        bins = np.array_split(heard[: len(heard) // 12], 200)
        loud = np.array([part.mean() for part in bins])
        return loud / np.linalg.norm(loud)

    assert spectrum(1) @ spectrum(2) < 0.95


def test_the_same_sound_is_the_same_every_time() -> None:
    first = play("lofi", 80, 9).copy()
    play.cache_clear()
    assert np.array_equal(first, play("lofi", 80, 9))
