"""Values near a limit decide as exact fractions would, in whatever unit they are written.

The factors here are written down anew, as fractions, for every concept that has a unit.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.amounts import Bound, Comparison, compare, exactly
from mappings.concept import Concept
from mappings.definitions import load_catalog
from mappings.definitions.parsing.values import parse_amount
from mappings.units import Conversion, conversion, convert, nearest, product, quotient
from mappings.verdicts import MET

CREATININE = Fraction("113.12")  # g/mol, clinical reference section 4
FACTORS: dict[str, dict[str, Fraction]] = {
    "g/g": {
        "g/g": Fraction(1), "mg/mg": Fraction(1), "mg/g": Fraction(1, 1000), "g/kg": Fraction(1, 1000),
        "ug/mg": Fraction(1, 1000), "mg/mmol": 1 / CREATININE, "g/mmol": 1000 / CREATININE,
        "g/mol": 1 / CREATININE, "ug/mmol": 1 / CREATININE / 1000, "mg/mmol creat": 1 / CREATININE,
    },
    "g/d": {
        "g/d": Fraction(1), "g/(24.h)": Fraction(1), "mg/d": Fraction(1, 1000), "mg/24h": Fraction(1, 1000),
        "g/h": Fraction(24), "mg/h": Fraction(24, 1000), "mg/min": Fraction(1440, 1000),
        "ug/min": Fraction(1440, 10**6),
    },
    "10*9/L": {
        "10*9/L": Fraction(1), "K/uL": Fraction(1), "/uL": Fraction(1, 1000), "cells/mm3": Fraction(1, 1000),
        "/nL": Fraction(1), "10*6/L": Fraction(1, 1000), "/L": Fraction(1, 10**9), "10*6/mL": Fraction(1),
    },
    "g/dL": {
        "g/dL": Fraction(1), "g/L": Fraction(1, 10), "mg/dL": Fraction(1, 1000), "mg/mL": Fraction(1, 10),
        "kg/m3": Fraction(1, 10), "g/100mL": Fraction(1),
    },
    "mg/dL": {
        "mg/dL": Fraction(1), "mg/L": Fraction(1, 10), "g/L": Fraction(100), "ug/mL": Fraction(1, 10),
        "ug/dL": Fraction(1, 1000),
    },
    "umol/L": {
        "umol/L": Fraction(1), "mmol/L": Fraction(1000), "nmol/mL": Fraction(1), "nmol/L": Fraction(1, 1000),
    },
    "U/L": {
        "U/L": Fraction(1), "U/mL": Fraction(1000), "mU/mL": Fraction(1), "kU/L": Fraction(1000),
        "IU/L": Fraction(1),
    },
    "mL/min/{1.73_m2}": {"mL/min/1.73m2": Fraction(1), "L/h/{1.73_m2}": Fraction(1000, 60)},
    "%": {"%": Fraction(1), "10*-2": Fraction(1), "[ppth]": Fraction(1, 10), "10*-3": Fraction(1, 10)},
    "/[HPF]": {"/[HPF]": Fraction(1), "/HPF": Fraction(1)},
    "Cel": {"Cel": Fraction(1), "K": Fraction(1), "[degF]": Fraction(5, 9)},
    "{score}": {"{score}": Fraction(1), "1": Fraction(1)},
    "[GPL'U]/mL": {"[GPL'U]/mL": Fraction(1), "GPL": Fraction(1)},
    "[MPL'U]/mL": {"[MPL'U]/mL": Fraction(1), "MPL": Fraction(1)},
    "[APL'U]/mL": {"[APL'U]/mL": Fraction(1), "APL": Fraction(1)},
}  # fmt: skip
OFFSETS = {("Cel", "K"): Fraction("-273.15"), ("Cel", "[degF]"): Fraction(-160, 9)}
LIMITS = {
    "g/g": "1.0 0.5 0.3 0.15 3.5",
    "g/d": "0.5 1.0 3.5 0.15",
    "10*9/L": "3.0 4.0 100 1.5 0.5",
    "g/dL": "10 8 12.5",
    "mg/dL": "1.5 2.0 0.7",
    "umol/L": "34.2 20",
    "U/L": "40 120",
    "mL/min/{1.73_m2}": "30 60 90",
    "%": "50 92 40",
    "/[HPF]": "5 10",
    "Cel": "38.0 38.3 37.5",
    "{score}": "1 2 8",
    "[GPL'U]/mL": "40",
    "[MPL'U]/mL": "40",
    "[APL'U]/mL": "40",
}
COMPARISONS: tuple[Comparison, ...] = ("greater_than", "at_least", "less_than", "at_most")


@cache
def measured() -> list[Concept]:
    return [c for c in load_catalog().concepts.values() if c.kind == "measurement" and c.unit != "{titer}"]


def upcr() -> Concept:
    return next(concept for concept in measured() if concept.id == "urine-protein-creatinine-ratio")


def test_every_unit_of_a_measurement_has_its_factors_here() -> None:
    assert {concept.unit for concept in measured()} <= set(FACTORS)


def factors_of(concept: Concept) -> dict[str, Fraction]:
    own = FACTORS[concept.unit]
    if concept.id == "creatinine":
        return own | {"umol/L": 1 / Fraction("88.40"), "mmol/L": 1000 / Fraction("88.40")}
    enzymes = concept.id in ("alanine-aminotransferase", "aspartate-aminotransferase")
    return own if enzymes else {unit: factor for unit, factor in own.items() if unit != "IU/L"}


@st.composite
def near_a_limit(draw: st.DrawFn) -> tuple[Concept, str, str, str]:
    """A concept, a limit, a unit, and a number in it of at most 15 digits, at the limit or beside it."""
    concept = draw(st.sampled_from(measured()))
    limit = draw(st.sampled_from(LIMITS[concept.unit].split()))
    unit, factor = draw(st.sampled_from(sorted(factors_of(concept).items())))
    at = (Fraction(limit) - OFFSETS.get((concept.unit, unit), 0)) / factor
    digits = draw(st.integers(min_value=3, max_value=15))
    shown = f"{Decimal(at.numerator) / Decimal(at.denominator):.{digits}g}"
    step = Decimal(1).scaleb(Decimal(shown).adjusted() - digits + 1)
    return concept, limit, unit, str(Decimal(shown) + draw(st.integers(-3, 3)) * step)


@given(near_a_limit())
def test_near_a_limit_every_unit_decides_as_exact_fractions_do(case: tuple[Concept, str, str, str]) -> None:
    concept, limit, unit, written = case
    exact = Fraction(written) * factors_of(concept)[unit] + OFFSETS.get((concept.unit, unit), 0)
    value = convert(float(written), unit, concept)
    assert value is not None
    amount = exactly(value)
    told = [compare(amount, Bound(kind, float(limit), limit)) is MET for kind in COMPARISONS]
    wanted = Fraction(limit)
    assert told == [exact > wanted, exact >= wanted, exact < wanted, exact <= wanted], (written, unit)


@pytest.mark.parametrize("unit", sorted(FACTORS))
def test_the_factor_between_units_is_the_exact_one(unit: str) -> None:
    for concept in (one for one in measured() if one.unit == unit):
        for other, factor in factors_of(concept).items():
            found = conversion(other, concept)
            assert found is not None, (concept.id, other)
            assert Fraction(found.numerator, found.denominator) == factor, (concept.id, other)
            assert Fraction(found.offset, found.denominator) == OFFSETS.get((unit, other), 0), (
                concept.id,
                other,
            )


@pytest.mark.parametrize(
    ("value", "unit", "above"),
    [
        (105, "mg/mmol", False),
        (113.12, "mg/mmol", False),
        (113.120000000001, "mg/mmol", True),
        (113.119999999999, "mg/mmol", False),
        (113.13, "mg/mmol", True),
        (0.11312, "g/mmol", False),
        (1000, "mg/g", False),
        (1000.00000000001, "mg/g", True),
        (1.00000000000001, "mg/mg", True),
    ],
)
def test_more_than_one_gram_per_gram(value: float, unit: str, above: bool) -> None:
    amount = convert(value, unit, upcr())
    assert amount is not None
    assert (compare(exactly(amount), Bound("greater_than", 1.0, "1.0 g/g")) is MET) is above
    if value == 105:
        assert f"{amount:.4f}" == "0.9282"


@given(st.sampled_from(["50 mg/mmol", "113.12 mg/mmol", "100 mg/mmol", "56.56 mg/mmol"]), st.integers(-9, 9))
def test_a_limit_in_another_unit_is_as_exact(text: str, steps: int) -> None:
    written = parse_amount(text)
    assert written is not None
    number = Decimal(str(written.number)) + steps * Decimal("0.00000001")
    limit, value = (convert(each, "mg/mmol", upcr()) for each in (written.number, float(number)))
    assert limit is not None
    assert value is not None
    told = [compare(exactly(value), Bound(kind, limit, text)) is MET for kind in COMPARISONS]
    assert told == [steps > 0, steps >= 0, steps < 0, steps <= 0]


@given(st.integers(1, 10**15), st.integers(1, 10**6))
def test_the_nearest_number_never_lies_on_the_wrong_side_of_a_short_one(top: int, bottom: int) -> None:
    near, exact = nearest(top, bottom), Fraction(top, bottom)
    for short in (float(f"{near:.15g}"), float(f"{near:.6g}")):
        shown = Fraction(repr(short))
        assert (near > short, near < short) == (exact > shown, exact < shown)


def test_a_hair_beside_a_short_number_is_not_that_number() -> None:
    assert nearest(10**17 - 1, 10**17) < 1.0 < nearest(10**17 + 1, 10**17)
    assert nearest(10**17, 10**17) == 1.0


@given(st.decimals("0.001", "9999", places=3), st.decimals("0.001", "9999", places=3))
def test_products_and_quotients_are_those_of_decimals(one: Decimal, other: Decimal) -> None:
    assert product(float(one), float(other)) == float(Fraction(one) * Fraction(other))
    whole = Fraction(one) / Fraction(other)
    assert abs(Fraction(quotient(float(one), float(other))) - whole) <= whole / 10**15


def test_moving_the_decimal_point_needs_no_arithmetic() -> None:
    assert conversion("mg/g", upcr()) == Conversion(1, 1000, 0, -3)
