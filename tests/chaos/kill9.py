"""Kill a writing process at random moments: what it acknowledged is there exactly once.

parent ── starts ─▶ child: appends, prints the id of every acknowledged event
   └── kill -9 after a random number of them ─▶ reopen, verify, look for each id

python -m tests.chaos.kill9 --rounds 50
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from random import Random

from freshet.backends.sqlite_log import SqliteLog
from freshet.domain.events import Event, Watch
from freshet.domain.ids import uuid7
from freshet.log.inspect import verify
from freshet.log.ports import Offset

CLIENTS = 8


def now_ms() -> int:
    return time.time_ns() // 1_000_000


# --- the child ------------------------------------------------------------------------------


async def append_forever(folder: Path, seed: int) -> None:
    # Small chunks: sealing ids and moving the WAL into the file are cut through as well.
    log = SqliteLog(folder, now_ms, seal_at=300)
    await asyncio.gather(*(_client(log, Random(f"{seed}/{n}")) for n in range(CLIENTS)))


async def _client(log: SqliteLog, random: Random) -> None:
    sent: list[Event] = []
    while True:
        fresh = [_event(random) for _ in range(random.choice([1, 1, 10, 100]))]
        again = random.sample(sent, min(len(sent), random.randint(0, 2)))
        sent = (sent + fresh)[-500:]
        appended = await log.append([*fresh, *again])
        assert all(appended.offsets)
        lines = "".join(f"{event.event_id}\n" for event in fresh)
        os.write(sys.stdout.fileno(), lines.encode())  # unbuffered: printed = acknowledged


def _event(random: Random) -> Event:
    time_ms = now_ms()
    return Watch(event_id=uuid7(time_ms, random), time=time_ms, viewer="v", video="x", watched_ms=1)


# --- the parent -----------------------------------------------------------------------------


def acknowledged_before_kill(folder: Path, seed: int) -> list[str]:
    """Start a child, kill it at a random moment; the ids it had acknowledged."""
    random = Random(seed)
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.chaos.kill9", "--child", str(folder), "--seed", str(seed)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    assert child.stdout is not None
    try:
        lines = [child.stdout.readline() for _ in range(random.randint(1, 400))]
        time.sleep(random.uniform(0, 0.02))  # anywhere within a commit
    finally:
        child.send_signal(signal.SIGKILL)
    lines += child.stdout.readlines()
    child.stdout.close()
    child.wait()
    return [line.decode().strip() for line in lines if line.endswith(b"\n")]


async def ids_in(folder: Path) -> tuple[Counter[str], list[str], Offset]:
    """Ids in the log and how often each, what verify finds wrong, the last offset."""
    log = SqliteLog(folder, now_ms)
    ids = Counter([event.event_id async for batch in log.read() for event in batch.events])
    found = verify(log.rows())
    last = log.last
    await log.close()
    return ids, found.damage, last


def check(folder: Path, rounds: int, seed: int = 1) -> list[str]:
    """Kill `rounds` times over one growing log. What went wrong, in words."""
    wrong: list[str] = []
    acknowledged: set[str] = set()
    for round_ in range(rounds):
        acknowledged.update(acknowledged_before_kill(folder, seed + round_))
        ids, damage, last = asyncio.run(ids_in(folder))
        lost = acknowledged - ids.keys()
        twice = [event_id for event_id, count in ids.items() if count > 1]
        wrong += [f"round {round_}: {line}" for line in damage]
        if lost or twice or last != ids.total():
            wrong.append(f"round {round_}: {len(lost)} lost, {len(twice)} twice, last {last}")
    if not acknowledged:
        wrong.append("nothing was ever acknowledged")
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        asyncio.run(append_forever(args.child, args.seed))
    with tempfile.TemporaryDirectory() as folder:
        wrong = check(Path(folder) / "data", args.rounds, args.seed)
    print("\n".join(wrong) or f"killed {args.rounds} times: nothing lost, nothing twice")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
