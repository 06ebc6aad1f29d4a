"""Below a limit of detection there are no cells; below any other limit there may be."""

from __future__ import annotations

from typing import Any

import pytest

from mappings.concept import Concept
from mappings.reading.values import read_value
from tests.mappings.reading.test_answers import catalog, said
from tests.mappings.reading.test_values import flagged, quantity

Json = dict[str, Any]
IMPRECISE = "? imprecise"


def below(value: float, unit: str, comparator: str = "<") -> Json:
    return quantity(value, unit, comparator=comparator)


LIMITS: list[tuple[Json, str]] = [
    *((below(value, "%"), "negative") for value in (0.01, 0.1, 0.5, 1)),
    *((below(value, "%", "<="), "negative") for value in (0.1, 1)),
    *((below(value, "%"), IMPRECISE) for value in (1.01, 5, 20, 100)),
    *((below(value, "%", "<="), IMPRECISE) for value in (5, 100)),
    *((below(value, "/uL"), "negative") for value in (0.1, 1, 5, 10)),
    *((below(value, "/uL"), IMPRECISE) for value in (10.5, 20, 120, 500)),
    *((below(value, "10*9/L"), "negative") for value in (0.001, 0.01)),
    *((below(value, "K/uL"), IMPRECISE) for value in (0.1, 0.5)),
    *((below(value, "10*6/L"), said) for value, said in ((10, "negative"), (120, IMPRECISE))),
    *((below(value, "/mL"), said) for value, said in ((5000, "negative"), (50000, IMPRECISE))),
    # in words
    *(({"valueString": text}, "negative") for text in ("<0.1 %", "<0,1%", "≤1 %", "<5 /µl", "<10 cells/uL")),
    *(({"valueString": text}, IMPRECISE) for text in ("<20 %", "≤100%", "<500 /µl", "<120 cells/mm3")),
    # a range without its low end says no more than its high one, and loses the unit
    ({"valueRange": {"high": {"value": 500, "unit": "/uL"}}}, IMPRECISE),
    # numbers stay as they are
    (quantity(0, "%"), "negative"),
    (quantity(0, "/uL"), "negative"),
    (quantity(20, "%"), "positive"),
    (below(0, "/uL", ">"), "positive"),
    (below(5, "%", ">"), "positive"),
    ({"valueString": "0-5 /uL"}, IMPRECISE),
    ({"valueString": "1-5 /uL"}, "positive"),
]


@pytest.mark.parametrize("name", ["cd19-b-cells", "bcma-b-cells"])
@pytest.mark.parametrize(("element", "expected"), LIMITS)
def test_below_a_limit_of_detection_there_are_none(element: Json, expected: str, name: str) -> None:
    assert said(element, name) == expected


WITH_A_FLAG: list[tuple[Json, str, str]] = [
    # low, normal and high tell neither none nor some
    *((element, flag, IMPRECISE) for flag in ("L", "N", "H", "A")
      for element in (below(500, "/uL"), below(20, "%"), {"valueString": "0-5 /uL"}, {})),
    # what the laboratory itself says of it decides
    *((below(500, "/uL"), flag, "negative") for flag in ("NEG", "ND")),
    (below(500, "/uL"), "POS", "positive"),
    *((below(0.1, "%"), flag, "negative") for flag in ("NEG", "ND")),
]  # fmt: skip


@pytest.mark.parametrize(("element", "flag", "expected"), WITH_A_FLAG)
def test_a_flag_settles_only_what_it_says(element: Json, flag: str, expected: str) -> None:
    assert said(element | flagged(flag), "cd19-b-cells") == expected


@pytest.mark.parametrize("unit", ["/[LPF]", "/LPF", "casts/LPF", "/[HPF]", ""])
@pytest.mark.parametrize("value", [1, 5])
def test_casts_are_counted_one_by_one(value: float, unit: str) -> None:
    assert said(below(value, unit), "urine-casts") == "negative"


def test_of_casts_per_volume_the_limit_counts_too() -> None:
    assert said(below(1, "/uL"), "urine-casts") == "negative"
    assert said(below(500, "/uL"), "urine-casts") == IMPRECISE


def test_the_limit_is_in_the_concept_s_own_unit_if_it_has_one() -> None:
    own = Concept("c", "c", "finding", unit="/uL", positive_above=0, blood_cells=True)
    for value, unit, expected in ((0.01, "10*9/L", False), (0.1, "10*9/L", True), (10, "/uL", False)):
        assert (read_value(below(value, unit), own).problem is not None) is expected


def test_a_site_s_own_spelling_of_the_unit_counts() -> None:
    own = catalog().concepts["cd19-b-cells"]
    spelt = Concept("c", "c", "finding", positive_above=0, blood_cells=True, unit_spellings={"Z/ul": "/uL"})
    assert own.blood_cells
    assert read_value({"valueString": "<5 Z/ul"}, spelt).tokens == {"negative"}
    assert read_value({"valueString": "<500 Z/ul"}, spelt).problem is not None


def test_what_is_said_of_it() -> None:
    value = read_value(below(500, "/uL"), catalog().concepts["cd19-b-cells"])
    assert (value.text, value.note) == ("<500 /uL", "not an exact number")
