"""Where candidates come from. Every source proposes eligible rows only, as a courtesy:
the filter `Eligible` is what guarantees it. What a source costs does not grow with the
catalogue.

    Similar        near the last videos that the viewer liked
    Interests      near what the viewer lately liked, taste by taste
    CoWatched      watched with, or after, what the viewer lately liked
    Followed       the newest of creators whom the viewer follows
    Proven         worth most to anybody, and fitting this viewer
    Rising         engaging faster and faster, in the viewer's country and anywhere
    Fresh          the newest videos
    FirstAudience  new, little shown, and likely to suit this viewer
    Explore        little-shown videos, drawn by chance
    PopularHere    shown most, in the viewer's country and anywhere: for a server under load
    Everything     the whole catalogue while it is small, else a uniform sample
    Whole          the whole catalogue without a cap, for the ladder's lower rungs
"""

from freshet.feed.sources.catalogue import Everything, Explore, Fresh, Whole
from freshet.feed.sources.near import CoWatched, Followed, Interests, Similar
from freshet.feed.sources.pooled import FirstAudience, PopularHere, Proven, Rising

__all__ = [
    "CoWatched",
    "Everything",
    "Explore",
    "FirstAudience",
    "Followed",
    "Fresh",
    "Interests",
    "PopularHere",
    "Proven",
    "Rising",
    "Similar",
    "Whole",
]
