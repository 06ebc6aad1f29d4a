"""Whole records as real senders write them: what is misread, what is lost, what is somebody else's."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any

import pytest

from mappings.assessment import assess
from mappings.definitions import load_catalog
from mappings.facts import PatientRecord
from mappings.reading.bundles import unwrap
from mappings.reading.record import read_record
from mappings.results import Assessment, Gap
from mappings.trial_definition import Catalog

LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"
PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p1",
    "gender": "female",
    "birthDate": "1990-03-01",
}


@cache
def catalog() -> Catalog:
    return load_catalog()


def upcr(value: float = 1.4, **changes: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": f"upcr-{value}",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "2890-2"}]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2026-06-01",
        "valueQuantity": {
            "value": value,
            "unit": "g/g",
            "system": "http://unitsofmeasure.org",
            "code": "g/g",
        },
    } | changes


def lupus(**changes: Any) -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "id": "sle",
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "verificationStatus": {"coding": [{"code": "confirmed"}]},
        "code": {"coding": [{"system": SNOMED, "code": "55464009"}]},
        "subject": {"reference": "Patient/p1"},
    } | changes


def read(*resources: Any, patient_id: str | None = "p1", gaps: tuple[Gap, ...] = ()) -> PatientRecord:
    everything = unwrap(resources)
    return read_record(
        everything.resources, catalog(), patient_id=patient_id, full_urls=everything.full_urls, gaps=gaps
    )


def assessed(*resources: Any) -> Assessment:
    return assess(catalog().trials[0], read(*resources), date(2026, 6, 15), catalog())


def verdict(assessment: Assessment, criterion: str) -> str:
    result = next(result for result in assessment.criteria if result.id == criterion)
    return f"{result.verdict.value}, {result.reason.value}"


@pytest.mark.parametrize(
    "reference",
    [
        "Patient/p1",
        "https://ehr.example.org/fhir/Patient/p1",
        "Patient/p1/_history/3",
        "urn:uuid:p1",
    ],
)
def test_the_patient_may_be_referred_to_in_any_form(reference: str) -> None:
    record = read(PATIENT, upcr(subject={"reference": reference}))
    assert len(record.results["urine-protein-creatinine-ratio"]) == 1


def test_a_bundle_may_refer_to_the_patient_by_its_full_url() -> None:
    url = "urn:uuid:7b0fca9b-3b7e-4ee4-8c0e-6d1d0c3f5a11"
    bundle = {
        "resourceType": "Bundle",
        "entry": [{"fullUrl": url, "resource": PATIENT}, {"resource": upcr(subject={"reference": url})}],
    }
    assert len(read(bundle).results["urine-protein-creatinine-ratio"]) == 1


@pytest.mark.parametrize("reference", ["Patient/p2", "https://ehr.example.org/fhir/Patient/p11", "Group/p1"])
def test_what_is_about_somebody_else_is_left_out_and_counted(reference: str) -> None:
    record = read(PATIENT, upcr(subject={"reference": reference}))
    assert not record.results
    assert record.counts.other_patient == 1


@pytest.mark.parametrize("subject", [None, {}, "Patient/p1", {"display": "Lin Mei"}, ["Patient/p1"]])
def test_what_does_not_say_whose_it_is_is_not_taken_for_the_patients(subject: Any) -> None:
    record = read(PATIENT, upcr(subject=subject))
    assert not record.results
    assert [each.what for each in record.unreadable] == ["does not say whose it is"]


BAD: list[Any] = [
    "a bare text",
    None,
    {"resourceType": 7},
    {"id": "x"},
    {"resourceType": "Observation"},
    upcr(code="2890-2"),
    upcr(code={"coding": "2890-2"}),
    upcr(valueQuantity=[1.4]),
    upcr(valueQuantity={"value": "1.4", "unit": "g/g"}),
    upcr(component="none"),
    lupus(code=None),
    lupus(clinicalStatus="active", verificationStatus=["confirmed"]),
    {"resourceType": "Procedure", "subject": {"reference": "Patient/p1"}, "performedDateTime": 3},
    {"resourceType": "MedicationRequest", "subject": {"reference": "Patient/p1"}, "dosageInstruction": "x"},
    {"resourceType": "MedicationStatement", "subject": {"reference": "Patient/p1"}, "status": []},
    {"resourceType": "MedicationAdministration", "subject": {"reference": "Patient/p1"}},
    {"resourceType": "MedicationDispense", "subject": {"reference": "Patient/p1"}, "daysSupply": "30"},
    {"resourceType": "Medication", "code": 5},
    {"resourceType": "DiagnosticReport", "subject": {"reference": "Patient/p1"}, "conclusion": ["IV"]},
    {"resourceType": "Consent", "patient": {"reference": "Patient/p1"}, "scope": "research"},
    {"resourceType": "ResearchSubject", "individual": {"reference": "Patient/p1"}, "study": "x"},
    {"resourceType": "Patient", "id": "p2", "birthDate": "1950"},
]  # fmt: skip


def test_one_bad_entry_of_each_type_takes_nothing_else_down() -> None:
    good = [PATIENT, upcr(), lupus()]
    assessment = assessed(*BAD, *good)
    assert verdict(assessment, "proteinuria") in ("met, value", "unknown, unreadable")
    record = read(*BAD, *good)
    counts = record.counts
    assert counts.received == len(BAD) + 3
    assert counts.read + counts.irrelevant + counts.unreadable + counts.other_patient == counts.received
    assert len(record.unreadable) >= 7


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_entry_alone_leaves_a_good_diagnosis_alone(bad: Any) -> None:
    assert "sle" in read(bad, PATIENT, lupus()).diagnoses


def test_no_value_from_the_record_is_repeated_in_what_is_unreadable() -> None:
    secret = "Zebra-4711"
    record = read(
        PATIENT,
        upcr(valueQuantity={"value": secret, "unit": secret}),
        upcr(valueString=secret, valueQuantity=None),
        upcr(code=secret),
    )
    assert record.unreadable
    assert secret not in "".join(each.what for each in record.unreadable)


REAL_SENDERS = [
    ("a code with a leading space",
     upcr(code={"coding": [{"system": LOINC, "code": " 2890-2"}]}), "met, value"),
    ("a coding without its list", upcr(code={"coding": {"system": LOINC, "code": "2890-2"}}), "met, value"),
    ("category an object", upcr(category={"coding": [{"code": "laboratory"}]}), "met, value"),
    ("interpretation not a list", upcr(interpretation={"coding": [{"code": "H"}]}), "met, value"),
    ("no status", {k: v for k, v in upcr().items() if k != "status"}, "unknown, not_confirmed"),
    ("a dateTime without zone", upcr(effectiveDateTime="2026-06-01T08:00:00"), "met, value"),
    ("only issued: the day is not known", upcr(effectiveDateTime=None, issued="2026-06-02T08:00:00Z"),
     "unknown, imprecise"),
    ("entered in error", upcr(status="entered-in-error"), "unknown, not_found"),
    ("preliminary", upcr(status="preliminary"), "unknown, not_confirmed"),
    ("another code system",
     upcr(code={"coding": [{"system": SNOMED, "code": "2890-2"}]}), "unknown, not_found"),
    ("albumin, not protein",
     upcr(code={"coding": [{"system": LOINC, "code": "9318-7"}]}), "unknown, not_found"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("observation", "expected"), [row[1:] for row in REAL_SENDERS], ids=[row[0] for row in REAL_SENDERS]
)
def test_results_are_read_as_real_senders_write_them(observation: dict[str, Any], expected: str) -> None:
    assert verdict(assessed(PATIENT, observation), "proteinuria") == expected


def test_a_birth_year_in_the_future_is_unreadable_and_not_an_age() -> None:
    assert verdict(assessed(PATIENT | {"birthDate": "2031"}), "age") == "unknown, unreadable"


@pytest.mark.parametrize(
    ("system", "code"),
    [
        (SNOMED, "201436003"),
        (SNOMED, "80258006"),
        ("http://hl7.org/fhir/sid/icd-10-cm", "M32.0"),
        ("http://hl7.org/fhir/sid/icd-10-cm", "L93.0"),
        (SNOMED, "200938002"),
        (SNOMED, "200936003"),
    ],
)
def test_drug_induced_and_skin_only_lupus_are_not_sle(system: str, code: str) -> None:
    record = read(PATIENT, lupus(code={"coding": [{"system": system, "code": code}]}))
    assert "sle" not in record.diagnoses
    both = {"coding": [{"system": system, "code": code}, {"system": SNOMED, "code": "55464009"}]}
    drug_induced = code in ("201436003", "80258006", "M32.0")
    assert ("sle" in read(PATIENT, lupus(code=both)).diagnoses) is not drug_induced


def test_a_diagnosis_known_only_from_a_drugs_reason_is_no_diagnosis() -> None:
    request = {
        "resourceType": "MedicationRequest",
        "id": "m",
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/p1"},
        "medicationCodeableConcept": {"text": "prednisone"},
        "reasonCode": [{"coding": [{"system": SNOMED, "code": "55464009"}]}],
    }
    assert not read(PATIENT, request).diagnoses


def test_a_local_code_is_known_by_the_words_beside_it_each_time_it_comes() -> None:
    named = catalog().concepts["urine-protein-creatinine-ratio"].names[0]
    codings = [{"system": "urn:laboratory", "code": "X1"}]
    codes = [{"coding": codings, "text": text} for text in ("Colour", named, "Colour", named)]
    record = read(PATIENT, *(upcr(number, code=code) for number, code in enumerate(codes)))
    found = record.results["urine-protein-creatinine-ratio"]
    assert [result.reference for result in found] == ["Observation/upcr-1", "Observation/upcr-3"]
    assert record.counts.irrelevant == 2


def test_a_code_of_the_definitions_is_known_whatever_words_stand_beside_it() -> None:
    codings = {"system": LOINC, "code": "2890-2"}
    codes = [{"coding": [{**codings, "display": display}]} for display in ("UPCR", "Prot/Creat", "UPCR")]
    other = {"coding": [{**codings, "system": "urn:laboratory"}]}
    record = read(PATIENT, *(upcr(number, code=code) for number, code in enumerate((*codes, other))))
    assert len(record.results["urine-protein-creatinine-ratio"]) == 3
    assert record.counts.irrelevant == 1


def test_a_bundle_gives_the_same_whatever_stands_among_its_entries() -> None:
    entries = [{"resource": PATIENT, "fullUrl": "urn:uuid:9"}, {"resource": upcr()}, {"resource": lupus()}]
    plain = unwrap([{"resourceType": "Bundle", "entry": entries}])
    odd = [{"resource": {"resourceType": "OperationOutcome"}}, {"fullUrl": "urn:uuid:8"}, None]
    mixed = unwrap([{"resourceType": "Bundle", "entry": [*entries, *odd]}])
    assert plain.resources == [PATIENT, upcr(), lupus()]
    assert plain.full_urls == mixed.full_urls == {"urn:uuid:9": "Patient/p1"}
    assert mixed.resources[:3] == plain.resources
    assert len(mixed.outcomes) == 1


def test_without_any_patient_there_is_no_record() -> None:
    with pytest.raises(LookupError, match="no Patient"):
        read(upcr(), patient_id=None)


def test_a_gap_touches_just_the_concepts_whose_codes_it_names() -> None:
    tokens = frozenset({f"{LOINC}|2890-2"})
    record = read(PATIENT, gaps=(Gap("Observation", "Observation: timeout", tokens),))
    assert record.gap("urine-protein-creatinine-ratio") is not None
    assert record.gap("urine-protein-24h") is None
    assert record.gap("sle") is None


@pytest.mark.parametrize("code", [f"{LOINC}|60568-3", f"{LOINC}|65757-7", "text|kidney-biopsy-class"])
def test_a_biopsy_may_be_told_by_any_report_so_a_gap_in_one_touches_class_and_indices(code: str) -> None:
    record = read(PATIENT, gaps=(Gap("Observation", "Observation: timeout", frozenset({code})),))
    assert record.gap("kidney-biopsy-class") is not None
    assert record.gap("nih-activity-index") is not None
    assert record.gap("urine-protein-24h") is None


def test_what_is_known_by_name_only_is_touched_by_a_gap_in_the_search_for_texts() -> None:
    record = read(
        PATIENT, gaps=(Gap("Observation", "Observation: timeout", frozenset({"text|sledai-2k-total"})),)
    )
    assert record.gap("sledai-2k-total") is not None


def test_an_enrolled_patient_is_assessed_and_marked() -> None:
    subject = {
        "resourceType": "ResearchSubject",
        "id": "rs",
        "status": "on-study",
        "individual": {"reference": "Patient/p1"},
        "study": {"identifier": {"system": "https://clinicaltrials.gov", "value": "NCT06920433"}},
    }
    other = subject | {"study": {"display": "A study of tea"}}
    assert assessed(PATIENT, subject).enrolment == "on-study"
    assert assessed(PATIENT, other).other_studies == ("A study of tea",)
