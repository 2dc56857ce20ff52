"""Options that many commands of the laboratory have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[Path | None, typer.Option("--json", help="Write the numbers to this file.")]
Picture = Annotated[Path | None, typer.Option(help="Draw it to this PNG.")]
Seed = Annotated[int, typer.Option(help="Of every random draw.")]
