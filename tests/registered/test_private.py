"""Marked secrets in every field of every route: none in logs, error bodies, metrics, audit or database files.

Only a tenant is kept as it is: it names a site, and stands in the records beside the client.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from werkzeug.test import TestResponse

from cds_service.audit.rows import read_events
from tests.registered.conftest import NewHospital
from tests.registered.hospital import ISSUER, Hospital, feedback_item, registered
from tests.service import charts
from tests.service.definitions import TRIAL

PATIENT = "secretpatient-1"
USER = "Practitioner/secretuser"
SECRETS = (
    "secretpatient",
    "secretuser",
    "secretname",
    "secretvalue",
    "secrettoken",
    "secretcomment",
    "4711.25",
)
FEEDBACK = f"{charts.SERVICE}/feedback"


@pytest.fixture(autouse=True)
def everything_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.DEBUG):
        yield


@pytest.fixture(params=["shown", "silent"])
def hospital(new_hospital: NewHospital, request: pytest.FixtureRequest) -> Hospital:
    trials = [{"id": TRIAL.id, "silent": "yes" if request.param == "silent" else "no"}]
    return new_hospital(clients=[registered("hospital", ISSUER, trials=trials)])


def chart(**members: Any) -> dict[str, Any]:
    """A request about a marked patient by a marked user, with marked values."""
    note = [{"text": "secretvalue"}]
    prefetch = charts.full_prefetch(
        patient=charts.patient(PATIENT, name=[{"family": "secretname"}]),
        conditions=charts.bundle({**charts.condition(whose=PATIENT), "note": note}),
        observations_1=charts.bundle(charts.upcr(4711.25, whose=PATIENT)),
        medication_requests=charts.bundle(charts.order(whose=PATIENT)),
    )
    body = {
        "hookInstance": str(uuid4()),
        "context": {"userId": USER, "patientId": PATIENT},
        "fhirServer": "https://ehr.example/fhir",
        "fhirAuthorization": {
            "access_token": "secrettoken", "token_type": "Bearer", "patient": PATIENT, "scope": "secretvalue",
        },
        "prefetch": prefetch,
        "extension": {"secretvalue": "secretname"},
    }  # fmt: skip
    return charts.request_body(**{**body, **members})


def feedback(card: dict[str, Any] | None, **members: Any) -> dict[str, Any]:
    unknown: dict[str, Any] = {"card": str(uuid4()), "outcome": "accepted"}
    item = feedback_item(card, "not-now") if card else unknown
    item.setdefault("outcomeTimestamp", "2026-06-15T10:00:00Z")
    reason = {**item.get("overrideReason", {}), "userComment": "secretcomment of secretname"}
    return {"feedback": [{**item, "overrideReason": reason, **members}]}


def drive(hospital: Hospital) -> list[TestResponse]:
    """Every route, good and bad."""
    post, get = hospital.post, hospital.http.get
    shown = post(charts.SERVICE, chart())
    cards = shown.get_json()["cards"]
    card = cards[0] if cards else None
    orders = {"draftOrders": {"resourceType": "secretvalue"}, "selections": ["secretvalue/1"]}
    context = {"userId": USER, "patientId": PATIENT}
    return [
        shown,
        post(FEEDBACK, feedback(card)),
        post(FEEDBACK, feedback(card, outcome="secretvalue")),
        post(FEEDBACK, feedback(None, outcomeTimestamp="secretvalue")),
        post(FEEDBACK, {"feedback": "secretvalue"}),
        post(FEEDBACK, feedback(None), "secrettoken"),
        post(
            "/cds-services/trial-match-order-select",
            chart(hook="order-select", context={**context, **orders}),
        ),
        post("/cds-services/trial-match-order-sign", chart(hook="order-sign", context={**context, **orders})),
        post("/cds-services/trial-match-encounter-start", chart(hook="secretvalue")),
        post("/cds-services/trial-match-appointment-book", chart(hook="appointment-book")),
        post(charts.SERVICE, chart(), "secrettoken"),
        post(charts.SERVICE, chart(), hospital.token(tenant="north", sub="secretuser")),
        post(charts.SERVICE, chart(prefetch={"patient": charts.patient("secretpatient-2")})),
        post(
            charts.SERVICE,
            chart(prefetch={"patient": "secretvalue"}, fhirServer="https://secretvalue.example"),
        ),
        post(charts.SERVICE, chart(hookInstance="secretvalue", context="secretvalue")),
        post(charts.SERVICE, b'{"secretvalue": '),
        post("/cds-services/secretvalue", chart()),
        get("/secretpatient?secretvalue=secretname"),
        get("/cds-services", headers={"Authorization": "Bearer secrettoken"}),
        get("/cds-services", headers={"Origin": "https://secretvalue.example"}),
        *(get(path) for path in ("/openapi.json", "/healthz", "/readyz", "/metrics")),
        hospital.http.options("/cds-services/secretvalue"),
        hospital.http.delete("/cds-services/secretvalue"),
    ]


def test_no_secret_is_in_logs_errors_metrics_audit_or_files(
    hospital: Hospital, caplog: pytest.LogCaptureFixture
) -> None:
    answers = drive(hospital)
    assert {answer.status_code for answer in answers} >= {200, 400, 401, 404, 405, 412}
    told = [answer.text + str(answer.headers) for answer in answers if answer.data[:9] != b'{"cards":']
    lines = [f"{line.getMessage()} {line.args} {line.exc_info} {line.exc_text}" for line in caplog.records]
    events = [str(event) for event in read_events(hospital.records.database)]
    hospital.close()
    files = {path.name: path.read_bytes() for path in hospital.folder.rglob("*") if path.is_file()}
    assert {"trialhook.db"} <= files.keys()
    assert events
    everything = "\n".join([*told, *lines, *events, *(raw.decode("latin-1") for raw in files.values())])
    assert [secret for secret in SECRETS if secret in everything] == []
