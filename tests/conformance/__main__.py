"""Runs the tests of conformance and writes docs/conformance.md with what they found.

python -m tests.conformance [arguments for pytest]
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.conformance import report
from tests.conformance.rows import BY_ID

FOLDER = Path(__file__).parent


class Results:
    """Notes which requirements have a test that did not pass, and which were tested at all."""

    def __init__(self) -> None:
        self.tested: set[str] = set()
        self.failed: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Called by pytest for each phase of each test. Test ids are ``name[ID]`` or ``name[ID-fault]``."""
        _, bracket, rest = report.nodeid.partition("[")
        one = next((known for known in _longest_first() if rest.rstrip("]").startswith(known)), "")
        if not bracket or not one:
            return
        if report.when == "call" and "test_the_service_meets" in report.nodeid:
            self.tested.add(one)
        if report.failed or report.skipped:
            self.failed.add(one)

    def passed(self) -> dict[str, bool]:
        """Of each requirement whether it was tested and nothing failed."""
        return {one: one in self.tested and one not in self.failed for one in BY_ID}


def _longest_first() -> list[str]:
    return sorted(BY_ID, key=len, reverse=True)


def main(arguments: list[str]) -> int:
    """0 if every requirement is met."""
    results = Results()
    pytest.main(["-q", "-p", "no:xdist", *arguments, str(FOLDER / "test_requirements.py")], [results])
    passed = results.passed()
    report.PAGE.write_text(report.page(passed), encoding="utf-8")
    unmet = [one for one, met in passed.items() if not met]
    met = f"{len(passed) - len(unmet)} of {len(passed)} requirements with a test are met"
    sys.stdout.write(f"docs/conformance.md: {met}\n")
    if unmet:
        sys.stdout.write(f"not met: {', '.join(unmet)}\n")
    return bool(unmet)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
