"""What can be told from a code alone: its form and, where the system has one, its check digit."""

from __future__ import annotations

import re
from collections.abc import Mapping

_LOINC = re.compile(r"((?:L[APLG])?\d{1,8})-(\d)", re.ASCII)
_SNOMED = re.compile(r"[1-9]\d{5,17}", re.ASCII)
_SNOMED_CONCEPT_PARTITIONS = ("00", "10")

_ICD_10 = re.compile(r"[A-Z]\d{2}(?:\.\d{1,2})?", re.ASCII)
_FORMS: Mapping[str, tuple[str, re.Pattern[str]]] = {
    "icd10": ("WHO's ICD-10", _ICD_10),
    "icd10gm": ("ICD-10-GM", _ICD_10),
    "icd10cm": ("ICD-10-CM", re.compile(r"[A-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4})?", re.ASCII)),
    "rxnorm": ("RxNorm", re.compile(r"[1-9]\d{0,7}", re.ASCII)),
    "atc": ("ATC", re.compile(r"[A-Z](?:\d{2}(?:[A-Z](?:[A-Z](?:\d{2})?)?)?)?", re.ASCII)),
    "cpt": ("CPT", re.compile(r"\d{4}[0-9A-Z]", re.ASCII)),
    "icd10pcs": ("ICD-10-PCS", re.compile(r"[0-9A-HJ-NP-Z]{7}", re.ASCII)),
}

_ANYTHING = re.compile(r".+", re.ASCII)

_DIHEDRAL = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    (1, 2, 3, 4, 0, 6, 7, 8, 9, 5),
    (2, 3, 4, 0, 1, 7, 8, 9, 5, 6),
    (3, 4, 0, 1, 2, 8, 9, 5, 6, 7),
    (4, 0, 1, 2, 3, 9, 5, 6, 7, 8),
    (5, 9, 8, 7, 6, 0, 4, 3, 2, 1),
    (6, 5, 9, 8, 7, 1, 0, 4, 3, 2),
    (7, 6, 5, 9, 8, 2, 1, 0, 4, 3),
    (8, 7, 6, 5, 9, 3, 2, 1, 0, 4),
    (9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
)
_PERMUTATION = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def code_fault(system: str, code: str) -> str:
    """What is wrong with a code of one of our systems ("loinc", "snomed", ...); empty if nothing is."""
    if system == "loinc":
        return loinc_fault(code)
    if system == "snomed":
        return snomed_fault(code)
    name, form = _FORMS.get(system, ("", _ANYTHING))
    return "" if form.fullmatch(code) else f"is not in the form of {name} codes"


def loinc_fault(code: str) -> str:
    """LOINC numbers, and those of answers (LA), parts (LP), lists and groups, end in a check digit."""
    match = _LOINC.fullmatch(code)
    if match is None:
        return "is not in the form of LOINC codes"
    wanted = _mod_10(match[1])
    return "" if match[2] == wanted else f"fails the LOINC check digit (-{wanted} would be right)"


def _mod_10(text: str) -> str:
    """Modulus 10, in the variant that LOINC uses where letters stand before the digits.

    Source: LOINC Users' Guide, "Calculating Mod 10 Check Digits", which refers to OpenMRS, "Check Digit
    Algorithm": a character counts as its ASCII code less 48, which leaves digits what they are.
    """
    total = 0
    for position, character in enumerate(reversed(text)):
        number = ord(character) - ord("0")
        total += number if position % 2 else 2 * number - number // 5 * 9
    return str(-total % 10)


def snomed_fault(code: str) -> str:
    """SNOMED CT identifiers end in a Verhoeff check digit; the two digits before it tell a concept."""
    if _SNOMED.fullmatch(code) is None:
        return "is not in the form of SNOMED CT codes"
    if _verhoeff(code) != 0:
        return "fails the SNOMED CT check digit"
    if code[-3:-1] not in _SNOMED_CONCEPT_PARTITIONS:
        return "is a SNOMED CT description or relationship, not a concept"
    return ""


def _verhoeff(digits: str) -> int:
    check = 0
    for position, digit in enumerate(reversed(digits)):
        number = int(digit)
        for _ in range(position % 8):
            number = _PERMUTATION[number]
        check = _DIHEDRAL[check][number]
    return check
