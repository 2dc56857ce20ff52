"""Sessions where a log has none: a viewer's views with less than 30 minutes between them."""

from __future__ import annotations

import numpy as np
import polars as pl

from freshet.lab.readers.ids import row_ids

GAP_MS = 30 * 60_000


class Sessions:
    """Names the session of every row, window after window in time order.

    A pause is counted from the end of what was watched last, so that a long video does
    not cut the session in which it is seen. The id is hashed from the viewer and the begin:
    it names no one.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._open = pl.DataFrame(
            schema={"user_id": pl.Int64, "open_until": pl.Int64, "open_since": pl.Int64}
        )

    def of(self, window: pl.DataFrame) -> list[str]:
        """Session ids of rows with `user_id`, `time_ms`, `play_time_ms`, sorted by time."""
        end = pl.col("time_ms") + pl.col("play_time_ms")
        views = window.select("user_id", "time_ms", end.alias("end")).join(
            self._open, on="user_id", how="left", maintain_order="left"
        )
        before = pl.col("end").cum_max().shift(1).over("user_id")
        views = views.with_columns(until=pl.max_horizontal(before, "open_until"))
        new = pl.col("until").is_null() | (pl.col("time_ms") - pl.col("until") > GAP_MS)
        since = pl.when(new).then("time_ms").forward_fill().over("user_id")
        views = views.with_columns(since=pl.coalesce(since, "open_since"))
        self._remember(views)
        begins = views.select("user_id", "since").unique(maintain_order=True)
        ids = row_ids(
            self._source, "session", begins["since"].to_numpy(), begins["user_id"].to_numpy()
        )
        named = views.join(
            begins.with_columns(session=pl.Series(ids, dtype=pl.String)),
            on=("user_id", "since"),
            how="left",
            maintain_order="left",
        )
        return named["session"].to_list()

    def _remember(self, views: pl.DataFrame) -> None:
        last = views.group_by("user_id").agg(
            pl.max_horizontal(pl.col("end").max(), pl.col("open_until").first()).alias(
                "open_until"
            ),
            pl.col("since").last().alias("open_since"),
        )
        now_ms = int(np.max(views["time_ms"].to_numpy()))
        # Who paused longer opens a new session anyway.
        kept = self._open.filter(pl.col("open_until") >= now_ms - GAP_MS)
        self._open = pl.concat([last, kept.join(last, on="user_id", how="anti")])
