"""Work in a process of its own, at low priority, so that nobody waits for it.

What holds Python's lock for long is felt by every request beside it; and a database may be
opened by one build of SQLite only in each process.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import suppress

from freshet.domain.errors import Broken, Unavailable

UNAVAILABLE, BROKEN = 75, 70


async def apart(what: str, module: str, told: bytes) -> bytes:
    """Run `python -m module`, tell it something on standard input; what it answers.

    Args:
        what: is done, for the case that it fails.

    Raises:
        Unavailable: it ended with code 75; what it answered says why.
        Broken: it ended with any other code than 0.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    try:
        answer, _ = await process.communicate(told)
    except asyncio.CancelledError:
        with suppress(ProcessLookupError):
            process.terminate()  # what it leaves half done, the next one tidies
        await process.wait()
        raise
    if process.returncode == UNAVAILABLE:
        raise Unavailable(answer.decode())
    if process.returncode:
        raise Broken(f"{what} failed: {answer.decode() or 'see its own words'}")
    return answer
