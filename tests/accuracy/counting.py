"""How often the service's answers are those that the stories want."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from tests.accuracy.cohort import NO_CRITERIA, Truth
from tests.accuracy.expected import expected_outcome
from tests.accuracy.judging import Judged, differences

VERDICTS = ("met", "not met", "unknown")
OUTCOMES = ("possible-candidate", "needs-data", "ruled-out")


class Share(NamedTuple):
    """So many of so many."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number} of {self.of}"

    @property
    def percent(self) -> str:
        return f"{100 * self.number / self.of:.1f} %" if self.of else "-"


Confusion = Counter[tuple[str, str]]
"""How often something was expected (first) and given (second)."""


def varied(cohort: Sequence[Judged], criterion: str) -> Confusion:
    """The criterion where its own fact was varied."""
    return Counter(
        (one.case.verdicts[criterion], one.verdicts[criterion])
        for one in cohort
        if one.case.criterion == criterion and one.verdicts
    )


def everywhere(cohort: Sequence[Judged], criterion: str) -> Confusion:
    """The criterion in all patients who were assessed, whatever was varied."""
    return Counter((one.case.verdicts[criterion], one.verdicts[criterion]) for one in cohort if one.verdicts)


def outcomes(cohort: Sequence[Judged]) -> Confusion:
    return Counter((expected_outcome(one.case), one.outcome) for one in cohort)


def right(confusion: Confusion) -> Share:
    """How many answers are the expected ones."""
    return Share(sum(n for (wanted, got), n in confusion.items() if wanted == got), confusion.total())


def criteria(cohort: Sequence[Judged]) -> list[str]:
    """All criteria, in the order of the trial."""
    return list(next(one.verdicts for one in cohort if one.verdicts))


def of_truth(cohort: Sequence[Judged], truth: Truth) -> list[Judged]:
    return [one for one in cohort if one.case.truth == truth]


def sensitivity(cohort: Sequence[Judged]) -> Share:
    """True candidates who are not ruled out."""
    candidates = of_truth(cohort, "candidate")
    return Share(sum(one.outcome != "ruled-out" for one in candidates), len(candidates))


def shown(cohort: Sequence[Judged]) -> Share:
    """True candidates who are shown: a card now, though the varied fact may be missing."""
    candidates = of_truth(cohort, "candidate")
    return Share(sum(one.card for one in candidates), len(candidates))


def specificity(cohort: Sequence[Judged]) -> Share:
    """Those who are no candidates and get no card."""
    others = of_truth(cohort, "not a candidate")
    return Share(sum(not one.card for one in others), len(others))


def wrong(cohort: Sequence[Judged]) -> list[tuple[str, list[str]]]:
    """Cases with an answer that is not the expected one, and which."""
    return [(one.case.name, found) for one in cohort if (found := differences(one))]


def tables(cohort: Sequence[Judged]) -> Counter[str]:
    """How many patients each table made."""
    return Counter(one.case.name.split(" | ")[0] for one in cohort if one.case.criterion)


def beside_criteria(cohort: Sequence[Judged]) -> int:
    """How many patients vary something that is no single criterion."""
    return sum(one.case.criterion in NO_CRITERIA for one in cohort)
