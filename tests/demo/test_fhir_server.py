from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from fhir.resources.R4B import get_fhir_model_class
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from cds_service.demo.fhir_server import create_fhir_server

UPCR = "http://loinc.org|2890-2"
DRAFT = {
    "resourceType": "ServiceRequest",
    "id": "draft",
    "status": "draft",
    "intent": "proposal",
    "subject": {"reference": "Patient/lin-mei"},
}


def ids(answer: TestResponse) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [entry["resource"]["id"] for entry in orjson.loads(answer.data).get("entry", [])]


def body(answer: TestResponse) -> dict[str, Any]:
    parsed: dict[str, Any] = orjson.loads(answer.data)
    return parsed


def test_the_capability_statement_is_valid_and_lists_what_can_be_searched(client: FlaskClient) -> None:
    answer = client.get("/fhir/metadata")
    assert answer.content_type == "application/fhir+json"
    get_fhir_model_class("CapabilityStatement").model_validate(body(answer))
    types = {resource["type"] for resource in body(answer)["rest"][0]["resource"]}
    assert {"Patient", "Observation", "ServiceRequest"} <= types


def test_a_resource_is_read_by_type_and_id(client: FlaskClient) -> None:
    answer = client.get("/fhir/Patient/lin-mei")
    assert (answer.status_code, answer.content_type) == (200, "application/fhir+json")
    assert body(answer)["id"] == "lin-mei"


@pytest.mark.parametrize("patient", ["lin-mei", "Patient/lin-mei", "http://localhost/fhir/Patient/lin-mei"])
@pytest.mark.parametrize("parameter", ["patient", "subject"])
def test_a_patient_is_meant_by_id_or_by_reference(client: FlaskClient, parameter: str, patient: str) -> None:
    found = ids(client.get(f"/fhir/Condition?{parameter}={patient}"))
    assert found == ["lin-mei-sle", "lin-mei-lupus-nephritis"]


def test_a_patient_whose_id_ends_alike_is_another_patient(client: FlaskClient) -> None:
    assert ids(client.get("/fhir/Condition?patient=mei")) == []


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (UPCR, {"lin-mei-upcr", "lin-mei-upcr-2"}),
        ("2890-2", {"lin-mei-upcr", "lin-mei-upcr-2"}),
        ("http://snomed.info/sct|2890-2", set()),
        ("|2890-2", set()),
        (f"{UPCR},http://loinc.org|89247-1", {"lin-mei-upcr", "lin-mei-upcr-2", "lin-mei-ecog"}),
    ],
)
def test_a_code_matches_with_its_system_or_bare(client: FlaskClient, code: str, expected: set[str]) -> None:
    assert (
        set(ids(client.get("/fhir/Observation", query_string={"patient": "lin-mei", "code": code})))
        == expected
    )


def test_category_and_status_take_lists(client: FlaskClient) -> None:
    found = ids(client.get("/fhir/Observation?patient=zhang-wei&category=survey,exam&status=final,amended"))
    assert found == ["zhang-wei-activity-index", "zhang-wei-chronicity-index", "zhang-wei-ecog"]


def test_a_repeated_parameter_means_and(client: FlaskClient) -> None:
    assert ids(client.get("/fhir/Observation?patient=lin-mei&patient=zhang-wei")) == []


def test_resources_are_found_by_a_list_of_ids(client: FlaskClient) -> None:
    assert set(ids(client.get("/fhir/Patient?_id=lin-mei,zhang-wei,nobody"))) == {"lin-mei", "zhang-wei"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("name=lin", {"lin-mei"}),
        ("name=Mei", {"lin-mei"}),
        ("name=ei", set()),
        ("family=mei", set()),
        ("family=LI", {"lin-mei", "liu-na"}),
        ("given=mei", {"lin-mei"}),
        ("name=lin,zhang", {"lin-mei", "zhang-wei"}),
        ("name=lin&name=na", set()),
    ],
)
def test_a_patient_is_found_by_how_a_part_of_the_name_begins(
    client: FlaskClient, query: str, expected: set[str]
) -> None:
    assert set(ids(client.get(f"/fhir/Patient?{query}"))) == expected


def test_drugs_are_found_by_code_and_subjects_by_patient(client: FlaskClient) -> None:
    assert ids(client.get("/fhir/MedicationRequest?patient=lin-mei&code=312615")) == [
        "lin-mei-prednisone-order"
    ]
    assert ids(client.get("/fhir/ResearchSubject?patient=guo-li")) == ["guo-li-subject"]


def test_the_newest_result_comes_first_if_asked(client: FlaskClient) -> None:
    newest = ids(client.get(f"/fhir/Observation?patient=lin-mei&code={UPCR}&_sort=-date"))
    oldest = ids(client.get(f"/fhir/Observation?patient=lin-mei&code={UPCR}&_sort=date"))
    assert newest == ["lin-mei-upcr-2", "lin-mei-upcr"]
    assert oldest == newest[::-1]


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("ge2026-06-03", ["lin-mei-upcr-2"]),
        ("gt2026-06-03", []),
        ("lt2026-06-03", ["lin-mei-upcr"]),
        ("le2026-06-03", ["lin-mei-upcr", "lin-mei-upcr-2"]),
        ("2026-06", ["lin-mei-upcr-2"]),
        ("eq2026", ["lin-mei-upcr", "lin-mei-upcr-2"]),
        ("ge2026-06-03T08:31:00+08:00", []),
    ],
)
def test_dates_are_compared_as_the_periods_they_stand_for(
    client: FlaskClient, when: str, expected: list[str]
) -> None:
    query = {"patient": "lin-mei", "code": "2890-2", "date": when}
    assert ids(client.get("/fhir/Observation", query_string=query)) == expected


def test_a_search_for_some_elements_brings_these_and_says_so(client: FlaskClient) -> None:
    bundle = body(client.get("/fhir/Patient?_elements=birthDate,id&_count=2"))
    for entry in bundle["entry"]:
        assert set(entry["resource"]) <= {"resourceType", "id", "meta", "birthDate"}
        assert entry["resource"]["meta"]["tag"][0]["code"] == "SUBSETTED"
    [following] = [link["url"] for link in bundle["link"] if link["relation"] == "next"]
    assert "name" not in body(client.get(following))["entry"][0]["resource"]
    assert "name" in body(client.get("/fhir/Patient/lin-mei"))


def test_pages_follow_one_another_without_loss_or_repetition(client: FlaskClient) -> None:
    url = "/fhir/Observation?patient=lin-mei&_sort=-date&_count=7"
    seen: list[str] = []
    totals: list[int] = []
    while url:
        bundle = body(client.get(url))
        links = {link["relation"]: link["url"] for link in bundle["link"]}
        get_fhir_model_class("Bundle").model_validate(bundle)
        seen += [entry["resource"]["id"] for entry in bundle["entry"]]
        assert bundle["entry"][0]["fullUrl"].startswith("http://localhost/fhir/Observation/")
        url = links.get("next", "")
        totals.append(bundle["total"])
    everything = ids(client.get("/fhir/Observation?patient=lin-mei"))
    assert totals == [len(seen)] * 4
    assert sorted(seen) == sorted(everything)


def test_a_count_of_zero_gives_the_total_alone(client: FlaskClient) -> None:
    bundle = body(client.get("/fhir/Patient?_count=0"))
    assert bundle["total"] == 18
    assert "entry" not in bundle
    assert [link["relation"] for link in bundle["link"]] == ["self"]


@pytest.mark.parametrize(
    ("url", "status", "words"),
    [
        ("/fhir/Patient/nobody", 404, "no Patient/nobody"),
        ("/fhir/Device?patient=lin-mei", 404, "no Device"),
        ("/fhir/Observation?colour=red", 400, "colour"),
        ("/fhir/Observation?_include=Observation:subject", 400, "_include"),
        ("/fhir/Observation?_sort=code", 400, "sorted"),
        ("/fhir/Observation?_count=many", 400, "_count"),
        ("/fhir/Observation?page=zzz", 400, "page"),
        ("/fhir/Observation?date=yesterday", 400, "not a FHIR date"),
        ("/fhir/Observation?_format=xml", 400, "JSON"),
        ("/fhir/a/b/c", 404, ""),
    ],
)
def test_every_error_is_an_operation_outcome_that_says_why(
    client: FlaskClient, url: str, status: int, words: str
) -> None:
    answer = client.get(url)
    assert (answer.status_code, answer.content_type) == (status, "application/fhir+json")
    get_fhir_model_class("OperationOutcome").model_validate(body(answer))
    assert words in body(answer)["issue"][0]["diagnostics"]


def test_a_created_resource_gets_an_id_and_a_location_and_can_be_read(client: FlaskClient) -> None:
    answer = client.post("/fhir/ServiceRequest", json=DRAFT)
    created = body(answer)
    assert answer.status_code == 201
    assert created["id"] != "draft"
    assert answer.headers["Location"] == f"http://localhost/fhir/ServiceRequest/{created['id']}/_history/1"
    assert created["meta"]["versionId"] == "1"
    assert body(client.get(f"/fhir/ServiceRequest/{created['id']}")) == created
    assert ids(client.get("/fhir/ServiceRequest?patient=lin-mei&status=draft")) == [created["id"]]


@pytest.mark.parametrize(
    ("kind", "sent", "status", "words"),
    [
        ("ServiceRequest", b"{", 400, "not JSON"),
        ("ServiceRequest", b"[]", 422, "Expected a ServiceRequest"),
        ("ServiceRequest", b'{"resourceType": "Patient"}', 422, "Expected a ServiceRequest"),
        ("ServiceRequest", b'{"resourceType": "ServiceRequest", "status": "draft"}', 422, "subject"),
        ("Device", b'{"resourceType": "Device"}', 404, "no Device"),
    ],
)
def test_what_is_not_valid_is_not_created(
    client: FlaskClient, kind: str, sent: bytes, status: int, words: str
) -> None:
    answer = client.post(f"/fhir/{kind}", data=sent, content_type="application/fhir+json")
    assert answer.status_code == status
    assert words in answer.text


def test_a_body_of_another_type_or_too_large_a_body_is_refused(client: FlaskClient) -> None:
    assert client.post("/fhir/ServiceRequest", data="a=b", content_type="text/plain").status_code == 415
    large = client.post("/fhir/ServiceRequest", data=b" " * 1_000_001, content_type="application/json")
    assert large.status_code == 413


def test_only_this_machine_is_answered(client: FlaskClient) -> None:
    assert client.get("/fhir/metadata", headers={"Host": "elsewhere.example"}).status_code == 403
    assert client.get("/fhir/metadata", environ_base={"REMOTE_ADDR": "192.0.2.7"}).status_code == 403
    assert client.get("/fhir/metadata", headers={"Host": "[::1]:8091"}).status_code == 200


def test_a_folder_with_two_resources_of_one_id_is_refused(tmp_path: Path) -> None:
    patient = {"resource": {"resourceType": "Patient", "id": "twice"}}
    (tmp_path / "a.json").write_bytes(orjson.dumps({"resourceType": "Bundle", "entry": [patient, patient]}))
    with pytest.raises(ValueError, match=r"a\.json: Patient/twice is there twice"):
        create_fhir_server(tmp_path)


def test_a_folder_with_something_else_than_bundles_is_refused(tmp_path: Path) -> None:
    (tmp_path / "b.json").write_bytes(b'{"resourceType": "Patient"}')
    with pytest.raises(ValueError, match=r"b\.json: expected a Bundle"):
        create_fhir_server(tmp_path)
