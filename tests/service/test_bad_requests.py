"""Requests that are not what CDS Hooks describes: each is refused in one shape, with what to do."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient

from tests.service import charts
from tests.service.conftest import BASE, NewClient, call, cards_of, faults_of

USER = "Practitioner/dr1"
TOKEN = {"access_token": "t0ken", "token_type": "Bearer"}


def context(**members: Any) -> dict[str, Any]:
    usual = {"userId": USER, "patientId": charts.PATIENT_ID}
    return {name: value for name, value in {**usual, **members}.items() if value is not ...}


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"not json", 400),
        (b'{"hook": NaN}', 400),
        (b'{"hook": "\xff"}', 400),
        (b"[" * 100_000, 400),
        (b'{"a":' * 300 + b"1" + b"}" * 300, 400),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, 400),
        (b"[]", 400),
        (b'"hook"', 400),
        (b"null", 400),
        (b"7", 400),
    ],
)
def test_a_body_that_is_not_a_json_object_is_refused(client: FlaskClient, raw: bytes, status: int) -> None:
    assert faults_of(call(client, raw), status) == [""]


def test_a_deeply_nested_body_is_told_from_one_that_is_broken(client: FlaskClient) -> None:
    for depth in (300, 5000):
        raw = b'{"a":' * depth + b"1" + b"}" * depth
        assert "nested too deeply" in call(client, raw).text


@pytest.mark.parametrize(
    "member", ["code", "subject", "extension", "status", "medicationReference", "contained", "id"]
)
@pytest.mark.parametrize("resource", [charts.condition(), charts.upcr(), charts.order(), charts.patient()])
def test_resources_nested_as_deep_as_is_allowed_do_no_harm(
    client: FlaskClient, resource: charts.Json, member: str
) -> None:
    deep: Any = "x"
    for _ in range(120):
        deep = {"a": [deep]}
    rows = charts.bundle(charts.condition(), {**resource, member: deep})
    assert len(cards_of(call(client, prefetch=charts.full_prefetch(conditions=rows)))) == 1


def test_a_body_over_the_limit_is_refused(new_client: NewClient) -> None:
    client = new_client(max_body=2048)
    answer = call(client, b" " * 4096)
    assert faults_of(answer, 413) == [""]
    assert "2048 bytes" in answer.text


@pytest.mark.parametrize(
    "content_type",
    [None, "text/plain", "text/json", "application/xml", "application/json; charset=utf-16", "*/*"],
)
def test_another_media_type_is_refused(client: FlaskClient, content_type: str | None) -> None:
    raw = orjson.dumps(charts.request_body())
    answer = client.post(charts.SERVICE, data=raw, content_type=content_type)
    assert faults_of(answer, 415) == [""]


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=UTF-8",
        "application/json; charset=us-ascii",
        "application/fhir+json",
        "Application/JSON",
    ],
)
def test_the_json_media_types_are_taken(client: FlaskClient, content_type: str) -> None:
    raw = orjson.dumps(charts.request_body())
    assert len(cards_of(client.post(charts.SERVICE, data=raw, content_type=content_type))) == 1


def test_a_packed_body_is_refused(client: FlaskClient) -> None:
    answer = client.post(
        charts.SERVICE, data=b"x", content_type="application/json", headers={"Content-Encoding": "gzip"}
    )
    assert faults_of(answer, 415) == [""]


def test_an_unknown_service_is_404_whatever_the_body(client: FlaskClient) -> None:
    for path in ("/cds-services/no-such-service", "/cds-services/.."):
        assert faults_of(client.post(path, data=b"{", content_type="application/json"), 404) == [""]
    assert faults_of(client.get("/no-such-path"), 404) == [""]


def test_another_method_is_405_with_those_that_are_allowed(client: FlaskClient) -> None:
    answer = client.get(charts.SERVICE)
    assert faults_of(answer, 405) == [""]
    assert "POST" in answer.headers["Allow"]
    assert faults_of(client.post("/cds-services"), 405) == [""]
    assert faults_of(client.put("/cds-services"), 405) == [""]
    assert faults_of(client.post("/openapi.json"), 405) == [""]


@pytest.mark.parametrize(
    ("members", "where"),
    [
        ({"hook": ...}, ["hook"]),
        ({"hook": None}, ["hook"]),
        ({"hook": "order-sign"}, ["hook"]),
        ({"hook": ["patient-view"]}, ["hook"]),
        ({"hookInstance": ...}, ["hookInstance"]),
        ({"hookInstance": "not-a-uuid"}, ["hookInstance"]),
        ({"hookInstance": f"urn:uuid:{charts.INSTANCE}"}, ["hookInstance"]),
        ({"hookInstance": charts.INSTANCE.replace("-", "")}, ["hookInstance"]),
        ({"hookInstance": f"{charts.INSTANCE}\n"}, ["hookInstance"]),
        ({"hookInstance": 7}, ["hookInstance"]),
        ({"context": ...}, ["context"]),
        ({"context": None}, ["context"]),
        ({"context": []}, ["context"]),
        ({"context": {}}, ["context.patientId", "context.userId"]),
        ({"context": context(patientId=...)}, ["context.patientId"]),
        ({"context": context(patientId=None)}, ["context.patientId"]),
        ({"context": context(userId=...)}, ["context.userId"]),
        ({"context": context(userId="Organization/o1")}, ["context.userId"]),
        ({"context": context(userId="Practitioner/..")}, ["context.userId"]),
        ({"context": context(userId={})}, ["context.userId"]),
        ({"context": context(encounterId="e/1")}, ["context.encounterId"]),
        ({"fhirServer": 7}, ["fhirServer"]),
        ({"fhirServer": "ehr.example/fhir"}, ["fhirServer"]),
        ({"fhirServer": "https://user:secret@ehr.example/fhir"}, ["fhirServer"]),
        ({"fhirAuthorization": TOKEN}, ["fhirServer"]),
        ({"fhirServer": "nowhere", "fhirAuthorization": TOKEN}, ["fhirServer"]),
        ({"fhirServer": BASE, "fhirAuthorization": "t0ken"}, ["fhirAuthorization"]),
        ({"fhirServer": BASE, "fhirAuthorization": {}}, ["fhirAuthorization.access_token"]),
        (
            {"fhirServer": BASE, "fhirAuthorization": {**TOKEN, "access_token": "a\r\nX-Evil: 1"}},
            ["fhirAuthorization.access_token"],
        ),
        (
            {"fhirServer": BASE, "fhirAuthorization": {**TOKEN, "token_type": "MAC"}},
            ["fhirAuthorization.token_type"],
        ),
        (
            {"fhirServer": BASE, "fhirAuthorization": {**TOKEN, "patient": "p2"}},
            ["fhirAuthorization.patient"],
        ),
        ({"prefetch": []}, ["prefetch"]),
        ({"prefetch": "all"}, ["prefetch"]),
    ],
)
def test_each_fault_is_reported_with_its_place(
    client: FlaskClient, members: dict[str, Any], where: list[str]
) -> None:
    assert faults_of(call(client, **members), 400) == where


@pytest.mark.parametrize(
    "patient_id",
    ["", ".", "..", "1,2", "1&_include=*", "1?x", "1/2", "../Patient/2", "a b", "a" * 65, "p1\n", "p_1", "ä",
     7, ["p1"], {}, "Practitioner/p1", "Patient/", "Patient/..", "https://ehr.example/Patient/p1", "%2e%2e"],
)  # fmt: skip
def test_a_patient_id_that_is_not_a_fhir_id_is_refused(client: FlaskClient, patient_id: object) -> None:
    answer = call(client, context=context(patientId=patient_id))
    assert faults_of(answer, 400) == ["context.patientId"]


def test_all_faults_are_reported_at_once(client: FlaskClient) -> None:
    answer = call(
        client,
        {
            "hook": "order-sign",
            "hookInstance": "x",
            "context": {"patientId": "..", "userId": 1, "encounterId": "/"},
            "fhirServer": "nowhere",
            "fhirAuthorization": {"token_type": "x"},
            "prefetch": 7,
        },
    )
    assert faults_of(answer, 400) == [
        "hook",
        "hookInstance",
        "context.patientId",
        "context.encounterId",
        "context.userId",
        "fhirServer",
        "fhirAuthorization.token_type",
        "fhirAuthorization.access_token",
        "prefetch",
    ]


@pytest.mark.parametrize(
    "members",
    [
        {"context": context(patientId="Patient/p1")},
        {"context": context(userId="dr1")},
        {"context": context(userId="PractitionerRole/dr-1.x")},
        {"context": context(encounterId="Encounter/e1")},
        {"context": context(encounterId=None)},
        {"context": context(unknown={"deep": []}, selections=[])},
        {"hookInstance": charts.INSTANCE.upper()},
        {"extension": {"com.example": {"x": 1}}},
        {"user": "x", "patient": "y", "oauth": None, "encounter": 7},
        {"fhirServer": None, "fhirAuthorization": None},
        {"fhirServer": f"{BASE}/"},
        {"fhirServer": BASE, "fhirAuthorization": {**TOKEN, "patient": "Patient/p1", "expires_in": "soon"}},
        {"fhirServer": BASE, "fhirAuthorization": {**TOKEN, "token_type": "bearer"}},
    ],
)
def test_what_real_clients_send_beside_the_specification_is_tolerated(
    client: FlaskClient, members: dict[str, Any]
) -> None:
    assert len(cards_of(call(client, **members))) == 1
