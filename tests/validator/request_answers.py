"""Our service as a receiver of requests: an EHR stands behind it that has the Patient and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import orjson
import responses
from flask.testing import FlaskClient
from requests import PreparedRequest
from werkzeug.test import TestResponse

from cds_service.app import create_app
from cds_service.settings import Settings
from tests.validator.our_service import DISCOVERY, Json

OVER_TLS = "https://hooks.smarthealthit.org"
SERVERS = ("http://localhost:8080/fhir", "http://hooks.smarthealthit.org:9080", OVER_TLS)
"""The FHIR servers that HL7's samples name, and one to which a token may go."""


def new_receiver() -> FlaskClient:
    """Our service, which may read the samples' FHIR servers."""
    return create_app(Settings(fhir_hosts=SERVERS)).test_client()


def services_by_hook(client: FlaskClient) -> dict[str, str]:
    """The id of one service for each hook that we offer."""
    services = client.get(DISCOVERY).get_json()["services"]
    return {service["hook"]: service["id"] for service in services}


def post(client: FlaskClient, service_id: str, text: str) -> TestResponse:
    """Sends a request as it stands, while the EHR answers."""
    with _ehr():
        return client.post(f"{DISCOVERY}/{service_id}", data=text.encode(), content_type="application/json")


def refused_at(answer: TestResponse) -> list[str]:
    """The members that a refusal is about; each issue says in words what is wrong."""
    assert answer.status_code == 400, answer.text
    issues: list[Json] = answer.get_json()["issue"]
    assert all(issue["severity"] == "error" and issue["details"]["text"].strip() for issue in issues)
    return [issue.get("expression", [""])[0] for issue in issues]


@contextmanager
def _ehr() -> Iterator[None]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.add_callback(responses.GET, re.compile("http.*"), callback=_read)
        yield


def _read(request: PreparedRequest) -> Any:
    *_, kind, last = ["", *urlsplit(str(request.url)).path.split("/")]
    found: Json = {"resourceType": "Bundle", "type": "searchset"}
    if kind == "Patient":
        found = {"resourceType": "Patient", "id": last, "birthDate": "1980-01-01", "gender": "female"}
    return 200, {"Content-Type": "application/fhir+json"}, orjson.dumps(found)
