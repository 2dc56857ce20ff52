"""Every committed mutation is noticed by the tests it names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.mutations.runner import Mutation, applied, copy_of_source, mutations, outcomes, survivors

MUTATIONS = mutations()


@pytest.fixture
def source() -> Iterator[Path]:
    with copy_of_source() as folder:
        yield folder


def test_the_named_tests_pass_on_code_left_alone(source: Path) -> None:
    for jit in {mutation.jit for mutation in MUTATIONS}:
        named = {test: None for m in MUTATIONS if m.jit is jit for test in m.tests}
        told = outcomes(list(named), source, jit)
        assert {test: outcome for test, outcome in told.items() if outcome != "passed"} == {}


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_mutation_makes_the_named_tests_fail(mutation: Mutation, source: Path) -> None:
    applied(mutation, source)
    assert survivors(mutation, source) == []


def test_a_mutation_that_changes_nothing_is_seen_to_survive(source: Path) -> None:
    harmless = replace(MUTATIONS[0], new=MUTATIONS[0].old)
    applied(harmless, source)
    assert survivors(harmless, source) == [f"{test}: passed" for test in harmless.tests]


def test_a_test_that_does_not_exist_has_noticed_nothing(source: Path) -> None:
    lost = replace(MUTATIONS[0], tests=("tests/domain/test_ids.py::test_of_nothing",))
    assert survivors(lost, source) == [f"{lost.tests[0]}: did not run"]


def test_code_that_no_longer_imports_does_not_count_as_noticed(source: Path) -> None:
    broken = replace(MUTATIONS[0], new="(")
    applied(broken, source)
    assert survivors(broken, source) == [f"{test}: did not run" for test in broken.tests]


@pytest.mark.parametrize("old", ["no such text", "def "])
def test_text_that_is_not_found_once_is_an_error(old: str, source: Path) -> None:
    with pytest.raises(ValueError, match=r"ids\.py, not once"):
        applied(replace(MUTATIONS[0], old=old), source)
