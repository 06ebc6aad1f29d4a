"""Authorization requests: what is answered to whom, and what is never sent anywhere."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.demo.authorization.in_process import BASE, REDIRECT, Running, answered


def test_the_documents_name_endpoints_of_one_issuer(running: Running) -> None:
    smart = running.http.get("/fhir/.well-known/smart-configuration").get_json()
    openid = running.http.get("/oauth/.well-known/openid-configuration").get_json()
    for document in (smart, openid):
        assert document["issuer"] == f"{BASE}/oauth"
        assert document["authorization_endpoint"] == f"{BASE}/oauth/authorize"
        assert document["token_endpoint"] == f"{BASE}/oauth/token"
        assert document["code_challenge_methods_supported"] == ["S256"]
    assert {"launch-ehr", "launch-standalone", "sso-openid-connect"} <= set(smart["capabilities"])
    [key] = running.http.get("/oauth/jwks").get_json()["keys"]
    assert "d" not in key


def test_a_launch_from_the_chart_is_approved_by_who_has_it_open(running: Running) -> None:
    said = answered(running.asks())
    assert said == {"code": said["code"], "state": "the-state", "iss": f"{BASE}/oauth"}


def test_an_address_that_has_a_query_keeps_it(running: Running) -> None:
    assert answered(running.asks(redirect_uri=f"{REDIRECT}?a=b"))["a"] == "b"


def test_a_launch_is_good_once(running: Running) -> None:
    launch = running.authority.launch("p1", "dr")
    assert "code" in answered(running.asks(launch=launch))
    assert answered(running.asks(launch=launch))["error"] == "invalid_request"


def test_a_launch_is_over_after_ten_minutes(running: Running) -> None:
    launch = running.authority.launch("p1", "dr")
    running.clock.now += 601
    assert answered(running.asks(launch=launch))["error"] == "invalid_request"


@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": "nobody"},
        {"client_id": ...},
        {"redirect_uri": ...},
        {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": f"{REDIRECT}/"},
        {"redirect_uri": f"{REDIRECT}?c=d"},
        {"redirect_uri": REDIRECT.upper()},
        {"client_id": "service"},
    ],
)
def test_to_an_address_that_is_not_registered_nothing_is_sent(
    running: Running, changed: dict[str, Any]
) -> None:
    answer = running.asks(**changed)
    assert answer.status_code == 400
    assert "Location" not in answer.headers
    assert "evil" not in answer.text


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": ...}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": ...}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"scope": ""}, "invalid_scope"),
        ({"scope": "launch system/*.rs"}, "invalid_scope"),
        ({"scope": "launch patient/Patient.rd rm"}, "invalid_scope"),
        ({"aud": "https://evil.example/fhir"}, "invalid_request"),
        ({"aud": ...}, "invalid_request"),
        ({"launch": "forged"}, "invalid_request"),
        ({"launch": ...}, "invalid_request"),
    ],
)
def test_a_bad_request_of_a_known_app_is_told_to_it(
    running: Running, changed: dict[str, Any], error: str
) -> None:
    said = answered(running.asks(**changed))
    assert (said["error"], said["state"]) == (error, "the-state")
    assert "code" not in said


def page_of(running: Running, scope: str = "launch/patient openid patient/*.rs") -> tuple[str, str]:
    page = running.asks(scope=scope, launch=...)
    assert page.status_code == 200
    asking = re.search(r'name="asking" value="([^"]+)"', page.text)
    assert asking is not None
    return asking[1], page.text


def test_from_elsewhere_a_clinician_signs_in_and_chooses_the_patient(running: Running) -> None:
    asking, page = page_of(running)
    assert "Dr Demo" in page
    assert "Two" in page
    assert "Study Nurse" not in page
    chosen = {"asking": asking, "user": "dr", "patient": "p2"}
    said = answered(running.http.get("/oauth/approve", query_string=chosen))
    assert running.spends(said["code"]).get_json()["patient"] == "p2"
    assert running.http.get("/oauth/approve", query_string=chosen).status_code == 400


def test_staff_sign_in_without_any_patient(running: Running) -> None:
    asking, page = page_of(running, "openid profile email")
    assert "Study Nurse" in page
    assert "Two" not in page
    said = answered(running.http.get("/oauth/approve", query_string={"asking": asking, "user": "nurse"}))
    assert "patient" not in running.spends(said["code"]).get_json()


@pytest.mark.parametrize(
    "chosen",
    [
        {"refuse": "yes", "user": "dr", "patient": "p1"},
        {"user": "nobody", "patient": "p1"},
        {"patient": "p1"},
        {"user": "dr", "patient": "p3"},
        {"user": "dr"},
    ],
)
def test_who_refuses_or_chooses_nobody_gives_nothing(running: Running, chosen: dict[str, str]) -> None:
    asking, _ = page_of(running)
    said = answered(running.http.get("/oauth/approve", query_string={"asking": asking, **chosen}))
    assert (said["error"], "code" in said) == ("access_denied", False)


@pytest.mark.parametrize("asking", ["", "forged"])
def test_a_sign_in_that_nobody_began_leads_nowhere(running: Running, asking: str) -> None:
    answer = running.http.get("/oauth/approve", query_string={"asking": asking, "user": "dr"})
    assert (answer.status_code, "Location" in answer.headers) == (400, False)


def test_a_launch_is_no_sign_in(running: Running) -> None:
    launch = running.authority.launch("p1", "dr")
    answer = running.http.get("/oauth/approve", query_string={"asking": launch, "user": "dr"})
    assert answer.status_code == 400


def test_pages_are_for_no_frame_and_no_cache(running: Running) -> None:
    page = running.asks(launch=..., scope="openid")
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "no-store"
    assert "<script" not in page.text
    assert "style=" not in page.text
