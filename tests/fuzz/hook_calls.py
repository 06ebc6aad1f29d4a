"""A chart as an EHR sends it: a patient-view call whose prefetch holds the whole chart."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import orjson
from flask.testing import FlaskClient

from cds_service.app import create_app
from cds_service.settings import Settings
from tests.fuzz.charts import TODAY, Chart, Json, catalog, is_the_patient, resource_of

SERVICE = "trial-match-patient-view"
_DAY = [TODAY]
"""The service's today; there is one service for a whole run."""


@cache
def _client() -> FlaskClient:
    settings = Settings(fhir_hosts=("https://ehr.example/fhir",), deadline=0.5)
    return create_app(settings, catalog=catalog(), today=lambda: _DAY[0]).test_client()


@cache
def _templates() -> dict[str, str]:
    """What the service asks to have prefetched, by key."""
    services = _client().get("/cds-services").get_json()["services"]
    (entry,) = [each for each in services if each["id"] == SERVICE]
    return dict(entry["prefetch"])


def answer_to(chart: Chart) -> tuple[int, list[Json]]:
    """The status of the service's answer, and its cards if it is a success."""
    _DAY[0] = chart.day
    body = {
        "hook": "patient-view",
        "hookInstance": "0b5ffb0a-6a5a-4f0f-9a4f-6f8f2b3f7c11",
        "context": {"userId": "Practitioner/dr1", "patientId": chart.patient_id},
        "prefetch": dict(_prefetch(chart)),
    }
    response = _client().post(
        f"/cds-services/{SERVICE}", data=json.dumps(body).encode(), content_type="application/json"
    )
    return response.status_code, response.get_json()["cards"] if response.status_code == 200 else []


@cache
def asked_for() -> tuple[str, ...]:
    """The types of resources that the service asks for."""
    return tuple(template.partition("?")[0].partition("/")[0] for template in _templates().values())


def _prefetch(chart: Chart) -> Iterator[tuple[str, Any]]:
    """Each key with the entries of its type; the first key of a type has them all."""
    left = list(chart.entries)
    for key, template in _templates().items():
        kind = template.partition("?")[0].partition("/")[0]
        if kind == "Patient":
            yield key, next((resource_of(e) for e in chart.entries if is_the_patient(e, chart)), None)
            continue
        mine = [entry for entry in left if resource_of(entry).get("resourceType") == kind]
        left = [entry for entry in left if not any(entry is each for each in mine)]
        yield key, {"resourceType": "Bundle", "type": "searchset", "entry": mine}


def is_json(entries: Sequence[Any]) -> bool:
    """Whether the service's parser takes the entries as JSON at all."""
    try:
        orjson.loads(json.dumps(list(entries)))
    except (ValueError, RecursionError):
        return False
    return True
