"""`python -m freshet.demo.child PARENT COMMAND …`: a command that ends when its parent does."""

from __future__ import annotations

import sys

from freshet import cli
from freshet.workers import die_with

if __name__ == "__main__":
    die_with(int(sys.argv.pop(1)))
    cli.main()
