"""The list of requirements is whole, and docs/conformance.md says what the tests say."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.conformance import report
from tests.conformance.__main__ import Results
from tests.conformance.exceptions import EXCEPTIONS
from tests.conformance.page import ROWS, SECTIONS
from tests.conformance.requirement import Requirement
from tests.conformance.rows import ALL, BY_ID

ROOT = Path(__file__).parents[2]


def test_every_row_of_the_page_has_a_test_or_a_reason_and_not_both() -> None:
    standing = Counter([*(one.id for one in ALL), *EXCEPTIONS])
    assert {row: standing[row] for row in ROWS if standing[row] != 1} == {}
    assert standing.keys() == ROWS.keys()


def test_no_row_is_listed_twice() -> None:
    assert sum(len(rows) for rows in SECTIONS.values()) == len(ROWS)


@pytest.mark.parametrize("requirement", ALL, ids=lambda one: one.id)
def test_each_requirement_says_what_it_asks_and_fails_on_something(requirement: Requirement) -> None:
    assert requirement.words.endswith((".", ")"))
    assert not requirement.words[0].islower()
    assert requirement.faults
    assert (ROOT / "tests/conformance/rows" / requirement.module).is_file()


def test_no_two_requirements_have_a_test_of_one_name() -> None:
    assert [name for name, count in Counter(one.test for one in ALL).items() if count > 1] == []


@pytest.mark.parametrize(("row", "reason"), EXCEPTIONS.items(), ids=EXCEPTIONS.keys())
def test_each_exception_has_its_reason(row: str, reason: str) -> None:
    assert reason.endswith("."), row
    named = [word.strip("(),.;`") for word in reason.split() if "/" in word]
    files = [name for name in named if name.startswith(("docs/", "tests/", "cards/", "bench/"))]
    assert [name for name in files if not (ROOT / name).exists()] == []


def test_the_committed_page_is_what_a_run_without_failures_writes() -> None:
    everything_passed = dict.fromkeys(BY_ID, True)
    committed = report.PAGE.read_text(encoding="utf-8")
    assert committed == report.page(everything_passed), "run `make conformance`"


def test_a_requirement_that_failed_is_not_written_as_passed() -> None:
    but_one = {**dict.fromkeys(BY_ID, True), "C2": False}
    [line] = [line for line in report.page(but_one).splitlines() if line.startswith("| C2 |")]
    assert line.endswith("| **fail** |")
    assert report.page(but_one).count("| pass |") == len(ALL) - 1


@pytest.mark.parametrize(
    ("test", "outcome", "passed"),
    [
        ("test_the_service_meets[C1]", "passed", {"C1"}),
        ("test_the_service_meets[C1]", "failed", set()),
        ("test_the_service_meets[C1]", "skipped", set()),
        ("test_the_check_bites[C1-a name]", "passed", set()),
        ("test_the_service_meets[C10]", "failed", set()),
    ],
)
def test_only_what_was_tested_and_did_not_fail_passed(test: str, outcome: str, passed: set[str]) -> None:
    results = Results()
    results.pytest_runtest_logreport(_report(test, outcome))
    assert {one for one, met in results.passed().items() if met} == passed


def test_a_check_that_does_not_bite_is_a_failure_of_its_requirement() -> None:
    results = Results()
    results.pytest_runtest_logreport(_report("test_the_service_meets[14.1]", "passed"))
    results.pytest_runtest_logreport(_report("test_the_service_meets[14.10]", "passed"))
    results.pytest_runtest_logreport(_report("test_the_check_bites[14.1-no link]", "failed"))
    assert {one for one, met in results.passed().items() if met} == {"14.10"}


def _report(test: str, outcome: str) -> pytest.TestReport:
    place = f"tests/conformance/test_requirements.py::{test}"
    return pytest.TestReport(place, ("", 0, ""), {}, outcome, None, "call")  # type: ignore[arg-type]
