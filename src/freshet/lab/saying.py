"""How commands of the laboratory write down what they measured, and on what."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from freshet import __version__


def commit() -> str:
    """Short hash of the checked-out commit, "" where there is no repository."""
    here = Path(__file__).parent
    told = subprocess.run(
        ["git", "-C", str(here), "rev-parse", "--short", "HEAD"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return told.stdout.strip()


def write_json(path: Path, command: str, settings: Mapping[str, Any], found: Any) -> None:
    """One object: which command, commit and settings, then what was found."""
    said = {"command": command, "commit": commit(), "version": __version__, **settings, **found}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(said, indent=1, allow_nan=False) + "\n")
