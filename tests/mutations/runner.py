"""Break the code on purpose and see the tests notice.

A mutation is an entry of a `*.toml` file in this folder:

    [[mutation]]
    name = "an id forgets its time"           # a sentence: what is broken
    file = "freshet/domain/ids.py"            # under src/
    old = "(time_ms & (2**48 - 1)) << 80"     # found exactly once
    new = "0 << 80"
    tests = ["tests/domain/test_ids.py::test_ids_sort_by_time"]  # each must fail
    invariant = 2                             # optional: which promise of the house it breaks
    jit = false                               # optional: run kernels as plain Python (faster)

Each runs on a copy of `src/`, in a process of its own, with the named tests alone. A test
that breaks before it runs (a file that does not import, a name that does not exist) has
not noticed anything, so only failures count.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]


@dataclass(frozen=True, slots=True)
class Mutation:
    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    invariant: int = 0  # 0 = none of the numbered ones
    jit: bool = True


def mutations(folder: Path = FOLDER) -> list[Mutation]:
    """All entries of all lists, by file name and then as written."""
    lists = (tomllib.loads(path.read_text()) for path in sorted(folder.glob("*.toml")))
    entries = (entry for content in lists for entry in content["mutation"])
    return [Mutation(**entry | {"tests": tuple(entry["tests"])}) for entry in entries]


def applied(mutation: Mutation, source: Path) -> None:
    """Change the one place in the copy at `source`.

    Raises:
        ValueError: the text is not there, or more than once.
    """
    path = source / mutation.file
    text = path.read_text(encoding="utf-8")
    if (count := text.count(mutation.old)) != 1:
        raise ValueError(f"{mutation.name}: text found {count} times in {mutation.file}, not once")
    path.write_text(text.replace(mutation.old, mutation.new), encoding="utf-8")


def survivors(mutation: Mutation, source: Path) -> list[str]:
    """The named tests that did not fail on the copy at `source`, each with what it did."""
    told = outcomes(mutation.tests, source, mutation.jit)
    return [f"{test}: {told[test]}" for test in mutation.tests if told[test] != "failed"]


def outcomes(tests: Sequence[str], source: Path, jit: bool = True) -> dict[str, str]:
    """`passed`, `failed`, `skipped` or `did not run` for each test, run against `source`.

    A parametrised test named without its parameters failed if one case did.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "outcomes.json")
        # Compiled kernels are kept by path: a mutated copy must not meet another's.
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join([str(source), str(ROOT)]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "NUMBA_CACHE_DIR": str(Path(folder, "numba")),
            "NUMBA_DISABLE_JIT": "0" if jit else "1",
            "OUTCOMES": str(report),
            "SOURCE": str(source),
        }
        command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.mutations.outcomes",
                   "-p", "no:cacheprovider", "--rootdir", str(ROOT), *tests]  # fmt: skip
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        if not report.exists():
            raise RuntimeError(f"pytest did not start:\n{done.stdout}{done.stderr}")
        cases: dict[str, str] = json.loads(report.read_text())
    return {test: _together(o for case, o in cases.items() if _is(case, test)) for test in tests}


@contextmanager
def copy_of_source() -> Iterator[Path]:
    """A throw-away copy of `src/`."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "src")
        shutil.copytree(ROOT / "src", source, ignore=shutil.ignore_patterns("__pycache__"))
        yield source


def _is(case: str, test: str) -> bool:
    return case == test or case.startswith((test + "[", test + "::"))


def _together(cases: Iterable[str]) -> str:
    found = set(cases)
    ranked = ("failed", "error", "skipped", "passed")
    return next((outcome for outcome in ranked if outcome in found), "did not run")
