"""Check digits and forms of codes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.definitions.code_checks import code_fault, loinc_fault, snomed_fault

LOINC = [
    "2890-2",
    "42800-3",
    "89247-1",
    "777-3",
    "98979-8",
    "LA6576-8",
    "LA6577-6",
    "LP7839-6",
    "LL529-9",
    "LG40868-8",
]
SNOMED = ["55464009", "68815009", "308751000119106", "152231000119106", "10828004", "7246002"]


@pytest.mark.parametrize("code", LOINC)
def test_a_true_loinc_code_passes(code: str) -> None:
    assert loinc_fault(code) == ""


@pytest.mark.parametrize("code", SNOMED)
def test_a_true_snomed_code_passes(code: str) -> None:
    assert snomed_fault(code) == ""


@given(st.sampled_from(LOINC), st.data())
def test_no_loinc_code_survives_one_wrong_digit(code: str, data: st.DataObject) -> None:
    assert loinc_fault(with_one_wrong_digit(code, data)) != ""


@given(st.sampled_from(SNOMED), st.data())
def test_no_snomed_code_survives_one_wrong_digit(code: str, data: st.DataObject) -> None:
    assert snomed_fault(with_one_wrong_digit(code, data)) != ""


@given(st.sampled_from(SNOMED), st.data())
def test_no_snomed_code_survives_two_swapped_digits(code: str, data: st.DataObject) -> None:
    place = data.draw(st.sampled_from([i for i in range(len(code) - 1) if code[i] != code[i + 1]]))
    swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert snomed_fault(swapped) != ""


def with_one_wrong_digit(code: str, data: st.DataObject) -> str:
    place = data.draw(st.sampled_from([i for i, character in enumerate(code) if character.isdigit()]))
    digit = data.draw(st.sampled_from([d for d in "0123456789" if d != code[place]]))
    return code[:place] + digit + code[place + 1 :]


def test_the_message_gives_the_right_digit() -> None:
    assert loinc_fault("42800-7") == "fails the LOINC check digit (-3 would be right)"


@pytest.mark.parametrize(
    ("system", "code", "is_right"),
    [
        ("loinc", "2890", False),
        ("loinc", "MTHU000097", False),
        ("loinc", " 2890-2", False),
        ("snomed", "0123456789", False),
        ("snomed", "126813005 ", False),
        ("snomed", "101013", False),
        ("snomed", "680946014", False),
        ("icd10cm", "M32.14", True),
        ("icd10cm", "M32", True),
        ("icd10cm", "Z79.62-", False),
        ("icd10cm", "M3214", False),
        ("rxnorm", "8640", True),
        ("rxnorm", "C0032952", False),
        ("atc", "H02AB07", True),
        ("atc", "H02AB", True),
        ("atc", "H02AB7", False),
        ("cpt", "50200", True),
        ("cpt", "5020", False),
        ("icd10", "M32.1", True),
        ("icd10", "H46", True),
        ("icd10", "M32.14A", False),
        ("icd10", "M321", False),
        ("icd10gm", "E11.90", True),
        ("icd10gm", "M32.1+", False),
        ("icd10pcs", "0TB03ZX", True),
        ("icd10pcs", "0TB03ZO", False),
    ],
)
def test_the_form_of_a_code(system: str, code: str, is_right: bool) -> None:
    assert (code_fault(system, code) == "") is is_right
