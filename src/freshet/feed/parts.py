"""What a feed is made of: the live state it reads, and its settings.

`Live` is the port to everything that was learned and everything that is known of the
catalogue, as arrays indexed by dense rows. A viewer without history is row -1 and legal
everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from freshet.feed.settings import ForYou
from freshet.pipeline import Mask, Rows

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Floats = NDArray[np.float32]


class Ranked(Protocol):
    """What the model says of n videos for one viewer."""

    @property
    def features(self) -> Floats: ...  # (n, features), in the order of `feature_names`

    @property
    def predictions(self) -> Floats: ...  # (n, outcomes) probabilities, in that of `outcomes`

    @property
    def watch_s(self) -> Floats: ...  # (n,) expected seconds of watching


class Live(Protocol):
    """The live state as a feed reads it. Nothing here changes during one request."""

    @property
    def outcomes(self) -> tuple[str, ...]: ...

    @property
    def feature_names(self) -> tuple[str, ...]: ...

    @property
    def model_version(self) -> str: ...

    @property
    def offset(self) -> int: ...  # of the last event folded

    # --- columns of the catalogue, indexed by video row; perhaps longer than video_count() --

    @property
    def creator(self) -> Ints: ...

    @property
    def sound(self) -> Ints: ...  # -1 = none, or an original sound

    @property
    def topics(self) -> Ints: ...  # (n, 3), -1 = no more

    @property
    def hashtags(self) -> Ints: ...  # (n, 5), -1 = no more

    @property
    def duration_ms(self) -> Ints: ...

    @property
    def created_ms(self) -> Longs: ...

    @property
    def language(self) -> Ints: ...

    @property
    def country(self) -> Ints: ...

    @property
    def eligible(self) -> Mask: ...  # exists, is public and bears no barring label

    @property
    def shown(self) -> Floats: ...  # impressions in all

    # --- rows and names ---------------------------------------------------------------------

    def viewer_row(self, key: str) -> int:
        """-1 if unknown."""
        ...

    def video_row(self, video_id: str) -> int:
        """-1 if unknown."""
        ...

    def video_id(self, row: int) -> str: ...

    def video_count(self) -> int: ...

    def published(self, video: str) -> bool:
        """Whether the video is known and was ever published."""
        ...

    def names(self, kind: str, row: int) -> str:
        """The id behind a row of "creator", "sound", "topic" or "hashtag"."""
        ...

    # --- one viewer -------------------------------------------------------------------------

    def impersonal(self, viewer: int) -> bool:
        """Chose a feed that does not use what they did."""
        ...

    def seen(self, viewer: int, rows: Rows, now_ms: int, horizon_ms: int) -> Mask:
        """On the viewer's screen within the horizon."""
        ...

    def seen_ms(self, viewer: int, rows: Rows) -> Longs:
        """When last on the screen, 0 = never."""
        ...

    def hidden(self, viewer: int, rows: Rows) -> Mask:
        """Hidden itself or by creator, sound, hashtag or topic; blocked either way; one's own."""
        ...

    def recent(self, viewer: int) -> Rows:
        """Videos lately watched, newest first."""
        ...

    def rank(self, viewer: int, rows: Rows, now_ms: int, surface: str) -> Ranked: ...

    def predict(self, features: Any) -> Ranked:
        """The same heads on given vectors: what would be if a feature were different."""
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """What stages are built from."""

    live: Live
    settings: ForYou
