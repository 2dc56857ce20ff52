"""Asks a Freshet server for feeds and tells it what viewers did.

    with Client("http://127.0.0.1:8420", key) as client:
        feed = client.feed(viewer="ada", n=5)
        client.like(viewer="ada", video=feed.items[0].video, request_id=feed.request_id)

Every call may be repeated without harm and is, when the connection or the server fails: with
the same ids, so that nothing counts twice.
"""

from freshet_client import events
from freshet_client.asked import Boost, Filters
from freshet_client.client import AsyncClient, Client
from freshet_client.delivery import Batching
from freshet_client.errors import (
    Broken,
    Forbidden,
    FreshetError,
    Full,
    NotFound,
    Refused,
    TooLate,
    Unauthorized,
    Unavailable,
)
from freshet_client.events import undo_of
from freshet_client.records import Hashtag, Person, Sound, Video
from freshet_client.talking import Retries
from freshet_client.tokens import viewer_token

__version__ = "0.1.0"

__all__ = [
    "AsyncClient",
    "Batching",
    "Boost",
    "Broken",
    "Client",
    "Filters",
    "Forbidden",
    "FreshetError",
    "Full",
    "Hashtag",
    "NotFound",
    "Person",
    "Refused",
    "Retries",
    "Sound",
    "TooLate",
    "Unauthorized",
    "Unavailable",
    "Video",
    "events",
    "undo_of",
    "viewer_token",
]
