"""Sounds: four bars of a small band, composed and played from a seed.

A style says who plays and how fast; the seed chooses key, chords and patterns. Tones that
ring beyond the end sound on at the beginning, so that a loop has no seam.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from random import Random

import numpy as np
from numpy.typing import NDArray

RATE = 48_000
BEATS = 16
LOUDNESS_DB = -18.0  # root mean square, below full scale
PEAK = 0.85

Wave = NDArray[np.float64]  # (samples,) or, with sides, (samples, 2)


@dataclass(frozen=True, slots=True)
class Voice:
    """How an instrument sounds: its overtones and how it begins and fades."""

    partials: tuple[float, ...]  # loudness of the 1st, 2nd, … harmonic
    attack_s: float = 0.004
    fade: float = 4.0  # a second; higher harmonics fade sooner
    detune: float = 0.0  # cents between two copies


VOICES = {
    "keys": Voice((1, 0.35, 0.12, 0.16, 0.03), fade=3.0, detune=4),
    "pad": Voice((1, 0.5, 0.33, 0.2, 0.12, 0.06), attack_s=0.25, fade=0.25, detune=9),
    "saw": Voice((1, 0.5, 0.33, 0.25, 0.2, 0.16, 0.14, 0.12), fade=5.0, detune=12),
    "mallet": Voice((1, 0.05, 0.02, 0.3), fade=9.0),
    "bell": Voice((1, 0, 0.35, 0, 0.22, 0.1), fade=3.2),
    "nylon": Voice((1, 0.6, 0.4, 0.2, 0.12, 0.06), fade=5.0),
    "square": Voice((1, 0, 0.33, 0, 0.2, 0, 0.14), fade=6.0),
    "bass": Voice((1, 0.45, 0.2, 0.08), fade=3.0),
    "deep": Voice((1, 0.15), attack_s=0.01, fade=2.0),
}


@dataclass(frozen=True, slots=True)
class Style:
    """Who plays what."""

    bpm: tuple[int, int]
    chords: str
    lead: str
    bass: str
    strum: tuple[float, ...]  # beats of a bar on which the chord is struck
    steps: float  # of the lead, in beats
    bass_beats: tuple[float, ...]
    kick: tuple[float, ...] = ()
    snare: tuple[float, ...] = ()
    hat: tuple[float, ...] = ()
    swing: float = 0.0  # how late every second half beat comes, in beats


HALVES = tuple(k / 2 for k in range(8))
OFFBEATS = (0.5, 1.5, 2.5, 3.5)
STYLES = {
    "lofi": Style((72, 88), "keys", "bell", "deep", (0, 2.5), 1.0, (0, 1.5, 2), (0, 2.5), (1, 3),
                  HALVES, 0.12),
    "house": Style((118, 126), "saw", "keys", "bass", OFFBEATS, 0.5, OFFBEATS, (0, 1, 2, 3), (1, 3),
                   OFFBEATS),
    "synthwave": Style((96, 110), "pad", "saw", "bass", (0,), 0.5, HALVES, (0, 2), (1, 3), HALVES),
    "marimba": Style((100, 120), "keys", "mallet", "deep", (0, 3), 0.5, (0, 1.5, 3), (0, 2), (),
                     HALVES),
    "musicbox": Style((84, 100), "pad", "bell", "deep", (0,), 0.5, (0,)),
    "bossa": Style((104, 124), "nylon", "nylon", "deep", (0, 1.5, 3), 1.0, (0, 1.5, 2, 3.5), (0, 2),
                   (1.5, 3), HALVES),
    "ambient": Style((62, 72), "pad", "bell", "deep", (0,), 1.0, (0,)),
    "chip": Style((124, 140), "square", "square", "square", (0, 2), 0.25, HALVES, (0, 2), (1, 3),
                  HALVES),
}  # fmt: skip

# Degrees of the scale on which the four bars stand.
PROGRESSIONS = (
    (0, 4, 5, 3), (0, 5, 3, 4), (5, 3, 0, 4), (0, 3, 5, 4), (0, 2, 3, 4), (3, 0, 4, 5),
    (1, 4, 0, 5), (0, 6, 3, 4),
)  # fmt: skip
SCALES = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
}


def tempo(style: str, random: Random) -> int:
    return random.randint(*STYLES[style].bpm)


@lru_cache(maxsize=8)
def play(style: str, bpm: int, seed: int) -> NDArray[np.float32]:
    """Four bars: (samples, 2), between -1 and 1, at `RATE`."""
    random, noise = Random(seed), np.random.default_rng(seed)
    band, beat_s = STYLES[style], 60 / bpm
    tape = Tape(round(BEATS * beat_s * RATE))
    key, scale = random.randint(50, 61), SCALES[random.choice(list(SCALES))]
    roots, tune = random.choice(PROGRESSIONS), _tune(random, band)

    def late(beat: float) -> float:
        return (beat + (band.swing if beat % 1 == 0.5 else 0.0)) * beat_s

    for bar, root in enumerate(roots):
        start = bar * 4
        chord = [
            _note(key, scale, root + third) for third in (0, 2, 4, 6 if style == "lofi" else 7)
        ]
        for beat in band.strum:
            for k, note in enumerate(chord):
                tone = _tone(VOICES[band.chords], note, _rest(beat, band.strum) * beat_s, 0.2)
                tape.add(
                    late(start + beat) + 0.012 * k * (band.chords == "nylon"), tone, (k - 1.5) * 0.3
                )
        for beat in band.bass_beats:
            low = chord[0] - 24 if chord[0] > 57 else chord[0] - 12
            tape.add(late(start + beat), _tone(VOICES[band.bass], low, 0.9 * beat_s, 0.5))
        for k, step in enumerate(tune):
            if step is not None:
                note = _note(key, scale, root + step) + 12
                tone = _tone(VOICES[band.lead], note, 1.8 * band.steps * beat_s + 0.15, 0.24)
                tape.add(late(start + k * band.steps), tone, 0.35 * (-1) ** k)
        for beat in band.kick:
            tape.add(late(start + beat), _kick(), 0.0)
        for beat in band.snare:
            tape.add(late(start + beat), _burst(noise, 0.16, 22, 0.32), 0.1)
        for beat in band.hat:
            tape.add(late(start + beat), _burst(noise, 0.05, 90, 0.13, bright=True), -0.25)
    return tape.levelled()


def _tune(random: Random, band: Style) -> list[int | None]:
    """Steps of the scale above the chord's root, or rests; one bar, played over each chord."""
    count = round(4 / band.steps)
    shapes: tuple[int, ...] = random.choice(
        ((0, 2, 4, 7), (7, 4, 2, 4), (0, 4, 2, 6), (4, 2, 7, 4), (0, 2, 4, 2))
    )
    rests = random.uniform(0.1, 0.35)
    return [None if k and random.random() < rests else shapes[k % 4] for k in range(count)]


def _rest(beat: float, beats: tuple[float, ...]) -> float:
    """How long until the next stroke."""
    later = [other for other in beats if other > beat]
    return (min(later) if later else 4.0) - beat


def _note(key: int, scale: tuple[int, ...], degree: int) -> int:
    octave, step = divmod(degree, len(scale))
    return key + 12 * octave + scale[step]


@lru_cache(maxsize=256)
def _tone(voice: Voice, note: int, seconds: float, loud: float) -> Wave:
    ring_s = 0.12
    t = np.arange(round((seconds + ring_s) * RATE)) / RATE
    pitch = 440 * 2 ** ((note - 69) / 12)
    wave = np.zeros_like(t)
    for bend in (-voice.detune, voice.detune) if voice.detune else (0.0,):
        angle = 2 * np.pi * pitch * 2 ** (bend / 2400) * t
        sine, before, twice = np.sin(angle), np.zeros_like(t), 2 * np.cos(angle)
        slow, fast = (np.exp(-voice.fade * share * t) for share in (0.6, 0.4))
        faded = slow
        for k, strength in enumerate(voice.partials, 1):
            faded = faded * fast if voice.fade > 0.5 else faded  # higher ones fade sooner
            if strength and pitch * k < 12_000:
                wave += strength * faded * sine
            # sin (k + 1) x = 2 cos x · sin k x − sin (k − 1) x
            sine, before = twice * sine - before, sine
    rise = np.minimum(t / voice.attack_s, 1.0)
    fall = np.clip((seconds + ring_s - t) / ring_s, 0, 1)
    return np.asarray(
        wave * rise * fall**2 * loud / sum(voice.partials) / (2 if voice.detune else 1)
    )


@lru_cache(maxsize=1)
def _kick() -> Wave:
    t = np.arange(round(0.3 * RATE)) / RATE
    phase = 2 * np.pi * (48 * t + 110 / 30 * (1 - np.exp(-30 * t)))
    return np.asarray(0.55 * np.sin(phase) * np.exp(-11 * t) * np.clip((0.3 - t) / 0.05, 0, 1))


def _burst(
    noise: np.random.Generator, seconds: float, fade: float, loud: float, bright: bool = False
) -> Wave:
    """Noise: a snare, or brightened a hi-hat."""
    t = np.arange(round(seconds * RATE)) / RATE
    hiss = noise.standard_normal(len(t)) * 0.4
    hiss = np.diff(hiss, prepend=0.0) if bright else hiss + 0.5 * np.sin(2 * np.pi * 190 * t)
    ends = np.clip((seconds - t) / (0.3 * seconds), 0, 1) * np.minimum(t / 0.001, 1)
    return np.asarray(loud * hiss * np.exp(-fade * t) * ends)


class Tape:
    """A loop on which tones are laid."""

    def __init__(self, samples: int) -> None:
        self.sides = np.zeros((samples, 2))

    def add(self, at_s: float, wave: Wave, pan: float = 0.0) -> None:
        """`pan` from -1 (left) to 1 (right)."""
        at = round(at_s * RATE) % len(self.sides)
        angle = (pan + 1) * np.pi / 4
        both = wave[:, None] * (np.cos(angle), np.sin(angle))
        while len(both):
            room = min(len(both), len(self.sides) - at)
            self.sides[at : at + room] += both[:room]
            both, at = both[room:], 0

    def levelled(self) -> NDArray[np.float32]:
        """As loud as every other sound; peaks are rounded off, never cut."""
        rms = np.sqrt(np.mean(self.sides**2))
        loud = self.sides * (10 ** (LOUDNESS_DB / 20) / max(rms, 1e-9))
        rounded: NDArray[np.float32] = (PEAK * np.tanh(loud / PEAK)).astype(np.float32)
        return rounded


def cut(loop: NDArray[np.float32], samples: int) -> NDArray[np.float32]:
    """So much of a loop, from its start and again as often as needed; soft at both ends."""
    wave = np.tile(loop, (-(-samples // len(loop)), 1))[:samples].copy()
    soft_in, soft_out = round(0.006 * RATE), round(0.03 * RATE)
    wave[:soft_in] *= np.linspace(0, 1, soft_in, dtype=np.float32)[:, None]
    wave[-soft_out:] *= np.linspace(1, 0, soft_out, dtype=np.float32)[:, None]
    return wave
