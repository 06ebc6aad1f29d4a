"""Resources of several servers with one id: each of them counts, and refers to those of its own server."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from mappings.definitions import load_catalog
from mappings.facts import PatientRecord
from mappings.reading.bundles import unwrap, unwrap_each
from mappings.reading.record import read_record

CATALOG = load_catalog()
A, B = "https://a.example.org/fhir", "https://b.example.org/fhir"
ON_A, ON_B = "@a.example.org:fhir", "@b.example.org:fhir"
URN_1, URN_2 = (
    "urn:uuid:11111111-1111-4111-8111-111111111111",
    "urn:uuid:22222222-2222-4222-8222-222222222222",
)
SNOMED, RXNORM = "http://snomed.info/sct", "http://www.nlm.nih.gov/research/umls/rxnorm"
LUPUS, NEPHRITIS = "55464009", "68815009"
PREDNISONE, HYDROXYCHLOROQUINE = "8640", "5521"
PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p",
    "gender": "female",
    "birthDate": "1990-01-01",
}
SUBJECT = {"subject": {"reference": "Patient/p"}}


def condition(code: str = LUPUS, updated: str = "2026-01-01", **changes: Any) -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "id": "1",
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "verificationStatus": {"coding": [{"code": "confirmed"}]},
        "code": {"coding": [{"system": SNOMED, "code": code}]},
        "meta": {"lastUpdated": f"{updated}T00:00:00Z"},
        **SUBJECT,
    } | changes


def withdrawn(code: str = LUPUS) -> dict[str, Any]:
    return condition(code, "2026-05-01", verificationStatus={"coding": [{"code": "entered-in-error"}]})


def order(medication: str, identity: str = "1") -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest",
        "id": identity,
        "status": "active",
        "intent": "order",
        "authoredOn": "2026-01-01",
        "medicationReference": {"reference": medication},
        **SUBJECT,
    }


def drug(code: str, **changes: Any) -> dict[str, Any]:
    said = {"coding": [{"system": RXNORM, "code": code}]}
    return {"resourceType": "Medication", "id": "7", "code": said} | changes


def entry(resource: dict[str, Any], full_url: str = "") -> dict[str, Any]:
    """An entry; ``full_url`` may be a server, and is then followed by type and id."""
    if full_url in (A, B):
        full_url = f"{full_url}/{resource['resourceType']}/{resource['id']}"
    return {"resource": resource} | ({"fullUrl": full_url} if full_url else {})


def bundle(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "collection", "entry": list(entries)}


def read(*entries: dict[str, Any]) -> PatientRecord:
    everything = unwrap([bundle(entry(PATIENT), *entries)])
    return read_record(everything.resources, CATALOG, patient_id="p", full_urls=everything.full_urls)


def diagnosed(record: PatientRecord) -> set[str]:
    return {one.reference for of_concept in record.diagnoses.values() for one in of_concept}


Entries = list[dict[str, Any]]
OLD, NEW = condition(), condition(NEPHRITIS, "2026-05-01")
CASES: list[tuple[str, Entries, set[str]]] = [
    # what came, of one id                     the diagnoses that count
    ("two servers", [entry(OLD, A), entry(NEW, B)], {f"Condition/1{ON_A}", f"Condition/1{ON_B}"}),
    ("two servers, one withdrawn", [entry(OLD, A), entry(withdrawn(), B)], {f"Condition/1{ON_A}"}),
    ("two sources of one document", [entry(OLD, URN_1), entry(NEW, URN_2)],
     {f"Condition/{URN_1[9:]}", f"Condition/{URN_2[9:]}"}),
    ("a server and a source", [entry(OLD, A), entry(NEW, URN_2)],
     {f"Condition/1{ON_A}", f"Condition/{URN_2[9:]}"}),
    ("one server", [entry(OLD, A), entry(NEW, A)], {"Condition/1"}),
    ("one server, by http and https", [entry(OLD, A), entry(NEW, "http://a.example.org/fhir/Condition/1")],
     {"Condition/1"}),
    ("one server, in capitals", [entry(OLD, A), entry(NEW, f"{A}/Condition/1".replace("a.ex", "A.EX"))],
     {"Condition/1"}),
    ("one server, with versions", [entry(OLD, f"{A}/Condition/1/_history/1"), entry(NEW, A)],
     {"Condition/1"}),
    ("one source", [entry(OLD, URN_1), entry(NEW, URN_1)], {"Condition/1"}),
    ("no fullUrl", [entry(OLD), entry(NEW)], {"Condition/1"}),
    ("a fullUrl once", [entry(OLD, A), entry(withdrawn())], set()),
    ("a fullUrl once, of another code", [entry(OLD, A), entry(NEW)], {"Condition/1"}),
    ("a uuid that is the id", [entry(OLD, A), entry(withdrawn(), "urn:uuid:1")], set()),
    ("two servers, and without fullUrl a version of one of them",
     [entry(OLD, A), entry(NEW, B), entry(withdrawn())], {f"Condition/1{ON_B}"}),
    ("two servers, and without fullUrl the same as on one of them",
     [entry(OLD, A), entry(NEW, B), entry(dict(OLD))], {"Condition/1", f"Condition/1{ON_B}"}),
    ("two servers, and without fullUrl what may be of both",
     [entry(OLD, A), entry(condition(updated="2026-05-01"), B), entry(withdrawn())],
     {f"Condition/1{ON_A}", f"Condition/1{ON_B}"}),
    ("two servers, word for word the same", [entry(OLD, A), entry(dict(OLD), B)], {"Condition/1"}),
    ("two servers, two ids", [entry(OLD, A), entry(NEW | {"id": "2"}, B)], {"Condition/1", "Condition/2"}),
    ("one fullUrl on everything", [entry(OLD, f"{A}/x"), entry(NEW | {"id": "2"}, f"{A}/x")],
     {"Condition/1", "Condition/2"}),
]  # fmt: skip


@pytest.mark.parametrize(("came", "counts"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_only_versions_of_one_resource_replace_each_other(came: Entries, counts: set[str]) -> None:
    for entries in permutations(came):
        assert diagnosed(read(*entries)) == counts


def test_documents_are_told_apart_as_entries_are() -> None:
    parts = unwrap_each([bundle(entry(PATIENT, A), entry(OLD, A)), bundle(entry(NEW, B)), PATIENT])
    names = [[one["id"] for one in part.resources] for part in parts]
    assert names == [["p", f"1{ON_A}"], [f"1{ON_B}"], ["p"]]


def exposed(record: PatientRecord) -> dict[str, str]:
    return {concept: one.reference for concept, several in record.exposures.items() for one in several}


@pytest.mark.parametrize("reference", ["Medication/7", "absolute", "Medication/7/_history/2"])
def test_a_drug_is_looked_up_on_the_server_of_its_order(reference: str) -> None:
    on = {server: f"{server}/Medication/7" if reference == "absolute" else reference for server in (A, B)}
    entries = [
        *(entry(order(on[A], "1"), A), entry(drug(PREDNISONE), A)),
        *(entry(order(on[B], "2"), B), entry(drug(HYDROXYCHLOROQUINE), B)),
    ]
    for several in permutations(entries):
        found = exposed(read(*several))
        assert found == {"prednisone": "MedicationRequest/1", "hydroxychloroquine": "MedicationRequest/2"}


@pytest.mark.parametrize(
    ("drug_on", "is_read"), [(A, False), (B, True), ("", True), (URN_1, True)], ids=["a", "b", "none", "urn"]
)
def test_a_drug_of_another_server_only_is_not_read(drug_on: str, is_read: bool) -> None:
    record = read(entry(OLD, A), entry(order("Medication/7"), B), entry(drug(PREDNISONE), drug_on))
    assert bool(record.exposures) is is_read
    assert any("referenced, not read" in gap.what for gap in record.gaps) is not is_read


def test_drugs_without_an_id_are_known_by_their_full_urls() -> None:
    nameless = {"id": None}
    orders = entry(order(URN_1, "1")), entry(order(URN_2, "2"))
    found = exposed(
        read(*orders, entry(drug(PREDNISONE, **nameless), URN_1),
             entry(drug(HYDROXYCHLOROQUINE, **nameless), URN_2))
    )  # fmt: skip
    assert found == {"prednisone": "MedicationRequest/1", "hydroxychloroquine": "MedicationRequest/2"}


MRN = {"identifier": [{"system": "urn:mrn", "value": "17"}]}
OTHER_MRN = {"identifier": [{"system": "urn:mrn", "value": "18"}]}
BIRTH = {"birthDate": "1990-01-02"}
PEOPLE: list[tuple[str, dict[str, Any], dict[str, Any], bool]] = [
    ("one birth date", {}, {}, True),
    ("one number, whatever else differs", MRN, MRN | BIRTH, True),
    ("another birth date", {}, BIRTH, False),
    ("another sex", {}, {"gender": "male"}, False),
    ("another number", MRN, OTHER_MRN, False),
    ("another family", {"name": [{"family": "Li"}]}, {"name": [{"family": "Wu"}]}, False),
    ("one family", {"name": [{"family": "Li"}]}, {"name": [{"family": "LI"}, {"family": "Wu"}]}, True),
    ("nothing known", {"birthDate": None}, {"birthDate": None}, False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other", "same"), [row[1:] for row in PEOPLE], ids=[row[0] for row in PEOPLE]
)
def test_patients_of_two_servers_are_one_person_only_if_something_says_so(
    one: dict[str, Any], other: dict[str, Any], same: bool
) -> None:
    on_a, on_b = entry(PATIENT | one | {"meta": {"source": "a"}}, A), entry(PATIENT | other, B)
    taken = unwrap([bundle(on_a, on_b, entry(OLD, A), entry(NEW | {"id": "2"}, B))])
    subjects = [each["subject"]["reference"] for each in taken.resources[2:]]
    assert subjects == (["Patient/p"] * 2 if same else [f"Patient/p{ON_A}", f"Patient/p{ON_B}"])
    ids = [each["id"] for each in taken.resources[:2]]
    assert ids == (["p"] * 2 if same else [f"p{ON_A}", f"p{ON_B}"])


def test_two_patients_of_one_document_are_one_unless_they_differ() -> None:
    for change, ids in (({"birthDate": None}, ["p", "p"]), (BIRTH, [URN_1[9:], URN_2[9:]])):
        taken = unwrap([bundle(entry(PATIENT, URN_1), entry(PATIENT | change, URN_2))])
        assert [each["id"] for each in taken.resources] == ids


def test_what_was_sent_is_not_changed() -> None:
    sent = bundle(entry(OLD, A), entry(NEW, B), entry(order("Medication/7"), B), entry(drug(PREDNISONE), A))
    before = repr(sent)
    unwrap([sent])
    assert repr(sent) == before


def test_nothing_is_copied_where_one_server_sent_everything() -> None:
    sent = bundle(entry(OLD, A), entry(order("Medication/7"), A), entry(drug(PREDNISONE), A))
    assert [id(one) for one in unwrap([sent]).resources] == [id(one["resource"]) for one in sent["entry"]]


@pytest.mark.parametrize("odd", [None, 1, [], {"id": 1}, {"resourceType": ["x"], "id": "1"}, {}])
def test_odd_entries_among_those_of_two_servers_stay(odd: Any) -> None:
    entries = [entry(OLD, A), entry(NEW, B), {"resource": odd, "fullUrl": f"{B}/Condition/1"}, {"fullUrl": 1}]
    assert odd in unwrap([bundle(*entries)]).resources
