"""Continuous integration runs what the README says, and counts a skipped test as failed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

README = """# A project

```console
$ echo not this one
```

## Test

```console
$ echo first in CI=$CI
first in CI=true
$ {last}
```

```console
$ echo nor this one
```
"""


def ci_run(project: Path, readme: str) -> subprocess.CompletedProcess[str]:
    (project / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", project / ".ci" / "run")
    (project / "README.md").write_text(readme)
    return subprocess.run([project / ".ci" / "run"], capture_output=True, text=True, check=False)


def test_the_commands_under_test_in_the_readme_are_run_in_order(tmp_path: Path) -> None:
    done = ci_run(tmp_path, README.format(last="pwd"))
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "+ echo first in CI=$CI", "first in CI=true", "+ pwd", str(tmp_path.resolve())
    ]  # fmt: skip


def test_a_failing_command_fails_the_run(tmp_path: Path) -> None:
    assert ci_run(tmp_path, README.format(last="false | true")).returncode != 0


def test_a_readme_without_test_command_fails_the_run(tmp_path: Path) -> None:
    done = ci_run(tmp_path, "# A project\n\n## Testing\n")
    assert (done.returncode, "no console block" in done.stderr) == (1, True)


SKIPS = {
    "a test": "import pytest\n\n@pytest.mark.skip\ndef test_it(): pass\n",
    "a whole file": "import pytest\n\npytest.importorskip('no_such_module')\n",
    "at run time": "import pytest\n\ndef test_it(): pytest.skip()\n",
}
XFAIL = "import pytest\n\n@pytest.mark.xfail\ndef test_it(): assert False\n"


def code_of(folder: Path, text: str, ci: bool, *more: str) -> int:
    (folder / "test_it.py").write_text(text + "\ndef test_other(): pass\n")
    # These tests may themselves be run in one of several processes.
    environment = {
        key: value
        for key, value in os.environ.items()
        if key != "CI" and not key.startswith("PYTEST_XDIST")
    }
    environment |= {"CI": "true"} if ci else {}
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "--rootdir", folder, folder]
    command += more
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, check=False
    ).returncode


@pytest.mark.parametrize("text", SKIPS.values(), ids=SKIPS.keys())
def test_what_is_skipped_fails_in_ci(tmp_path: Path, text: str) -> None:
    assert code_of(tmp_path, text, ci=True) == pytest.ExitCode.TESTS_FAILED


@pytest.mark.parametrize("text", SKIPS.values(), ids=SKIPS.keys())
def test_what_is_skipped_in_one_of_two_processes_fails_in_ci(tmp_path: Path, text: str) -> None:
    failed = (pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED)
    assert code_of(tmp_path, text, True, "-n", "2") in failed


def test_elsewhere_a_skip_is_only_told_and_an_expected_failure_is_no_skip(tmp_path: Path) -> None:
    assert code_of(tmp_path, SKIPS["a test"], ci=False) == pytest.ExitCode.OK
    assert code_of(tmp_path, XFAIL, ci=True) == pytest.ExitCode.OK
