"""One value of the wrong kind, anywhere in a record: never a 500, and the rest of the record still counts."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from flask.testing import FlaskClient

from cds_service.assessing import assess_resources
from cds_service.failures import describe
from tests.service import charts
from tests.service.conftest import call
from tests.service.definitions import LOINC, RXNORM, SNOMED, TODAY

Json = dict[str, Any]
WHOSE = {"subject": {"reference": "Patient/p1"}}
CODED = {"coding": [{"system": SNOMED, "code": "55464009", "display": "SLE"}], "text": "SLE"}
DRUG = {"coding": [{"system": RXNORM, "code": "8640", "display": "prednisone"}], "text": "prednisone 5 mg"}
PERIOD = {"start": "2026-01-01", "end": "2026-05-01"}
DOSAGE = [{"text": "1-0-1", "route": {"coding": [{"system": SNOMED, "code": "26643006"}]}}]

RICH: dict[str, Json] = {
    "Patient": {
        **charts.patient("p9"),
        "deceasedBoolean": False,
        "active": True,
        "link": [{"type": "seealso", "other": {"reference": "Patient/p7"}}],
        "extension": [{"url": "x", "valueString": "y"}],
    },
    "Condition": {
        **charts.condition(identity="c9"),
        "onsetDateTime": "2020-01-01",
        "abatementPeriod": PERIOD,
        "recordedDate": "2020-01-01",
        "category": [{"coding": [{"code": "problem-list-item"}]}],
        "code": CODED,
        "stage": [{"summary": CODED}],
    },
    "Observation": {
        **charts.upcr(identity="o9"),
        "category": [{"coding": [{"code": "laboratory"}]}],
        "interpretation": [{"coding": [{"code": "H"}]}],
        "referenceRange": [{"high": {"value": 0.2, "unit": "g/g"}, "low": {"value": 0}, "text": "< 0.2"}],
        "component": [{"code": {"coding": [{"system": LOINC, "code": "2890-2"}]}, "valueString": "1.2 g/g"}],
        "issued": "2026-06-01T10:00:00Z",
        "dataAbsentReason": CODED,
    },
    "coded Observation": {
        "resourceType": "Observation",
        "id": "o8",
        "status": "final",
        **WHOSE,
        "code": {"coding": [{"system": SNOMED, "code": "271807003"}], "text": "rash"},
        "effectivePeriod": PERIOD,
        "valueCodeableConcept": {"coding": [{"system": SNOMED, "code": "10828004"}], "text": "positive"},
    },
    "MedicationRequest": {
        **charts.order("m9"),
        "medicationCodeableConcept": DRUG,
        "dosageInstruction": DOSAGE,
        "dispenseRequest": {"validityPeriod": PERIOD, "expectedSupplyDuration": {"value": 30, "unit": "d"}},
        "reasonCode": [CODED],
    },
    "MedicationStatement": {
        "resourceType": "MedicationStatement",
        "id": "s9",
        "status": "active",
        **WHOSE,
        "medicationCodeableConcept": DRUG,
        "effectivePeriod": PERIOD,
        "dosage": DOSAGE,
    },
    "MedicationAdministration": {
        "resourceType": "MedicationAdministration",
        "id": "a9",
        "status": "completed",
        **WHOSE,
        "medicationReference": {"reference": "#d", "display": "prednisone"},
        "contained": [
            {
                "resourceType": "Medication",
                "id": "d",
                "code": DRUG,
                "ingredient": [{"itemCodeableConcept": DRUG}],
            }
        ],
        "effectiveDateTime": "2026-01-01",
        "dosage": DOSAGE[0],
    },
    "MedicationDispense": {
        "resourceType": "MedicationDispense",
        "id": "d9",
        "status": "completed",
        **WHOSE,
        "medicationReference": {"reference": "Medication/x1", "display": "prednisone"},
        "whenHandedOver": "2026-01-01",
        "daysSupply": {"value": 30, "unit": "d"},
    },
    "Medication": {**charts.medication("x1"), "ingredient": [{"itemCodeableConcept": DRUG}], "form": CODED},
    "Procedure": {
        "resourceType": "Procedure",
        "id": "pr9",
        "status": "completed",
        **WHOSE,
        "code": {"coding": [{"system": SNOMED, "code": "7246002"}], "text": "Kidney biopsy"},
        "performedPeriod": PERIOD,
        "report": [{"reference": "DiagnosticReport/dr9"}],
    },
    "DiagnosticReport": {
        "resourceType": "DiagnosticReport",
        "id": "dr9",
        "status": "final",
        **WHOSE,
        "code": {"coding": [{"system": LOINC, "code": "65754-2"}], "text": "Kidney biopsy"},
        "effectiveDateTime": "2026-05-01",
        "specimen": [{"reference": "Specimen/sp9"}],
        "result": [{"reference": "Observation/o9"}],
        "conclusion": "Lupus nephritis class IV (A), AI 8/24, CI 2/12",
        "conclusionCode": [{"coding": [{"system": SNOMED, "code": "36402006"}]}],
        "contained": [
            {"resourceType": "Specimen", "id": "s", "collection": {"collectedDateTime": "2026-05-01"}}
        ],
    },
    "Specimen": {
        "resourceType": "Specimen",
        "id": "sp9",
        **WHOSE,
        "collection": {"collectedPeriod": PERIOD},
    },
    "Consent": {
        "resourceType": "Consent",
        "id": "co9",
        "status": "active",
        "scope": {"coding": [{"code": "research"}]},
        "patient": {"reference": "Patient/p1"},
        "dateTime": "2026-01-01",
        "provision": {"type": "permit", "data": [{"reference": {"reference": "ResearchStudy/1"}}]},
    },
    "ResearchSubject": {
        "resourceType": "ResearchSubject",
        "id": "r9",
        "status": "screening",
        "individual": {"reference": "Patient/p1"},
        "study": {"reference": "ResearchStudy/s9", "identifier": {"value": "NCT1"}, "display": "x"},
    },
    "ResearchStudy": {
        "resourceType": "ResearchStudy",
        "id": "s9",
        "title": "A study",
        "identifier": [{"system": "https://clinicaltrials.gov", "value": "NCT00000002"}],
    },
}
WRONG: tuple[Any, ...] = (None, True, 7, "x", [], {}, [None], [{}], {"coding": [None]})


def spoiled(resource: Any) -> Iterator[tuple[str, Any]]:
    """The resource with one member or element replaced by every wrong value, one after the other."""
    for path in paths(resource):
        for wrong in WRONG:
            copy = deepcopy(resource)
            place = copy
            for step in path[:-1]:
                place = place[step]
            place[path[-1]] = wrong
            yield f"{path} = {wrong!r}", copy


def paths(value: Any) -> Iterator[tuple[Any, ...]]:
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, below in steps:
        yield (step,)
        for path in paths(below):
            yield (step, *path)


@pytest.mark.parametrize("kind", RICH)
def test_a_value_of_the_wrong_kind_never_gives_an_error(client: FlaskClient, kind: str) -> None:
    others = [one for name, one in RICH.items() if name not in (kind, "Patient")]
    failed = []
    for where, wrong in spoiled(RICH[kind]):
        rows = charts.bundle(charts.condition(), wrong, *others)
        answer = call(client, prefetch=charts.full_prefetch(conditions=rows))
        if answer.status_code != 200 or not answer.get_json()["cards"]:
            failed.append(f"{where}: {answer.status_code}")
    assert failed == []


@pytest.mark.parametrize("kind", RICH)
def test_nor_does_it_with_the_installed_definitions(kind: str) -> None:
    others = [one for name, one in RICH.items() if name not in (kind, "Patient")]
    failed = set()
    for where, wrong in spoiled(RICH[kind]):
        try:
            [assessment] = assess_resources(
                [charts.patient(), charts.condition(), wrong, *others], TODAY, patient_id="p1"
            )
            if not assessment.criteria:
                failed.add(f"{where}: {assessment.outcome}")
        except Exception as error:  # noqa: BLE001 -- any at all is a finding
            failed.add(f"{where}: {describe(error)}")
    assert failed == set()


def test_the_rich_records_are_read_as_they_are(client: FlaskClient) -> None:
    rows = charts.bundle(charts.condition(), *(one for name, one in RICH.items() if name != "Patient"))
    assert call(client, prefetch=charts.full_prefetch(conditions=rows)).get_json()["cards"]
