"""Units as laboratories write them. What cannot be converted for certain is None, never a guess."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.concept import Concept
from mappings.units import IDENTITY, conversion, convert, is_bare_number, is_unit, parse_factor

UPCR = Concept(
    id="upcr",
    display="UPCR",
    kind="measurement",
    unit="g/g",
    conversions={"mg/mmol": parse_factor("1/113.12") or 0, "g/mmol": parse_factor("1000/113.12") or 0},
)


def measured_in(unit: str) -> Concept:
    return Concept(id="c", display="c", kind="measurement", unit=unit)


@pytest.mark.parametrize(
    ("value", "unit", "canonical", "expected"),
    [
        # the same unit
        (1.4, "g/g", "g/g", 1.4),
        (0.1 + 0.2, "g/g", "g/g", 0.1 + 0.2),
        # UCUM
        (500.0, "mg/g", "g/g", 0.5),
        (1.0, "g/L", "g/dL", 0.1),
        (800.0, "mg/(24.h)", "g/d", 0.8),
        (0.5, "g/(24.h)", "g/d", 0.5),
        (250000.0, "/uL", "10*9/L", 250.0),
        (4.0, "10*9/L", "10*3/uL", 4.0),
        (3.0, "[IU]/mL", "[iU]/mL", 3.0),
        (3.0, "m[IU]/mL", "[iU]/L", 3.0),
        (3.0, "k[IU]/L", "[iU]/mL", 3.0),
        (1.0, "ug/mL", "mg/L", 1.0),
        (120.0, "mm[Hg]", "kPa", 15.9986864898),
        (2.0, "mg/mg", "g/g", 2.0),
        (50.0, "10*-2", "%", 50.0),
        # spellings
        (4.2, "K/uL", "10*3/uL", 4.2),
        (4.2, "k/ul", "10*3/uL", 4.2),
        (4.2, "K/µL", "10*9/L", 4.2),
        (4.2, "K/μL", "10*9/L", 4.2),
        (4.2, "thou/mm3", "10*9/L", 4.2),
        (4.2, "x10E3/uL", "10*9/L", 4.2),
        (4.2, "x10^9/L", "10*3/uL", 4.2),
        (4.2, "x 10^9/L", "10*3/uL", 4.2),
        (4.2, "10^9/L", "10*9/L", 4.2),
        (4.2, "10⁹/L", "10*9/L", 4.2),
        (4.2, "X10(3)/mcL", "10*9/L", 4.2),
        (4200.0, "cells/mm³", "10*9/L", 4.2),
        (4200.0, "{cells}/uL", "10*9/L", 4.2),
        (4.2, "10*3{cells}/uL", "10*9/L", 4.2),
        (4.2, "G/L", "10*9/L", 4.2),
        (13.0, "g/dl", "g/dL", 13.0),
        (130.0, "g/l", "g/dL", 13.0),
        (13.0, "GM/DL", "g/dL", 13.0),
        (1.1, "MG/DL", "mg/dL", 1.1),
        (30.0, "u/l", "U/L", 30.0),
        (30.0, "IU/L", "[iU]/L", 30.0),
        (0.8, "g/24h", "g/d", 0.8),
        (0.8, "g/24 h", "g/d", 0.8),
        (0.8, "g/day", "g/d", 0.8),
        (800.0, "mg/24h", "g/d", 0.8),
        (800.0, "mg/24.h", "g/d", 0.8),
        (800.0, "mg/{24_h}", "g/d", 0.8),
        (7.0, "/HPF", "/[HPF]", 7.0),
        (7.0, "/hpf", "/[HPF]", 7.0),
        (7.0, "{RBC}/[HPF]", "/[HPF]", 7.0),
        (60.0, "mL/min/1.73 m²", "mL/min/{1.73_m2}", 60.0),
        (60.0, "mL/min/1.73m2", "mL/min/{1.73_m2}", 60.0),
        (60.0, "mL/min/{1.73_M2}", "mL/min/{1.73_m2}", 60.0),
        (25.0, "GPL", "[GPL'U]/mL", 25.0),
        (160.0, "titer", "{titer}", 160.0),
        (12.0, " % ", "%", 12.0),
        # temperatures have an offset
        (37.0, "Cel", "[degF]", 98.6),
        (100.94, "[degF]", "Cel", 38.3),
        (100.94, "°F", "Cel", 38.3),
        (38.3, "°C", "Cel", 38.3),
        (311.45, "K", "Cel", 38.3),
        # a bare number
        (3.0, "{score}", "{score}", 3.0),
        (3.0, "1", "{score}", 3.0),
        (3.0, "", "{score}", 3.0),
        (3.0, "{score}", "", 3.0),
        (3.0, "points", "{score}", 3.0),
    ],
)
def test_a_value_is_converted(value: float, unit: str, canonical: str, expected: float) -> None:
    assert convert(value, unit, measured_in(canonical)) == expected


@pytest.mark.parametrize(
    ("unit", "canonical", "why"),
    [
        ("", "g/g", "no unit is no unit"),
        ("1", "g/g", "a bare number may be anything"),
        ("{ratio}", "g/g", "a ratio of what to what?"),
        ("", "10*9/L", "no unit is no unit"),
        ("1", "%", "a fraction, or a percentage without its sign?"),
        ("1", "{titer}", "a bare number is not known to be a titre"),
        ("", "{titer}", "a bare number is not known to be a titre"),
        ("1", "/[HPF]", "the library takes a field for 1"),
        ("/[LPF]", "/[HPF]", "a low power field is not a hundred high power ones"),
        ("/uL", "/[HPF]", "per volume is not per field"),
        ("mg", "{score}", "a score has no unit"),
        ("%", "{score}", "a score has no unit"),
        ("mL/min", "mL/min/{1.73_m2}", "a clearance is not an eGFR"),
        ("mL/min/{1.73_m2}", "mL/min", "an eGFR is not a clearance"),
        ("g/g{prot}", "g/g", "divided by protein"),
        ("mol/mol", "g/g", "amounts of substance are not masses"),
        ("mmol/mol{creat}", "g/g", "amounts of substance are not masses"),
        ("%", "g/g", "a percentage of what?"),
        ("mg/mmol", "g/g", "needs chemistry, which this concept does not give"),
        ("g/L", "g/g", "a concentration is not a ratio"),
        ("g/L", "g/d", "a concentration is not a daily amount"),
        ("g", "g/d", "collected for how long?"),
        ("K/uL", "K/m3", "K is a thousand here, not kelvin"),
        ("G/L", "g/dL", "giga per litre is not gram per litre"),
        ("U/mL", "[iU]/mL", "units are not international units"),
        ("[iU]/mL", "10*3/uL", "the library takes international units for 1"),
        ("[iU]/mL", "[GPL'U]/mL", "arbitrary units are not one another"),
        ("[CFU]/mL", "/mL", "arbitrary units are not numbers"),
        ("meq/L", "mmol/L", "needs the valence"),
        ("umol/L", "mg/dL", "needs the molar mass"),
        ("Cel/min", "K/min", "a temperature inside a product"),
        ("10*999999999/L", "10*9/L", "a number too large to think about"),
        ("m99999", "m", "a number too large to think about"),
        ("g/g{creat}{creat", "g/g", "not UCUM"),
        ("(((", "g/d", "not UCUM"),
        ("g" * 5000, "g/d", "not UCUM"),
        ("g/0", "g/d", "not UCUM"),
        ("\x00", "g/d", "not UCUM"),
    ],
)
def test_a_value_is_not_converted(unit: str, canonical: str, why: str) -> None:
    assert convert(1.0, unit, measured_in(canonical)) is None, why


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (113.12, "mg/mmol", 1.0),
        (113.12, "mg/mmol{creat}", 1.0),
        (113.12, "mg/mmol{Creat}", 1.0),
        (113.12, "mg/mmol creat", 1.0),
        (113.12, "mg/mmol Cr", 1.0),
        (113.12, "g/mol", 1.0),
        (113.12, "g/mol{creat}", 1.0),
        (0.11312, "g/mmol", 1.0),
        (1.0, "g/g{creat}", 1.0),
        (1000.0, "mg/g{creat}", 1.0),
        (1000.0, "mg/g creat", 1.0),
        (1000.0, "mg/gCr", 1.0),
        (1.0, "mg/mg creat", 1.0),
        (200.0, "mg/mmol", 1.768033946251768),
    ],
)
def test_a_ratio_to_creatinine_is_converted(value: float, unit: str, expected: float) -> None:
    assert convert(value, unit, UPCR) == expected


def test_just_one_gram_per_gram_is_not_above_it() -> None:
    for molar in (1.0, 1.2, 0.3, 0.7, 2.5):
        assert convert(113.12 * molar, "mg/mmol", UPCR) == molar


def test_creatinine_is_left_out_only_where_the_concept_is_a_ratio_to_it() -> None:
    assert convert(1.0, "mg/d{creat}", measured_in("mg/d")) is None
    assert convert(1.0, "mg/g creat", measured_in("mg/g")) is None


def test_the_concept_s_own_table_comes_before_ucum() -> None:
    own = Concept(id="c", display="c", kind="measurement", unit="g/g", conversions={"mg/g": 0.5})
    assert convert(1.0, "mg/g", own) == 0.5


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (48, "mmol/mol", 6.54304),
        (53, "mmol/mol", 7.00044),
        (0.053, "mol/mol", 7.00044),  # by UCUM into mmol/mol, from there by the table
        (53000, "umol/mol", 7.00044),
        (7, "%", 7),
        (7, "1", None),
        (53, "g/mol", None),
    ],
)
def test_a_conversion_may_add_a_number_after_the_factor(value: float, unit: str, expected: float) -> None:
    """NGSP = 0.09148 x IFCC + 2.152, the master equation of NGSP and IFCC."""
    times, plus = Fraction("0.09148"), Fraction("2.152")
    hba1c = Concept(
        id="hba1c",
        display="HbA1c",
        kind="measurement",
        unit="%",
        conversions={"mmol/mol": times},
        offsets={"mmol/mol": plus},
    )
    assert convert(value, unit, hba1c) == expected


def test_two_concepts_with_one_unit_keep_their_own_tables() -> None:
    other = Concept(id="upcr", display="c", kind="measurement", unit="g/g", conversions={"mg/mmol": 0.25})
    assert convert(1.0, "mg/mmol", other) == 0.25
    assert convert(113.12, "mg/mmol", UPCR) == 1.0


def test_the_same_unit_gives_back_the_value_itself() -> None:
    value = 1.2345678901234567
    assert convert(value, "g/g", UPCR) is value
    assert conversion("g/g", UPCR) is IDENTITY


@given(
    st.text(max_size=80), st.sampled_from(["g/g", "{score}", "", "Cel", "10*9/L", "/[HPF]", "{titer}", "%"])
)
def test_no_text_raises(unit: str, canonical: str) -> None:
    assert isinstance(convert(1.0, unit, measured_in(canonical)), float | None)


@given(st.text(alphabet="gmuLdhKk10*^/.{}[]()%+-iUHPF ", max_size=24))
def test_nothing_that_looks_like_a_unit_raises(unit: str) -> None:
    assert isinstance(convert(1.0, unit, UPCR), float | None)


@pytest.mark.parametrize(
    ("text", "factor"),
    [
        ("1/113.12", Fraction(100, 11312)),
        ("1000/113.12", Fraction(100_000, 11312)),
        ("1 / 88.4", Fraction(10, 884)),
        ("0.1", Fraction(1, 10)),
        ("18", Fraction(18)),
        ("1/3", Fraction(1, 3)),
        ("1/0", None),
        ("0", None),
        ("-1", None),
        ("1/2/3", None),
        ("1e3", None),
        ("2*3", None),
        ("__import__('os')", None),
        ("", None),
        ("9" * 100, None),
    ],
)
def test_a_factor(text: str, factor: Fraction | None) -> None:
    assert parse_factor(text) == factor


@pytest.mark.parametrize(
    ("unit", "known"),
    [
        ("g/g", True),
        ("{score}", True),
        ("[degF]", True),
        ("nmol/L", True),
        ("grams", False),
        ("", False),
        ("1/", False),
    ],
)
def test_a_canonical_unit(unit: str, known: bool) -> None:
    assert is_unit(unit) is known


def test_a_bare_number() -> None:
    assert is_bare_number("{score}")
    assert not is_bare_number("g/g")


def test_the_ucum_library_is_loaded_only_when_it_is_needed() -> None:
    code = (
        "import sys\n"
        "from mappings.concept import Concept\n"
        "from mappings.units import convert\n"
        "wbc = Concept(id='w', display='w', kind='measurement', unit='10*9/L')\n"
        "assert convert(1.0, '10*9/L', wbc) == convert(1.0, 'x10^9/L', wbc) == 1.0\n"
        "assert 'ucumvert' not in sys.modules and 'pint' not in sys.modules\n"
        "assert convert(1.0, '/nL', wbc) == 1.0\n"
        "assert 'ucumvert' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
