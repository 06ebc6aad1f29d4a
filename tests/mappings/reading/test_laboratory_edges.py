"""Laboratory results at their edges: a range as a text, an amount above one, a value of another shape."""

from __future__ import annotations

from typing import Any

import pytest

from mappings.concept import SYSTEMS
from mappings.reading.laboratory.flags import read_flags
from mappings.reading.values import UCUM, read_value
from mappings.verdicts import Reason
from tests.mappings.reading.test_laboratory import (
    PROTEIN_24H,
    Json,
    catalog,
    concentration,
    observation,
    results,
    volume,
)

UNREADABLE = Reason.UNREADABLE


def test_a_concentration_above_a_limit_gives_an_amount_above_one() -> None:
    above = {"value": 5, "unit": "g/L", "system": UCUM, "code": "g/L", "comparator": ">"}
    (result,) = results(PROTEIN_24H, concentration(valueQuantity=above), volume(1.5))
    assert result.amount is not None
    assert (result.amount.low, result.amount.high, result.amount.low_open) == (7.5, float("inf"), True)


def c3(value: float, *ranges: Json, **changes: Any) -> str:
    (result,) = results(
        "complement-c3", observation("c3", "4485-9", value, "mg/dL", referenceRange=[*ranges], **changes)
    )
    return f"? {result.problem.value}" if result.problem else " ".join(sorted(result.tokens))


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        (">=90 mg/dL", 85, "low"),
        (">=90 mg/dL", 95, "normal"),
        ("<180 mg/dL", 185, "high"),
    ],
)
def test_a_range_in_words_has_its_limit_on_the_side_that_its_sign_says(
    text: str, value: float, expected: str
) -> None:
    assert expected in c3(value, {"text": text}).split()


VALUES: list[tuple[str, str, Json, Reason]] = [
    ("a code that is only a word", "hcg", {"valueCodeableConcept": "positive"}, UNREADABLE),
    ("a ratio that is only a word", "ana", {"valueRatio": "1:160"}, UNREADABLE),
    ("a ratio whose comparator is a list", "urine-protein-creatinine-ratio",
     {"valueRatio": {"numerator": {"value": 3, "unit": "g"},
                     "denominator": {"value": 2, "unit": "g", "comparator": ["<"]}}}, UNREADABLE),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "members", "problem"), [row[1:] for row in VALUES], ids=[v[0] for v in VALUES]
)
def test_a_value_of_another_shape_is_unreadable(name: str, members: Json, problem: Reason) -> None:
    value = read_value(members, catalog().concepts[name])
    assert value.problem is problem
    assert isinstance(value.note, str)
    assert value.note


@pytest.mark.parametrize(
    ("written", "expected"),
    [("0 /LPF", "negative"), ("0-2 /LPF", "? imprecise"), ("1-2 /LPF", "positive")],
)
def test_casts_from_and_to_are_an_answer_only_if_both_ends_say_the_same(written: str, expected: str) -> None:
    value = read_value({"valueString": written}, catalog().concepts["urine-casts"])
    said = f"? {value.problem.value}" if value.problem else " ".join(sorted(value.tokens))
    assert said == expected


@pytest.mark.parametrize("code", ["42425007", "82334004"])
def test_a_flag_that_is_only_a_code_of_snomed_says_that_it_is_undecided(code: str) -> None:
    coding = {"system": SYSTEMS["snomed"], "code": code}
    assert read_flags([{"coding": [coding]}], catalog().concepts["hcg"]).is_undecided
