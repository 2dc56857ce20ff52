"""The book of moderation: a projection of decisions, appeals, reports, and what rules look at.

    DecisionMade, DecisionReversed, AppealMade, AppealAnswered    decisions, audit log
    LabelSet, LabelCleared                                        the app's own labels, audit log
    Report                                                        reports, reporters' records
    VideoPublished, Like, Comment, Share, Favorite, Follow        what rules look at

It decides nothing: what follows from thresholds is a decision too, which `Desk` makes and the
log keeps, so that another threshold tomorrow does not change what was decided today.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from freshet.catalogue.verdicts import QUESTIONS, Subject, Verdicts
from freshet.domain import events as ev
from freshet.log.ports import Batch
from freshet.log.snapshots import load_value, save_value
from freshet.moderation.engagement import ACTS, Counts, Engagement
from freshet.moderation.records import Appeal, Decision, Entry, Reversal
from freshet.moderation.reports import Reported, Reports
from freshet.moderation.uploads import Upload, Uploads


class Saved(msgspec.Struct, array_like=True):
    verdicts: bytes
    decisions: list[Decision]
    reports: dict[str, list[Reported]]
    labels: dict[str, dict[str, Entry]]
    audit: list[Entry]
    entries: int
    removed: list[str]
    uploads: list[Upload]
    engagement: Counts
    now_ms: int


class Book:
    """Everything that is known of moderation, as of the last folded event."""

    name = "moderation"
    fold_version = 1

    def __init__(self) -> None:
        self.verdicts, self.reports = Verdicts(), Reports()
        self.uploads, self.engagement = Uploads(), Engagement()
        self.decisions: dict[str, Decision] = {}
        self._of: dict[str, dict[str, None]] = {}  # by person, the oldest first
        self.labels: dict[str, dict[str, Entry]] = {}  # the app's own, by video and label
        self.audit: list[Entry] = []  # the oldest first
        self.entries = 0  # ever written; those of erased people are gone
        self.removed: dict[str, None] = {}  # videos
        self.now_ms = 0
        # Whom rules have not looked at since something of theirs changed. Not part of the state.
        self.touched: dict[Subject, None] = {}
        self._folds: dict[type, Callable[[Any], None]] = {
            ev.DecisionMade: self._decided, ev.DecisionReversed: self._reversed,
            ev.AppealMade: self._appealed, ev.AppealAnswered: self._answered,
            ev.LabelSet: self._label_set, ev.LabelCleared: self._label_cleared,
            ev.Report: self._report, ev.VideoPublished: self._published,
            ev.VideoRemoved: self._removed, ev.PersonErased: self._erased,
            ev.ViewersMerged: self._merged, ev.Tick: self._tick,
            **dict.fromkeys(ACTS, self._engaged),
        }  # fmt: skip

    # --- folding ------------------------------------------------------------------------------

    def apply(self, batch: Batch) -> None:
        for event in batch.events:
            fold = self._folds.get(type(event))
            if fold is not None:
                fold(event)
        self.now_ms = max(self.now_ms, batch.events[-1].received)

    def save(self, folder: Path) -> None:
        self.freeze()(folder)

    def freeze(self) -> Callable[[Path], None]:
        saved = msgspec.msgpack.encode(self._saved())
        return lambda folder: save_value(folder, "book", saved)

    def load(self, folder: Path) -> None:
        saved = _decode(load_value(folder, "book", bytes))
        self.verdicts = Verdicts.of_saved(saved.verdicts)
        self.decisions = {one.decision: one for one in saved.decisions}
        self._index()
        self.reports, self.uploads = Reports(saved.reports), Uploads(saved.uploads)
        self.labels, self.audit, self.entries = saved.labels, saved.audit, saved.entries
        self.removed, self.now_ms = dict.fromkeys(saved.removed), saved.now_ms
        self.engagement = Engagement(saved.engagement)
        self.touch_all()

    def touch_all(self) -> None:
        """Rules are to look at everything again: another run may have left something."""
        self.touched = dict.fromkeys(("video", video) for video in self.reports.of)
        people = [*self.uploads.people(), *self.engagement.people()]
        people += self._of
        self.touched |= dict.fromkeys(("person", person) for person in people)

    def _saved(self) -> Saved:
        return Saved(
            self.verdicts.saved(), list(self.decisions.values()), self.reports.of, self.labels,
            self.audit, self.entries, list(self.removed), self.uploads.saved(),
            self.engagement.saved(), self.now_ms,
        )  # fmt: skip

    # --- decisions ----------------------------------------------------------------------------

    def _decided(self, event: ev.DecisionMade) -> None:
        if event.decision in self.decisions:
            return
        self.decisions[event.decision] = Decision(
            event.decision, event.video, event.person, event.effect, event.actor, event.reason,
            event.received, event.until, event.because, event.settles, event.evidence,
        )  # fmt: skip
        self._of.setdefault(event.person, {})[event.decision] = None
        self._changed(event)
        self._note("decided", event, event.decision)

    def _reversed(self, event: ev.DecisionReversed) -> None:
        made = self.decisions.get(event.decision)
        if made is None or made.reversal is not None:
            return
        reversal = Reversal(event.actor, event.reason, event.received)
        self._replace(event.decision, reversal=reversal)
        self._changed(event)
        self._note("reversed", event, event.decision)

    def _appealed(self, event: ev.AppealMade) -> None:
        made = self.decisions.get(event.decision)
        if made is None or made.appeal is not None or made.person != event.person:
            return
        self._replace(event.decision, appeal=Appeal(event.text, event.received))
        self._note("appealed", event, event.decision)

    def _answered(self, event: ev.AppealAnswered) -> None:
        made = self.decisions.get(event.decision)
        if made is None:
            return
        changes: dict[str, Any] = {}
        if made.appeal is not None and not made.appeal.answered:
            changes["appeal"] = msgspec.structs.replace(
                made.appeal, answered=event.received, granted=event.granted, actor=event.actor,
                reason=event.reason,
            )  # fmt: skip
        if event.granted and made.reversal is None:
            changes["reversal"] = Reversal(event.actor, event.reason, event.received)
        if changes:
            self._replace(event.decision, **changes)
            self._changed(event)
            self._note("answered", event, event.decision)

    def _changed(self, event: ev.Event) -> None:
        """Fold into the verdicts, and note for rules whom it reached."""
        for subject in self.verdicts.fold(event):
            self._touch(*subject)
            person = next((one.person for one in self.verdicts.of(subject)), "")
            if person:
                self._touch("person", person)

    def _index(self) -> None:
        self._of = {}
        for made in self.decisions.values():
            self._of.setdefault(made.person, {})[made.decision] = None

    def _replace(self, decision: str, **changes: Any) -> None:
        made = self.decisions[decision]
        self.decisions[decision] = msgspec.structs.replace(made, **changes)

    # --- the app's own labels -----------------------------------------------------------------

    def _label_set(self, event: ev.LabelSet) -> None:
        entry = self._note("label_set", event, effect=event.label)
        self.labels.setdefault(event.video, {})[event.label] = entry

    def _label_cleared(self, event: ev.LabelCleared) -> None:
        self._note("label_cleared", event, effect=event.label)
        mine = self.labels.get(event.video, {})
        mine.pop(event.label, None)
        if not mine:
            self.labels.pop(event.video, None)

    # --- what rules look at -------------------------------------------------------------------

    def _report(self, event: ev.Report) -> None:
        if self.reports.fold(event, self.verdicts.made):
            self._touch("video", event.video)

    def _published(self, event: ev.VideoPublished) -> None:
        self.removed.pop(event.video, None)
        self.engagement.publish(event)
        if self.uploads.fold(event):
            self._touch("person", event.creator)

    def _engaged(self, event: Any) -> None:
        person = self.engagement.fold(event)
        if person:
            self._touch("person", person)

    def _tick(self, event: ev.Tick) -> None:
        self.uploads.pass_time(event.received)

    def _removed(self, event: ev.VideoRemoved) -> None:
        if event.video in self.reports.of or self.verdicts.of(("video", event.video)):
            self.removed[event.video] = None

    def _touch(self, kind: str, name: str) -> None:
        self.touched[kind, name] = None

    # --- people -------------------------------------------------------------------------------

    def _erased(self, event: ev.PersonErased) -> None:
        person = event.person
        self.verdicts.forget(person)
        if theirs := self._of.pop(person, None):
            for decision in theirs:
                del self.decisions[decision]
            self.audit = [entry for entry in self.audit if entry.person != person]
        self.reports.forget(person)
        self.uploads.forget(person)
        self.engagement.forget(person)
        self.touched.pop(("person", person), None)

    def _merged(self, event: ev.ViewersMerged) -> None:
        old, new = event.viewer, event.into
        if old == new:
            return
        self.reports.merge(old, new)
        if self.verdicts.merge(old, new):
            for decision in self._of[old]:
                self._replace(decision, person=new)
            self._index()
            self.audit = [
                msgspec.structs.replace(entry, person=new) if entry.person == old else entry
                for entry in self.audit
            ]
            self._touch("person", new)

    # --- the audit log ------------------------------------------------------------------------

    def _note(self, what: Any, event: Any, decision: str = "", effect: str = "") -> Entry:
        made = self.decisions.get(decision)
        self.entries += 1
        entry = Entry(
            self.entries, event.received, what, decision,
            made.video if made else event.video, made.person if made else "",
            made.effect if made else effect, getattr(event, "actor", ""),
            getattr(event, "reason", ""),
        )  # fmt: skip
        self.audit.append(entry)
        return entry

    # --- reading ------------------------------------------------------------------------------

    def of_person(self, person: str) -> list[Decision]:
        """On them and on their videos, the oldest first."""
        return [self.decisions[decision] for decision in self._of.get(person, ())]

    def open_questions(self) -> list[Decision]:
        """Those in the queue: asked, not settled, and of videos that are still there."""
        asked = [d for d in self.decisions.values() if d.effect in QUESTIONS]
        return [
            one
            for one in asked
            if one.video not in self.removed
            and any(
                standing.decision == one.decision
                for standing in self.verdicts.standing(subject_of(one), self.now_ms)
            )
        ]

    def open_appeals(self) -> list[Decision]:
        """Not of what was reversed meanwhile."""
        made = [one for one in self.decisions.values() if one.appeal and not one.appeal.answered]
        return [one for one in made if not self.verdicts.void(one.decision)]


def subject_of(made: Decision) -> Subject:
    return ("video", made.video) if made.video else ("person", made.person)


_decode = msgspec.msgpack.Decoder(Saved).decode
