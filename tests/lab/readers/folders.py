"""KuaiRand-like folders made in a test: `log_line` is a good line, change what it is about."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

T0 = 1_650_812_741_436  # 25 April 2022, 00:05 in UTC+8
NOW = T0 + 30 * 86_400_000

LINE: dict[str, Any] = {
    "user_id": 1, "video_id": 10, "date": 20220424, "hourmin": 2300, "time_ms": T0, "is_click": 0,
    "is_like": 0, "is_follow": 0, "is_comment": 0, "is_forward": 0, "is_hate": 0, "long_view": 0,
    "play_time_ms": 4_000, "duration_ms": 10_000, "profile_stay_time": 0, "comment_stay_time": 0,
    "is_profile_enter": 0, "is_rand": 0, "tab": 1,
}  # fmt: skip
USERS = [
    {"user_id": 1, "user_active_degree": "full_active", "fans_user_num": 312,
     "fans_user_num_range": "[100,1k)", "onehot_feat0": 1, "onehot_feat4": None},
    {"user_id": 2, "user_active_degree": "high_active", "fans_user_num": 0,
     "fans_user_num_range": "0", "onehot_feat0": 0, "onehot_feat4": 3.0},
]  # fmt: skip
VIDEOS = [
    {"video_id": 10, "author_id": 70, "video_type": "NORMAL", "upload_dt": "2022-04-10",
     "upload_type": "ShortImport", "visible_status": 1, "video_duration": 10_000.0,
     "server_width": 720, "server_height": 1280, "music_id": 900, "music_type": 9.0,
     "tag": "39,68"},
    {"video_id": 11, "author_id": 71, "video_type": "AD", "upload_dt": "2022-04-11",
     "upload_type": "Web", "visible_status": 0, "video_duration": None, "server_width": 720,
     "server_height": 1280, "music_id": 901, "music_type": 4.0, "tag": "unknown"},
]  # fmt: skip


def log_line(**changes: Any) -> dict[str, Any]:
    return LINE | changes


def folder(
    path: Path,
    *lines: dict[str, Any],
    users: list[dict[str, Any]] | None = None,
    videos: list[dict[str, Any]] | None = None,
    suffix: str = "csv",
) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    tables = {
        "log_standard": list(lines),
        "user_features": USERS if users is None else users,
        "video_features_basic": VIDEOS if videos is None else videos,
    }
    for name, rows in tables.items():
        if rows:
            frame = pl.DataFrame(rows, infer_schema_length=None)
            if suffix == "csv":
                frame.write_csv(path / f"{name}_pure.csv")
            else:
                frame.write_parquet(path / f"{name}_pure.parquet")
    return path
