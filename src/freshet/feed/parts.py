"""What a feed is made of: the live state it reads, and its settings.

`Live` is the port to everything that was learned and everything that is known of the
catalogue, as arrays indexed by dense rows. A viewer without history is row -1 and legal
everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from freshet.catalogue.trials import Trials
from freshet.feed.settings import ForYou
from freshet.pipeline import Mask, Rows
from freshet.retrieval.nearby import Nearby

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


@dataclass(frozen=True, slots=True)
class Groups:
    """Groups of features, to be taken out of a vector one group at a time."""

    columns: Ints  # of all groups, one after the other
    ends: Ints  # (G,) where each group's columns end
    of_stranger: Mask  # (G,) replaced by a stranger's, else by the typical vector's


class Column(Protocol):
    """One value per video, or one row of them: read in place, or worked out when asked."""

    def __getitem__(self, rows: Any, /) -> Any: ...


class Session(Protocol):
    @property
    def slates(self) -> int: ...  # served to this viewer in all

    @property
    def since_s(self) -> int: ...  # when it began, seconds since 2020

    @property
    def last(self) -> Rows: ...  # of the surface's latest slates, the newest first


class InCommon(Protocol):
    """What a viewer lately did with videos that share something with n others."""

    @property
    def acts(self) -> Mapping[str, Sequence[Sequence[int]]]:
        """Per kind ("creator", "sound", "hashtag", "topic") and video: the row of what they
        share, the index of the act in `Live.acts`, with how many videos it was done, and when
        the first of those views began, seconds since 2020."""
        ...

    @property
    def rest(self) -> Mapping[str, Floats]:
        """Per kind (n, 3): the model's inputs of it, `shown`, `long` and `surprise`, as they
        would be without the views of those videos."""
        ...

    @property
    def whole_since_s(self) -> int: ...  # from then on no view is missing


class Live(Protocol):
    """The live state as a feed reads it. Nothing here changes during one request."""

    @property
    def outcomes(self) -> tuple[str, ...]: ...

    @property
    def feature_names(self) -> tuple[str, ...]: ...

    @property
    def acts(self) -> tuple[str, ...]: ...  # what may be done with a video, strongest first

    @property
    def model_version(self) -> str: ...

    @property
    def offset(self) -> int: ...  # of the last event folded

    # --- columns of videos, to be indexed by an array or a slice of rows ---------------------

    @property
    def creator(self) -> Column: ...  # int32

    @property
    def sound(self) -> Column: ...  # int32, -1 = none, or an original sound

    @property
    def topics(self) -> Column: ...  # int32 (n, 3), -1 = no more

    @property
    def hashtags(self) -> Column: ...  # int32 (n, 5), -1 = no more

    @property
    def duration_ms(self) -> Column: ...  # int32

    @property
    def created_ms(self) -> Column: ...  # int64

    @property
    def language(self) -> Column: ...  # int32

    @property
    def country(self) -> Column: ...  # int32

    @property
    def eligible(self) -> Column: ...  # bool: public, in its window, barred by no label or penalty

    @property
    def followable(self) -> Column: ...  # bool: as that, for followers: a penalty does not bar

    @property
    def shown(self) -> Column: ...  # float32, impressions in all

    def described(self, rows: Rows) -> tuple[Rows, Rows, Rows, Floats]:
        """`creator`, `sound`, `topics` and `shown` of videos, read together."""
        ...

    @property
    def trials(self) -> Trials: ...

    # --- rows and names ---------------------------------------------------------------------

    def viewer_row(self, key: str) -> int:
        """-1 if unknown."""
        ...

    def away(self, viewer: int) -> bool:
        """Whether the writer must be asked to `wake` a viewer before anything is read of them."""
        ...

    def video_row(self, video_id: str) -> int:
        """-1 if unknown."""
        ...

    def video_id(self, row: int) -> str: ...

    def video_count(self) -> int: ...

    def held(self) -> Mapping[str, int]:
        """How many viewers and videos there are, and `tie_bytes`: what viewers have seen, follow
        and hide. Of the process that folds also how many viewers are `cold`, were `woken`, and
        `cold_bytes` on disk beside the snapshots."""
        ...

    def published(self, video: str) -> bool:
        """Whether the video is known and was ever published."""
        ...

    def names(self, kind: str, row: int) -> str:
        """The id behind a row of "creator", "sound", "topic" or "hashtag"."""
        ...

    def row(self, kind: str, name: str) -> int:
        """The row behind an id of "creator", "sound", "topic", "hashtag", "language" or
        "country"; -1 if unknown."""
        ...

    # --- one viewer -------------------------------------------------------------------------

    def seen(
        self, viewer: int, rows: Rows, now_ms: int, horizon_ms: int, served_since_s: int | None
    ) -> Mask:
        """On the viewer's screen within the horizon, or served to them since then."""
        ...

    def session(self, viewer: int, session_id: str, surface: str, now_ms: int) -> Session:
        """The session that a request made now belongs to."""
        ...

    def seen_ms(self, viewer: int, rows: Rows) -> Longs:
        """When last on the screen, 0 = never."""
        ...

    def hidden(self, viewer: int, rows: Rows) -> Mask:
        """Hidden itself or by creator, sound, hashtag or topic; blocked either way; one's own."""
        ...

    def less_of(self, viewer: int, rows: Rows, now_ms: int, half_life_s: float) -> Floats:
        """(n,) in [0, 1]: how much of "less of this" by creator, sound, hashtag or topic is
        left, 1 as it is said; 0 if nothing was said."""
        ...

    def impersonal(self, viewer: int) -> bool:
        """Chose a feed that does not use what they did, or did not consent to one that does."""
        ...

    def follows(self, viewer: int) -> Rows:
        """People they follow, newest follow first."""
        ...

    def videos_of(self, person: int, n: int) -> Rows:
        """Up to `n` of a person's videos, newest first, whether eligible or not."""
        ...

    def recent(self, viewer: int) -> Rows:
        """Videos lately watched, newest first."""
        ...

    def in_common(self, viewer: int, rows: Rows) -> InCommon:
        """What the viewer lately did with videos that share something with those of `rows`."""
        ...

    def liked(self, viewer: int) -> Rows:
        """Videos that the viewer lately liked, newest first, each once."""
        ...

    @property
    def view_counts(self) -> Rows: ...  # (viewers,) how many views each has begun

    def liked_views(self, viewer: int) -> tuple[Rows, Rows]:
        """Lately liked, view by view, the oldest first: rows, and how many views there were
        before each."""
        ...

    def interests(self, viewer: int) -> tuple[Floats, Floats]:
        """Centroids (k, 64) of what the viewer lately liked, and their shares (k,)."""
        ...

    def home(self, viewer: int) -> tuple[int, int]:
        """Rows of country and language, -1 = not known."""
        ...

    # --- item vectors and speeds, for retrieval -----------------------------------------------

    @property
    def vector_sequence(self) -> NDArray[np.uint32]: ...  # grows when an item vector changes

    def items(self, rows: Rows) -> Floats:
        """Item vectors (n, 64) of length 1, all 0 where a video has none."""
        ...

    def speeds(self, first: int, end: int, now_ms: int) -> Floats:
        """How fast videos `first` to `end` are gaining long views; 0 = not at all."""
        ...

    # --- the model ----------------------------------------------------------------------------

    @property
    def trust(self) -> tuple[float, float]:
        """Views that say as much of a video as what is known of all, and the variance of
        log(1 + seconds watched) of one view."""
        ...

    def rank(self, viewer: int, rows: Rows, now_ms: int, surface: str) -> Ranked: ...

    def without(
        self,
        rows: Rows,
        now_ms: int,
        surface: str,
        served: Floats,
        typical: Floats,
        groups: Groups,
    ) -> Ranked:
        """The same heads on vectors (n, features) as they were served, then once for each of G
        groups of features as if it said nothing: (1 + G) n predictions, group by group."""
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """What stages are built from."""

    live: Live
    settings: ForYou
    nearby: Nearby | None = None  # without it nothing is searched for, as in small tests
    trials: Trials | None = None  # without them chance takes whatever was little shown
