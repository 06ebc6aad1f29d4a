"""What a page says when it cannot be shown: a page, and nothing private."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, Response, abort

from cds_service.audit.key_ring import KeyRing
from cds_service.pages import rendering
from cds_service.pages.blueprint import page_blueprint
from cds_service.pages.refusals import PageRefusalError
from cds_service.pages.rendering import page_language, render
from cds_service.signing_in.guard import current_account, needs, refuse_existence, require
from cds_service.signing_in.sessions import EXTENSION, Sessions
from cds_service.signing_in.staff import Grant, Right, Role
from cds_service.storage.database import Database
from cds_service.storage.records import StorageAwayError
from tests.pages.browser import Browser, close, demo_app, grant, sessions_of, words_of
from tests.registered.hospital import Hospital

SECRET = "MARKED-patient"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    """A service with pages that fail in every way."""
    made = demo_app(tmp_path)
    pages = page_blueprint("failing", __name__)

    @pages.get("/fails/bug")
    def bug() -> Response:
        raise RuntimeError(SECRET)

    @pages.get("/fails/away")
    def away() -> Response:
        raise StorageAwayError(SECRET)

    @pages.get("/fails/abort/<int:status>")
    def aborted(status: int) -> Response:
        abort(status, SECRET)

    @pages.get("/fails/own")
    def own() -> Response:
        raise PageRefusalError(409, "Somebody was faster", "Look again.", {"Retry-After": "3"})

    @pages.get("/fails/template")
    def template() -> Response:
        return render("message.html", page_language(), title="x", text="x", link=(SECRET,))

    @pages.get("/rows/<trial>/<client>")
    @needs(Right.SEE, Right.ADMINISTER)
    def row(trial: str, client: str) -> Response:
        require(current_account(), Right.NOTE, trial, client)
        return Response("row")

    @pages.get("/rows/none")
    @needs(Right.SEE)
    def none() -> Response:
        refuse_existence()

    made.register_blueprint(pages)
    yield made
    close(made)


@pytest.fixture
def browser(app: Flask) -> Browser:
    return Browser(app)


@pytest.mark.parametrize(
    ("path", "status", "title"),
    [
        ("/fails/bug", 500, "Something went wrong here"),
        ("/fails/template", 500, "Something went wrong here"),
        ("/fails/away", 503, "The service cannot read its records just now"),
        ("/fails/abort/404", 404, "There is no such page"),
        ("/fails/abort/403", 403, "You may not open this"),
        ("/fails/abort/429", 429, "Too many requests"),
        ("/fails/abort/418", 418, "The request was refused"),
        ("/fails/own", 409, "Somebody was faster"),
    ],
)
def test_a_failure_is_a_page_in_its_own_words(
    browser: Browser, caplog: pytest.LogCaptureFixture, path: str, status: int, title: str
) -> None:
    caplog.set_level(logging.DEBUG)
    answer = browser.get(path)
    assert answer.status_code == status
    assert answer.mimetype == "text/html"
    assert f"<h1>{title}</h1>" in answer.text
    assert SECRET not in answer.text + caplog.text
    assert "Traceback" not in answer.text + caplog.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert "style-src 'self'" in answer.headers["Content-Security-Policy"]


def test_it_is_said_when_to_try_again(browser: Browser) -> None:
    assert browser.get("/fails/away").headers["Retry-After"] == "30"
    assert browser.get("/fails/own").headers["Retry-After"] == "3"


def test_whoever_is_signed_in_still_sees_so_on_the_page_of_a_failure(browser: Browser) -> None:
    browser.sign_in("coordinator")
    assert "Sign out" in words_of(browser.get("/rows/none").text)


def test_a_path_that_is_no_page_is_refused_as_before(browser: Browser) -> None:
    answer = browser.get("/no-such-path")
    assert answer.status_code == 404
    assert answer.get_json()["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize(("method", "path"), [("GET", "/sign-out"), ("POST", "/signed-out")])
def test_a_page_that_is_asked_for_by_another_method_says_so(
    app: Flask, browser: Browser, method: str, path: str
) -> None:
    answer = browser.http.open(path, method=method)
    assert answer.status_code == 405
    assert "<h1>This address cannot be opened so</h1>" in answer.text
    assert "style-src 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Allow"]


def test_a_path_of_programs_that_is_asked_for_by_another_method_says_so_as_before(browser: Browser) -> None:
    answer = browser.get("/cds-services/x/feedback")
    assert answer.status_code == 405
    assert answer.get_json()["resourceType"] == "OperationOutcome"


def test_there_is_a_way_on(browser: Browser) -> None:
    assert 'href="/start">To the start' not in browser.get("/fails/own").text
    browser.sign_in("coordinator")
    assert 'href="/start">To the start' in browser.get("/rows/none").text


def test_a_page_of_a_failure_that_fails_as_well_is_told_in_json(
    browser: Browser, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_arguments: object, **_named: object) -> str:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(rendering, "render_template", fail)
    answer = browser.get("/fails/own")
    assert answer.status_code == 409
    assert answer.get_json()["resourceType"] == "OperationOutcome"
    assert SECRET not in answer.text + caplog.text


def test_while_the_database_is_away_nobody_is_signed_out(app: Flask, browser: Browser) -> None:
    browser.sign_in("coordinator")
    before, token = sessions_of(app), browser.token()
    app.extensions[EXTENSION] = Sessions(
        Database("sqlite:////proc/nowhere/x.db", wait=0.1), KeyRing.random(), before.staff, https=False
    )
    for answer in (
        browser.get("/start"),
        browser.get("/sign-in"),
        browser.http.post("/sign-out", data={"csrf_token": token}),
    ):
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "30"
        assert answer.mimetype == "text/html"
        assert "Set-Cookie" not in answer.headers
    app.extensions[EXTENSION] = before
    assert browser.is_signed_in


# --- rows that are somebody else's


@pytest.mark.parametrize(
    ("grants", "path", "status"),
    [
        ([Grant(Role.COORDINATOR)], "/rows/NCT1/hospital", 200),
        ([Grant(Role.COORDINATOR, frozenset({"NCT1"}), frozenset({"hospital"}))], "/rows/NCT1/hospital", 200),
        ([Grant(Role.COORDINATOR, frozenset({"NCT1"}))], "/rows/NCT2/hospital", 404),
        ([Grant(Role.COORDINATOR, clients=frozenset({"clinic"}))], "/rows/NCT1/hospital", 404),
        ([Grant(Role.READ_ONLY)], "/rows/NCT1/hospital", 403),
        ([Grant(Role.READ_ONLY, frozenset({"NCT2"}))], "/rows/NCT1/hospital", 404),
        ([Grant(Role.ADMINISTRATOR)], "/rows/NCT1/hospital", 404),
        ([Grant(Role.CLINICIAN)], "/rows/NCT1/hospital", 403),
    ],
)
def test_what_is_not_theirs_does_not_exist_for_them(
    app: Flask, browser: Browser, grants: list[Grant], path: str, status: int
) -> None:
    grant(app, "coordinator", *grants)
    browser.sign_in("coordinator")
    assert browser.get(path).status_code == status


def test_a_row_of_others_looks_like_one_that_is_not_there(app: Flask, browser: Browser) -> None:
    grant(app, "coordinator", Grant(Role.COORDINATOR, frozenset({"NCT1"})))
    browser.sign_in("coordinator")
    others, none = browser.get("/rows/NCT2/hospital"), browser.get("/rows/none")
    assert others.status_code == none.status_code == 404
    assert words_of(others.text) == words_of(none.text)


def test_who_is_not_signed_in_is_led_there_and_back(browser: Browser) -> None:
    answer = browser.get("/rows/NCT1/hospital?a=b&c=d")
    assert answer.status_code == 303
    where = answer.headers["Location"]
    assert where == "/sign-in?next=/rows/NCT1/hospital?a%3Db%26c%3Dd"
    page = browser.get(where).text
    assert 'name="next" value="/rows/NCT1/hospital?a=b&amp;c=d"' in page


@pytest.mark.parametrize("then", ["//evil.example", "https://evil.example", "/sign-in"])
def test_the_accounts_of_the_demo_send_nobody_elsewhere(browser: Browser, then: str) -> None:
    answer = browser.post("/sign-in/local", account="coordinator", next=then)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/start")


def test_registered_clients_without_a_staff_file_have_no_sign_in(tmp_path: Path) -> None:
    hospital = Hospital(tmp_path)
    for answer in (hospital.http.get("/sign-in"), hospital.http.get("/start")):
        assert answer.status_code == 404
        assert answer.mimetype == "text/html"
        assert "There is no sign-in here" in answer.text
    hospital.close()
