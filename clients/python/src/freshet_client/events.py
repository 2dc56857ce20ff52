"""What can be told. An event makes its own id and time; telling it again changes nothing.

Units are in the names: `_ms` milliseconds, `time` is ms since 1970. `viewer` and other
people are the app's own ids; a client with a viewer token leaves `viewer` out.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import field

from freshet_client.ids import new_id, now_ms

Surface = Literal[
    "for_you", "following", "friends", "discover", "search", "sound", "hashtag", "profile", "direct"
]
Privacy = Literal["PUBLIC_TO_EVERYONE", "FOLLOWER_OF_CREATOR", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"]
Label = Literal["duplicate", "spam", "under_review", "upsetting", "regulated", "age_limited"]
Kind = Literal["creator", "sound", "hashtag", "topic"]
HideKind = Literal["video", "creator", "sound", "hashtag", "topic"]


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", omit_defaults=True):
    """What all events share."""

    event_id: str = field(default_factory=new_id)  # UUIDv7
    time: int = field(default_factory=now_ms)


# --- viewer acts ----------------------------------------------------------------------------


class ViewerEvent(Event, frozen=True, kw_only=True):
    """An act of one viewer."""

    viewer: str = ""
    session_id: str = ""
    request_id: str = ""  # of the feed it happened in
    surface: Surface = "for_you"


class VideoAct(ViewerEvent, frozen=True, kw_only=True):
    """An act on one video."""

    video: str


class PersonAct(ViewerEvent, frozen=True, kw_only=True):
    """An act on another person, perhaps from one of their videos."""

    person: str
    video: str = ""  # where it was done; "" = on the profile


class Impression(VideoAct, frozen=True, kw_only=True, tag="impression"):
    """The video was on the viewer's screen. Opens a view."""

    position: int = 0  # in the feed, from 0
    context: str = ""  # the app's own name of the placement, finer than `surface`


class Watch(VideoAct, frozen=True, kw_only=True, tag="watch"):
    """How far a view has come. Sent every few seconds and on leaving; the maximum counts."""

    watched_ms: int  # playback in this view so far, loops included
    duration_ms: int = 0  # as the player saw it; 0 = unknown
    loops: int = 0  # full replays
    completed: bool = False
    left: bool = False  # the last report: the view closes


class Click(VideoAct, frozen=True, kw_only=True, tag="click"):
    """Opened the video from a cover, a list or a link."""


class Like(VideoAct, frozen=True, kw_only=True, tag="like"):
    """Liked the video."""


class Unlike(VideoAct, frozen=True, kw_only=True, tag="unlike"):
    """Takes a like and its effect back."""


class Comment(VideoAct, frozen=True, kw_only=True, tag="comment"):
    """Wrote a comment; its text is not told."""

    comment_id: str = ""


class DeleteComment(VideoAct, frozen=True, kw_only=True, tag="delete_comment"):
    """Takes one comment and its effect back."""

    comment_id: str = ""


class Share(VideoAct, frozen=True, kw_only=True, tag="share"):
    """Sent the video on, inside the app or out of it."""


class Favorite(VideoAct, frozen=True, kw_only=True, tag="favorite"):
    """Saved the video to watch again."""


class Unfavorite(VideoAct, frozen=True, kw_only=True, tag="unfavorite"):
    """Takes a favourite and its effect back."""


class NotInterested(VideoAct, frozen=True, kw_only=True, tag="not_interested"):
    """Does not want this video, and less like it."""


class UndoNotInterested(VideoAct, frozen=True, kw_only=True, tag="undo_not_interested"):
    """Takes a "not interested" and its effect back."""


class Report(VideoAct, frozen=True, kw_only=True, tag="report"):
    """Reported as inappropriate."""

    reason: str = ""


class Follow(PersonAct, frozen=True, kw_only=True, tag="follow"):
    """Follows the person from now on."""


class Unfollow(PersonAct, frozen=True, kw_only=True, tag="unfollow"):
    """Takes a follow and its effect back."""


class ProfileVisit(PersonAct, frozen=True, kw_only=True, tag="profile_visit"):
    """Opened the person's profile."""


class Block(PersonAct, frozen=True, kw_only=True, tag="block"):
    """Neither sees the other from now on."""


class Unblock(PersonAct, frozen=True, kw_only=True, tag="unblock"):
    """Takes a block and its effect back."""


class Hide(ViewerEvent, frozen=True, kw_only=True, tag="hide"):
    """Wants no more of one video, creator, sound, hashtag or topic."""

    kind: HideKind
    target: str


class Unhide(ViewerEvent, frozen=True, kw_only=True, tag="unhide"):
    """Takes a hide and its effect back."""

    kind: HideKind
    target: str


class LessOf(ViewerEvent, frozen=True, kw_only=True, tag="less_of"):
    """Wants to see less of one creator, sound, hashtag or topic: felt at once, gone in weeks."""

    kind: Kind
    target: str


class UndoLessOf(ViewerEvent, frozen=True, kw_only=True, tag="undo_less_of"):
    """Takes a "less of this" and its effect back."""

    kind: Kind
    target: str


class Search(ViewerEvent, frozen=True, kw_only=True, tag="search"):
    """Looked something up; only what it matched is told, not the words."""

    hashtags: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()


class OpenApp(ViewerEvent, frozen=True, kw_only=True, tag="open_app"):
    """A session begins; what the device says of itself."""

    device: str = ""
    country: str = ""  # ISO 3166-1 alpha-2
    language: str = ""  # ISO 639-1


class ResetFeed(ViewerEvent, frozen=True, kw_only=True, tag="reset_feed"):
    """Forget what was learned of this viewer; what was seen stays seen."""


class PersonalisationSet(ViewerEvent, frozen=True, kw_only=True, tag="personalisation_set"):
    """Chose a feed that does not learn from them, or one that does again."""

    on: bool


# --- supply, for apps that tell of it by events and not through the catalogue ----------------


class PersonSaved(Event, frozen=True, kw_only=True, tag="person_saved"):
    """A person as they are now."""

    person: str
    country: str = ""
    language: str = ""
    device: str = ""
    account: Literal["personal", "creator", "business"] = "personal"
    interests: tuple[str, ...] = ()
    category: str = ""
    traits: dict[str, str] = {}


class VideoPublished(Event, frozen=True, kw_only=True, tag="video_published"):
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
    country: str = ""
    traits: dict[str, str] = {}
    available_from: int = 0
    available_until: int = 0  # 0 = for ever
    privacy: Privacy = "PUBLIC_TO_EVERYONE"
    vector: bytes = b""  # int8 (64,): a unit vector


class VideoChanged(Event, frozen=True, kw_only=True, tag="video_changed"):
    """Privacy or availability changed."""

    video: str
    privacy: Privacy = "PUBLIC_TO_EVERYONE"


class VideoRemoved(Event, frozen=True, kw_only=True, tag="video_removed"):
    """The video is gone for everybody, for good."""

    video: str


class SoundSaved(Event, frozen=True, kw_only=True, tag="sound_saved"):
    """A sound as it is now."""

    sound: str
    original: bool = False
    commercial: bool = False  # cleared for business accounts


class HistoryKnown(Event, frozen=True, kw_only=True, tag="history_known"):
    """What a viewer did before this log began: videos in order, without times."""

    viewer: str
    watched: tuple[str, ...] = ()
    liked: tuple[str, ...] = ()
    long_watched: tuple[str, ...] = ()


class ViewersMerged(Event, frozen=True, kw_only=True, tag="viewers_merged"):
    """An anonymous viewer turned out to be `into`."""

    viewer: str
    into: str


class LabelSet(Event, frozen=True, kw_only=True, tag="label_set"):
    """A video got a label that bears on where it may be shown."""

    video: str
    label: Label
    actor: str
    reason: str = ""


class LabelCleared(Event, frozen=True, kw_only=True, tag="label_cleared"):
    """A label no longer holds."""

    video: str
    label: Label
    actor: str
    reason: str = ""


# --- undo -----------------------------------------------------------------------------------

UNDO: dict[type[Event], type[Event]] = {
    Like: Unlike,
    Comment: DeleteComment,
    Favorite: Unfavorite,
    NotInterested: UndoNotInterested,
    Follow: Unfollow,
    Block: Unblock,
    Hide: Unhide,
    LessOf: UndoLessOf,
}


def undo_of(act: Event) -> Event:
    """The event that takes an act and its effect back.

    Raises:
        TypeError: nothing does, as with a share.

    >>> undo_of(Like(viewer="ada", video="v1")).video
    'v1'
    """
    kind = UNDO.get(type(act))
    if kind is None:
        raise TypeError(f"nothing takes back a {type(act).__name__}")
    said: dict[str, Any] = {
        name: getattr(act, name) for name in act.__struct_fields__ if name in kind.__struct_fields__
    }
    del said["event_id"], said["time"]
    return kind(**said)
