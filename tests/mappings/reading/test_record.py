"""Whole records as real senders write them: what is misread, what is lost, what is somebody else's."""

from __future__ import annotations

from datetime import date
from functools import cache
from itertools import permutations
from typing import Any

import pytest

from mappings.assessment import assess
from mappings.definitions import load_catalog
from mappings.facts import PatientRecord
from mappings.reading.bundles import unwrap
from mappings.reading.laboratory.repeats import REPLACES
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


@pytest.mark.parametrize(
    ("system", "counts"),
    [
        ("http://hl7.org/fhir/sid/icd-10-cm", True),
        ("http://hl7.org/fhir/sid/icd-10-cm/", True),
        ("urn:oid:2.16.840.1.113883.6.90", True),
        (" urn:oid:2.16.840.1.113883.6.90", True),
        ("urn:oid:2.16.840.1.113883.6.9", False),
        ("http://hl7.org/fhir/sid/icd-10-cm-us", False),
        (None, False),
        (7, False),
    ],
)
def test_a_code_system_by_its_oid_or_with_a_stroke_at_its_end_is_the_same(system: Any, counts: bool) -> None:
    diagnosis = lupus(code={"coding": [{"system": system, "code": "M32.14"}]})
    assert ("lupus-nephritis" in read(PATIENT, diagnosis).diagnoses) is counts


@pytest.mark.parametrize("system", ["urn:oid:2.16.840.1.113883.6.1", "http://loinc.org/"])
def test_a_result_by_another_name_of_loinc_counts(system: str) -> None:
    codes = [{"coding": [{"system": each, "code": "2890-2"}]} for each in (LOINC, system, LOINC)]
    record = read(PATIENT, *(upcr(number, code=code) for number, code in enumerate(codes)))
    assert len(record.results["urine-protein-creatinine-ratio"]) == 3


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


# --- versions of one id, and what is withdrawn

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
NEPHRITIS = {"coding": [{"system": SNOMED, "code": "68815009"}]}
REFUTED = {"verificationStatus": {"coding": [{"code": "refuted"}]}}
IN_ERROR = {"status": "entered-in-error"}


def version(number: str) -> dict[str, Any]:
    return {"meta": {"versionId": number}}


def of_the_patient(kind: str, **members: Any) -> dict[str, Any]:
    return {"resourceType": kind, "id": kind.lower(), "subject": {"reference": "Patient/p1"}} | members


def hysterectomy(**changes: Any) -> dict[str, Any]:
    code = {"coding": [{"system": SNOMED, "code": "236886002"}]}
    done = of_the_patient("Procedure", status="completed", performedDateTime="2020-01-01")
    return done | {"code": code} | changes


def prednisone(**changes: Any) -> dict[str, Any]:
    code = {"coding": [{"system": RXNORM, "code": "8640"}]}
    order = of_the_patient("MedicationRequest", status="active", intent="order", authoredOn="2025-01-01")
    return order | {"medicationCodeableConcept": code} | changes


def agreed(**changes: Any) -> dict[str, Any]:
    consent = of_the_patient("Consent", status="active", patient={"reference": "Patient/p1"})
    scope = {"coding": [{"code": "research"}]}
    return consent | {"scope": scope, "identifier": [{"value": "NCT06920433"}]} | changes


NUMBER = [{"system": "urn:lab", "value": "A1"}]
REPLACING = [{"url": REPLACES, "valueReference": {"reference": "Observation/upcr-2.0"}}]
LATER_STORED = {"meta": {"lastUpdated": "2026-06-03T08:00:00Z"}}
EARLIER_STORED = {"meta": {"lastUpdated": "2026-06-02T08:00:00Z"}}


def reporting(inside: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A report with one result in it, of number A1 and of the report's own day."""
    left = {name: value for name, value in inside.items() if name not in ("subject", "effectiveDateTime")}
    return {
        "resourceType": "DiagnosticReport",
        "id": "report",
        "status": "final",
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2026-06-01",
        "contained": [
            {"resourceType": "Organization", "id": "o"},
            {"identifier": NUMBER} | left | {"id": "in"},
        ],
        "result": [{"reference": "#in"}],
    } | changes


SPILLED: dict[str, Any] = {"valueQuantity": None, "valueString": "spilled"}

# the resources, in any order | what is read of them
VERSIONS: list[tuple[str, list[dict[str, Any]], str]] = [
    ("a result, and the same one in error", [upcr(2.0), upcr(2.0, **IN_ERROR)], ""),
    ("a result, and the same one cancelled", [upcr(2.0), upcr(2.0, status="cancelled")], ""),
    ("a result in error, and its newer version that stands",
     [upcr(2.0, **IN_ERROR, **version("1")), upcr(2.0, **version("2"))], "2 g/g"),
    ("a result, and another one of its number in error",
     [upcr(2.0, identifier=NUMBER), upcr(2.0, id="x", identifier=NUMBER, **IN_ERROR)], "not_confirmed"),
    ("a result, and one of its number in error that had no value",
     [upcr(2.0, identifier=NUMBER), upcr(2.0, id="x", identifier=NUMBER, valueQuantity=None, **IN_ERROR)],
     "not_confirmed"),
    ("a result, and the mistake that it puts right",
     [upcr(2.0, identifier=NUMBER), upcr(20.0, identifier=NUMBER, **IN_ERROR)], "2 g/g"),
    ("a result, and one of its number and of another day in error",
     [upcr(2.0, identifier=NUMBER),
      upcr(2.0, id="x", identifier=NUMBER, effectiveDateTime="2026-05-01", **IN_ERROR)], "2 g/g"),
    ("a result, and one of its number that was in error before",
     [upcr(2.0, identifier=NUMBER, **LATER_STORED),
      upcr(2.0, id="x", identifier=NUMBER, **IN_ERROR, **EARLIER_STORED)], "2 g/g"),
    ("a result of a number that stood in error in an older version",
     [upcr(2.0, identifier=NUMBER, **IN_ERROR, **version("1")), upcr(2.0, identifier=NUMBER, **version("2"))],
     "2 g/g"),
    ("a result in error, and one that replaced it and is in error",
     [upcr(2.0, **IN_ERROR), upcr(1.0, extension=REPLACING, **IN_ERROR)], ""),
    ("a result, and one of another number in error",
     [upcr(2.0, identifier=NUMBER), upcr(2.0, id="x", **IN_ERROR)], "2 g/g"),
    ("a result, and one that replaced it and is in error",
     [upcr(2.0), upcr(1.0, extension=REPLACING, **IN_ERROR)], "not_confirmed"),
    ("a result in a report, and its correction outside",
     [reporting(upcr(**SPILLED)), upcr(2.0, identifier=NUMBER, status="corrected")], "2 g/g"),
    ("a result outside, and its correction in a report",
     [reporting(upcr(2.0, status="corrected"), status="corrected"), upcr(identifier=NUMBER, **SPILLED)],
     "2 g/g"),
    ("a result in a report, and the same in error outside",
     [reporting(upcr(2.0)), upcr(2.0, identifier=NUMBER, **IN_ERROR)], "not_confirmed"),
    ("a result in a report, and a correction of another number outside",
     [reporting(upcr(**SPILLED)), upcr(2.0, status="corrected")], "2 g/g unreadable"),
    ("a correction in the older version of a report",
     [reporting(upcr(**SPILLED, status="corrected"), **version("1")), reporting(upcr(2.0), **version("2"))],
     "2 g/g"),
    ("a diagnosis that was refuted",
     [lupus(code=NEPHRITIS, **version("1")), lupus(code=NEPHRITIS, **version("2"), **REFUTED)], ""),
    ("a diagnosis that was refuted, of no known version",
     [lupus(code=NEPHRITIS), lupus(code=NEPHRITIS, **REFUTED)], ""),
    ("a diagnosis that was refuted at first",
     [lupus(code=NEPHRITIS, **version("2")), lupus(code=NEPHRITIS, **version("1"), **REFUTED)],
     "lupus-nephritis"),
    ("a diagnosis that became another one",
     [lupus(code=NEPHRITIS, **version("1")), lupus(**version("2"))], "sle"),
    ("two diagnoses of one id by mistake, of which another one was refuted",
     [lupus(code=NEPHRITIS), lupus(**REFUTED)], "lupus-nephritis"),
    ("two diagnoses",
     [lupus(code=NEPHRITIS), lupus(id="ln", code=NEPHRITIS)], "lupus-nephritis lupus-nephritis"),
    ("two diagnoses without an id", [lupus(id=None), lupus(id=None, **REFUTED)], "sle"),
    ("an order that was stopped",
     [prednisone(**version("1")), prednisone(status="stopped", **version("2"))], "prednisone, may be over"),
    ("an order whose versions nobody knows",
     [prednisone(), prednisone(status="stopped")], "prednisone prednisone, may be over"),
    ("an operation that was an error",
     [hysterectomy(**version("9")), hysterectomy(**version("10"), **IN_ERROR)], ""),
    ("an operation that came twice", [hysterectomy(), hysterectomy()], "hysterectomy"),
    ("a consent that was an error", [agreed(**version("1")), agreed(**version("2"), **IN_ERROR)], ""),
    ("a consent that was taken back",
     [agreed(**version("1")), agreed(status="inactive", **version("2"))], "not NCT06920433 other"),
]  # fmt: skip


def _told(record: PatientRecord) -> str:
    results = [one for found in record.results.values() for one in found]
    told = [
        one.problem.value if one.problem else " ".join(sorted(one.tokens)) or one.text or "2 g/g"
        for one in results
    ]
    told += [one.concept for found in record.diagnoses.values() for one in found]
    told += [one.concept for found in record.procedures.values() for one in found]
    for found in record.exposures.values():
        told += [f"{one.concept}, may be over" if one.problem else one.concept for one in found]
    return " ".join(sorted(told))


@pytest.mark.parametrize(
    ("resources", "expected"), [row[1:] for row in VERSIONS], ids=[row[0] for row in VERSIONS]
)
def test_the_newest_version_of_a_resource_counts_and_what_was_withdrawn_does_not(
    resources: list[dict[str, Any]], expected: str
) -> None:
    for order in permutations([PATIENT, *resources]):
        record = read(*order)
        assert _told(record) == expected
        assert record.counts.received == record.counts.read == len(resources) + 1


def test_a_result_that_may_be_withdrawn_lets_no_older_one_decide() -> None:
    older = upcr(2.0, id="older", effectiveDateTime="2026-05-20")
    newest = upcr(0.3, identifier=NUMBER)
    assert verdict(assessed(PATIENT, older, newest), "proteinuria") == "unknown, not_found"
    withdrawn = upcr(0.3, id="again", identifier=NUMBER, **IN_ERROR)
    assert verdict(assessed(PATIENT, older, newest, withdrawn), "proteinuria") == "unknown, not_confirmed"


# --- a result that is awaited


def awaited(**changes: Any) -> dict[str, Any]:
    return upcr(9, effectiveDateTime="2026-06-10", status="registered", valueQuantity=None, **changes)


AWAITED: list[tuple[str, list[dict[str, Any]], str]] = [
    ("nothing else", [], "met, value"),
    ("one of a later day", [awaited()], "met, value"),
    ("one of a later day, provisional", [awaited() | {"status": "preliminary"}], "unknown, not_found"),
    ("one of a later day, final without a value", [awaited() | {"status": "final"}], "unknown, not_found"),
    ("one of a later day, with a value", [awaited() | {"valueString": "0.2 g/g"}], "unknown, not_confirmed"),
    ("one of a later day, that says why there is no value",
     [awaited(dataAbsentReason={"coding": [{"code": "error"}]})], "unknown, not_found"),
    ("one in a report of a later day",
     [{"resourceType": "DiagnosticReport", "id": "r", "status": "final",
       "subject": {"reference": "Patient/p1"}, "contained": [awaited(id="in")],
       "result": [{"reference": "#in"}]}], "met, value"),
    ("one of its own id, before", [awaited(id="upcr-1.4", meta={"versionId": "0"})], "met, value"),
    ("one of its own id, later", [awaited(id="upcr-1.4", meta={"versionId": "2"})], "unknown, not_found"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("beside", "expected"), [row[1:] for row in AWAITED], ids=[row[0] for row in AWAITED]
)
def test_a_result_that_is_awaited_is_not_the_newest_one(beside: list[dict[str, Any]], expected: str) -> None:
    result = upcr(1.4, meta={"versionId": "1"})
    for order in permutations([result, *beside]):
        assert verdict(assessed(PATIENT, *order), "proteinuria") == expected


# --- a consent that is in force, and yet may not be one

PERMIT: dict[str, Any] = {"type": "permit"}


def policy(code: str) -> dict[str, Any]:
    system = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
    return {"policyRule": {"coding": [{"system": system, "code": code}]}}


# what a consent says | how the criterion is then
CONSENTS: list[tuple[str, dict[str, Any], str]] = [
    ("nothing else", {}, "met, value"),
    ("opt-in", policy("OPTIN"), "met, value"),
    ("opt-out", policy("OPTOUT"), "unknown, needs_judgement"),
    ("opt-out with exceptions", policy("OPTOUTE"), "unknown, needs_judgement"),
    ("no consent", policy("NOCONSENT"), "unknown, needs_judgement"),
    ("permits", {"provision": PERMIT}, "met, value"),
    ("permits, and permits data of a kind",
     {"provision": PERMIT | {"provision": [PERMIT | {"class": [{"code": "Observation"}]}]}}, "met, value"),
    ("permits, but denies within",
     {"provision": PERMIT | {"provision": [{"type": "deny"}]}}, "unknown, needs_judgement"),
    ("permits, but denies further within",
     {"provision": PERMIT | {"provision": [PERMIT | {"provision": [{"type": "deny"}]}]}},
     "unknown, needs_judgement"),
    ("permits, until a day within",
     {"provision": PERMIT | {"provision": [PERMIT | {"period": {"end": "2025-12-31"}}]}},
     "unknown, needs_judgement"),
    ("a form that says who declined",
     {"sourceAttachment": {"title": "Patient DECLINED NCT06920433"}}, "unknown, needs_judgement"),
    ("the same in Chinese",
     {"sourceReference": {"display": "NCT06920433 拒绝参加"}}, "unknown, needs_judgement"),
    ("a form with the terms of withdrawal",
     {"sourceAttachment": {"title": "Consent form NCT06920433, with the right to withdraw"}}, "met, value"),
]  # fmt: skip


UNSIGNED = (
    *(
        "form - NOT SIGNED",
        "UNSIGNED",
        "(not yet signed)",
        "has not been signed",
        "never signed",
        "not obtained",
    ),
    *("patient did not sign", "patient didn’t sign", "pending signature", "awaiting patient signature"),
    *("signature pending", "to be signed", "for pre-screening", "prescreening"),
    *("未签署", "未签字", "没有签", "待签署", "尚未签署", "拒签", "预筛选"),
)
SIGNED = (
    *("signed", "form, signed 2026-05-01", "form v2.1, electronic signature", "assigned to Dr. Li"),
    *("signature on file", "countersigned", "for screening and treatment", "已签署", "签字页"),
)
CONSENTS += [
    (f"a form {words}", {"sourceAttachment": {"title": f"NCT06920433 consent {words}"}}, expected)
    for several, expected in ((UNSIGNED, "unknown, needs_judgement"), (SIGNED, "met, value"))
    for words in several
]


@pytest.mark.parametrize(
    ("said", "expected"), [row[1:] for row in CONSENTS], ids=[row[0] for row in CONSENTS]
)
def test_a_consent_that_may_not_be_one_is_for_a_person_to_judge(said: dict[str, Any], expected: str) -> None:
    assert verdict(assessed(PATIENT, agreed(dateTime="2026-05-01", **said)), "consent") == expected


BY_REFERENCE: dict[str, Any] = {"reference": "ResearchStudy/s1"}
NCT: dict[str, Any] = {"identifier": [{"system": "https://clinicaltrials.gov", "value": "NCT06920433"}]}
HERE: dict[str, Any] = {"resourceType": "ResearchStudy", "id": "s1"}
TEA = {"title": "A study of tea"}
STUDIES: list[tuple[str, Any, dict[str, Any], str, list[str], bool]] = [
    # how the study is named         study         the ResearchStudy        enrolled     others        unread
    ("a number", {"identifier": NCT["identifier"][0]}, {}, "on-study", [], False),
    ("a number in its display", BY_REFERENCE | {"display": "NCT06920433, CAR-T"}, {}, "on-study", [], False),
    ("a display", BY_REFERENCE | {"display": "A study of tea"}, {}, "", ["A study of tea"], False),
    ("another number", {"identifier": {"value": "NCT00000001"}}, {}, "", ["NCT00000001"], False),
    ("a number of the hospital", {"identifier": {"value": "IRB-7"}}, {}, "", ["IRB-7"], False),
    ("a study that came", BY_REFERENCE, HERE | NCT, "on-study", [], False),
    ("another study that came", BY_REFERENCE, HERE | TEA, "", ["A study of tea"], False),
    ("a study that did not come", BY_REFERENCE, {}, "", [], True),
    ("a study that came without a name", BY_REFERENCE, HERE, "", [], True),
    ("a blank display", BY_REFERENCE | {"display": " "}, {}, "", [], True),
    ("nothing", None, {}, "", [], True),
    ("no study at all", ..., {}, "", [], True),
]


@pytest.mark.parametrize("row", STUDIES, ids=[row[0] for row in STUDIES])
def test_a_study_of_which_nothing_is_known_is_unread_and_not_another(row: Any) -> None:
    _, study, its_resource, enrolment, others, unread = row
    subject = {
        "resourceType": "ResearchSubject",
        "id": "rs",
        "status": "on-study",
        "individual": {"reference": "Patient/p1"},
        **({} if study is ... else {"study": study}),
    }
    assessment = assessed(PATIENT, subject, *([its_resource] if its_resource else []))
    assert (assessment.enrolment, list(assessment.other_studies)) == (enrolment, others)
    gaps = ["ResearchStudy: a study of the patient could not be read, and may be this one"]
    assert list(assessment.not_retrieved) == (gaps if unread else [])


def test_a_contained_study_is_read() -> None:
    subject = {
        "resourceType": "ResearchSubject",
        "id": "rs",
        "status": "on-study",
        "individual": {"reference": "Patient/p1"},
        "study": {"reference": "#s1"},
        "contained": [HERE | NCT],
    }
    assert assessed(PATIENT, subject).enrolment == "on-study"


def test_an_operation_of_unknown_day_stands() -> None:
    assessment = assessed(PATIENT, hysterectomy(performedDateTime=None))
    assert verdict(assessment, "pregnancy-test") == "met, not_applicable"
