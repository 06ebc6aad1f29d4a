"""ICD-10 as it is kept outside the USA: WHO's edition, and the German one with its letters for certainty."""

from __future__ import annotations

from typing import Any

import pytest

from mappings.concept import SYSTEMS
from tests.mappings.reading.test_problems import coded
from tests.mappings.reading.test_record import PATIENT, lupus, read

WHO, GERMAN, AMERICAN = SYSTEMS["icd10"], SYSTEMS["icd10gm"], SYSTEMS["icd10cm"]
CERTAINTY = "http://fhir.de/StructureDefinition/icd-10-gm-diagnosesicherheit"
LETTERS = "https://fhir.kbv.de/CodeSystem/KBV_CS_SFHIR_ICD_DIAGNOSESICHERHEIT"


def diagnoses(**changes: Any) -> set[str]:
    return set(read(PATIENT, lupus(**changes)).diagnoses)


# system | code | concept
CODES: list[tuple[str, str, str]] = [
    (WHO, "M32.1", "sle"),
    (WHO, "M32.8", "sle"),
    (WHO, "M32.9", "sle"),
    (WHO, "M32.0", "drug-induced-lupus"),
    (WHO, "L93.0", "discoid-lupus"),
    (WHO, "L93.1", "subacute-cutaneous-lupus"),
    (WHO, "L93.2", "other-skin-lupus"),
    ("urn:oid:2.16.840.1.113883.6.3", "M32.9", "sle"),
    (GERMAN, "M32.1", "sle"),
    (GERMAN, "M32.9", "sle"),
    (GERMAN, "M32.0", "drug-induced-lupus"),
    (GERMAN, "L93.0", "discoid-lupus"),
    ("http://fhir.de/CodeSystem/dimdi/icd-10-gm", "M32.1", "sle"),
    (WHO, "Z94.0", "kidney-failure"),
    (WHO, "Z33", "pregnancy"),
    (WHO, "Z35.9", "pregnancy"),
    (WHO, "O82.1", "pregnancy-end"),
    (WHO, "D59.1", "autoimmune-haemolytic-anaemia"),
]


@pytest.mark.parametrize(("system", "code", "concept"), CODES)
def test_a_diagnosis_in_an_edition_of_icd_10(system: str, code: str, concept: str) -> None:
    assert concept in diagnoses(code=coded(code, system))


# Each edition has its own codes: M32.1 is a heading in the American one, M32.14 is in no other.
STRANGERS: list[tuple[str, str]] = [
    (AMERICAN, "M32.1"),
    (WHO, "M32.14"),
    (GERMAN, "M32.14"),
    (WHO, "M32"),
    (WHO, "N08.5"),
    (WHO, "M35.1"),
    (WHO, "L93.3"),
    ("http://example.org/icd-10", "M32.9"),
]


@pytest.mark.parametrize(("system", "code"), STRANGERS)
def test_a_code_counts_in_its_own_edition_only(system: str, code: str) -> None:
    assert not diagnoses(code=coded(code, system))


def with_letter(*letters: str, system: str = GERMAN, code: str = "M32.1") -> dict[str, Any]:
    """A code with "G" (certain), "V" (suspected), "A" (excluded) or "Z" (status post) beside it."""
    said = [{"url": CERTAINTY, "valueCoding": {"system": LETTERS, "code": letter}} for letter in letters]
    return {"coding": [{"system": system, "code": code, "extension": said}]}


def status(code: str) -> dict[str, Any]:
    return {"coding": [{"code": code}]}


# letters | clinicalStatus | verificationStatus | clinical status read, confirmed (None: no diagnosis at all)
CERTAINTIES: list[tuple[str, str, str, tuple[str, bool | None] | None]] = [
    ("G", "active", "confirmed", ("active", True)),
    ("G", "", "", ("", True)),
    ("V", "active", "", ("active", None)),
    ("V", "active", "provisional", ("active", None)),
    ("V", "active", "confirmed", ("active", None)),
    ("A", "", "", None),
    ("A", "active", "", None),
    ("A", "", "refuted", None),
    ("A", "active", "confirmed", ("active", None)),
    ("G", "", "refuted", None),
    ("G", "active", "unconfirmed", ("active", None)),
    ("Z", "", "confirmed", ("resolved", True)),
    ("Z", "resolved", "confirmed", ("resolved", True)),
    ("Z", "remission", "confirmed", ("remission", True)),
    ("Z", "active", "confirmed", ("active", None)),
    ("GA", "active", "", ("active", None)),
    ("X", "active", "confirmed", ("active", True)),
    ("", "active", "confirmed", ("active", True)),
]


@pytest.mark.parametrize(("letters", "clinical", "verification", "expected"), CERTAINTIES)
def test_the_letter_for_certainty_beside_a_german_code(
    letters: str, clinical: str, verification: str, expected: tuple[str, bool | None] | None
) -> None:
    found = read(
        PATIENT,
        lupus(
            code=with_letter(*letters),
            clinicalStatus=status(clinical) if clinical else None,
            verificationStatus=status(verification) if verification else None,
        ),
    ).diagnoses.get("sle", ())
    assert [(each.clinical_status, each.confirmed) for each in found] == ([expected] if expected else [])


def test_an_exclusion_is_heard_whatever_names_the_disease() -> None:
    named = with_letter("A", code="M35.9") | {"text": "Systemischer Lupus erythematodes"}
    assert not diagnoses(code=named, verificationStatus=None)
    assert diagnoses(code={"text": "Systemischer Lupus erythematodes"}, verificationStatus=None) == {"sle"}


@pytest.mark.parametrize(
    "broken", ["A", [None], [{"url": CERTAINTY}], [{"url": CERTAINTY, "valueCoding": "A"}]]
)
def test_a_letter_that_cannot_be_read_changes_nothing(broken: Any) -> None:
    code = {"coding": [{"system": GERMAN, "code": "M32.1", "extension": broken}]}
    assert diagnoses(code=code) == {"sle"}
