"""Guides that are run as they stand: console blocks in one shell, Python blocks in one session.

A line that begins with `$ ` is given to the shell, and what follows it is what the shell has
to say, with `…` for anything. Python blocks are sessions at the prompt.
"""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.clients.serving import free_port, is_ready, without_proxies
from tests.journeys.running import START_TIMEOUT_S, environment

DONE = "--- done:"
OPTIONS = doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL


def blocks(text: str) -> Iterator[tuple[str, str, int]]:
    """Language, text and line of each block.

    >>> list(blocks("a\\n```python\\n>>> 1\\n1\\n```\\n"))
    [('python', '>>> 1\\n1\\n', 2)]
    """
    for found in re.finditer(r"^```(\w+)\n(.*?)^```", text, flags=re.M | re.S):
        yield found[1], found[2], text[: found.start()].count("\n") + 1


class Walk:
    """Runs a guide in an empty folder. Whatever it started is ended on leaving."""

    def __init__(self, folder: Path, **variables: str) -> None:
        without_proxies()
        self.folder, self.port, self.names = folder, free_port(), dict[str, Any]()
        program = folder / ".venv" / "bin" / "freshet"
        program.parent.mkdir(parents=True)
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m freshet "$@"\n')
        program.chmod(0o755)
        own = environment() | {"FRESHET_HTTP_PORT": str(self.port), "TERM": "dumb"} | variables
        self.shell = subprocess.Popen(
            ["bash", "-m"], cwd=folder, env=own, text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def __enter__(self) -> Walk:
        return self

    def __exit__(self, *_: object) -> None:
        self.say("kill -KILL $(jobs -p) 2> /dev/null")
        assert self.shell.stdin is not None
        self.shell.stdin.close()
        self.shell.wait(60)

    def through(self, guide: Path) -> None:
        text = guide.read_text(encoding="utf-8").replace(":8420", f":{self.port}")
        for language, block, line in blocks(text):
            if language == "console":
                self.console(block, f"{guide.name}:{line}")
                if block.endswith("&\n"):
                    self.serving()
            elif language == "python":
                self.python(block, f"{guide.name}:{line}")

    def console(self, block: str, where: str) -> None:
        for command, expected in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, flags=re.M):
            said = self.say(command)
            pattern = ".*".join(map(re.escape, expected.split("…")))
            assert not expected or re.fullmatch(pattern, said, re.S), f"{where}: {command}\n{said}"

    def serving(self) -> None:
        """Waits for the server that was just started; one that died is not waited for."""
        until = time.monotonic() + START_TIMEOUT_S
        while not is_ready(f"http://127.0.0.1:{self.port}"):
            assert self.say("jobs -r"), f"it ended: {self.say('cat *.log')}"
            assert time.monotonic() < until, self.say("cat *.log")
            time.sleep(0.2)

    def say(self, command: str) -> str:
        """What the shell writes until the command is done."""
        assert self.shell.stdin is not None
        assert self.shell.stdout is not None
        self.shell.stdin.write(f"{command}\necho '{DONE}' $?\n")
        self.shell.stdin.flush()
        said = ""
        for line in self.shell.stdout:
            if line.startswith(DONE):
                break
            if command.startswith("jobs") or not re.match(r"\[\d+\]", line):
                said += line  # and not what the shell tells of its jobs unasked
        return said

    def python(self, block: str, where: str) -> None:
        here = Path.cwd()
        os.chdir(self.folder)
        try:
            session(block, self.names, where)
        finally:
            os.chdir(here)


def session(block: str, names: dict[str, Any], where: str) -> None:
    """Runs a session at the prompt; what it names is left in `names`."""
    test = doctest.DocTestParser().get_doctest(block, names, where, where, 0)
    test.globs, said = names, list[str]()  # not a copy: the next block goes on with them
    runner = doctest.DocTestRunner(optionflags=OPTIONS, verbose=False)
    done = runner.run(test, out=said.append, clear_globs=False)
    assert done.failed == 0, "".join(said)
