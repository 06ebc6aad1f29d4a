"""Whose a resource is: all forms of reference, other servers, identifiers; what is refused and counted."""

from __future__ import annotations

from typing import Any

import pytest

from mappings.reading.references import PatientIdentity, contained_in, local_reference, resolved
from tests.mappings.reading.test_record import PATIENT, read, upcr

EHR = "https://ehr.example.org/fhir"
MRN = "urn:oid:1.2.36.146.595.217.0.1"
UUID = "urn:uuid:7b0fca9b-3b7e-4ee4-8c0e-6d1d0c3f5a11"
KNOWN_BY: dict[str, Any] = {
    "identifier": [{"system": MRN, "value": "4711"}, {"system": MRN, "value": "0815"}]
}
ELSEWHERE = "https://other.example.org/fhir"

OURS, SOMEBODY_ELSES, NOT_SAID = True, False, None


def entry(resource: dict[str, Any], url: str = "") -> dict[str, Any]:
    return {"resource": resource, **({"fullUrl": url} if url else {})}


def bundle(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "collection", "entry": list(entries)}


# the subject | whose it is, in a record whose entries came from EHR
SUBJECTS: list[tuple[str, Any, bool | None]] = [
    ("relative", {"reference": "Patient/p1"}, OURS),
    ("relative, of a version", {"reference": "Patient/p1/_history/2"}, OURS),
    ("absolute", {"reference": f"{EHR}/Patient/p1"}, OURS),
    ("absolute, of a version", {"reference": f"{EHR}/Patient/p1/_history/2"}, OURS),
    ("absolute, by http", {"reference": "http://EHR.example.org/fhir/Patient/p1"}, OURS),
    ("a uuid that is the id", {"reference": "urn:uuid:p1"}, OURS),
    ("the same id on another server", {"reference": f"{ELSEWHERE}/Patient/p1"}, SOMEBODY_ELSES),
    ("the same id below another path", {"reference": f"{EHR}/archive/Patient/p1"}, SOMEBODY_ELSES),
    ("an id that ours begins with", {"reference": "Patient/p"}, SOMEBODY_ELSES),
    ("an id that begins with ours", {"reference": "Patient/p11"}, SOMEBODY_ELSES),
    ("an id in other letters", {"reference": "Patient/P1"}, SOMEBODY_ELSES),
    ("absolute, an id that begins with ours", {"reference": f"{EHR}/Patient/p11"}, SOMEBODY_ELSES),
    ("a path that ends like ours", {"reference": f"{EHR}/Patient/x/Patient/p11"}, SOMEBODY_ELSES),
    ("another type", {"reference": "Group/p1"}, SOMEBODY_ELSES),
    ("a uuid that nobody bears", {"reference": UUID}, SOMEBODY_ELSES),
    ("identifier of the patient", {"identifier": {"system": MRN, "value": "4711"}}, OURS),
    ("another identifier of the patient", {"identifier": {"system": MRN, "value": " 0815 "}}, OURS),
    ("identifier of somebody else", {"identifier": {"system": MRN, "value": "47110"}}, SOMEBODY_ELSES),
    ("identifier of an unknown system", {"identifier": {"system": "urn:x", "value": "4711"}}, NOT_SAID),
    ("identifier without a system", {"identifier": {"value": "4711"}}, NOT_SAID),
    ("identifier with an empty value", {"identifier": {"system": MRN, "value": " "}}, NOT_SAID),
    ("identifier without a value", {"identifier": {"system": MRN}}, NOT_SAID),
    ("a search by identifier", {"reference": f"Patient?identifier={MRN}%7C4711"}, OURS),
    ("a search by somebody else's", {"reference": f"Patient?identifier={MRN}|99"}, SOMEBODY_ELSES),
    ("the reference goes before the identifier",
     {"reference": "Patient/p2", "identifier": {"system": MRN, "value": "4711"}}, SOMEBODY_ELSES),
    ("contained, not there", {"reference": "#p1"}, NOT_SAID),
    ("empty", {"reference": ""}, NOT_SAID),
    ("a name only", {"display": "Lin Mei"}, NOT_SAID),
    ("nothing", {}, NOT_SAID),
    ("not an object", "Patient/p1", NOT_SAID),
]  # fmt: skip


@pytest.mark.parametrize(
    ("subject", "whose"), [row[1:] for row in SUBJECTS], ids=[row[0] for row in SUBJECTS]
)
def test_whose_a_result_is(subject: Any, whose: bool | None) -> None:
    record = read(bundle(entry(PATIENT | KNOWN_BY, f"{EHR}/Patient/p1"), entry(upcr(subject=subject))))
    assert ("urine-protein-creatinine-ratio" in record.results) is (whose is OURS)
    counts = record.counts
    assert (counts.read, counts.other_patient, counts.unreadable) == (
        1 + (whose is OURS),
        int(whose is SOMEBODY_ELSES),
        int(whose is NOT_SAID),
    )
    assert "4711" not in repr(record.unreadable)


@pytest.mark.parametrize(
    ("inside", "whose"),
    [
        ({"identifier": [{"system": MRN, "value": "4711"}]}, OURS),
        ({"identifier": [{"system": MRN, "value": "1"}]}, SOMEBODY_ELSES),
        ({"name": [{"text": "Lin Mei"}]}, NOT_SAID),
    ],
)
def test_a_contained_patient_is_known_by_the_identifier(inside: dict[str, Any], whose: bool | None) -> None:
    patient = {"resourceType": "Patient", "id": "p1", **inside}
    observation = upcr(
        subject={"reference": "#p1"}, contained=[{"resourceType": "Device", "id": "p1"}, patient]
    )
    identity = PatientIdentity.of(PATIENT | KNOWN_BY, {})
    assert identity.is_subject_of(observation) is whose


def test_where_no_entry_tells_its_server_the_address_is_not_looked_at() -> None:
    observation = upcr(subject={"reference": f"{ELSEWHERE}/Patient/p1"})
    assert read(PATIENT, observation).results
    assert read(bundle(entry(PATIENT, UUID), entry(observation, "urn:uuid:9"))).results
    assert not read(bundle(entry(PATIENT), entry(observation, f"{EHR}/Observation/o"))).results


def test_entries_from_two_servers_may_refer_to_either() -> None:
    entries = [entry(PATIENT, f"{EHR}/Patient/p1")]
    for number, server in enumerate((EHR, "https://lab.example.org/r4")):
        observation = upcr(1.0 + number, subject={"reference": f"{server}/Patient/p1"})
        entries.append(entry(observation, f"{server}/Observation/{number}"))
    assert len(read(bundle(*entries)).results["urine-protein-creatinine-ratio"]) == 2


def test_the_full_url_of_another_patient_is_about_that_patient() -> None:
    other = {"resourceType": "Patient", "id": "p2"}
    everything = bundle(
        entry(PATIENT, "urn:uuid:1"), entry(other, UUID), entry(upcr(subject={"reference": UUID}))
    )
    assert read(everything).counts.other_patient == 1


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Observation/1", "Observation/1"),
        (f"{EHR}/Observation/1/_history/2", "Observation/1"),
        (UUID, "Specimen/s"),
        ("urn:uuid:9", "Specimen/9"),
        ("#s", "#s"),
        ("", ""),
    ],
)
def test_what_a_reference_names(text: str, name: str) -> None:
    assert resolved(text, {UUID: "Specimen/s"}, "Specimen") == name
    assert local_reference(None) == ""


BIOPSY = {
    "resourceType": "DiagnosticReport",
    "id": "r",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "65757-7"}]},
    "subject": {"reference": "Patient/p1"},
}
SPECIMEN = {"resourceType": "Specimen", "id": "s", "collection": {"collectedDateTime": "2026-05-02"}}
CLASS = {
    "resourceType": "Observation",
    "id": "c",
    "status": "final",
    "code": {"text": "Final diagnosis"},
    "subject": {"reference": "Patient/p1"},
    "valueString": "Kidney: lupus nephritis, class IV",
}


@pytest.mark.parametrize(
    ("specimen", "result"),
    [
        ("Specimen/s", "Observation/c"),
        (f"{EHR}/Specimen/s", f"{EHR}/Observation/c/_history/3"),
        ("urn:uuid:10", "urn:uuid:11"),
        ("urn:uuid:s", "urn:uuid:c"),
    ],
)
def test_a_biopsy_report_finds_its_specimen_and_its_result(specimen: str, result: str) -> None:
    report = BIOPSY | {"specimen": [{"reference": specimen}], "result": [{"reference": result}]}
    everything = bundle(
        entry(PATIENT), entry(report), entry(SPECIMEN, "urn:uuid:10"), entry(CLASS, "urn:uuid:11")
    )
    [found] = read(everything).results["kidney-biopsy-class"]
    assert (found.when.text, found.tokens) == ("2026-05-02", frozenset({"IV"}))


def test_records_that_refer_to_one_another_by_uuid_are_of_one_biopsy() -> None:
    report = BIOPSY | {"effectiveDateTime": "2026-05-02", "result": [{"reference": "urn:uuid:o"}]}
    late = CLASS | {"id": "o", "code": {"text": "ISN/RPS class"}, "effectiveDateTime": "2026-06-10"}
    [found] = read(PATIENT, report, late).results["kidney-biopsy-class"]
    assert (found.when.text, found.tokens) == ("2026-05-02", frozenset({"IV"}))


def test_a_biopsy_report_with_contained_specimen_and_result() -> None:
    report = BIOPSY | {
        "contained": [SPECIMEN, CLASS],
        "specimen": [{"reference": "#s"}],
        "result": [{"reference": "#c"}],
    }
    [found] = read(PATIENT, report).results["kidney-biopsy-class"]
    assert (found.when.text, found.tokens) == ("2026-05-02", frozenset({"IV"}))


def test_the_text_of_a_report_s_result_is_read_wherever_it_stands_and_only_if_it_is_the_patient_s() -> None:
    report = BIOPSY | {"result": [{"reference": "Observation/c"}]}
    somebody_elses = CLASS | {"subject": {"reference": "Patient/p2"}}
    for order in ((PATIENT, report, CLASS), (CLASS, report, PATIENT)):
        record = read(*order)
        assert [result.tokens for result in record.results["kidney-biopsy-class"]] == [{"IV"}]
        assert (record.counts.received, record.counts.read, record.counts.irrelevant) == (3, 3, 0)
    beside = read(PATIENT, BIOPSY | {"result": [{"reference": "Observation/upcr-1.4"}]}, upcr())
    assert (beside.counts.read, beside.counts.irrelevant) == (3, 0)
    record = read(PATIENT, report, somebody_elses)
    assert [result.tokens for result in record.results["kidney-biopsy-class"]] == [frozenset()]
    assert record.counts.other_patient == 1
    assert read(PATIENT, CLASS).counts.irrelevant == 1


def test_a_report_with_a_local_code_is_known_by_what_its_conclusion_is_coded_as() -> None:
    report = BIOPSY | {
        "code": {"text": "Histopathology"},
        "conclusionCode": [{"text": "Lupus nephritis, ISN/RPS class III (A)"}],
        "effectiveDateTime": "2026-05-02",
    }
    [found] = read(PATIENT, report).results["kidney-biopsy-class"]
    assert found.tokens == {"III(A)"}


INSIDE = {"resourceType": "Specimen", "id": "1"}


@pytest.mark.parametrize(
    ("reference", "contained", "found"),
    [
        ("#1", [INSIDE], INSIDE),
        ("#1", INSIDE, INSIDE),
        ("#1", [{"resourceType": "Device", "id": "2"}, INSIDE], INSIDE),
        ("#2", [INSIDE], None),
        ("#1", [{**INSIDE, "id": 1}], None),
        ("#1", [None, "1", {}], None),
        ("#", [{"resourceType": "Specimen"}, {**INSIDE, "id": ""}], None),
        ("Specimen/1", [INSIDE], None),
        (None, [INSIDE], None),
    ],
    ids=["its id", "one, not in a list", "the second", "another id", "an id that is no text",
         "what is no resource", "the container itself", "a reference of another form", "no reference"],
)  # fmt: skip
def test_a_contained_resource_is_found_by_its_id(reference: object, contained: object, found: object) -> None:
    assert contained_in({"contained": contained}, reference) == found
