"""The assembled feed as a web service.

    python -m freshet.lab.bench.assembled.app '{"folder": …, "host": …, "port": …, …}'

It answers what the load generator asks of our own server. Events are kept in SQLite, written
ahead and not forced to the disk one by one, and counted at once.
"""

from __future__ import annotations

import os
import pickle
import sqlite3
import sys
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import msgspec
import numpy as np
import uvicorn
from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel

from freshet.lab.bench.assembled.night import MODELS_FILE, TABLE_FILE, Models
from freshet.lab.bench.assembled.rank import By, Ranker
from freshet.lab.bench.assembled.table import ACTS, Table
from freshet.lab.bench.catalogue import video_id, viewer_id

KEPT_S = 600  # connections between requests: whoever asks keeps some
KEY = "FRESHET_HTTP_API_KEY"
NOTHING_MORE = np.zeros(len(ACTS), np.bool_)  # the load generator's viewers only watch
TABLES = """
    PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
    CREATE TABLE events (
        event_id TEXT PRIMARY KEY, type TEXT, time INTEGER, viewer TEXT, video TEXT,
        request_id TEXT, watched_ms INTEGER
    ) WITHOUT ROWID;
"""


class Serve(msgspec.Struct, frozen=True):
    folder: str
    host: str
    port: int
    candidates: int
    by: By


class Event(BaseModel):
    event_id: str
    type: str
    time: int
    viewer: str
    video: str
    request_id: str = ""
    watched_ms: int = 0


class Batch(BaseModel):
    events: list[Event]


class Taken(BaseModel):
    accepted: int


class Item(BaseModel):
    video: str
    position: int
    value: float
    predictions: dict[str, float]


class Feed(BaseModel):
    request_id: str
    items: list[Item]


class Told(BaseModel):
    candidates: list[int]
    stages_ms: dict[str, list[float]]
    inputs: int
    models: int


def made_app(ranker: Ranker, events: sqlite3.Connection, key: str) -> FastAPI:
    table = ranker.table
    videos = {video_id(row): row for row in range(len(table.videos))}
    viewers = {viewer_id(row): row for row in range(len(table.viewers))}
    names = list(videos)

    def allowed(authorization: Annotated[str, Header()] = "") -> None:
        if authorization != f"Bearer {key}":
            raise HTTPException(401)

    app = FastAPI()
    key_needed = [Depends(allowed)]

    @app.get("/health/ready")
    async def ready() -> None: ...

    # Coroutines, though they compute: a thread pool would only add its own cost.
    @app.get("/v1/feeds/for_you", dependencies=key_needed)
    async def feed(viewer: str, n: int = 10) -> Feed:
        if viewer not in viewers:
            raise HTTPException(404)
        found = ranker.feed(viewers[viewer], n)
        zipped = zip(found.rows, found.values, found.predictions, strict=True)
        items = [
            Item(video=names[row], position=place, value=value, predictions=predictions)
            for place, (row, value, predictions) in enumerate(zipped)
        ]
        return Feed(request_id=str(uuid4()), items=items)

    @app.post("/v1/events", dependencies=key_needed)
    async def take(batch: Batch) -> Taken:
        rows = [
            (e.event_id, e.type, e.time, e.viewer, e.video, e.request_id, e.watched_ms)
            for e in batch.events
        ]
        with events:
            events.executemany("INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        for event in batch.events:
            viewer, video = viewers[event.viewer], videos[event.video]
            if event.type == "impression":
                table.seen[viewer].add(video)
            elif event.type == "watch":
                table.note(viewer, video, event.watched_ms, NOTHING_MORE)
        return Taken(accepted=len(rows))

    @app.get("/told", dependencies=key_needed)
    async def told() -> Told:
        return Told(
            candidates=ranker.ranked, stages_ms=ranker.stages_ms,
            inputs=ranker.models.inputs, models=ranker.model_count,
        )  # fmt: skip

    return app


def main() -> None:
    serve = msgspec.json.decode(sys.argv[1], type=Serve)
    folder = Path(serve.folder)
    table: Table = pickle.loads((folder / TABLE_FILE).read_bytes())
    models = msgspec.json.decode((folder / MODELS_FILE).read_bytes(), type=Models)
    events = sqlite3.connect(folder / f"events-{serve.by}.sqlite")
    events.executescript(TABLES)
    app = made_app(Ranker(table, models, serve.by, serve.candidates), events, os.environ[KEY])
    uvicorn.run(
        app, host=serve.host, port=serve.port, loop="uvloop", http="httptools",
        log_level="warning", access_log=False, timeout_keep_alive=KEPT_S,
    )  # fmt: skip


if __name__ == "__main__":
    main()
