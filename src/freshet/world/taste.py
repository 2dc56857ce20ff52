"""What a simulated viewer likes, and what they therefore do. Nobody but they can read it.

The appeal of a clip to a viewer is a sum: how they stand to its topic, its creator, its sound
and its length, whether they understand it, the mood they are in, how tired they are of the
topic, and chance. From the appeal follows what they do, as chances.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log
from random import Random

from freshet.world.plan import Clip, Person, Plan
from freshet.world.words import LANGUAGES

NOISE = 0.6
# What a viewer does beside watching: bends and thresholds of the chance, given the appeal.
ACTS = {
    "like": (1.5, 3.5),
    "comment": (1.2, 5.4),
    "share": (1.2, 4.8),
    "favorite": (1.3, 4.6),
    "follow": (1.4, 5.0),
    "profile_visit": (0.9, 4.2),
}


@dataclass(frozen=True, slots=True)
class View:
    """What came of one clip on the screen."""

    watched_ms: int
    loops: int = 0
    completed: bool = False
    acts: tuple[str, ...] = ()


@dataclass
class Taste:
    """One viewer's, drawn from the world's seed and the viewer's name."""

    viewer: str
    seed: int
    random: Random
    topics: dict[str, float]
    ideal_s: float
    languages: tuple[str, ...]
    mood: dict[str, float]
    tired: dict[str, float]

    @staticmethod
    def of(viewer: str, plan: Plan, person: Person | None = None) -> Taste:
        """`person`: if the viewer also posts; they like what they post about."""
        random = Random(f"taste {plan.seed} {viewer}")
        names = sorted({clip.topic for clip in plan.clips})
        topics = {name: random.gauss(-0.9, 0.35) for name in names}
        loved = random.sample(names, min(random.randint(2, 4), len(names)))
        for name in (*loved, *(person.topics if person else ())):
            topics[name] = random.uniform(0.9, 2.0)
        calm = dict.fromkeys(names, 0.0), dict.fromkeys(names, 0.0)
        native = person.language if person else random.choice(LANGUAGES)
        spoken = (native, "en") if random.random() < 0.8 else (native,)
        return Taste(viewer, plan.seed, random, topics, random.uniform(5, 9), spoken, *calm)

    def sit_down(self) -> int:
        """A session begins, in a mood; how many videos it may last."""
        hungry = self.random.choice(list(self.topics))
        self.mood = {topic: self.random.gauss(0, 0.25) for topic in self.topics}
        self.mood[hungry] += 0.7
        self.tired = dict.fromkeys(self.topics, 0.0)
        return min(120, max(4, round(self.random.lognormvariate(3.0, 0.6))))

    def appeal(self, clip: Clip) -> float:
        """How much the viewer wants to see it right now; 0 is neither nor."""
        length = -0.9 * abs(log(clip.duration_ms / 1000 / self.ideal_s))
        foreign = 0.0 if clip.language in self.languages else -0.4
        now = self.mood[clip.topic] - self.tired[clip.topic]
        steady = self.topics[clip.topic] + self._leaning("creator", clip.creator, 0.5)
        return steady + self._leaning("sound", clip.sound, 0.4) + length + foreign + now

    def watch(self, clip: Clip) -> View:
        """What the viewer does with it; leaves them a little more tired of its topic."""
        draw = self.random
        appeal = self.appeal(clip) + draw.gauss(0, NOISE)
        self._live_on(clip.topic)
        if draw.random() > chance(appeal, 1.5, -0.4):
            dislikes = appeal < -1.4 and draw.random() < 0.05
            acts = ("not_interested",) if dislikes else ()
            return View(round(1000 * draw.uniform(0.4, 2.2)), acts=acts)
        loops, completed, part = 0, draw.random() < chance(appeal, 1.2, -0.2), 1.0
        if completed:
            while loops < 3 and draw.random() < chance(appeal, 1.0, 2.0):
                loops += 1
            part = 1 + loops + draw.uniform(0, 0.3)
        else:
            part = draw.uniform(0.3, 0.95)
        done = tuple(act for act, bend in ACTS.items() if draw.random() < chance(appeal, *bend))
        return View(round(clip.duration_ms * part), loops, completed, done)

    def bored(self) -> bool:
        """Whether they put the phone away after this one."""
        return self.random.random() < 0.01

    def _live_on(self, topic: str) -> None:
        for name in self.tired:
            self.tired[name] *= 0.93
            self.mood[name] += self.random.gauss(0, 0.06)
        self.tired[topic] += 0.16

    def _leaning(self, kind: str, name: str, spread: float) -> float:
        """Drawn from names, so that it need not be kept."""
        return Random(f"{self.seed} {self.viewer} {kind} {name}").gauss(0, spread)


def chance(appeal: float, bend: float, threshold: float) -> float:
    """
    >>> chance(0.0, 1.0, 0.0)
    0.5
    """
    return 1 / (1 + exp(threshold - bend * appeal))
