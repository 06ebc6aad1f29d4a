"""One id on several servers, by every way on which a record comes: prefetch, search, files."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import orjson

from cds_service.fhir.allow_list import parse_base
from cds_service.fhir.client import FhirReader
from cds_service.fhir.referenced import References
from cds_service.fhir.search import Found, run
from cds_service.hooks.prefetch import read_prefetch
from cds_service.screening.files import read_files
from cds_service.screening.patients import sort_by_patient
from mappings.needs import Query
from tests.service import charts

A, B = "https://a.example/fhir", "https://b.example/fhir"
NAMES = ["c1@a.example:fhir", "c1@b.example:fhir"]
LUPUS, NEPHRITIS = charts.condition(), charts.condition("68815009")
PATIENT_ID = charts.PATIENT_ID
Json = dict[str, Any]


def from_server(server: str, *resources: Json, following: str = "") -> Json:
    page = charts.bundle(*resources, following=following)
    for entry in page["entry"]:
        entry["fullUrl"] = f"{server}/{entry['resource']['resourceType']}/{entry['resource']['id']}"
    return page


def ids(resources: list[Any]) -> list[str]:
    return [resource["id"] for resource in resources]


def test_two_keys_of_a_prefetch_may_be_of_two_servers() -> None:
    queries = [Query("patient", "Patient"), Query("one", "Condition"), Query("other", "Condition")]
    prefetch = {
        "patient": charts.patient(),
        "one": from_server(A, LUPUS),
        "other": from_server(B, NEPHRITIS),
    }
    assert ids(read_prefetch(prefetch, queries, PATIENT_ID).resources) == [PATIENT_ID, *NAMES]


def test_the_prefetch_of_one_server_is_left_as_it_is() -> None:
    queries = [Query("one", "Condition"), Query("other", "Condition")]
    prefetch = {"one": from_server(A, LUPUS), "other": from_server(A, NEPHRITIS)}
    found = read_prefetch(prefetch, queries, PATIENT_ID)
    assert ids(found.resources) == ["c1", "c1"]
    assert found.full_urls == {f"{A}/Condition/c1": "Condition/c1"}


class Pages:
    """A server whose pages come from here."""

    def __init__(self, *pages: Json) -> None:
        self._pages = iter(pages)

    def read(self, _path: str) -> Json:
        return next(self._pages)


def searched(*pages: Json) -> Found:
    found = Found(Query("conditions", "Condition"))
    run(cast(FhirReader, Pages(*pages)), found, "Condition", PATIENT_ID, 9)
    assert found.gap is None
    return found


def test_the_pages_of_a_search_may_be_of_two_servers() -> None:
    found = searched(from_server(A, LUPUS, following="next"), from_server(B, NEPHRITIS))
    assert ids(found.resources) == NAMES
    assert sorted(found.full_urls.values()) == [f"Condition/{name}" for name in NAMES]


def test_the_pages_of_one_server_are_left_as_they_are() -> None:
    other = charts.condition("68815009", "c2")
    found = searched(from_server(A, LUPUS, following="next"), from_server(A, other))
    assert ids(found.resources) == ["c1", "c2"]


def test_no_server_is_asked_for_a_drug_by_a_name_of_ours() -> None:
    base = parse_base(A)
    assert base is not None
    assert not list(References(base).missing([charts.order(reference="Medication/7@b.example:fhir")]))
    assert list(References(base).missing([charts.order(reference="Medication/7")]))


def patients_of(tmp_path: Path, *documents: Json) -> dict[str, list[str]]:
    paths = [tmp_path / f"{number}.json" for number in range(len(documents))]
    for path, document in zip(paths, documents, strict=True):
        path.write_bytes(orjson.dumps(document))
    found = sort_by_patient(read_files(paths)).patients
    return {patient.patient_id: sorted(ids(patient.resources)) for patient in found}


def test_files_of_two_servers_are_of_one_patient_with_both_diagnoses(tmp_path: Path) -> None:
    ours = charts.patient()
    found = patients_of(tmp_path, from_server(A, ours, LUPUS), from_server(B, ours, NEPHRITIS))
    assert found == {PATIENT_ID: [*NAMES, PATIENT_ID, PATIENT_ID]}


def test_files_of_two_servers_with_another_patient_of_that_id_are_of_two(tmp_path: Path) -> None:
    ours, theirs = charts.patient(), charts.patient(birthDate="1971-03-02")
    found = patients_of(tmp_path, from_server(A, ours, LUPUS), from_server(B, theirs, NEPHRITIS))
    names = [f"{PATIENT_ID}@a.example:fhir", f"{PATIENT_ID}@b.example:fhir"]
    assert found == {name: sorted([name, one]) for name, one in zip(names, NAMES, strict=True)}


def test_a_file_without_full_urls_brings_versions_of_what_has_one(tmp_path: Path) -> None:
    found = patients_of(tmp_path, from_server(A, charts.patient(), LUPUS), NEPHRITIS)
    assert found == {PATIENT_ID: ["c1", "c1", PATIENT_ID]}
