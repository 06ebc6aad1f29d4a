"""Several versions of one Patient in a record: what they contradict each other in is not known."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from mappings.definitions import load_catalog
from mappings.facts import PatientFacts
from mappings.reading.record import read_record

CATALOG = load_catalog()
PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p1",
    "gender": "female",
    "birthDate": "1990-03-01",
}
DIED = {"deceasedDateTime": "2026-06-02"}


def facts_of(*versions: dict[str, Any]) -> set[PatientFacts]:
    """What is read of the versions in every order."""
    return {
        read_record(list(order), CATALOG, patient_id="p1").patient
        for order in permutations([{**PATIENT, **version} for version in versions])
    }


@pytest.mark.parametrize(
    ("versions", "member", "expected"),
    [
        (({}, {}), "gender", "female"),
        (({}, {"gender": "male"}), "gender", "unknown"),
        (({"gender": None}, {}), "gender", "female"),
        (({}, {"birthDate": "1990-03-02"}), "birth", None),
        (({}, {"birthDate": "1990-03-02"}), "birth_unreadable", True),
        (({}, {"birthDate": ["1990"]}), "birth_unreadable", True),
        (({}, {}), "birth_unreadable", False),
        (({}, {"active": False}), "inactive", True),
        (({}, {"active": True}), "inactive", False),
        (({}, {"link": [{"type": "replaced-by"}]}), "merged", True),
        (({}, {"link": "none"}), "merged", False),
        (({}, {}), "deceased", None),
    ],
)
def test_two_versions_of_a_patient_are_read_as_one(
    versions: tuple[dict[str, Any], ...], member: str, expected: object
) -> None:
    (facts,) = facts_of(*versions)
    assert getattr(facts, member) == expected


@pytest.mark.parametrize("others", [({},), ({}, {"deceasedBoolean": False}), (DIED, {})])
def test_who_died_by_one_version_died(others: tuple[dict[str, Any], ...]) -> None:
    (facts,) = facts_of(DIED, *others)
    assert facts.deceased is not None
    assert facts.deceased.text == "2026-06-02"


@pytest.mark.parametrize(
    "members",
    [
        {"deceasedDateTime": "unknown"},
        {"_deceasedDateTime": {"extension": [{"url": "data-absent-reason", "valueCode": "unknown"}]}},
        {"deceasedBoolean": "true"},
    ],
)
def test_a_death_of_which_no_day_can_be_read_is_a_death(members: dict[str, Any]) -> None:
    for facts in (*facts_of(members), *facts_of({}, members)):
        assert facts.deceased is not None
        assert facts.deceased.text == ""


@pytest.mark.parametrize("members", [{}, {"deceasedBoolean": False}, {"deceasedDateTime": None}])
def test_who_is_not_said_to_be_dead_is_alive(members: dict[str, Any]) -> None:
    (facts,) = facts_of(members)
    assert facts.deceased is None


def test_a_death_without_a_day_comes_before_one_with_a_day() -> None:
    (facts,) = facts_of(DIED, {"deceasedBoolean": True})
    assert facts.deceased is not None
    assert facts.deceased.text == ""


def test_resources_that_name_the_patient_by_an_identifier_of_either_version_are_read() -> None:
    numbers = [{"system": "urn:mrn", "value": "7"}, {"system": "urn:old", "value": "8"}]
    versions = [{**PATIENT, "identifier": [number]} for number in numbers]
    results = [
        {
            "resourceType": "Observation",
            "id": number["value"],
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": "2890-2"}]},
            "subject": {"identifier": number},
            "effectiveDateTime": f"2026-06-0{number['value']}",
            "valueQuantity": {"value": 1, "system": "http://unitsofmeasure.org", "code": "g/g"},
        }
        for number in numbers
    ]
    record = read_record([*versions, *results], CATALOG, patient_id="p1")
    assert len(record.results["urine-protein-creatinine-ratio"]) == 2
    assert (record.counts.received, record.counts.read) == (4, 4)


def test_somebody_else_s_patient_is_no_version() -> None:
    other = {**PATIENT, "id": "p2", "gender": "male", "active": False}
    record = read_record([PATIENT, other], CATALOG, patient_id="p1")
    assert (record.patient.gender, record.patient.inactive) == ("female", False)


def test_a_specimen_of_somebody_else_under_the_same_id_dates_nothing() -> None:
    report = {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "status": "final",
        "subject": {"reference": "Patient/p1"},
        "code": {"text": "Kidney biopsy report"},
        "conclusion": "ISN/RPS class IV",
        "specimen": [{"reference": "Specimen/s"}],
    }
    mine, theirs = (
        {
            "resourceType": "Specimen",
            "id": "s",
            "subject": {"reference": f"Patient/{whose}"},
            "collection": {"collectedDateTime": day},
        }
        for whose, day in (("p1", "2026-03-02"), ("p2", "2026-05-02"))
    )
    for order in permutations([PATIENT, report, mine, theirs]):
        record = read_record(list(order), CATALOG, patient_id="p1")
        (found,) = record.results["kidney-biopsy-class"]
        assert found.when.text == "2026-03-02"
        assert (record.counts.read, record.counts.other_patient) == (3, 1)
