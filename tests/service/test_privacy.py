"""Nothing from a chart, no id, name or token reaches a log, an error or a URL beyond the search itself."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
import requests
from flask.testing import FlaskClient
from requests import PreparedRequest
from werkzeug.test import TestResponse

from cds_service.answering import flow
from tests.service import charts
from tests.service.conftest import BASE, NewClient, call, cards_of
from tests.service.ehr import Answer, ehr, json_answer, urls
from tests.service.raw_server import raw_server, usual

SECRETS = (
    "secretpatient",
    "secretname",
    "secretuser",
    "secretencounter",
    "secrettoken",
    "secretvalue",
    "4711.25",
)
IDENTITY = "secretpatient-1"
USUAL: dict[str, Any] = {
    "context": {
        "userId": "Practitioner/secretuser",
        "patientId": IDENTITY,
        "encounterId": "secretencounter",
    },
    "fhirServer": BASE,
    "fhirAuthorization": {"access_token": "secrettoken", "token_type": "Bearer", "patient": IDENTITY},
}


def secret_prefetch(**keys: Any) -> dict[str, Any]:
    result = charts.upcr(4711.25, whose=IDENTITY)
    coded = {**charts.condition(whose=IDENTITY), "note": [{"text": "secretvalue"}]}
    return charts.full_prefetch(
        patient=charts.patient(IDENTITY, name=[{"family": "secretname"}]),
        conditions=charts.bundle(coded),
        observations_1=charts.bundle(result),
        medication_requests=charts.bundle(charts.order(whose=IDENTITY)),
        **keys,
    )


def assert_nothing_leaked(caplog: pytest.LogCaptureFixture, answer: TestResponse | None = None) -> None:
    lines = [
        f"{record.getMessage()} {record.args} {record.exc_info} {record.exc_text}"
        for record in caplog.records
    ]
    assert lines
    shown = "\n".join(lines) + caplog.text
    if answer is not None and answer.status_code != 200:
        shown += answer.text + str(answer.headers)
    assert [secret for secret in SECRETS if secret in shown] == []


@pytest.fixture(autouse=True)
def everything_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """As an operator who turns on everything there is would see it."""
    with caplog.at_level(logging.DEBUG):
        yield


def test_a_call_with_cards_logs_counts_only(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    assert len(cards_of(call(client, **USUAL, prefetch=secret_prefetch()))) == 1
    [line] = [record.getMessage() for record in caplog.records if record.name == "trialhook.requests"]
    logged = orjson.loads(line)
    assert logged.pop("ms") >= 0
    assert logged.pop("timestamp").endswith("Z")
    assert logged == {
        "event": "call",
        "level": "info",
        "method": "POST",
        "client": "demo",
        "service": "trial-match-patient-view",
        "hookInstance": charts.INSTANCE,
        "prefetched": 4,
        "fetched": 0,
        "searches": 0,
        "gaps": 0,
        "outcomes": {"possible-candidate": 1},
        "cards": 1,
        "failed": 0,
        "status": 200,
    }
    assert_nothing_leaked(caplog)


def test_a_pull_logs_no_url_and_puts_the_id_only_into_the_search(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    answers = {
        "Patient": json_answer(charts.patient(IDENTITY, name=[{"family": "secretname"}])),
        "Observation": json_answer(charts.bundle(charts.upcr(4711.25, whose=IDENTITY))),
    }
    with ehr(**answers) as sent:
        assert call(client, **USUAL, prefetch=...).status_code == 200
    assert_nothing_leaked(caplog)
    for url in urls(sent):
        assert [secret for secret in SECRETS if secret in url] == ["secretpatient"]


def test_the_libraries_below_log_no_url_either(
    new_client: NewClient, caplog: pytest.LogCaptureFixture
) -> None:
    with raw_server(usual) as server:
        client = new_client(fhir_hosts=(server.base,))
        answer = call(client, **{**USUAL, "fhirServer": server.base}, prefetch=...)
    assert answer.status_code == 412  # that server knows another patient only
    assert_nothing_leaked(caplog, answer)


@pytest.mark.parametrize("at", ["Patient", "Observation", "MedicationRequest"])
@pytest.mark.parametrize(
    "answer",
    [
        (500, {}, b"secretvalue"),
        (401, {"WWW-Authenticate": "secretvalue"}, b"secretvalue"),
        (302, {"Location": "https://secretvalue.example/"}, b""),
        (200, {}, b"<html>secretvalue</html>"),
        (200, {}, b'{"resourceType": "Bundle", "secretvalue'),
        json_answer(charts.bundle({"resourceType": "Observation", "secretvalue": [7]})),
        json_answer({"resourceType": "OperationOutcome", "issue": [{"diagnostics": "secretvalue"}]}),
        json_answer(charts.bundle(following="https://secretvalue.example/")),
        requests.ConnectionError("secretvalue"),
        requests.exceptions.SSLError("secretvalue"),
        requests.ReadTimeout("secretvalue"),
    ],
)
def test_a_failing_server_leaks_nothing(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, at: str, answer: Answer | Exception
) -> None:
    usual = {"Patient": json_answer(charts.patient(IDENTITY)), at: answer}
    with ehr(**usual):
        response = call(client, **USUAL, prefetch=...)
    assert response.status_code in (200, 412)
    assert "secretvalue" not in response.text
    assert_nothing_leaked(caplog, response)


@pytest.mark.parametrize(
    "body",
    [
        b'{"secretvalue": ',
        b'["secretvalue"]',
        {"hook": "secretvalue", "hookInstance": "secretvalue", "context": "secretvalue"},
        {"context": {"patientId": "secretpatient/..", "userId": "secretuser&"}},
        {"context": {**USUAL["context"], "encounterId": "secretencounter?"}},
        {"fhirServer": "https://secretuser:secretvalue@ehr.example"},
        {"fhirAuthorization": {"access_token": "secrettoken\n"}},
        {"fhirAuthorization": {"access_token": "secrettoken", "token_type": "secretvalue"}},
        {"fhirAuthorization": {"access_token": "secrettoken", "patient": "secretpatient-2"}},
        {"prefetch": {"patient": charts.patient("secretpatient-2")}},
        {"prefetch": {"patient": "secretvalue", "secretvalue": 1}},
        {"secretvalue": {"secretname": "secretvalue"}},
    ],
)  # fmt: skip
def test_a_refused_request_is_not_quoted(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, body: bytes | dict[str, Any]
) -> None:
    sent = body if isinstance(body, bytes) else charts.request_body(**{**USUAL, "prefetch": ..., **body})
    with ehr():
        answer = call(client, sent)
    assert 400 <= answer.status_code < 500
    assert_nothing_leaked(caplog, answer)


def test_paths_and_headers_are_not_quoted(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    for answer in (
        client.get("/secretpatient/secretname?secretvalue=1"),
        client.post("/cds-services/secretpatient", headers={"Authorization": "Bearer secrettoken"}),
        client.get("/cds-services", headers={"Host": "secretvalue.example"}),
        client.post(charts.SERVICE, data=b"secretvalue", content_type="text/secretvalue"),
        client.open("/cds-services", method="SECRETVALUE"),
    ):
        assert answer.status_code >= 400
        assert_nothing_leaked(caplog, answer)
        assert "secretvalue" not in answer.text.lower()


def test_a_bug_is_a_500_that_tells_nothing_private(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: object, **named: object) -> None:
        raise KeyError("secretvalue of secretname")

    monkeypatch.setattr(flow, "read_record", broken)
    answer = call(client, **USUAL, prefetch=secret_prefetch())
    assert answer.status_code == 500
    assert answer.get_json()["issue"][0]["code"] == "exception"
    assert_nothing_leaked(caplog, answer)
    assert (
        "KeyError at tests/service/test_privacy.py" in caplog.text or "KeyError at cds_service" in caplog.text
    )


def test_a_bug_while_reading_pages_is_a_500_that_tells_nothing_private(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(request: PreparedRequest) -> Answer:
        raise KeyError("secretvalue")

    with ehr(Condition=broken):
        answer = call(client, **USUAL, prefetch=...)
    assert answer.status_code == 500
    assert_nothing_leaked(caplog, answer)


def test_the_token_is_not_in_what_a_debugger_prints(new_client: NewClient) -> None:
    from cds_service.fhir.allow_list import parse_base
    from cds_service.fhir.fetching import Access
    from cds_service.hooks.call import read_call

    call_read = read_call(charts.request_body(**USUAL, prefetch=secret_prefetch()), "patient-view")
    base = parse_base(BASE)
    assert base is not None
    assert "secrettoken" not in repr(call_read) + repr(Access(base, "secrettoken"))
