"""Who is in a world, and what each of its clips will be: all of it from one seed.

The same plan comes of the same seed on every machine; nothing is drawn or played yet.
Clips are in the order of making: each round has one of every topic.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from itertools import product
from random import Random
from typing import Any, Literal, TypeVar

import msgspec

from freshet.domain.errors import Refused
from freshet.world.names import MOODS, NAMES, PLACES, THINGS
from freshet.world.scenes import TOPICS, palettes_of, scenes_of
from freshet.world.sounds import STYLES, tempo
from freshet.world.titles import LOOKS
from freshet.world.words import LANGUAGES, words

Account = Literal["personal", "creator", "business"]

VERSION = 1  # of all that makes a clip what it is; another one makes the world anew

FPS = 24
SHORTEST_S, LONGEST_S = 5.0, 9.0
FIRST = 40  # so many clips are enough to open a feed
CLIPS_PER_SOUND = 7  # of the sounds that are shared
ORIGINAL = 0.25  # share of clips with a sound of their own
OLDEST_H = 14 * 24
CREATORS_MAX, CLIPS_MAX = 2_000, 20_000

ACCOUNTS: tuple[Account, ...] = ("creator", "personal", "business")

T = TypeVar("T")


class Person(msgspec.Struct, frozen=True):
    """Somebody who posts."""

    id: str  # also the username
    display_name: str
    language: str
    country: str
    topics: tuple[str, ...]  # the first is the category of the profile
    account: Account = "creator"


class Sound(msgspec.Struct, frozen=True):
    """A loop of four bars."""

    id: str
    title: str
    style: str
    bpm: int
    seed: int
    original: bool = False  # made for one clip

    @property
    def beat_s(self) -> float:
        return 60 / self.bpm


class Clip(msgspec.Struct, frozen=True):
    """A video: what it shows, what it says, what it sounds like."""

    id: str
    creator: str
    topic: str
    scene: int
    palette: int
    look: str  # of the headline
    seed: int
    language: str
    country: str
    headline: str
    caption: str
    hashtags: tuple[str, ...]
    sound: str
    frames: int
    age_h: float  # how long ago it was posted when the world opens

    @property
    def duration_ms(self) -> int:
        return round(1000 * self.frames / FPS)


class Plan(msgspec.Struct, frozen=True):
    """A world before it is made."""

    seed: int
    people: tuple[Person, ...]
    sounds: tuple[Sound, ...]
    clips: tuple[Clip, ...]
    version: int = VERSION


def make_plan(creators: int = 40, clips: int = 240, seed: int = 7) -> Plan:
    """A world's people, sounds and clips.

    Raises:
        Refused: too few or too many.
    """
    for name, value, most in (("creators", creators, CREATORS_MAX), ("clips", clips, CLIPS_MAX)):
        if not 1 <= value <= most:
            raise Refused(name, f"{value} is out of range", f"1 to {most}")
    if seed < 0:
        raise Refused("seed", f"{seed} is negative", "0 or more")
    random = Random(f"world {seed}")
    people = _people(random, creators)
    shared = [_sound(random, k) for k in range(max(2, round(clips / CLIPS_PER_SOUND)))]
    made, sounds = _clips(random, clips, people, shared)
    return Plan(seed, tuple(people), tuple(sounds), tuple(made))


def _people(random: Random, n: int) -> list[Person]:
    names = {language: random.sample(NAMES[language], len(NAMES[language])) for language in NAMES}
    topics, taken = random.sample(TOPICS, len(TOPICS)), set[str]()
    languages = random.sample(LANGUAGES, len(LANGUAGES))
    people = []
    for k in range(n):
        # Steps of different length, so that each topic is spoken of in each language.
        main, language = topics[k % len(TOPICS)], languages[(k + k // len(TOPICS)) % len(LANGUAGES)]
        pool = names[language]
        given = pool[(k // len(LANGUAGES)) % len(pool)]
        username = f"{given.lower()}.{words(language)[main].word}"
        username = username if username not in taken else f"{username}{k}"
        taken.add(username)
        second = random.choice(TOPICS)
        more = (second,) if second != main and random.random() < 0.4 else ()
        account = random.choices(ACCOUNTS, (6, 3, 1))[0]
        country = random.choice(PLACES[language])
        people.append(Person(username, given, language, country, (main, *more), account))
    return people


def _sound(random: Random, k: int, topic: str = "", by: str = "") -> Sound:
    style = "synthwave" if topic == "synthwave" else random.choice(list(STYLES))
    title = f"original sound · {by}" if by else f"{random.choice(MOODS)} {random.choice(THINGS)}"
    name = f"original-{k:03d}" if by else f"sound-{k:03d}"
    return Sound(name, title, style, tempo(style, random), random.getrandbits(32), bool(by))


def _clips(
    random: Random, n: int, people: list[Person], shared: list[Sound]
) -> tuple[list[Clip], list[Sound]]:
    posted: Counter[str] = Counter()
    sounds = list(shared)
    order = random.sample(TOPICS, len(TOPICS))
    decks = Decks(random)
    clips = []
    for k in range(n):
        topic = order[k % len(order)]
        able = [person for person in people if topic in person.topics] or people
        fewest = min(posted[person.id] for person in able)
        person = random.choice([one for one in able if posted[one.id] <= fewest + 1])
        posted[person.id] += 1
        if random.random() < ORIGINAL:
            sounds.append(_sound(random, k, topic, person.id))
            sound = sounds[-1]
        else:
            fitting = [
                one for one in shared if (one.style == "synthwave") == (topic == "synthwave")
            ]
            sound = random.choice(fitting or shared)
        clips.append(_clip(random, k, topic, person, sound, decks))
    return clips, sounds


def _clip(random: Random, k: int, topic: str, person: Person, sound: Sound, decks: Decks) -> Clip:
    said = words(person.language)[topic]
    tags = (*decks.some(said.hashtags, 2), words("en")[topic].hashtags[0])
    stages = product(range(len(scenes_of(topic))), range(len(palettes_of(topic))))
    stage = scene, palette = decks.one((topic, "stage"), stages)
    return Clip(
        id=f"clip{k:04d}", creator=person.id, topic=topic, scene=scene, palette=palette,
        look=decks.one("look", LOOKS), seed=random.getrandbits(32),
        language=person.language, country=person.country,
        headline=decks.unlike((topic, person.language, "headline"), said.headlines, stage),
        caption=decks.one((topic, person.language, "caption"), said.captions),
        hashtags=tuple(dict.fromkeys(tags)), sound=sound.id,
        frames=round(_beats(random, sound.beat_s) * sound.beat_s * FPS),
        age_h=round(OLDEST_H * random.random() ** 1.6, 2),
    )  # fmt: skip


def _beats(random: Random, beat_s: float) -> int:
    """An even number of beats, so that the loop of the clip is one of the music too."""
    fits = [n for n in range(2, 40, 2) if SHORTEST_S <= n * beat_s <= LONGEST_S]
    return random.choice(fits)


class Decks:
    """Draws as from a pack of cards: all of a kind come up before one comes again."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._left: dict[Hashable, list[Any]] = {}
        self._met: set[Hashable] = set()

    def one(self, of: Hashable, things: Iterable[T]) -> T:
        """The next of `things`; `of` names the pack."""
        if not self._left.get(of):
            pack = list(things)
            self._left[of] = self._random.sample(pack, len(pack))
        card: T = self._left[of].pop()
        return card

    def unlike(self, of: Hashable, things: Sequence[T], beside: Hashable) -> T:
        """The next that has not yet come up beside this, if there is one."""
        for _ in things:
            card = self.one(of, things)
            if (of, card, beside) not in self._met:
                break
        self._met.add((of, card, beside))
        return card

    def some(self, things: tuple[T, ...], n: int) -> list[T]:
        return self._random.sample(things, min(n, len(things)))
