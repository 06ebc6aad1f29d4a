"""A power of ten that lost its sign is no multiplier: no laboratory counts in 103 cells."""

from __future__ import annotations

import pytest

from mappings.concept import Concept
from mappings.reading.values import read_value
from mappings.units import between, convert, is_unit
from mappings.verdicts import Reason

WHITE_CELLS = Concept("wbc", "WBC", "measurement", unit="10*9/L")
PROTEIN = Concept("p", "Protein", "measurement", unit="g/L")
UCUM = "http://unitsofmeasure.org"

LOST = [
    *("103/uL", "x103/uL", "×103/µL", "X103/mm3", "109/L", "x109/L", "×109/L", "106/uL", "1012/L", "1010/L"),
    *("10.9/L", "x10.9/L", "10·9/L", "10•9/L", "10.3/uL", "10-9/L", "10−9/L", "10-3/uL", "10/9/L", "10₉/L"),
    *("103{cells}/uL", "(103)/uL", "4/uL", "25/uL", "0.1/uL", "1.5/uL", "/103uL", "/(103.uL)"),
    # never known, and not known by this either
    *("10 9/L", "x10 9/L", "X10 3/uL", "10x3/uL", "10'9/L", "10_9/L", "10 x 9/L", "1,000/uL"),
]


@pytest.mark.parametrize("unit", LOST)
def test_a_power_that_lost_its_sign_is_not_comparable(unit: str) -> None:
    assert convert(7.0, unit, WHITE_CELLS) is None
    quantity = {"value": 7.0, "unit": unit}
    coded = quantity | {"system": UCUM, "code": unit}
    for element in ({"valueQuantity": quantity}, {"valueQuantity": coded}, {"valueString": f"7.0 {unit}"}):
        assert read_value(element, WHITE_CELLS).problem is Reason.UNIT_NOT_COMPARABLE


@pytest.mark.parametrize("text", ["7.0 10,9/L", "7,0 x10,9/L", "7.0×109/L", "7.0x103/uL", "7 x 10.3/µl"])
def test_nor_is_it_in_a_text(text: str) -> None:
    assert read_value({"valueString": text}, WHITE_CELLS).problem is Reason.UNIT_NOT_COMPARABLE


KEPT = [
    *((unit, 7.0) for unit in ("10*9/L", "10^9/L", "10⁹/L", "x10⁹/L", "10E9/L", "10(9)/L", "10~9/L")),
    *((unit, 7.0) for unit in ("10+9/L", "10*3/uL", "10^3/uL", "x10E3/uL", "1000/uL", "x1000/uL", "K/uL")),
    ("/uL", 0.007), ("1/uL", 0.007), ("10/uL", 0.07), ("100/uL", 0.7), ("10*4/uL", 70.0), ("10^4/uL", 70.0),
    ("10*3{cells}/uL", 7.0), ("10*-3/nL", 0.007), ("10*6/mL", 7.0), ("1e9/L", 7.0),
]  # fmt: skip


@pytest.mark.parametrize(("unit", "expected"), KEPT)
def test_a_power_with_its_sign_and_a_whole_one_stay(unit: str, expected: float) -> None:
    assert convert(7.0, unit, WHITE_CELLS) == expected


OTHERS = [
    ("mL/min/1.73m2", "mL/min/{1.73_m2}", 7.0), ("mL/min/1.73.m2", "mL/min/{1.73_m2}", 7.0),
    ("mL/min/(173.10*-2.m2)", "mL/min/{1.73_m2}", 7.0), ("mg/(24.h)", "mg/d", 7.0),
    ("mg/(12.h)", "mg/d", 14.0), ("mg/24h", "g/d", 0.007), ("/100{WBCs}", "10*-2{WBCs}", None),
    ("10*-2", "%", 7.0), ("%", "%", 7.0), ("mg/100mL", "g/L", 0.07),
    ("mg/103uL", "g/L", None), ("mg/103 uL", "g/L", None), ("mg/10.3uL", "g/L", None),
    ("mg/(106.mL)", "g/L", None), ("mm[Hg]", "mm[Hg]", 7.0), ("mg/m2", "mg/m2", 7.0), ("ng/m3", "ng/m3", 7.0),
]  # fmt: skip


@pytest.mark.parametrize(("unit", "canonical", "expected"), OTHERS)
def test_numbers_elsewhere_in_a_unit(unit: str, canonical: str, expected: float | None) -> None:
    assert convert(7.0, unit, Concept("c", "c", "measurement", unit=canonical)) == expected


def test_one_per_hundred_white_cells_stays_a_unit() -> None:
    assert is_unit("/100{WBCs}")
    assert between("/100{WBCs}", "/100{WBCs}") is not None


def test_a_site_may_say_what_its_own_spelling_means() -> None:
    own = Concept("w", "w", "measurement", unit="10*9/L", unit_spellings={"x103/uL": "10*3/uL"})
    assert convert(7.0, "x103/uL", own) == 7.0
    assert convert(7.0, "103/uL", own) is None


def test_a_definition_has_no_such_unit() -> None:
    assert not is_unit("103/uL")
    assert is_unit("10*3/uL")
    assert is_unit("mL/min/{1.73_m2}")


def test_a_limit_in_such_a_unit_is_not_compared() -> None:
    assert between("103/uL", "10*9/L") is None
    assert between("10*9/L", "103/uL") is None
