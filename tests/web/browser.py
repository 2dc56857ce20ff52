"""Where the tests of the page find a browser: an installed Chromium, else Playwright's own.

python -m tests.web.browser     sees to it that there is one: Debian's package where it may
                                install that, else Playwright's own
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

BROWSERS = "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"
NONE = "no browser: neither installed nor to be had; apt-get install chromium"
DEBIAN = (
    ("apt-get", "update", "-qq"),
    ("apt-get", "install", "-qq", "-y", "--no-install-recommends", "chromium"),
)
OWN = (sys.executable, "-m", "playwright", "install", "chromium")
PATIENCE_S = 600


def installed() -> str | None:
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def own() -> str | None:
    """Playwright's, if it was fetched before."""
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def found() -> str | None:
    return installed() or own()


def fetched() -> str | None:
    """One that was there, or that can be had; None if none can."""
    if (path := found()) is not None:
        return path
    if shutil.which("apt-get") and os.geteuid() == 0 and all(map(_went_well, DEBIAN)):
        return installed()
    return found() if _went_well(OWN) else None


def _went_well(command: tuple[str, ...]) -> bool:
    variables = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=sys.stderr, timeout=PATIENCE_S, env=variables,
            check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


if __name__ == "__main__":
    print(f"The tests of the page run in {path}" if (path := fetched()) else NONE)
