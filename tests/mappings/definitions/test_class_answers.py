"""The classes of lupus nephritis that a rule may ask for are those that the reader of biopsies gives."""

from __future__ import annotations

import itertools

import pytest

from mappings.definitions.parsing.leaf_rules import CLASS_ANSWERS
from mappings.reading.pathology.wording import read_class


def tokens(text: str) -> frozenset[str]:
    reading = read_class(text)
    return reading.tokens if reading else frozenset()


@pytest.mark.parametrize("answer", CLASS_ANSWERS)
def test_every_class_that_may_be_asked_for_can_come_out_of_a_report(answer: str) -> None:
    assert answer in tokens(f"Lupus nephritis, ISN/RPS class {answer}")


@pytest.mark.parametrize(
    ("numeral", "part", "suffix"),
    [
        *itertools.product(
            ("I", "II", "III", "IV", "V", "VI"), ("", "-S", "-G"), ("", " (A)", " (A/C)", " (C)", " inactive")
        )
    ],
)
def test_nothing_else_comes_out_of_a_report(numeral: str, part: str, suffix: str) -> None:
    assert tokens(f"Lupus nephritis, ISN/RPS class {numeral}{part}{suffix}") <= set(CLASS_ANSWERS)
