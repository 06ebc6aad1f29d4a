"""A service on the tests' own trial, and a client that calls it as an EHR on this machine would."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from cds_service.app import create_app
from cds_service.settings import Settings
from mappings.trial_definition import Catalog
from tests.service import charts
from tests.service.definitions import TODAY, catalog

BASE = "https://ehr.example/fhir"
NewClient = Callable[..., FlaskClient]


@pytest.fixture
def new_client() -> NewClient:
    """Makes a client of a service with these settings."""

    def make(definitions: Catalog | None = None, **settings: Any) -> FlaskClient:
        values = {"fhir_hosts": (BASE,), "deadline": 1.0, **settings}
        return create_app(
            Settings(**values), catalog=definitions or catalog(), today=lambda: TODAY
        ).test_client()

    return make


@pytest.fixture
def client(new_client: NewClient) -> FlaskClient:
    return new_client()


def call(client: FlaskClient, body: Any = None, **members: Any) -> TestResponse:
    """POSTs a request; without a body, a valid one with these members."""
    sent = charts.request_body(**members) if body is None else body
    raw = sent if isinstance(sent, bytes) else orjson.dumps(sent)
    return client.post(charts.SERVICE, data=raw, content_type="application/json")


def cards_of(response: TestResponse) -> list[dict[str, Any]]:
    """The cards of an answer that must be a success."""
    assert response.status_code == 200, response.text
    cards = response.get_json()["cards"]
    assert isinstance(cards, list)
    return cards


def faults_of(response: TestResponse, status: int) -> list[str]:
    """What an answer finds fault with, after checking that it has the one shape of all errors."""
    assert response.status_code == status, response.text
    body = response.get_json()
    assert body["resourceType"] == "OperationOutcome"
    assert body["issue"]
    for issue in body["issue"]:
        assert set(issue) <= {"severity", "code", "details", "expression"}
        assert issue["details"]["text"].strip()
    return [issue.get("expression", [""])[0] for issue in body["issue"]]
