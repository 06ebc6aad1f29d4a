"""Exact, censored and ranged numbers against a limit of 1.0."""

from __future__ import annotations

import math

import pytest

from mappings.amounts import Amount, Bound, Comparison, censored, compare, exactly
from mappings.verdicts import Verdict

MET, NOT_MET, UNKNOWN = Verdict.MET, Verdict.NOT_MET, Verdict.UNKNOWN
LESS_THAN_TENTH = Amount(-math.inf, 0.1, True, True)


def lab(comparator: str, value: float) -> Amount:
    amount = censored(comparator, value)
    assert amount is not None
    return amount


@pytest.mark.parametrize(
    ("amount", "greater", "at_least", "less", "at_most"),
    [
        (exactly(1.0), NOT_MET, MET, NOT_MET, MET),
        (exactly(1.01), MET, MET, NOT_MET, NOT_MET),
        (exactly(0.99), NOT_MET, NOT_MET, MET, MET),
        (lab("<", 0.1), NOT_MET, NOT_MET, MET, MET),
        (lab("<", 1.0), NOT_MET, NOT_MET, MET, MET),
        (lab("<=", 1.0), NOT_MET, UNKNOWN, UNKNOWN, MET),
        (lab("<", 5), UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN),
        (lab(">", 1.0), MET, MET, NOT_MET, NOT_MET),
        (lab(">=", 1.0), UNKNOWN, MET, NOT_MET, UNKNOWN),
        (lab(">", 0.5), UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN),
        (Amount(0.5, 0.9), NOT_MET, NOT_MET, MET, MET),
        (Amount(0.9, 1.1), UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN),
    ],
)
def test_a_comparison_is_decided_only_if_every_possible_number_agrees(
    amount: Amount, greater: Verdict, at_least: Verdict, less: Verdict, at_most: Verdict
) -> None:
    kinds: tuple[Comparison, ...] = ("greater_than", "at_least", "less_than", "at_most")
    for kind, expected in zip(kinds, (greater, at_least, less, at_most), strict=True):
        assert compare(amount, Bound(kind, 1.0, "1.0 g/g")) is expected, kind


def test_an_unknown_comparator_is_no_amount() -> None:
    assert censored("~", 1.0) is None
    assert censored("ad", 1.0) is None
