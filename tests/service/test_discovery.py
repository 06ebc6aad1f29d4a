"""GET /cds-services."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from flask.testing import FlaskClient

from tests.service.conftest import NewClient
from tests.service.definitions import TRIAL, catalog

PORTABLE = {"patient", "code", "category", "_sort", "_count"}
TOKEN = re.compile(r"\{\{.*?\}\}")


def test_one_patient_view_service_is_listed_with_all_that_the_specification_asks_for(
    client: FlaskClient,
) -> None:
    answer = client.get("/cds-services")
    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    [service] = answer.get_json()["services"]
    assert set(service) == {"hook", "id", "title", "description", "usageRequirements", "prefetch"}
    assert (service["hook"], service["id"]) == ("patient-view", "trial-match-patient-view")
    assert all(value for value in service.values())


def test_the_templates_stay_in_the_portable_subset_and_repeat_no_parameter(client: FlaskClient) -> None:
    [service] = client.get("/cds-services").get_json()["services"]
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
    again = client.get("/cds-services", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_other_definitions_give_another_tag(new_client: NewClient, client: FlaskClient) -> None:
    other = new_client(catalog(), serve_drafts=False)
    assert TRIAL.facts.status == "draft"
    assert other.get("/cds-services").headers["ETag"] != client.get("/cds-services").headers["ETag"]


def test_without_a_trial_to_serve_only_the_patient_is_asked_for(new_client: NewClient) -> None:
    [service] = new_client(serve_drafts=False).get("/cds-services").get_json()["services"]
    assert set(service["prefetch"]) == {"patient", "research-subjects"}


def test_a_slash_at_the_end_does_no_harm_and_nothing_redirects(client: FlaskClient) -> None:
    assert client.get("/cds-services/").status_code == 200
    assert client.get("/", environ_overrides={"PATH_INFO": "//cds-services"}).status_code == 200
    assert client.head("/cds-services").status_code == 200


def test_health_says_ok_and_nothing_more(client: FlaskClient) -> None:
    answer = client.get("/healthz")
    assert answer.get_json() == {"status": "ok"}
    assert answer.headers["Cache-Control"] == "no-store"
