"""Everything that can be asked, once for both clients."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, ParamSpec, TypeVar

import msgspec

from freshet_client import events
from freshet_client.answers import (
    Done,
    Feed,
    Health,
    Item,
    Ranked,
    RecordError,
    Related,
    Taken,
    Token,
    Why,
)
from freshet_client.asked import Boost, Filters
from freshet_client.call import (
    Call,
    Driver,
    Mode,
    Paged,
    Part,
    ask,
    ask_all,
    path,
    reading,
    sending,
)
from freshet_client.catalogue import Hashtags, People, Sounds, Videos
from freshet_client.errors import Refused, refused
from freshet_client.events import Event, undo_of
from freshet_client.ids import new_id, now_ms
from freshet_client.moderation import Moderation
from freshet_client.rulings import Ruling
from freshet_client.trials import Funnel

P = ParamSpec("P")
E = TypeVar("E", bound=Event)


def _act(kind: Callable[P, E]) -> ask[Part[Any], P, E]:
    """A method that takes what the event has, tells it and returns it once it is durable."""

    def tells(_: Part[Any], /, *args: P.args, **kwargs: P.kwargs) -> Call[E]:
        return _one(kind(*args, **kwargs))

    tells.__doc__ = kind.__doc__
    return ask(tells)


BATCH_MAX = 1_000

_taken = reading(Taken)


class Api(Part[Mode], Generic[Mode]):
    """A Freshet server."""

    def __init__(self, driver: Driver) -> None:
        super().__init__(driver)
        self.people: People[Mode] = People(driver)
        self.videos: Videos[Mode] = Videos(driver)
        self.sounds: Sounds[Mode] = Sounds(driver)
        self.hashtags: Hashtags[Mode] = Hashtags(driver)
        self.moderation: Moderation[Mode] = Moderation(driver)

    # --- feeds ------------------------------------------------------------------------------

    @ask
    def feed(
        self,
        surface: str = "for_you",
        *,
        viewer: str = "",
        n: int = 10,
        cursor: str = "",
        request_id: str = "",
        session_id: str = "",
        consent: bool = True,
        personalised: bool = True,
        filters: Filters | None = None,
        exclude: Sequence[str] = (),
        pins: Mapping[str, int] | None = None,
        boosts: Sequence[Boost] = (),
        language: str = "",
        utc_offset_min: int | None = None,
        trace: bool = False,
        features: bool = False,
    ) -> Call[Feed]:
        """The next videos for a viewer, best first; fewer than `n` when no more may follow.

        Args:
            viewer: the app's own id; left out with a viewer token.
            cursor: of the answer before: its next page.
            request_id: the same one gets the same feed again; made here if left out.
            consent: False: this viewer may not be learned from.
            personalised: False: ranked as for a viewer nothing is known of.
            filters, exclude, pins, boosts: what is wanted of this one feed.
            language: of the reasons: da, en, it or nl; else the viewer's own.
            utc_offset_min: how far the viewer's clock is ahead of UTC: reasons can say "today".
            features: also the trace, with every input of each prediction; not for viewer tokens.
        """
        return _feed(
            surface,
            n=n,
            viewer=viewer,
            cursor=cursor,
            request_id="" if cursor else request_id or new_id(),
            session_id=session_id,
            consent=consent,
            personalised=personalised,
            trace=trace,
            filters=filters,
            exclude=exclude,
            pins=pins,
            boosts=boosts,
            language=language,
            utc_offset_min=utc_offset_min,
            features=features,
        )

    @ask_all
    def feed_items(
        self,
        surface: str = "for_you",
        *,
        viewer: str = "",
        n: int = 10,
        session_id: str = "",
        consent: bool = True,
        personalised: bool = True,
        filters: Filters | None = None,
        exclude: Sequence[str] = (),
        boosts: Sequence[Boost] = (),
        language: str = "",
    ) -> Paged[Item]:
        """A viewer's videos one after another, without end but that of the catalogue: a page
        of `n` is asked for when its first video is."""
        first_id = new_id()

        def page(cursor: str) -> Call[Feed]:
            return _feed(
                surface, n=n, viewer=viewer, request_id="" if cursor else first_id,
                cursor=cursor, session_id=session_id, consent=consent,
                personalised=personalised, filters=filters, exclude=exclude, boosts=boosts,
                language=language,
            )  # fmt: skip

        return Paged(page, lambda feed: feed.items)

    @ask
    def why(
        self, video: str, *, surface: str = "for_you", viewer: str = "", language: str = ""
    ) -> Call[Why]:
        """Why a video was shown: from the record of the latest feed that held it."""
        where = path("feeds", surface, "why", video)
        return Call("GET", where, reading(Why), _given(viewer=viewer, language=language))

    @ask
    def rank(
        self,
        videos: Sequence[str],
        *,
        viewer: str = "",
        surface: str = "for_you",
        reasons: bool = False,
        serve: bool = False,
        n: int = 0,
        request_id: str = "",
        session_id: str = "",
        personalised: bool = True,
        filters: Filters | None = None,
        exclude: Sequence[str] = (),
        pins: Mapping[str, int] | None = None,
        boosts: Sequence[Boost] = (),
        language: str = "",
    ) -> Call[Ranked]:
        """A list of your own, scored for a viewer. With `serve`, the best `n` of it are logged
        as shown and answered as a feed, too."""
        body = _given(
            viewer=viewer, videos=list(videos), surface=surface, reasons=reasons, serve=serve,
            n=n, request_id=request_id or (new_id() if serve else ""), session_id=session_id,
            filters=filters, exclude=list(exclude), pins=dict(pins or {}), boosts=list(boosts),
            language=language,
        )  # fmt: skip
        if not personalised:
            body["personalised"] = False
        return Call("POST", path("rank"), reading(Ranked), body=sending(body))

    @ask
    def related(self, video: str, *, n: int = 10, viewer: str = "") -> Call[Related]:
        """Videos like a video, nearest first; without what the viewer has seen or hidden."""
        query = _given(n=n, viewer=viewer)
        return Call("GET", path("videos", video, "related"), reading(Related), query)

    @ask
    def reset(self, viewer: str) -> Call[Done]:
        """Forget what was learned of a viewer. What was seen, hidden or blocked stays so."""
        return Call("POST", path("viewers", viewer, "reset"), reading(Done))

    # --- events -----------------------------------------------------------------------------

    @ask
    def tell(self, *told: Event, consent: bool = True) -> Call[Taken]:
        """Tell what happened, up to 1,000 events; durable when answered. Good ones are kept,
        `errors` says what is wrong with the others. To tell without waiting: `events.add`.

        Args:
            consent: False: these viewers may not be learned from.
        """
        return telling(told, consent)

    impression = _act(events.Impression)
    watch = _act(events.Watch)
    click = _act(events.Click)
    like = _act(events.Like)
    unlike = _act(events.Unlike)
    comment = _act(events.Comment)
    delete_comment = _act(events.DeleteComment)
    share = _act(events.Share)
    favorite = _act(events.Favorite)
    unfavorite = _act(events.Unfavorite)
    not_interested = _act(events.NotInterested)
    undo_not_interested = _act(events.UndoNotInterested)
    report = _act(events.Report)
    follow = _act(events.Follow)
    unfollow = _act(events.Unfollow)
    profile_visit = _act(events.ProfileVisit)
    block = _act(events.Block)
    unblock = _act(events.Unblock)
    hide = _act(events.Hide)
    unhide = _act(events.Unhide)
    less_of = _act(events.LessOf)
    undo_less_of = _act(events.UndoLessOf)
    search = _act(events.Search)
    open_app = _act(events.OpenApp)
    personalisation = _act(events.PersonalisationSet)

    @ask
    def undo(self, act: Event) -> Call[Event]:
        """Take an act and its effect back. Returns the event that did."""
        return _one(undo_of(act))

    # --- new videos, and what was decided ----------------------------------------------------

    @ask
    def stages(self) -> Call[Funnel]:
        """How new videos fare from stage to stage, and how large stages are now."""
        return Call("GET", path("admin", "stages"), reading(Funnel))

    @ask
    def appeal(self, decision: str, text: str, *, person: str = "") -> Call[Ruling]:
        """Say why a decision is wrong, as whom it is about: once, while it stands.

        Args:
            person: the app's own id; left out with a viewer token.
        """
        body = _given(decision=decision, text=text, person=person)
        return Call("POST", path("appeals"), reading(Ruling), body=sending(body), once=True)

    # --- viewers' own access ----------------------------------------------------------------

    @ask
    def viewer_token(
        self,
        viewer: str = "",
        *,
        anonymous: bool = False,
        ttl_s: int = 3600,
        consent: bool = False,
    ) -> Call[Token]:
        """A token for one viewer's app or browser, or for somebody new. `viewer_token()` of
        this package makes one without asking the server."""
        body = {"ttl_s": ttl_s, "consent": consent}
        who: dict[str, Any] = {"anonymous": True} if anonymous else {"viewer": viewer}
        return Call("POST", path("viewer_tokens"), reading(Token), body=sending(body | who))

    @ask
    def live(self) -> Call[Health]:
        """Whether the process answers."""
        return Call("GET", "/health/live", reading(Health))

    @ask
    def ready(self) -> Call[Health]:
        """Whether it may get traffic, and what is in the way."""
        return Call("GET", "/health/ready", reading(Health), good=(503,))


def telling(told: Sequence[Event], consent: bool = True) -> Call[Taken]:
    """The call that tells events. `sent_at` is that of each attempt: by it the server tells
    how wrong this clock is."""

    def body() -> bytes:
        batch: dict[str, Any] = {"events": told, "sent_at": now_ms()}
        return msgspec.json.encode(batch if consent else batch | {"consent": False})

    return Call("POST", path("events"), _taken, body=body, good=(400,))


def _one(event: E) -> Call[E]:
    """Tells one event, and answers with it; what is wrong with it is raised."""

    def read(body: bytes) -> E:
        taken = _taken(body)
        if taken.errors:
            raise wrong(taken.errors[0])
        return event

    call = telling((event,))
    return Call(call.method, call.path, read, body=call.body, good=call.good)


def wrong(error: RecordError) -> Refused:
    return refused(error.code, error.field, error.reason, error.right)


def _feed(
    surface: str,
    *,
    consent: bool = True,
    personalised: bool = True,
    trace: bool = False,
    features: bool = False,
    utc_offset_min: int | None = None,
    **given: Any,
) -> Call[Feed]:
    """A GET, or a POST if there is more to say than belongs into a query."""
    said, where = _given(**given), path("feeds", surface)
    flags = (("consent", consent, True), ("personalised", personalised, True),
             ("trace", trace, False), ("features", features, False))  # fmt: skip
    unusual = {name: value for name, value, usual in flags if value != usual}
    if utc_offset_min is not None:
        said["utc_offset_min"] = utc_offset_min
    if said.keys() & {"filters", "exclude", "pins", "boosts"}:
        return Call("POST", where, reading(Feed), body=sending(said | unusual))
    query = said | {name: int(value) for name, value in unusual.items()}
    return Call("GET", where, reading(Feed), query)


def _given(**said: Any) -> dict[str, Any]:
    """Without what was not said."""
    return {name: value for name, value in said.items() if value}
