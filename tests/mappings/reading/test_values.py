"""What the values of Observations mean, form by form."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.concept import Concept
from mappings.reading.values import read_value

UPCR = Concept("upcr", "UPCR", "measurement", unit="g/g", conversions={"mg/mmol": 1 / 113.12})
LIMITED = Concept("upcr", "UPCR", "measurement", unit="g/g", cannot_exceed=50, cannot_be_below=0.01)
COUNT = Concept("anc", "ANC", "measurement", unit="10*9/L")
DAILY = Concept("protein", "24-hour protein", "measurement", unit="g/d")
VOLUME = Concept("volume", "Volume", "measurement", unit="L")
CELLS = Concept("cells", "Cells", "measurement", unit="/[HPF]")
ACTIVITY = Concept("ai", "NIH activity index", "measurement", unit="{score}", whole_number_to=24)
ECOG = Concept(
    "ecog",
    "ECOG",
    "measurement",
    unit="{score}",
    whole_number_to=5,
    answers={"0": frozenset({"http://loinc.org|LA9622-7"})},
)
C3 = Concept("c3", "C3", "finding")
DSDNA = Concept(
    "dsdna", "anti-dsDNA", "finding", from_range={"high": "positive", "normal": "negative", "low": "negative"}
)
ANA = Concept(
    "ana", "ANA", "finding", positive_from=80, imprecise_when_positive=frozenset({"http://loinc.org|42254-3"})
)
CD19 = Concept("cd19", "CD19", "finding", positive_above=0)
LACTATION = Concept("lactation", "Lactation", "finding")

UCUM = "http://unitsofmeasure.org"


def quantity(value: float, unit: str, **more: Any) -> dict[str, Any]:
    return {"valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit, **more}}


def by(above: tuple[float, str], below: tuple[float, str]) -> dict[str, Any]:
    top, bottom = ({"value": value, "unit": unit} for value, unit in (above, below))
    return {"valueRatio": {"numerator": top, "denominator": bottom}}


def coded(code: str, system: str = "http://snomed.info/sct", display: str = "") -> dict[str, Any]:
    return {"valueCodeableConcept": {"coding": [{"system": system, "code": code, "display": display}]}}


AMOUNTS: list[tuple[str, Concept, dict[str, Any], tuple[float, float] | str]] = [
    ("a quantity in the canonical unit", UPCR, quantity(1.4, "g/g"), (1.4, 1.4)),
    ("another mass ratio", UPCR, quantity(1400, "mg/g"), (1.4, 1.4)),
    ("what needs chemistry", UPCR, quantity(113.12, "mg/mmol"), (1.0, 1.0)),
    ("a unit that is no ratio", UPCR, quantity(1.4, "g/L"), "unit_not_comparable"),
    ("no unit at all", UPCR, {"valueQuantity": {"value": 1.4}}, "unit_not_comparable"),
    ("unit as text only", UPCR, {"valueQuantity": {"value": 1.4, "unit": "g/g"}}, (1.4, 1.4)),
    ("below a limit", UPCR, quantity(0.1, "g/g", comparator="<"), (-math.inf, 0.1)),
    ("an unknown comparator", UPCR, quantity(0.1, "g/g", comparator="about"), "unreadable"),
    ("below zero", UPCR, quantity(-1, "g/g"), "unreadable"),
    ("a number as text", UPCR, {"valueQuantity": {"value": "1.4", "unit": "g/g"}}, "unreadable"),
    ("a text with number and unit", UPCR, {"valueString": "1.4 g/g"}, (1.4, 1.4)),
    ("a censored text", UPCR, {"valueString": "<0.1 g/g"}, (-math.inf, 0.1)),
    ("a text without unit", UPCR, {"valueString": "1.4"}, "unit_not_comparable"),
    ("words", UPCR, {"valueString": "see report"}, "unreadable"),
    # a comma that can only be a decimal one: one or two last digits are no group of thousands
    ("a decimal comma", UPCR, {"valueString": "1,4 g/g"}, (1.4, 1.4)),
    ("a decimal comma and a zero", UPCR, {"valueString": "2,0 g/g"}, (2.0, 2.0)),
    ("a decimal comma behind a comparator", UPCR, {"valueString": "<0,15 g/g"}, (-math.inf, 0.15)),
    ("two ends with decimal commas", UPCR, {"valueString": "0,8-1,2 g/g"}, (0.8, 1.2)),
    ("a decimal comma behind four digits", UPCR, {"valueString": "1250,5 mg/g"}, (1.2505, 1.2505)),
    # ... behind a leading zero, which no group of thousands has
    ("a leading zero", UPCR, {"valueString": "0,125 g/g"}, (0.125, 0.125)),
    # ... and one that can only part thousands: two groups, or a point behind it
    ("two groups of thousands", UPCR, {"valueString": "1,200,000 ug/g"}, (1.2, 1.2)),
    ("thousands before a point", UPCR, {"valueString": "1,234.5 mg/g"}, (1.2345, 1.2345)),
    # one group of three digits may be either; so may what is counted in fields be two counts
    ("1.25 or 1250", UPCR, {"valueString": "1,250 g/g"}, "unreadable"),
    ("120 or 120,000", UPCR, {"valueString": "120,000 mg/g"}, "unreadable"),
    ("a point and a comma", UPCR, {"valueString": "1.234,5 mg/g"}, "unreadable"),
    ("two commas", UPCR, {"valueString": "1,4,5 g/g"}, "unreadable"),
    ("a comma and a blank", UPCR, {"valueString": "1, 4 g/g"}, "unreadable"),
    ("a decimal comma without unit", UPCR, {"valueString": "1,4"}, "unit_not_comparable"),
    ("two counts, or a decimal", CELLS, {"valueString": "5,10 /HPF"}, "unreadable"),
    # a point before three digits may be one of thousands where no result has three decimals (Interpretation)
    *(("1250, or 1.25 of what is whole", UPCR, {"valueString": text}, "unreadable")
      for text in ("1.250 mg/g", "<1.250 mg/g", "1.250mg/g{creat}", "1.250 mg/g Krea", "900-1.250 mg/g")),
    *(("in 24 hours", DAILY, {"valueString": f"1.500 {unit}"}, "unreadable")
      for unit in ("mg/24h", "mg/24 h", "mg/d", "mg/(24.h)", "mg/Tag")),
    *(("cells in a microlitre", COUNT, {"valueString": text}, "unreadable")
      for text in ("250.000/µl", "250.000 /uL", "4.500 cells/mm3", "4.500-11.000 /µl")),
    ("a volume", VOLUME, {"valueString": "1.500 mL"}, "unreadable"),
    ("a volume in litres", VOLUME, {"valueString": "1.500 L"}, (1.5, 1.5)),
    ("grams in 24 hours", DAILY, {"valueString": "1.500 g/24h"}, (1.5, 1.5)),
    ("three decimals of g/g", UPCR, {"valueString": "1.250 g/g"}, (1.25, 1.25)),
    ("a zero before the point", DAILY, {"valueString": "0.125 mg/24h"}, (0.000125, 0.000125)),
    ("one decimal", UPCR, {"valueString": "1250.5 mg/g"}, (1.2505, 1.2505)),
    ("two decimals", DAILY, {"valueString": "1.50 mg/24h"}, (0.0015, 0.0015)),
    ("four digits before the point", UPCR, {"valueString": "1250.125 mg/g"}, (1.250125, 1.250125)),
    ("thousands parted by commas, and three decimals",
     UPCR, {"valueString": "1,250.125 mg/g"}, (1.250125, 1.250125)),
    ("thousands of cells", COUNT, {"valueString": "7.125 10*3/uL"}, (7.125, 7.125)),
    ("three decimals and a power", UPCR, {"valueString": "1.250E+03 mg/g"}, (1.25, 1.25)),
    ("a quantity is a number of JSON", UPCR, quantity(1.25, "mg/g"), (0.00125, 0.00125)),
    # powers of ten
    ("E notation", UPCR, {"valueString": "1.2E+03 mg/g"}, (1.2, 1.2)),
    ("E notation, small", UPCR, {"valueString": "1.2e-1 g/g"}, (0.12, 0.12)),
    ("times ten to the power", UPCR, {"valueString": "1.5×10^3 mg/g"}, (1.5, 1.5)),
    ("times ten, raised", UPCR, {"valueString": ">1.5 x 10³ mg/g"}, (1.5, math.inf)),
    ("10E5 is a power, or ten of them", UPCR, {"valueString": "10E5 mg/g"}, "unit_not_comparable"),
    ("a power that belongs to the unit", COUNT, {"valueString": "4.2×10^9/L"}, (4.2, 4.2)),
    ("a power of counted cells", COUNT, {"valueString": "4,2 x10^9 cells/L"}, (4.2, 4.2)),
    ("a power as the unit has it", COUNT, {"valueString": "4.2E9/L"}, (4.2, 4.2)),
    # none seen in a field is less than one in it (Interpretation); not detected is below a limit not told
    ("none seen", CELLS, {"valueString": "None seen"}, (-math.inf, 1)),
    ("none seen in Chinese", CELLS, {"valueString": "未见"}, (-math.inf, 1)),
    ("none, or no result", CELLS, {"valueString": "None"}, "unreadable"),
    ("none seen of what is not counted in fields", UPCR, {"valueString": "None seen"}, "unreadable"),
    ("not detected", UPCR, {"valueString": "Not detected"}, "unreadable"),
    ("not detected, coded", UPCR, coded("260415000"), "unreadable"),
    ("not detected in Chinese", UPCR, {"valueString": "未检出"}, "unreadable"),
    ("a range",
     UPCR, {"valueRange": {"low": {"value": 0.8, "unit": "g/g"}, "high": {"value": 1.2, "unit": "g/g"}}},
     (0.8, 1.2)),
    ("a ratio of masses", UPCR,
     {"valueRatio": {"numerator": {"value": 140, "unit": "mg"}, "denominator": {"value": 100, "unit": "mg"}}},
     (1.4, 1.4)),
    *((f"{top} by {bottom}", UPCR, by((2, top), (number, bottom)), (1.0, 1.0))
      for top, number, bottom in (
        ("g/L", 200, "mg/dL"), ("mg/dL", 0.02, "g/L"), ("mg/dL", 20, "mg/L"), ("mg/mL", 2, "g/L"),
        ("mg/dl", 2, "mg/dL"), ("g/L", 2, "g/L"), ("mg/24h", 0.002, "g/d"),
    )),
    ("mg/dL by mmol/L", UPCR, by((11.312, "mg/dL"), (1, "mmol/L")), (1.0, 1.0)),
    *((f"{top} by {bottom}", UPCR, by((2, top), (2, bottom)), "unit_not_comparable")
      for top, bottom in (("mg/dL", "mL"), ("mg/24h", "g/L"), ("mg/dL", "g"), ("mg", "g/L"))),
    ("a reason for absence", UPCR, {"dataAbsentReason": {"text": "specimen lost"}}, "not_found"),
    ("nothing", UPCR, {}, "not_found"),
    ("a whole number index", ACTIVITY, {"valueInteger": 8}, (8, 8)),
    ("an index above its scale", ACTIVITY, {"valueInteger": 25}, "unreadable"),
    ("an index with a decimal", ACTIVITY, quantity(2.5, "{score}"), "unreadable"),
    ("a score with unit 1", ACTIVITY, quantity(3, "1"), (3, 3)),
    ("a score without unit", ACTIVITY, {"valueQuantity": {"value": 3}}, (3, 3)),
    ("a coded grade", ECOG, coded("LA9622-7", "http://loinc.org"), (0, 0)),
    ("a grade as text", ECOG, {"valueString": "1"}, (1, 1)),
    ("a boolean for a number", UPCR, {"valueBoolean": True}, "unreadable"),
    ("a time", UPCR, {"valueTime": "08:30:00"}, "unreadable"),
    ("sampled data", UPCR, {"valueSampledData": {"data": "1 2 3"}}, "unreadable"),
    ("a text with two ends", CELLS, {"valueString": "5-10 /HPF"}, (5, 10)),
    ("two ends in Chinese", CELLS, {"valueString": "5～10个/HP"}, (5, 10)),  # noqa: RUF001
    ("two ends without a unit", CELLS, {"valueString": "5-10"}, "unit_not_comparable"),
    ("two ends upside down", CELLS, {"valueString": "10-5 /HPF"}, "unreadable"),
    ("more than a text says", CELLS, {"valueString": ">50 /HPF"}, (50, math.inf)),
    ("a ratio that divides to a limit exactly", UPCR,
     {"valueRatio": {"numerator": {"value": 33.936, "unit": "mg"},
                     "denominator": {"value": 0.3, "unit": "mmol"}}},
     (1.0, 1.0)),
    ("a number that becomes too large", UPCR, quantity(1e308, "kg/g"), "unreadable"),
    ("what cannot be", LIMITED, quantity(438, "g/g"), "unreadable"),
    ("what cannot be, in another unit", LIMITED, quantity(438000, "mg/g"), "unreadable"),
    ("what can just be", LIMITED, quantity(50, "g/g"), (50, 50)),
    ("a great ratio that is real", LIMITED, quantity(30, "g/g"), (30, 30)),
    ("less than what cannot be", LIMITED, quantity(438, "g/g", comparator="<"), (-math.inf, 438)),
    ("more than what cannot be", LIMITED, quantity(438, "g/g", comparator=">"), "unreadable"),
    ("too little to be", LIMITED, quantity(0.001, "g/g"), "unreadable"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("concept", "element", "expected"), [row[1:] for row in AMOUNTS], ids=[row[0] for row in AMOUNTS]
)
def test_a_measurement_is_a_number_in_the_canonical_unit_or_says_why_not(
    concept: Concept, element: dict[str, Any], expected: tuple[float, float] | str
) -> None:
    value = read_value(element, concept)
    if isinstance(expected, str):
        assert value.problem is not None
        assert value.problem.value == expected
    else:
        assert value.amount is not None
        assert value.problem is None
        assert (value.amount.low, value.amount.high) == expected


NORMAL = {"low": {"value": 0.9, "unit": "g/L"}, "high": {"value": 1.8, "unit": "g/L"}}
RANGE = {"referenceRange": [NORMAL]}


def flagged(code: str) -> dict[str, Any]:
    system = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
    return {"interpretation": [{"coding": [{"system": system, "code": code}]}]}


ANSWERS: list[tuple[str, Concept, dict[str, Any], str]] = [
    ("below the laboratory's own limit", C3, quantity(0.5, "g/L") | RANGE, "low"),
    ("inside it", C3, quantity(1.0, "g/L") | RANGE, "normal"),
    ("above it", C3, quantity(2.0, "g/L") | RANGE, "high"),
    ("flagged low", C3, quantity(0.5, "g/L") | flagged("L"), "low"),
    ("flag and range disagree", C3, quantity(0.5, "g/L") | flagged("N") | RANGE, "? conflicting"),
    ("flag and range agree", C3, quantity(0.5, "g/L") | flagged("L") | RANGE, "low"),
    ("on the limit the flag decides", C3, quantity(0.9, "g/L") | flagged("L") | RANGE, "low"),
    ("on the limit without a flag", C3, quantity(0.9, "g/L") | RANGE, "normal"),
    ("a range in another unit is converted", C3, quantity(50, "mg/dL") | RANGE, "low"),
    ("a range in a unit that cannot be converted says nothing",
     C3, quantity(5, "umol/L") | RANGE, "? imprecise"),
    ("a range in another spelling of the unit", C3, quantity(0.5, "g/l") | RANGE, "low"),
    ("below detection, where the range begins",
     C3, quantity(0.9, "g/L", comparator="<") | RANGE, "low"),
    ("above what is measured, where the range ends",
     C3, quantity(1.8, "g/L", comparator=">") | RANGE, "high"),
    ("abnormal says not which way", C3, quantity(0.5, "g/L") | flagged("A"), "? imprecise"),
    ("abnormal with a range", C3, quantity(0.5, "g/L") | flagged("A") | RANGE, "low"),
    ("abnormal inside the range", C3, quantity(1.2, "g/L") | flagged("A") | RANGE, "? conflicting"),
    ("abnormal, worded", DSDNA, {"valueString": "abnormal"}, "? imprecise"),
    ("the laboratory could not decide", DSDNA, quantity(4, "[IU]/mL") | flagged("IND"), "? imprecise"),
    ("flagged negative above the range",
     DSDNA, quantity(4, "g/L") | flagged("NEG") | RANGE, "? conflicting"),
    ("a range of treatment is not the normal one",
     C3, quantity(0.5, "g/L") | {"referenceRange": [NORMAL | {"type": {"text": "therapeutic"}}]},
     "? imprecise"),
    ("two ranges say nothing",
     C3, quantity(0.5, "g/L") | {"referenceRange": RANGE["referenceRange"] * 2}, "? imprecise"),
    ("no range, no flag", C3, quantity(0.5, "g/L"), "? imprecise"),
    ("a flag without its list",
     C3, quantity(0.5, "g/L") | {"interpretation": flagged("L")["interpretation"][0]}, "low"),
    ("high means positive", DSDNA, quantity(45, "[IU]/mL") | flagged("H"), "high positive"),
    ("normal means negative", DSDNA, quantity(4, "[IU]/mL") | flagged("N"), "negative normal"),
    ("coded positive", DSDNA, coded("10828004"), "positive"),
    ("coded negative", DSDNA, coded("260385009"), "negative"),
    ("worded positive", DSDNA, {"valueString": "Positive"}, "positive"),
    ("worded not detected", DSDNA, {"valueString": "not detected"}, "negative"),
    ("a longer text is no answer", DSDNA, {"valueString": "positive last year, repeat"}, "? unreadable"),
    ("value and flag disagree", DSDNA, {"valueString": "negative"} | flagged("POS"), "? conflicting"),
    ("titre as ratio",
     ANA, {"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 160}}}, "positive"),
    ("titre as text", ANA, {"valueString": "1:160 speckled"}, "positive"),
    ("titre at the limit", ANA, {"valueString": "1:80"}, "positive"),
    ("titre below, though flagged", ANA, {"valueString": "1:40"} | flagged("POS"), "negative"),
    ("titre with a stroke", ANA, {"valueString": "1/320"}, "positive"),
    ("titre in full width", ANA, {"valueString": "1：320"}, "positive"),  # noqa: RUF001
    ("a date is no titre", ANA, {"valueString": "1/5/2024"}, "? imprecise"),
    ("titre as quantity", ANA, quantity(160, "{titer}"), "positive"),
    ("titre above the last dilution", ANA, {"valueString": ">1:1280"}, "positive"),
    ("titre below the first", ANA, {"valueString": "<1:40"}, "negative"),
    ("immunofluorescence without titre", ANA,
     coded("10828004") | {"code": {"coding": [{"system": "http://loinc.org", "code": "42254-3"}]}},
     "? imprecise"),
    ("cells counted", CD19, quantity(182, "/uL"), "positive"),
    ("no cells", CD19, quantity(0, "/uL"), "negative"),
    ("below detection", CD19, quantity(1, "/uL", comparator="<"), "negative"),
    ("true", LACTATION, {"valueBoolean": True}, "positive yes"),
    ("false", LACTATION, {"valueBoolean": False}, "negative no"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("concept", "element", "expected"), [row[1:] for row in ANSWERS], ids=[row[0] for row in ANSWERS]
)
def test_a_finding_is_an_answer_in_the_laboratorys_own_terms(
    concept: Concept, element: dict[str, Any], expected: str
) -> None:
    value = read_value(element, concept)
    said = f"? {value.problem.value}" if value.problem else " ".join(sorted(value.tokens))
    assert said == expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
MEMBERS = [
    *("valueQuantity", "valueInteger", "valueString", "valueBoolean", "valueRatio", "valueRange"),
    *("valueCodeableConcept", "dataAbsentReason", "interpretation", "referenceRange", "code"),
]


@given(
    st.dictionaries(st.sampled_from(MEMBERS), JSON), st.sampled_from([UPCR, ACTIVITY, ECOG, C3, ANA, CD19])
)
def test_no_json_whatever_makes_the_value_reader_raise(element: dict[str, Any], concept: Concept) -> None:
    value = read_value(element, concept)
    if concept.kind == "measurement" and value.problem is None:
        assert value.amount is not None
