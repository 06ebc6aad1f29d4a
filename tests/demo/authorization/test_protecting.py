"""What a bearer token opens on the FHIR server."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask, Response

from cds_service.demo.authorization.authority import Authority
from cds_service.demo.authorization.parties import Grant
from cds_service.demo.authorization.protecting import protect_fhir
from tests.demo.authorization.in_process import Running

PATIENT = Grant("app", ("launch", "patient/*.rs", "patient/ServiceRequest.c"), 0.0, patient="p1")
SYSTEM = Grant("service", ("system/Task.crus", "system/Patient.rs", "system/Medication.read"), 0.0)
SUBJECT = {"subject": {"reference": "Patient/p1"}}


def status(running: Running, grant: Grant | None, method: str, path: str, body: Any = None) -> int:
    until = running.clock.now + 60
    headers = {}
    if grant is not None:
        headers["Authorization"] = f"Bearer {running.authority.tokens.put(grant, until)}"
    return running.http.open(path, method=method, json=body, headers=headers).status_code


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("GET", "/fhir/Patient/p1", None, 200),
        ("GET", "/fhir/Patient/p2", None, 403),
        ("GET", "/fhir/Patient?_id=p1", None, 200),
        ("GET", "/fhir/Patient?_id=p1,p2", None, 403),
        ("GET", "/fhir/Patient", None, 403),
        ("GET", "/fhir/Observation?patient=p1", None, 200),
        ("GET", "/fhir/Observation?subject=Patient/p1", None, 200),
        ("GET", "/fhir/Observation?patient=p2", None, 403),
        ("GET", "/fhir/Observation?patient=p1&subject=Patient/p2", None, 403),
        ("GET", "/fhir/Observation", None, 403),
        ("GET", "/fhir/Observation/p1-1", None, 200),
        ("GET", "/fhir/Observation/p2-1", None, 403),
        ("GET", "/fhir/Medication?_id=m1,m2", None, 200),
        ("GET", "/fhir?_getpages=abc", None, 200),
        ("GET", "/fhir?patient=p1", None, 403),
        ("POST", "/fhir/ServiceRequest", SUBJECT, 200),
        ("POST", "/fhir/ServiceRequest", {"subject": {"reference": "Patient/p2"}}, 403),
        ("POST", "/fhir/ServiceRequest", {**SUBJECT, "for": {"reference": "Patient/p2"}}, 403),
        ("POST", "/fhir/ServiceRequest", {}, 403),
        ("POST", "/fhir/ServiceRequest", [], 403),
        ("POST", "/fhir/Task", {"for": {"reference": "Patient/p1"}}, 403),
        ("PUT", "/fhir/ServiceRequest/s1", SUBJECT, 403),
        ("DELETE", "/fhir/ServiceRequest/s1", None, 403),
        ("GET", "/fhir/metadata", None, 200),
    ],
)
def test_a_token_for_a_patient_covers_that_patient_within_its_scopes(
    running: Running, method: str, path: str, body: Any, expected: int
) -> None:
    assert status(running, PATIENT, method, path, body) == expected


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/fhir/Task?status=requested", 200),
        ("POST", "/fhir/Task", 200),
        ("PUT", "/fhir/Task/t1", 200),
        ("DELETE", "/fhir/Task/t1", 403),
        ("GET", "/fhir/Patient/p2", 200),
        ("PUT", "/fhir/Patient/p2", 403),
        ("GET", "/fhir/Medication/m1", 200),
        ("POST", "/fhir/Medication", 403),
        ("GET", "/fhir/Observation?patient=p1", 403),
        ("GET", "/fhir/Tasks", 403),
    ],
)
def test_a_token_of_a_service_covers_its_types(
    running: Running, method: str, path: str, expected: int
) -> None:
    assert status(running, SYSTEM, method, path, {}) == expected


def test_without_a_token_the_demo_is_open_and_with_a_wrong_one_closed(running: Running) -> None:
    assert status(running, None, "GET", "/fhir/Patient/p1") == 200
    for header in ("Bearer wrong", "Bearer ", "Basic abc"):
        answer = running.http.get("/fhir/Patient/p1", headers={"Authorization": header})
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
        assert answer.get_json()["resourceType"] == "OperationOutcome"


def test_a_token_that_is_over_opens_nothing(running: Running) -> None:
    token = running.authority.tokens.put(PATIENT, running.clock.now + 1)
    running.clock.now += 2
    answer = running.http.get("/fhir/Patient/p1", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401


def test_where_it_is_required_nothing_is_open_but_the_documents() -> None:
    app = Flask("gate")
    protect_fhir(app, Authority({}, ()), required=True)
    app.add_url_rule("/fhir/<path:path>", view_func=lambda path: Response("reached"))
    http = app.test_client()
    assert http.get("/fhir/Patient/p1").status_code == 401
    assert http.get("/fhir/metadata").status_code == 200
    assert http.get("/fhir/.well-known/smart-configuration").status_code == 200


def test_without_a_way_to_ask_whose_it_is_a_patients_token_reads_no_single_resource(
    running: Running,
) -> None:
    app = Flask("gate")
    authority = Authority({}, ())
    protect_fhir(app, authority)
    app.add_url_rule("/fhir/<path:path>", view_func=lambda path: Response("reached"))
    token = authority.tokens.put(replace(PATIENT), authority.clock() + 60)
    headers = {"Authorization": f"Bearer {token}"}
    assert app.test_client().get("/fhir/Observation/o1", headers=headers).status_code == 403
    assert app.test_client().get("/fhir/Patient/p1", headers=headers).status_code == 200


def test_other_paths_are_not_its_matter(running: Running) -> None:
    assert running.http.get("/fhirfoo", headers={"Authorization": "Bearer wrong"}).status_code == 404
