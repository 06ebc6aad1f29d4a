"""Updates, versions and conditional creates of the demo's FHIR server: what referrals need of an EHR."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from flask import Flask
from flask.testing import FlaskClient

from cds_service.demo.fhir_server import create_fhir_server, store_of
from tests.demo.test_fhir_server import body, ids

SYSTEM = "https://trialhook.example/fhir/referral"
TASK = {
    "resourceType": "Task",
    "identifier": [{"system": SYSTEM, "value": "one"}],
    "status": "requested",
    "intent": "order",
    "for": {"reference": "Patient/lin-mei"},
}
CONDITION = {"If-None-Exist": f"identifier={SYSTEM}|one"}


@pytest.fixture
def task(client: FlaskClient) -> dict[str, Any]:
    """A Task on the server."""
    return body(client.post("/fhir/Task", json=TASK))


def put(client: FlaskClient, resource: dict[str, Any], **headers: str) -> Any:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.put(f"/fhir/Task/{resource['id']}", json=resource, headers=sent)


def test_an_update_makes_the_next_version(client: FlaskClient, task: dict[str, Any]) -> None:
    answer = put(client, {**task, "status": "received"}, If_Match='W/"1"')
    assert (answer.status_code, answer.headers["ETag"]) == (200, 'W/"2"')
    assert body(answer)["meta"]["versionId"] == "2"
    read = client.get(f"/fhir/Task/{task['id']}")
    assert (body(read), read.headers["ETag"]) == (body(answer), 'W/"2"')
    get_fhir_model_class("Task").model_validate(body(read))


def test_an_update_of_another_version_is_refused_and_changes_nothing(
    client: FlaskClient, task: dict[str, Any]
) -> None:
    put(client, {**task, "status": "received"})
    late = put(client, {**task, "status": "rejected"}, If_Match='W/"1"')
    assert late.status_code == 412
    assert "version 2, not 1" in body(late)["issue"][0]["diagnostics"]
    assert body(client.get(f"/fhir/Task/{task['id']}"))["status"] == "received"


def test_of_many_updates_of_one_version_one_is_made(client: FlaskClient, task: dict[str, Any]) -> None:
    app: Flask = client.application

    def receive(_number: int) -> int:
        status: int = put(app.test_client(), {**task, "status": "received"}, If_Match='W/"1"').status_code
        return status

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(receive, range(16)))
    assert sorted(statuses) == [200, *[412] * 15]


@pytest.mark.parametrize(
    ("change", "headers", "status", "words"),
    [
        ({"id": "other"}, {}, 400, "must have the id"),
        ({}, {"If_Match": "one"}, 400, "If-Match is a version"),
        ({"status": 1}, {}, 422, "status"),
        ({"resourceType": "ServiceRequest"}, {}, 422, "Expected a Task"),
    ],
)
def test_what_is_not_a_valid_update_is_refused(
    client: FlaskClient,
    task: dict[str, Any],
    change: dict[str, Any],
    headers: dict[str, str],
    status: int,
    words: str,
) -> None:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = client.put(f"/fhir/Task/{task['id']}", json={**task, **change}, headers=sent)
    assert (answer.status_code, words in answer.text) == (status, True), answer.text
    assert body(client.get(f"/fhir/Task/{task['id']}")) == task


def test_ids_are_the_servers_own(client: FlaskClient) -> None:
    answer = put(client, {**TASK, "id": "mine"})
    assert answer.status_code == 405
    assert ids(client.get("/fhir/Task")) == []


def test_a_conditional_create_answers_with_what_is_there(client: FlaskClient, task: dict[str, Any]) -> None:
    again = client.post("/fhir/Task", json={**TASK, "status": "draft"}, headers=CONDITION)
    assert (again.status_code, body(again)) == (200, task)
    assert "Location" not in again.headers
    assert ids(client.get("/fhir/Task")) == [task["id"]]


def test_of_many_conditional_creates_one_is_made(client: FlaskClient) -> None:
    app: Flask = client.application

    def create(_number: int) -> int:
        return app.test_client().post("/fhir/Task", json=TASK, headers=CONDITION).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(create, range(16)))
    assert sorted(statuses) == [*[200] * 15, 201]


def test_a_condition_that_several_meet_creates_nothing(client: FlaskClient, task: dict[str, Any]) -> None:
    other = body(client.post("/fhir/Task", json=TASK))
    answer = client.post("/fhir/Task", json=TASK, headers=CONDITION)
    assert answer.status_code == 412
    assert ids(client.get("/fhir/Task")) == [task["id"], other["id"]]


@pytest.mark.parametrize("condition", ["?", "colour=red"])
def test_a_condition_that_cannot_be_asked_is_refused(client: FlaskClient, condition: str) -> None:
    answer = client.post("/fhir/Task", json=TASK, headers={"If-None-Exist": condition})
    assert answer.status_code == 400
    assert ids(client.get("/fhir/Task")) == []


def test_a_resource_is_found_by_its_identifier(client: FlaskClient, task: dict[str, Any]) -> None:
    assert ids(client.get(f"/fhir/Task?identifier={SYSTEM}|one")) == [task["id"]]
    assert ids(client.get(f"/fhir/Task?identifier={SYSTEM}|two")) == []
    assert ids(client.get("/fhir/Task?identifier=https://elsewhere.example|one")) == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"_sort": "_lastUpdated"}, [2, 0, 1]),
        ({"_sort": "-_lastUpdated"}, [1, 0, 2]),
        ({"_lastUpdated": "ge2026-06-15T08:00:00Z", "_sort": "_lastUpdated"}, [0, 1]),
        ({"_lastUpdated": "gt2026-06-15T08:00:00Z"}, [1]),
        ({"_lastUpdated": "lt2026-06-15T13:45:00+05:45"}, [2]),
        ({"_lastUpdated": "ge2026-06-15T09:00:00.001Z"}, []),
    ],
)
def test_what_has_changed_since_a_moment_is_found_in_the_order_of_change(
    client: FlaskClient, query: dict[str, str], expected: list[int]
) -> None:
    store, noon = store_of(client.application), datetime(2026, 6, 15, 8, tzinfo=UTC)
    kept = [store.create(TASK, noon + timedelta(hours=late)).resource for late in (-2, 1, -1)]
    store.update(kept[0], noon)
    found = ids(client.get("/fhir/Task", query_string=query))
    assert found == [kept[number]["id"] for number in expected]


def test_sample_patients_have_a_version_too(client: FlaskClient) -> None:
    patient = body(client.get("/fhir/Patient/lin-mei"))
    assert patient["meta"]["versionId"] == "1"
    assert datetime.fromisoformat(patient["meta"]["lastUpdated"]) <= datetime.now(UTC)


@pytest.mark.parametrize(
    "resource",
    [
        TASK,
        {
            "resourceType": "QuestionnaireResponse",
            "questionnaire": "https://trialhook.example/fhir/Questionnaire/NCT06920433",
            "status": "completed",
            "subject": {"reference": "Patient/lin-mei"},
        },
    ],
    ids=lambda resource: resource["resourceType"],
)
def test_what_a_referral_writes_is_found_by_patient(client: FlaskClient, resource: dict[str, Any]) -> None:
    kind = resource["resourceType"]
    created = body(client.post(f"/fhir/{kind}", json=resource))
    assert ids(client.get(f"/fhir/{kind}?patient=lin-mei&status={resource['status']}")) == [created["id"]]
    assert ids(client.get(f"/fhir/{kind}?patient=zhou-yan")) == []


def test_a_questionnaire_response_is_found_by_what_it_answers(client: FlaskClient) -> None:
    canonical = "https://trialhook.example/fhir/Questionnaire/NCT06920433"
    answered = {
        "resourceType": "QuestionnaireResponse",
        "status": "completed",
        "questionnaire": canonical,
    }
    created = body(client.post("/fhir/QuestionnaireResponse", json=answered))
    found = client.get("/fhir/QuestionnaireResponse", query_string={"questionnaire": canonical})
    assert ids(found) == [created["id"]]
    none = client.get("/fhir/QuestionnaireResponse", query_string={"questionnaire": f"{canonical}0"})
    assert ids(none) == []


def test_a_server_without_patients_can_be_written_to(tmp_path: Any) -> None:
    client = create_fhir_server(tmp_path).test_client()
    assert client.post("/fhir/Task", json=TASK, headers=CONDITION).status_code == 201
