"""GET /cds-services."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from flask.testing import FlaskClient

from tests.service.conftest import NewClient
from tests.service.definitions import TRIAL, catalog

PORTABLE = {"patient", "code", "category", "_sort", "_count"}
TOKEN = re.compile(r"\{\{.*?\}\}")


def test_every_hook_is_listed_with_all_that_the_specification_asks_for(client: FlaskClient) -> None:
    answer = client.get("/cds-services")
    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    services = answer.get_json()["services"]
    assert [(one["hook"], one["id"]) for one in services] == [
        ("patient-view", "trial-match-patient-view"),
        ("encounter-start", "trial-match-encounter-start"),
        ("order-select", "trial-match-order-select"),
        ("order-sign", "trial-match-order-sign"),
        ("appointment-book", "trial-match-appointment-book"),
    ]
    for service in services:
        assert set(service) == {"hook", "id", "title", "description", "usageRequirements", "prefetch"}
        assert all(value for value in service.values())


def test_the_titles_and_the_descriptions_tell_the_services_apart(client: FlaskClient) -> None:
    services = client.get("/cds-services").get_json()["services"]
    assert len({one["title"] for one in services}) == len(services)
    for service in services:
        assert ("Speaks only when" in service["description"]) == service["hook"].startswith("order-")


def test_each_service_that_is_listed_answers_a_post(client: FlaskClient) -> None:
    for service in client.get("/cds-services").get_json()["services"]:
        answer = client.post(f"/cds-services/{service['id']}", json={})
        assert answer.status_code == 400
        assert "hookInstance" in answer.text


def test_the_templates_stay_in_the_portable_subset_and_repeat_no_parameter(client: FlaskClient) -> None:
    for service in client.get("/cds-services").get_json()["services"]:
        templates = service["prefetch"]
        assert templates.pop("patient") == "Patient/{{context.patientId}}"
        for template in templates.values():
            assert TOKEN.findall(template) == ["{{context.patientId}}"]
            kind, _, query = template.partition("?")
            names = [name for name, _ in parse_qsl(query)]
            assert kind.isalpha()
            assert len(names) == len(set(names))
            assert set(names) <= PORTABLE
            assert len(template) < 1500


def test_the_document_is_the_same_for_every_process(new_client: NewClient) -> None:
    first, second = (new_client().get("/cds-services") for _ in range(2))
    assert first.data == second.data
    assert first.headers["ETag"] == second.headers["ETag"]


def test_a_client_that_has_the_document_is_told_so(client: FlaskClient) -> None:
    first = client.get("/cds-services")
    assert "max-age=" in first.headers["Cache-Control"]
    assert "private" in first.headers["Cache-Control"]
    again = client.get("/cds-services", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_other_definitions_give_another_tag(new_client: NewClient, client: FlaskClient) -> None:
    other = new_client(catalog(), serve_drafts=False)
    assert TRIAL.facts.status == "draft"
    assert other.get("/cds-services").headers["ETag"] != client.get("/cds-services").headers["ETag"]


def test_without_a_trial_to_serve_only_the_patient_is_asked_for(new_client: NewClient) -> None:
    for service in new_client(serve_drafts=False).get("/cds-services").get_json()["services"]:
        assert set(service["prefetch"]) == {"patient", "research-subjects"}


def test_a_slash_at_the_end_does_no_harm_and_nothing_redirects(client: FlaskClient) -> None:
    assert client.get("/cds-services/").status_code == 200
    assert client.get("/", environ_overrides={"PATH_INFO": "//cds-services"}).status_code == 200
    assert client.head("/cds-services").status_code == 200


def test_health_says_ok_and_nothing_more(client: FlaskClient) -> None:
    answer = client.get("/healthz")
    assert answer.get_json() == {"status": "ok"}
    assert answer.headers["Cache-Control"] == "no-store"
