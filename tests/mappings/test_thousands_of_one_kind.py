"""A chart may hold thousands of entries of one kind and day, by mistake or on purpose.

One call at a time is computed in a process, so such a chart must not keep the cards of others waiting:
twice as many entries may take about twice as much work. Work is counted in calls of functions, which are
the same on every machine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import Any

import pytest

from mappings.assessment import assess
from mappings.definitions.loading import load_catalog
from mappings.reading.record import read_record
from tests.counted_work import calls_made_by

CATALOG = load_catalog()
TRIAL = CATALOG.trial("NCT06920433")
TODAY = date(2026, 6, 15)
SUBJECT = {"reference": "Patient/p"}
PATIENT = {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1990-01-01"}

Resource = dict[str, Any]
LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"


def coded(system: str, code: str) -> Resource:
    return {"coding": [{"system": system, "code": code}]}


def observation(number: int, code: Resource, **more: Any) -> Resource:
    own = {"resourceType": "Observation", "id": f"o{number}", "status": "final", "subject": SUBJECT}
    return {**own, "code": code, "effectiveDateTime": "2026-06-10T08:00:00Z", **more}


def upcr(number: int, **more: Any) -> Resource:
    quantity = {"value": 1 + number / 1000, "system": "http://unitsofmeasure.org", "code": "g/g"}
    return observation(number, coded(LOINC, "2890-2"), valueQuantity=quantity, **more)


def of_condition(number: int, code: Resource, **more: Any) -> Resource:
    own = {"resourceType": "Condition", "id": f"c{number}", "subject": SUBJECT, "code": code}
    return {**own, "clinicalStatus": {"coding": [{"code": "active"}]}, **more}


def of_drug(kind: str, number: int, **more: Any) -> Resource:
    own = {"resourceType": kind, "id": f"d{number}", "subject": SUBJECT, "status": "completed"}
    return {**own, "medicationCodeableConcept": coded(RXNORM, "5521"), **more}


KINDS: Mapping[str, Callable[[int], Resource]] = {
    "results of one instant": upcr,
    "results derived from one another": lambda n: upcr(
        n, derivedFrom=[{"reference": f"Observation/o{n - 1}"}]
    ),
    "titres of one day": lambda n: observation(n, coded(LOINC, "5048-4"), valueString=f"1:{80 + n}"),
    "pregnancy tests of one day": lambda n: observation(n, coded(LOINC, "2118-8"), valueString="Negative"),
    "classes of one biopsy": lambda n: observation(
        n, {"text": "Lupus nephritis ISN/RPS class"}, valueString="Class IV"
    ),
    "biopsy reports of one day": lambda n: {
        "resourceType": "DiagnosticReport",
        "id": f"r{n}",
        "status": "final",
        "subject": SUBJECT,
        "code": {"text": "Kidney biopsy report"},
        "effectiveDateTime": "2026-03-02",
        "conclusion": f"Lupus nephritis, ISN/RPS class IV. Block {n}.",
    },
    "reports of kidney specimens": lambda n: {
        "resourceType": "DiagnosticReport" if n % 2 else "Specimen",
        "id": f"s{n}",
        "status": "final",
        "subject": SUBJECT,
        "code": coded(LOINC, "11526-1"),
        "type": {"text": "Kidney biopsy"},
        "specimen": [{"reference": f"Specimen/s{n - 1}"}],
        "effectiveDateTime": "2026-03-02",
    },
    "reports of other specimens": lambda n: {
        "resourceType": "DiagnosticReport" if n % 3 else "Specimen",
        "id": f"s{n}",
        "status": "final",
        "subject": SUBJECT,
        "code": coded(LOINC, "11526-1"),
        "type": {"text": "Kidney biopsy" if n == 0 else "Skin"},
        "specimen": [{"reference": f"Specimen/s{n - 1}"}],
        "effectiveDateTime": "2026-03-02",
        "conclusion": "Skin: interface dermatitis. cc: Nephrology clinic",
    },
    "diagnoses": lambda n: of_condition(n, coded(SNOMED, "68815009"), onsetDateTime=f"20{n % 20:02}-01-01"),
    "pregnancies": lambda n: of_condition(n, coded(SNOMED, "77386006"), onsetDateTime="2026-02-01"),
    "orders": lambda n: of_drug("MedicationRequest", n, intent="order", authoredOn=f"20{n % 20:02}-01-01"),
    "doses": lambda n: of_drug("MedicationAdministration", n, effectiveDateTime=f"2025-{n % 12 + 1:02}-01"),
    "consents": lambda n: {
        "resourceType": "Consent",
        "id": f"c{n}",
        "status": "active",
        "scope": coded("http://terminology.hl7.org/CodeSystem/consentscope", "research"),
        "patient": SUBJECT,
        "dateTime": "2026-01-01",
        "provision": {"type": "permit"},
    },
}


def assessed(entries: list[Resource]) -> None:
    assess(TRIAL, read_record([PATIENT, *entries], CATALOG), TODAY, CATALOG)


@pytest.mark.parametrize("kind", KINDS)
def test_twice_as_many_entries_of_one_kind_take_about_twice_as_much_work(kind: str) -> None:
    made = KINDS[kind]
    assessed([made(number) for number in range(10)])  # what is prepared once
    few, many = (
        calls_made_by(partial(assessed, [made(number) for number in range(size)])) for size in (300, 600)
    )
    assert many < 2.4 * few
