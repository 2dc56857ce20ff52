"""`python -m tests.web.opening FOLDER PORT`: the demo on a painted world, nobody else in it.

As `freshet demo --rate 0`, which would paint the world that its numbers stand for.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import msgspec

from freshet.app import open_engine
from freshet.cli_feed import new_loop, settings_for
from freshet.demo.place import Place
from freshet.demo.run import Demo, serve
from freshet.world.manifest import read_world
from tests.web.painting import CLIPS, CREATORS, SEED

OPEN = "open"


async def main(folder: Path, port: int) -> None:
    settings = settings_for(folder / "engine")
    http = msgspec.structs.replace(
        settings.http, port=port, api_key="a key", admin_key="an admin's key", access_log=False
    )
    settings = msgspec.structs.replace(settings, http=http)
    demo = Demo(folder, Place(CREATORS, CLIPS, SEED), settings, rate=0)

    async def opened(_: str) -> None:
        print(OPEN, flush=True)

    async with open_engine(settings, lambda *_: None) as engine:
        for feed in engine.feeds.values():
            await feed.warm()
        await serve(demo, engine, read_world(demo.world), opened)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(main(Path(sys.argv[1]), int(sys.argv[2])))
