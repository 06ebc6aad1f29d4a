"""Nothing is changed but by a form of the browser's own session."""

from __future__ import annotations

import pytest
from flask import Flask

from cds_service.pages.form_tokens import FIELD
from tests.pages.browser import Browser, sessions_of
from tests.service import charts


@pytest.fixture
def coordinator(app: Flask) -> Browser:
    return Browser(app).sign_in("coordinator")


def test_a_form_of_ones_own_is_taken(coordinator: Browser) -> None:
    assert coordinator.post("/sign-out").status_code == 303


def test_the_field_of_a_page_is_the_token_that_is_asked_for(app: Flask) -> None:
    browser = Browser(app)
    page = browser.get("/sign-in").text
    token = page.split(f'name="{FIELD}" value="')[1].split('"')[0]
    answer = browser.http.post("/sign-in/local", data={"account": "read-only", FIELD: token})
    assert answer.status_code == 303


def test_a_token_in_the_header_that_scripts_use_is_taken(coordinator: Browser) -> None:
    answer = coordinator.http.post("/sign-out", headers={"X-CSRFToken": coordinator.token()})
    assert answer.status_code == 303


@pytest.mark.parametrize("token", ["", "x", "IiI.x.y", "a" * 300, "é"])
def test_a_token_that_we_did_not_make_is_refused(coordinator: Browser, token: str) -> None:
    answer = coordinator.http.post("/sign-out", data={FIELD: token})
    assert answer.status_code == 403
    assert coordinator.is_signed_in


def test_the_token_of_another_browser_is_refused(app: Flask, coordinator: Browser) -> None:
    for other in (Browser(app), Browser(app).sign_in("coordinator")):
        answer = coordinator.http.post("/sign-out", data={FIELD: other.token()})
        assert answer.status_code == 403


def test_a_token_from_before_the_sign_in_is_refused_after_it(app: Flask) -> None:
    browser = Browser(app)
    before = browser.token()
    browser.sign_in("coordinator")
    assert browser.http.post("/sign-out", data={FIELD: before}).status_code == 403


@pytest.mark.parametrize(
    ("site", "status"),
    [("same-origin", 303), ("none", 303), ("same-site", 403), ("cross-site", 403), ("nonsense", 403)],
)
def test_a_request_that_another_site_made_is_refused_even_with_a_token(
    coordinator: Browser, site: str, status: int
) -> None:
    answer = coordinator.http.post(
        "/sign-out", data={FIELD: coordinator.token()}, headers={"Sec-Fetch-Site": site}
    )
    assert answer.status_code == status


def test_hook_calls_need_no_token(app: Flask) -> None:
    answer = app.test_client().post(charts.SERVICE, json=charts.request_body())
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers


def test_a_hook_call_with_a_session_s_cookie_is_answered_as_any_other(coordinator: Browser) -> None:
    answer = coordinator.http.post(charts.SERVICE, json=charts.request_body())
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers


def test_a_form_that_is_too_large_is_refused_before_it_is_read(coordinator: Browser) -> None:
    answer = coordinator.post("/sign-out", note="x" * 300_000)
    assert answer.status_code == 413
    assert answer.mimetype == "text/html"
    assert coordinator.is_signed_in


def test_a_cookie_is_for_this_service_alone(app: Flask) -> None:
    browser = Browser(app)
    cookie = browser.get("/sign-in").headers["Set-Cookie"]
    assert cookie.startswith("trialhook=")
    assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


def test_with_https_no_other_host_can_set_it(app: Flask) -> None:
    sessions = sessions_of(app)
    sessions.https = True
    try:
        cookie = Browser(app).get("/sign-in").headers["Set-Cookie"]
    finally:
        sessions.https = False
    assert cookie.startswith("__Host-trialhook=")
    assert {"HttpOnly", "Path=/", "SameSite=Lax", "Secure"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
