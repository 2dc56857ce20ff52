"""Break the log on purpose: the checks that guard it must see it.

Each test makes one promise of invariant 1 untrue and asserts that its check fails.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from freshet.backends import sqlite_store
from freshet.backends.group_commit import GroupCommit
from freshet.backends.sqlite_log import SqliteLog
from freshet.backends.sqlite_store import Store
from freshet.log.ports import Appended
from freshet.log.recent import RecentIds
from tests.chaos import powercut
from tests.contracts import test_event_log as contract
from tests.log.making import Clock


@pytest.mark.parametrize("synchronous", ["OFF", "NORMAL"])
async def test_a_commit_that_does_not_wait_for_the_disk_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, synchronous: str
) -> None:
    monkeypatch.setattr(sqlite_store, "SYNCHRONOUS", synchronous)
    wrong = await powercut.check(tmp_path, seed=1, stop_at_first=True)
    assert any("acknowledged event" in line for line in wrong)


async def test_an_answer_without_a_commit_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Store, "write", lambda *_: None)
    monkeypatch.setattr(SqliteLog, "_begin_epoch", lambda *_: None)
    wrong = await powercut.check(tmp_path, seed=1, stop_at_first=True)
    assert any("acknowledged event" in line for line in wrong)


async def test_a_log_that_does_not_look_for_repeats_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RecentIds, "find", lambda _, raws: [0] * len(raws))
    log = SqliteLog(tmp_path, Clock())
    with pytest.raises(AssertionError):
        await contract.test_an_event_appended_twice_is_read_once(log)
    await log.close()


async def test_a_log_that_forgets_its_ids_on_reopening_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RecentIds, "restore", _knows_nothing)
    monkeypatch.setattr(RecentIds, "add", lambda *_: None)
    wrong = await powercut.check(tmp_path, seed=1, stop_at_first=True)
    assert any("taken as new" in line or "more than once" in line for line in wrong)


async def test_a_group_whose_answers_are_mixed_up_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = GroupCommit.__init__

    def reversed_answers(self: GroupCommit, do: object, **settings: object) -> None:
        commit(self, lambda calls: _reversed(do(calls)), **settings)  # type: ignore[operator, arg-type]

    monkeypatch.setattr(GroupCommit, "__init__", reversed_answers)
    log = SqliteLog(tmp_path, Clock())
    with pytest.raises(AssertionError):
        await contract.test_calls_at_the_same_time_are_all_kept_whole_and_in_order(log)
    await log.close()


def _reversed(answers: list[Appended]) -> list[Appended]:
    return answers[::-1]


def _knows_nothing(self: RecentIds, _: object) -> None:
    self._sealed = []
