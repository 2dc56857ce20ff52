"""Everything that can happen, in one page: the table of contents of the system.

An event is what one batch of the log holds. All state is a fold of these. Units are
in the names: `_ms` milliseconds, `time` and `received` are ms since 1970 (UTC).

    viewer acts   Impression Watch Click Like Comment Share Favorite Follow ProfileVisit
                  NotInterested LessOf Hide Block Report Search OpenApp PersonalisationSet
    their undo    Unlike DeleteComment Unfavorite Unfollow UndoNotInterested UndoLessOf Unhide
                  Unblock ResetFeed
    supply        PersonSaved VideoPublished VideoChanged VideoRemoved SoundSaved HistoryKnown
    identity      ViewersMerged PersonErased
    serving       SlateServed
    moderation    LabelSet LabelCleared DecisionMade DecisionReversed AppealMade AppealAnswered
    time          Tick

`time` is the client's clock, `received` the server's: the log sets it, it never
decreases, and folds use it as now. A viewer or person is named by its *key*, a random
string from the table of keys, so that erasing the key makes the log anonymous.

The table has one version, `SCHEMA`. A batch is stored with the version it was written
under; `upcast.py` brings older ones up to date. Golden files hold every released version.
"""

from __future__ import annotations

from typing import Literal

import msgspec

SCHEMA = 1

Surface = Literal[
    "for_you", "following", "friends", "discover", "search", "sound", "hashtag", "profile", "direct"
]

Label = Literal["duplicate", "spam", "under_review", "upsetting", "regulated", "age_limited"]

# A label bars a video; `penalised` all of a person's; `review` asks a moderator to look and
# bars nothing; `none` says that there is nothing to it.
Effect = Literal[
    "none", "review", "under_review", "duplicate", "spam", "upsetting", "regulated",
    "age_limited", "penalised",
]  # fmt: skip

Privacy = Literal["PUBLIC_TO_EVERYONE", "FOLLOWER_OF_CREATOR", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"]


class Event(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    tag_field="type",
    omit_defaults=True,
    forbid_unknown_fields=True,
    gc=False,  # thousands are held, and none can be part of a cycle
):
    """What all events share."""

    event_id: str  # UUIDv7, made once by whoever saw it happen; a repeat is dropped
    time: int  # ms since 1970 by the clock of whoever saw it
    received: int = 0  # ms since 1970, monotone over the log; 0 until appended


# --- viewer acts ----------------------------------------------------------------------------


class ViewerEvent(Event, kw_only=True):
    """An act of one viewer."""

    viewer: str
    session_id: str = ""
    request_id: str = ""  # of the slate it happened in, "" if unknown
    surface: Surface = "for_you"
    # What the edge made of `time`: kept, moved by how wrong `sent_at` was, or held to now.
    clock: Literal["kept", "corrected", "clamped"] = "kept"


class VideoAct(ViewerEvent, kw_only=True):
    """An act on one video."""

    video: str
    parked: bool = False  # the edge did not know the video: the act waits for it, for a day


class Impression(VideoAct, kw_only=True, tag="impression"):
    """The video was on the viewer's screen. Opens a view."""

    position: int = 0  # in the slate, from 0
    context: str = ""  # the app's own name of the placement, finer than `surface`


class Watch(VideoAct, kw_only=True, tag="watch"):
    """How far a view has come. Sent every few seconds and on leaving; the maximum counts."""

    watched_ms: int  # playback in this view so far, loops included
    duration_ms: int = 0  # as the player saw it; 0 = unknown, then the catalogue's counts
    loops: int = 0  # full replays
    completed: bool = False
    left: bool = False  # the last report: the view closes


class Click(VideoAct, kw_only=True, tag="click"):
    """Opened the video from a cover, a list or a link."""


class Like(VideoAct, kw_only=True, tag="like"):
    """Liked the video."""


class Unlike(VideoAct, kw_only=True, tag="unlike"):
    """Takes a like and its effect back."""


class Comment(VideoAct, kw_only=True, tag="comment"):
    """Wrote a comment; its text lives in the catalogue, not here."""

    comment_id: str = ""


class DeleteComment(VideoAct, kw_only=True, tag="delete_comment"):
    """Takes one comment and its effect back."""

    comment_id: str = ""


class Share(VideoAct, kw_only=True, tag="share"):
    """Sent the video on, inside the app or out of it."""


class Favorite(VideoAct, kw_only=True, tag="favorite"):
    """Saved the video to watch again."""


class Unfavorite(VideoAct, kw_only=True, tag="unfavorite"):
    """Takes a favourite and its effect back."""


class NotInterested(VideoAct, kw_only=True, tag="not_interested"):
    """Does not want this video, and less like it."""


class UndoNotInterested(VideoAct, kw_only=True, tag="undo_not_interested"):
    """Takes a "not interested" and its effect back."""


class Report(VideoAct, kw_only=True, tag="report"):
    """Reported as inappropriate."""

    reason: str = ""


class PersonAct(ViewerEvent, kw_only=True):
    """An act on another person, perhaps from one of their videos."""

    person: str
    video: str = ""  # where it was done; "" = on the profile


class Follow(PersonAct, kw_only=True, tag="follow"):
    """Follows the person from now on."""


class Unfollow(PersonAct, kw_only=True, tag="unfollow"):
    """Takes a follow and its effect back."""


class ProfileVisit(PersonAct, kw_only=True, tag="profile_visit"):
    """Opened the person's profile."""


class Block(PersonAct, kw_only=True, tag="block"):
    """Neither sees the other from now on."""


class Unblock(PersonAct, kw_only=True, tag="unblock"):
    """Takes a block and its effect back."""


class Hide(ViewerEvent, kw_only=True, tag="hide"):
    """Wants no more of one video, creator, sound, hashtag or topic."""

    kind: Literal["video", "creator", "sound", "hashtag", "topic"]
    target: str


class Unhide(ViewerEvent, kw_only=True, tag="unhide"):
    """Takes a hide and its effect back."""

    kind: Literal["video", "creator", "sound", "hashtag", "topic"]
    target: str


class LessOf(ViewerEvent, kw_only=True, tag="less_of"):
    """Wants to see less of one creator, sound, hashtag or topic: felt at once, gone in weeks."""

    kind: Literal["creator", "sound", "hashtag", "topic"]
    target: str


class UndoLessOf(ViewerEvent, kw_only=True, tag="undo_less_of"):
    """Takes a "less of this" and its effect back."""

    kind: Literal["creator", "sound", "hashtag", "topic"]
    target: str


class Search(ViewerEvent, kw_only=True, tag="search"):
    """Looked something up; only what it matched is kept, not the words."""

    hashtags: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()


class OpenApp(ViewerEvent, kw_only=True, tag="open_app"):
    """A session begins; what the device says of itself (weak signals)."""

    device: str = ""
    country: str = ""  # ISO 3166-1 alpha-2
    language: str = ""  # ISO 639-1


class ResetFeed(ViewerEvent, kw_only=True, tag="reset_feed"):
    """Forget what was learned of this viewer; what was seen stays seen."""


class PersonalisationSet(ViewerEvent, kw_only=True, tag="personalisation_set"):
    """Chose a feed that does not learn from them, or one that does again. Missing consent
    is the same as `on` being False."""

    on: bool


# --- supply ---------------------------------------------------------------------------------


class PersonSaved(Event, kw_only=True, tag="person_saved"):
    """A person as the catalogue holds them now (replaces what was known)."""

    person: str
    country: str = ""
    language: str = ""
    device: str = ""
    account: Literal["personal", "creator", "business"] = "personal"
    interests: tuple[str, ...] = ()  # topics chosen at sign-up
    category: str = ""  # what their own videos are about, as they say
    traits: dict[str, str] = {}  # the app's own weak labels, `name -> value`


class VideoPublished(Event, kw_only=True, tag="video_published"):
    """A video can be watched from now on."""

    video: str
    creator: str
    created: int  # ms since 1970
    duration_ms: int = 0  # 0 = unknown
    width: int = 0
    height: int = 0
    sound: str = ""  # "" = none
    original_sound: bool = False
    hashtags: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    language: str = ""
    country: str = ""  # where it was published
    traits: dict[str, str] = {}
    available_from: int = 0  # ms since 1970; outside the window nothing recommends it
    available_until: int = 0  # 0 = for ever
    privacy: Privacy = "PUBLIC_TO_EVERYONE"
    vector: bytes = b""  # int8 (64,): what it is made of, words included, as a unit vector


class VideoChanged(Event, kw_only=True, tag="video_changed"):
    """Privacy or availability changed."""

    video: str
    privacy: Privacy = "PUBLIC_TO_EVERYONE"


class VideoRemoved(Event, kw_only=True, tag="video_removed"):
    """The video is gone for everybody, for good."""

    video: str


class SoundSaved(Event, kw_only=True, tag="sound_saved"):
    """A sound as the catalogue holds it now (replaces what was known)."""

    sound: str
    original: bool = False
    commercial: bool = False  # cleared for business accounts


class HistoryKnown(Event, kw_only=True, tag="history_known"):
    """What a viewer did before this log began: videos in order, without times."""

    viewer: str
    watched: tuple[str, ...] = ()
    liked: tuple[str, ...] = ()
    long_watched: tuple[str, ...] = ()


# --- identity -------------------------------------------------------------------------------


class ViewersMerged(Event, kw_only=True, tag="viewers_merged"):
    """An anonymous viewer turned out to be `into`: what they saw and did is theirs now."""

    viewer: str
    into: str


class PersonErased(Event, kw_only=True, tag="person_erased"):
    """Nothing may be known of this person any more; their videos are gone too."""

    person: str


# --- serving --------------------------------------------------------------------------------


class Served(msgspec.Struct, frozen=True, omit_defaults=True, array_like=True, gc=False):
    """One item of a slate as it was shown. Position is its index in the slate."""

    video: str
    source: str
    value: float
    propensity: float = 1.0  # probability that the policy put it there
    predictions: tuple[float, ...] = ()  # in the order of `outcomes` of the model
    reasons: tuple[str, ...] = ()
    watch_s: float = 0.0  # expected seconds of watching
    boost: float = 0.0  # of `value`: what the app's boosts added
    less_of: float = 0.0  # of `value`: what the viewer's "less of this" took


class SlateServed(Event, kw_only=True, tag="slate_served"):
    """What a feed answered, and why. Exposure, seen lists, learning, explanation and
    off-policy evaluation are folds of this."""

    viewer: str
    request_id: str
    session_id: str = ""
    surface: Surface = "for_you"
    items: tuple[Served, ...]
    features: bytes = b""  # float16 (items, features), row-major, as ranked
    seed: int = 0
    model: str = ""  # version that predicted
    arm: str = ""
    # Of the never-empty ladder that filled it, or the step of a loaded server; "" = in full.
    rung: str = ""
    personalised: bool = True  # False: ranked as for a viewer nothing is known of


# --- moderation -----------------------------------------------------------------------------


class LabelSet(Event, kw_only=True, tag="label_set"):
    """The app's own moderation gave a video a label that bears on where it may be shown."""

    video: str
    label: Label
    actor: str
    reason: str = ""


class LabelCleared(Event, kw_only=True, tag="label_cleared"):
    """The app takes its own label back; one that a decision holds stays."""

    video: str
    label: Label
    actor: str
    reason: str = ""


class DecisionMade(Event, kw_only=True, tag="decision_made"):
    """A rule, reports or a moderator decided on a video or a person. Its effect holds until
    its end, or until it or what it follows from is reversed."""

    decision: str  # its id: the same one again changes nothing
    video: str = ""  # "" = it is about the person
    person: str = ""  # whose video it is, or whom it is about
    effect: Effect
    actor: str  # `rule:NAME`, `reports` or `moderator:NAME`
    reason: str
    until: int = 0  # ms since 1970; 0 = for good
    because: tuple[str, ...] = ()  # decisions it follows from: it falls with any of them
    settles: bool = False  # answers what was reported and asked before of the same
    evidence: dict[str, str] = {}


class DecisionReversed(Event, kw_only=True, tag="decision_reversed"):
    """As if the decision had never been made, and what followed from it."""

    decision: str
    actor: str
    reason: str = ""


class AppealMade(Event, kw_only=True, tag="appeal_made"):
    """Whom a decision is about says that it is wrong."""

    decision: str
    person: str
    text: str


class AppealAnswered(Event, kw_only=True, tag="appeal_answered"):
    """A moderator answered: granted, the decision is reversed; else it stands."""

    decision: str
    granted: bool
    actor: str
    reason: str = ""


# --- time -----------------------------------------------------------------------------------


class Tick(Event, kw_only=True, tag="tick"):
    """A second went by. Folds have no clock; this is theirs."""


# fmt: off
AnyEvent = (
    Impression | Watch | Click | Like | Unlike | Comment | DeleteComment | Share | Favorite
    | Unfavorite | NotInterested | UndoNotInterested | Report | Follow | Unfollow | ProfileVisit
    | Block | Unblock | Hide | Unhide | LessOf | UndoLessOf | Search | OpenApp | ResetFeed
    | PersonalisationSet | PersonSaved | VideoPublished | VideoChanged | VideoRemoved
    | SoundSaved | HistoryKnown | ViewersMerged | PersonErased
    | SlateServed | LabelSet | LabelCleared | DecisionMade | DecisionReversed | AppealMade
    | AppealAnswered | Tick
)
# fmt: on

EVENTS: dict[str, type[Event]] = {
    str(kind.__struct_config__.tag): kind for kind in AnyEvent.__args__
}
VIEWER_EVENTS = frozenset(name for name, kind in EVENTS.items() if issubclass(kind, ViewerEvent))
