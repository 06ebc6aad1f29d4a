"""Only registered clients are answered, and whoever is not is told nothing."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.registered.conftest import NewHospital
from tests.registered.hospital import ISSUER, OTHER_ISSUER, PUBLIC_URL, Hospital, registered
from tests.service import charts


def test_a_registered_client_gets_its_cards(hospital: Hospital) -> None:
    [card] = hospital.cards()
    assert card["summary"].startswith("Possible candidate")


@pytest.mark.parametrize(
    ("what", "claims"),
    [
        ("an issuer that is not registered", {"iss": "https://stranger.example"}),
        ("another service's audience", {"aud": f"{PUBLIC_URL}/cds-services/trial-match-order-sign"}),
        ("an expired token", {"iat": time.time() - 900, "exp": time.time() - 600}),
        ("a token that lives too long", {"exp": time.time() + 7200}),
        ("no token id", {"jti": ""}),
    ],
)
def test_any_failure_is_a_bare_401(hospital: Hospital, what: str, claims: dict[str, Any]) -> None:
    answer = hospital.open_chart(**claims)
    assert (answer.status_code, answer.data) == (401, b"")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("token", ["", "x.y.z", "a" * 20_000])
def test_no_token_and_garbage_are_the_same_bare_401(hospital: Hospital, token: str) -> None:
    answer = hospital.post(charts.SERVICE, charts.request_body(), token)
    assert (answer.status_code, answer.data) == (401, b"")


def test_a_token_is_good_for_one_call(hospital: Hospital) -> None:
    token = hospital.token()
    assert hospital.post(charts.SERVICE, charts.request_body(), token).status_code == 200
    assert hospital.post(charts.SERVICE, charts.request_body(), token).status_code == 401


def test_a_token_is_checked_before_the_body_is_looked_at(hospital: Hospital) -> None:
    assert hospital.post(charts.SERVICE, b"{", "").status_code == 401
    assert hospital.post(charts.SERVICE, b"{").status_code == 400


def test_two_processes_share_what_was_replayed(new_hospital: NewHospital) -> None:
    first = new_hospital()
    second = new_hospital(keys=first.keys)
    token = first.token()
    assert first.post(charts.SERVICE, charts.request_body(), token).status_code == 200
    assert second.post(charts.SERVICE, charts.request_body(), token).status_code == 401


@pytest.mark.parametrize("audience_ends", ["", "/"])
def test_whoever_calls_with_a_slash_at_the_end_may_name_it_in_the_audience(
    hospital: Hospital, audience_ends: str
) -> None:
    service, feedback = f"{charts.SERVICE}/", f"{charts.SERVICE}/feedback/"
    token = hospital.token(charts.SERVICE + audience_ends)
    assert hospital.post(service, charts.request_body(), token).status_code == 200
    for audience in (charts.SERVICE, f"{charts.SERVICE}/feedback"):
        token = hospital.token(audience + audience_ends)
        assert hospital.post(feedback, {"feedback": []}, token).status_code != 401
    authorization = {"Authorization": f"Bearer {hospital.token('/cds-services' + audience_ends)}"}
    assert hospital.http.get("/cds-services/", headers=authorization).status_code == 200


def test_a_slash_in_the_audience_of_a_call_without_one_is_refused(hospital: Hospital) -> None:
    token = hospital.token(f"{charts.SERVICE}/")
    assert hospital.post(charts.SERVICE, charts.request_body(), token).status_code == 401


def test_feedback_takes_either_audience(hospital: Hospital) -> None:
    path = f"{charts.SERVICE}/feedback"
    for audience in (charts.SERVICE, path):
        answer = hospital.post(path, {"feedback": []}, hospital.token(audience))
        assert (answer.status_code, answer.data) == (200, b"")
    assert hospital.post(path, {"feedback": []}, hospital.token("/cds-services")).status_code == 401


def test_discovery_is_open_and_tells_a_client_what_it_is_offered(new_hospital: NewHospital) -> None:
    hospital = new_hospital(
        clients=[
            registered("hospital", ISSUER, abilities={"prefetch": "none"}),
            registered("other", OTHER_ISSUER),
        ]
    )
    anybody = hospital.http.get("/cds-services").get_json()["services"]
    assert all("prefetch" in one for one in anybody)
    signed = {"Authorization": f"Bearer {hospital.token('/cds-services')}"}
    services = hospital.http.get("/cds-services", headers=signed).get_json()["services"]
    assert [one["id"] for one in services] == [one["id"] for one in anybody]
    assert not any("prefetch" in one for one in services)


def test_a_bad_token_at_discovery_is_a_401(hospital: Hospital) -> None:
    assert hospital.http.get("/cds-services", headers={"Authorization": "Bearer x"}).status_code == 401


def test_who_calls_too_often_is_told_when_to_come_back(new_hospital: NewHospital) -> None:
    hospital = new_hospital(settings={"calls_per_minute": 3})
    statuses = [hospital.open_chart().status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    refused = hospital.open_chart()
    assert int(refused.headers["Retry-After"]) > 0
    assert refused.get_json()["resourceType"] == "OperationOutcome"
    assert hospital.open_chart(iss=OTHER_ISSUER).status_code == 200


@pytest.mark.parametrize("path", ["/cds-services", charts.SERVICE, f"{charts.SERVICE}/feedback", "/nowhere"])
def test_a_preflight_needs_no_token(hospital: Hospital, path: str) -> None:
    asked = {"Origin": "https://ehr.example", "Access-Control-Request-Method": "POST"}
    answer = hospital.http.options(path, headers=asked)
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "https://ehr.example"
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
    stranger = hospital.http.options(path, headers={**asked, "Origin": "https://stranger.example"})
    assert "Access-Control-Allow-Origin" not in stranger.headers


@pytest.mark.parametrize(("body", "token", "status"), [(b"{", None, 400), (b"{", "x", 401)])
def test_a_page_of_a_client_may_read_errors_too(
    hospital: Hospital, body: bytes, token: str | None, status: int
) -> None:
    answer = hospital.post(charts.SERVICE, body, token, Origin="https://ehr.example")
    assert answer.status_code == status
    assert answer.headers["Access-Control-Allow-Origin"] == "https://ehr.example"


def test_a_server_that_is_not_the_clients_is_not_called(new_hospital: NewHospital) -> None:
    """The other client's server is no concern of this one's: no connection is even tried."""
    clients = [
        registered("hospital", ISSUER),
        registered("other", OTHER_ISSUER, fhir_servers=[{"base": "https://other.example/fhir"}]),
    ]
    hospital = new_hospital(clients=clients)
    body = charts.request_body(prefetch=..., fhirServer="https://other.example/fhir")
    answer = hospital.post(charts.SERVICE, body)
    assert answer.status_code == 412
    assert "may not be called" in answer.text


def test_callers_from_elsewhere_are_answered_and_the_metrics_are_not_theirs(hospital: Hospital) -> None:
    elsewhere = {"REMOTE_ADDR": "203.0.113.7"}
    assert hospital.http.get("/cds-services", environ_base=elsewhere).status_code == 200
    assert hospital.http.get("/metrics", environ_base=elsewhere).status_code == 403
    assert hospital.http.get("/metrics").status_code == 200
