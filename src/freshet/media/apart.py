"""A fingerprint made in a process of its own, so that no file can take the server down.

What strangers upload is decoded by libraries written in C. A file that makes them crash, hang or
fill the memory then costs a child process, and the upload is refused.
"""

from __future__ import annotations

import asyncio
import resource
import sys
from contextlib import suppress
from pathlib import Path

from freshet.domain.errors import NotFound, Refused
from freshet.media.decode import RIGHT
from freshet.media.fingerprint import Fingerprint, fingerprint

SECONDS_MAX = 120  # of a processor; and twice that by the clock
MEMORY_MAX = 3 * 2**30  # bytes of address space, most of it libraries
FAULT = 3  # exit status: a refusal, written to standard error in three lines


async def fingerprint_apart(path: Path, seconds_max: int = SECONDS_MAX) -> Fingerprint:
    """As `fingerprint`, whatever the file does.

    Raises:
        NotFound: there is no such file.
        Refused: it cannot be decoded, or not within the time and memory it is given.
    """
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "freshet.media.apart", str(path), str(seconds_max),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        told, fault = await asyncio.wait_for(child.communicate(), 2 * seconds_max)
    except TimeoutError:
        raise Refused("file", f"took over {2 * seconds_max} s to decode", RIGHT) from None
    finally:
        with suppress(ProcessLookupError):
            child.kill()
            await child.wait()
    if child.returncode == 0:
        return Fingerprint.from_bytes(told)
    if child.returncode == FAULT:
        kind, reason, right = fault.decode().split("\n")[-3:]
        raise (NotFound if kind == "NotFound" else Refused)("file", reason, right)
    raise Refused("file", "could not be decoded within its limits", RIGHT)


def main(path: Path, seconds_max: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (seconds_max, seconds_max))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        sys.stdout.buffer.write(fingerprint(path).to_bytes())
    except Refused as refused:
        sys.stderr.write("\n".join((type(refused).__name__, refused.reason, refused.right)))
        sys.exit(FAULT)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
