"""What each entry of a value table stands for, in words, for people who set them."""

from __future__ import annotations

MEANING: dict[str, str] = {
    "watch_s": "each second the viewer is expected to watch",
    "watched_2s": "plays 2 s or more",
    "watched_6s": "plays 6 s or more, or to the end of a shorter one",
    "long_view": "plays 18 s or more, or to the end of a shorter one",
    "finish": "plays to the end",
    "rewatch": "plays it again, or 1.5 times its length",
    "click": "opens it from a cover, a list or a link",
    "like": "likes it",
    "comment": "writes a comment",
    "share": "sends it on",
    "favorite": "saves it",
    "follow": "follows its creator",
    "profile_visit": "opens its creator's profile",
    "not_interested": "says that they do not want it, or less like it",
    "hide": "hides it",
    "report": "reports it",
}
