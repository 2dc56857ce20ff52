"""Any number of events of every kind, for folds that must agree with each other.

Not a likely world but a thorough one: undo follows what it undoes (mostly), videos come and
go, labels are set and cleared, slates are served, people reset their feed, and a tick passes
every second. `received` is set, so that a fold needs no log between.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from random import Random
from typing import Any, get_args, get_type_hints

import numpy as np

from freshet.domain import events as ev
from freshet.domain.events import Event, Served
from freshet.lab.generate.columns import START_MS
from freshet.lab.generate.words import COUNTRIES, LANGUAGES, NAMES, TOPICS
from freshet.lab.readers.ids import content_id, row_ids

BLOCK = 10_000  # events whose ids are made together
TOPIC_NAMES = tuple(TOPICS)
DURATIONS_MS = (0, 7_000, 15_000, 31_000, 180_000)
REMEMBERED = 2_000  # acts that may yet be undone
LABELS = get_args(ev.Label)
EFFECTS = get_args(ev.Effect)
SURFACES = get_args(ev.Surface)
PRIVACIES = get_args(get_type_hints(ev.VideoChanged)["privacy"])
TAGS = tuple(tag for names in TOPICS.values() for pair in names.values() for tag in pair)
KINDS_TO_HIDE = get_args(get_type_hints(ev.Hide)["kind"])
KINDS_OF_LESS = get_args(get_type_hints(ev.LessOf)["kind"])

# How often each kind is drawn, per mille. A tick comes by the clock instead.
SHARES: dict[type[Event], int] = {
    ev.Impression: 250, ev.Watch: 380, ev.Click: 40, ev.Like: 60, ev.Unlike: 15, ev.Comment: 15,
    ev.DeleteComment: 4, ev.Share: 12, ev.Favorite: 15, ev.Unfavorite: 5, ev.NotInterested: 12,
    ev.UndoNotInterested: 4, ev.Report: 3, ev.Follow: 15, ev.Unfollow: 6, ev.ProfileVisit: 20,
    ev.Block: 3, ev.Unblock: 2, ev.Hide: 6, ev.Unhide: 3, ev.Search: 8, ev.OpenApp: 25,
    ev.ResetFeed: 1, ev.PersonSaved: 6, ev.VideoPublished: 8, ev.VideoChanged: 2,
    ev.VideoRemoved: 2, ev.SoundSaved: 2, ev.HistoryKnown: 1, ev.SlateServed: 66, ev.LabelSet: 5,
    ev.LabelCleared: 4, ev.LessOf: 5, ev.UndoLessOf: 2, ev.PersonalisationSet: 1,
    ev.ViewersMerged: 1, ev.PersonErased: 1, ev.DecisionMade: 6, ev.DecisionReversed: 2,
    ev.AppealMade: 2, ev.AppealAnswered: 2,
}  # fmt: skip
UNDOES: dict[type[Event], type[Event]] = {
    ev.Unlike: ev.Like, ev.DeleteComment: ev.Comment, ev.Unfavorite: ev.Favorite,
    ev.UndoNotInterested: ev.NotInterested, ev.Unfollow: ev.Follow, ev.Unblock: ev.Block,
    ev.Unhide: ev.Hide, ev.LabelCleared: ev.LabelSet, ev.UndoLessOf: ev.LessOf,
}  # fmt: skip


def mixed_events(
    count: int,
    *,
    seed: int = 1,
    viewers: int = 2_000,
    videos: int = 3_000,
    features: int = 40,
    mean_gap_ms: int = 50,
    start_ms: int = START_MS,
) -> Iterator[Event]:
    """`count` events in time order, the supply of people and videos first.

    Args:
        features: width of the vectors that slates carry, random and in float16.
        mean_gap_ms: between two events; decides how many ticks there are.
    """
    maker = _Maker(seed, viewers, videos, features)
    left = count
    time_ms, tick_ms = start_ms, start_ms
    for plan in maker.plans():
        gaps = maker.array.exponential(mean_gap_ms, BLOCK)
        times = time_ms + np.cumsum(gaps).astype(np.int64)
        ids = row_ids("mixed", str(seed), times, np.arange(count - left, count - left + BLOCK))
        ticks: list[int] = []
        for kind, event_id, time in zip(plan, ids, times.tolist(), strict=True):
            while tick_ms + 1_000 <= time:
                tick_ms += 1_000
                ticks.append(tick_ms)
            for now in ticks:
                yield maker.tick(now)
                left -= 1
                if not left:
                    return
            ticks.clear()
            yield maker.make(kind, {"event_id": event_id, "time": time, "received": time})
            left -= 1
            if not left:
                return
        time_ms = int(times[-1])


class _Maker:
    """Fills events of each kind from one stream of random numbers."""

    def __init__(self, seed: int, viewers: int, videos: int, features: int) -> None:
        self.dice, self.array = Random(seed), np.random.default_rng([seed, 3])
        self._viewers, self._videos, self._features = viewers, videos, features
        self._published = 0
        self._chance = _uniform(self.array)
        self._people: list[dict[str, Any]] = [
            {"viewer": f"viewer{row}", "session_id": f"s{row}",
             "surface": SURFACES[row % len(SURFACES)]} for row in range(viewers)
        ]  # fmt: skip
        self._undoable: dict[type[Event], deque[Event]] = {
            kind: deque(maxlen=REMEMBERED) for kind in UNDOES.values()
        }
        self._decisions: deque[tuple[str, str]] = deque([("none", "viewer0")], REMEMBERED)
        self._makers: dict[type[Event], Callable[[dict[str, Any]], Event]] = {
            ev.Impression: self._impression, ev.Watch: self._watch, ev.Comment: self._comment,
            ev.Hide: self._hide, ev.Search: self._search, ev.OpenApp: self._open,
            ev.PersonSaved: self._person, ev.VideoPublished: self._video,
            ev.SoundSaved: self._sound, ev.HistoryKnown: self._history,
            ev.SlateServed: self._slate, ev.LabelSet: self._label,
            ev.LessOf: self._less_of, ev.DecisionMade: self._decision,
            ev.DecisionReversed: lambda at: ev.DecisionReversed(
                **at, decision=self._decided()[0], actor="moderator:kim"),
            ev.AppealMade: self._appeal,
            ev.AppealAnswered: lambda at: ev.AppealAnswered(
                **at, decision=self._decided()[0], granted=self.dice.random() < 0.5,
                actor="moderator:kim"),
            ev.PersonalisationSet: lambda at: ev.PersonalisationSet(
                **at, **self._viewer(), on=self.dice.random() < 0.5),
            ev.ViewersMerged: lambda at: ev.ViewersMerged(
                **at, viewer=self._passing(), into=self._viewer()["viewer"]),
            ev.PersonErased: lambda at: ev.PersonErased(**at, person=self._passing()),
            ev.ResetFeed: lambda at: ev.ResetFeed(**at, **self._viewer()),
            ev.VideoRemoved: lambda at: ev.VideoRemoved(**at, video=self._any_video()),
            ev.VideoChanged: lambda at: ev.VideoChanged(
                **at, video=self._any_video(), privacy=self.dice.choice(PRIVACIES)),
        }  # fmt: skip

    def plans(self) -> Iterator[list[type[Event]]]:
        """Kinds of one block after another; everything there is at first, then a mixture."""
        supply: list[type[Event]] = [ev.PersonSaved] * self._viewers
        supply += [ev.VideoPublished] * self._videos
        supply += self.dice.choices([*SHARES], [*SHARES.values()], k=-len(supply) % BLOCK)
        for first in range(0, len(supply), BLOCK):
            yield supply[first : first + BLOCK]
        while True:
            yield self.dice.choices([*SHARES], [*SHARES.values()], k=BLOCK)

    def tick(self, time: int) -> Event:
        return ev.Tick(event_id=content_id(time, b"mixed tick"), time=time, received=time)

    def make(self, kind: type[Event], at: dict[str, Any]) -> Event:
        if kind in UNDOES:
            return self._undo(kind, at)
        own = self._makers.get(kind)
        event = own(at) if own else kind(**at, **self._act(kind))
        if kind in self._undoable:
            self._undoable[kind].append(event)
        return event

    # --- parts ---

    def _viewer(self) -> dict[str, Any]:
        return self._people[int(self._viewers * next(self._chance) ** 2)]  # some far more active

    def _passing(self) -> str:
        """One of the quarter that acts least: guests who sign in or want to be forgotten."""
        return f"viewer{self._viewers - 1 - int(self._viewers / 4 * next(self._chance))}"

    def _any_video(self) -> str:
        return f"video{int((self._published or 1) * next(self._chance) ** 1.5)}"

    def _any_creator(self) -> str:
        return f"viewer{int(max(self._viewers // 10, 1) * next(self._chance))}"

    def _act(self, kind: type[Event]) -> dict[str, Any]:
        act = self._viewer() | {"video": self._any_video()}
        return act | {"person": self._any_creator()} if issubclass(kind, ev.PersonAct) else act

    def _undo(self, kind: type[Event], at: dict[str, Any]) -> Event:
        """Takes back something done lately; now and then something that never was."""
        done = self._undoable[UNDOES[kind]]
        if not done or self.dice.random() < 0.05:
            undone = self.make(UNDOES[kind], at)
            done.pop()
        else:
            undone = done[self.dice.randrange(len(done))]
        fields = {name: getattr(undone, name) for name in kind.__struct_fields__
                  if hasattr(undone, name)}  # fmt: skip
        return kind(**fields | at)

    # --- kinds with fields of their own ---

    def _impression(self, at: dict[str, Any]) -> Event:
        position = int(10 * next(self._chance))
        act = self._act(ev.Impression)
        if next(self._chance) < 0.01:  # quicker than the app's backend
            act |= {"video": f"video{self._published + self.dice.randrange(3)}", "parked": True}
        return ev.Impression(**at, **act, position=position)

    def _watch(self, at: dict[str, Any]) -> Event:
        duration = DURATIONS_MS[int(len(DURATIONS_MS) * next(self._chance))]
        watched = int(self.dice.expovariate(1 / 12_000))
        return ev.Watch(
            **at, **self._act(ev.Watch), watched_ms=watched, duration_ms=duration,
            loops=watched // duration if duration else 0, completed=watched >= duration > 0,
            left=next(self._chance) < 0.6,
        )  # fmt: skip

    def _comment(self, at: dict[str, Any]) -> Event:
        return ev.Comment(**at, **self._act(ev.Comment), comment_id=f"c{at['event_id'][-6:]}")

    def _hide(self, at: dict[str, Any]) -> Event:
        kind = self.dice.choice(KINDS_TO_HIDE)
        target = {"video": self._any_video(), "creator": self._any_creator(),
                  "sound": self._any_sound(), "hashtag": self.dice.choice(TAGS),
                  "topic": self._any_topic()}[kind]  # fmt: skip
        return ev.Hide(**at, **self._viewer(), kind=kind, target=target)

    def _less_of(self, at: dict[str, Any]) -> Event:
        kind = self.dice.choice(KINDS_OF_LESS)
        target = {"creator": self._any_creator(), "sound": self._any_sound() or "sound0",
                  "hashtag": self.dice.choice(TAGS), "topic": self._any_topic()}[kind]  # fmt: skip
        return ev.LessOf(**at, **self._viewer(), kind=kind, target=target)

    def _search(self, at: dict[str, Any]) -> Event:
        tags = tuple(self.dice.sample(TAGS, self.dice.randrange(3)))
        return ev.Search(**at, **self._viewer(), hashtags=tags, topics=(self._any_topic(),))

    def _open(self, at: dict[str, Any]) -> Event:
        return ev.OpenApp(**at, **self._viewer(), device="web", **self._home())

    def _person(self, at: dict[str, Any]) -> Event:
        row = int(at["event_id"][-6:], 16) % self._viewers
        return ev.PersonSaved(
            **at, person=f"viewer{row}", device=self.dice.choice(("", "ios", "android")),
            account=self.dice.choice(("personal", "creator", "business")), **self._home(),
            interests=(self._any_topic(),), traits={"name": self.dice.choice(NAMES)},
        )  # fmt: skip

    def _video(self, at: dict[str, Any]) -> Event:
        video, self._published = f"video{self._published}", self._published + 1
        if self._published > self._videos and self.dice.random() < 0.3:
            video = self._any_video()  # published anew, perhaps after it was removed
        return ev.VideoPublished(
            **at, video=video, creator=self._any_creator(),
            created=at["time"] - self.dice.randrange(86_400_000),
            duration_ms=self.dice.choice(DURATIONS_MS),
            sound=self._any_sound(), original_sound=self.dice.random() < 0.3,
            hashtags=tuple(self.dice.sample(TAGS, self.dice.randrange(5))),
            topics=tuple({self._any_topic(): 0, self._any_topic(): 0}), **self._home(),
        )  # fmt: skip

    def _sound(self, at: dict[str, Any]) -> Event:
        return ev.SoundSaved(**at, sound=self._any_sound() or "sound0",
                             original=self.dice.random() < 0.5)  # fmt: skip

    def _history(self, at: dict[str, Any]) -> Event:
        past = tuple(self._any_video() for _ in range(self.dice.randrange(40)))
        return ev.HistoryKnown(**at, viewer=self._viewer()["viewer"], watched=past,
                               liked=past[::7], long_watched=past[::3])  # fmt: skip

    def _slate(self, at: dict[str, Any]) -> Event:
        n = self.dice.randrange(1, 11)
        served = tuple(
            Served(self._any_video(), "explore", next(self._chance), 1 - next(self._chance) / 2)
            for _ in range(n)
        )
        vectors = self.array.standard_normal((n, self._features), np.float32).astype(np.float16)
        return ev.SlateServed(**at, **self._viewer(), request_id=at["event_id"], items=served,
                              features=vectors.tobytes(), seed=self.dice.getrandbits(31),
                              model="v1")  # fmt: skip

    def _label(self, at: dict[str, Any]) -> Event:
        return ev.LabelSet(**at, video=self._any_video(), label=self.dice.choice(LABELS),
                           actor="moderator")  # fmt: skip

    def _decision(self, at: dict[str, Any]) -> Event:
        """On a video, or on a person; some follow from earlier ones, some end soon."""
        effect, person = self.dice.choice(EFFECTS), self._any_creator()
        because = (self._decided()[0],) if self.dice.random() < 0.3 else ()
        until = at["time"] + self.dice.randrange(60_000) if self.dice.random() < 0.3 else 0
        self._decisions.append((at["event_id"], person))
        return ev.DecisionMade(
            **at, decision=at["event_id"], effect=effect, person=person, because=because,
            video="" if effect == "penalised" else self._any_video(), actor="rule:chance",
            reason="drawn", until=until, settles=self.dice.random() < 0.3,
        )  # fmt: skip

    def _appeal(self, at: dict[str, Any]) -> Event:
        decision, person = self._decided()
        return ev.AppealMade(**at, decision=decision, person=person, text="no")

    def _decided(self) -> tuple[str, str]:
        return self._decisions[self.dice.randrange(len(self._decisions))]

    def _any_sound(self) -> str:
        row = int(220 * next(self._chance)) - 20
        return f"sound{row}" if row >= 0 else ""

    def _any_topic(self) -> str:
        return self.dice.choice(TOPIC_NAMES)

    def _home(self) -> dict[str, Any]:
        language = self.dice.choice(LANGUAGES)
        return {"language": language, "country": COUNTRIES[language]}


def _uniform(array: np.random.Generator) -> Iterator[float]:
    """Numbers in [0, 1) made many at a time: drawing them is half the work here."""
    while True:
        yield from array.random(65_536).tolist()
