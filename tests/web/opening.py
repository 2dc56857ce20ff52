"""`python -m tests.web.opening FOLDER PORT PAST`: the demo on a painted world, others long gone.

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
from freshet.demo.run import Demo, serve, varied
from freshet.world.manifest import read_world
from tests.web.painting import CLIPS, CREATORS, SEED

OPEN = "open"
ADMIN_KEY = "an admin's key"


async def main(folder: Path, port: int, past: int) -> None:
    settings = settings_for(folder / "engine")
    http = msgspec.structs.replace(
        settings.http, port=port, api_key="a key", admin_key=ADMIN_KEY, access_log=False
    )
    settings = msgspec.structs.replace(settings, http=http)
    place = Place(CREATORS, CLIPS, SEED)
    demo = Demo(folder, place, varied(settings), rate=0, past=past)

    def quiet(*_: object) -> None: ...

    async def opened(_: str, operator: str) -> None:
        print(OPEN, operator, flush=True)

    async with open_engine(demo.settings, quiet) as engine:
        for feed in engine.feeds.values():
            await feed.warm()
        await serve(demo, engine, read_world(demo.world), quiet, opened)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
