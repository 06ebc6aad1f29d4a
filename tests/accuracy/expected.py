"""From the verdicts expected of the criteria to the outcome: the rules of the trial's page, by hand."""

from __future__ import annotations

from collections.abc import Sequence

from tests.accuracy.cohort import Case, Verdict


def expected_outcome(case: Case) -> str:
    """Ruled out by anything not met, or if the record may not be assessed; else the gate decides."""
    if case.criterion == "record" and case.own == "not met":
        return "ruled-out"
    if "not met" in case.verdicts.values():
        return "ruled-out"
    return "possible-candidate" if expected_gate(case) == "met" else "needs-data"


def expects_card(case: Case) -> bool:
    """A possible candidate gets a card, unless she takes part in the study already."""
    enrolled = case.criterion == "enrolment" and case.own == "not met"
    return expected_outcome(case) == "possible-candidate" and not enrolled


def expected_gate(case: Case) -> Verdict:
    """Adult, and lupus, and nephritis, and activity now."""
    if case.criterion == "gate":
        return case.own
    verdicts = case.verdicts
    lupus = one_of([_shown(case.lupus), verdicts["sle-classification"]])
    activity = one_of(
        [
            verdicts["proteinuria"],
            verdicts["sledai-2k"],
            verdicts["lupus-nephritis-biopsy"],
            _shown(case.relapse),
        ]
    )
    return all_of([verdicts["age"], lupus, _shown(case.nephritis), activity])


def _shown(recorded: bool) -> Verdict:
    """What is not recorded is unknown, never absent."""
    return "met" if recorded else "unknown"


def all_of(verdicts: Sequence[Verdict]) -> Verdict:
    if "not met" in verdicts:
        return "not met"
    return "unknown" if "unknown" in verdicts else "met"


def one_of(verdicts: Sequence[Verdict]) -> Verdict:
    if "met" in verdicts:
        return "met"
    return "unknown" if "unknown" in verdicts else "not met"
