"""Every route of the pages, tried with every role and by nobody.

A new route of a page needs its row in ``ROUTES``. What a row says is about the role; that a row of the
worklist is in somebody's trials and sites is tried in tests/worklist.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from cds_service.pages.blueprint import PageBlueprint
from cds_service.signing_in.guard import roles_with
from cds_service.signing_in.staff import Right, Role
from tests.pages.browser import Browser, close, demo_app

NOBODY = "nobody"
EVERYBODY = frozenset({NOBODY, *(role.value for role in Role)})
SIGNED_IN = frozenset(role.value for role in Role)
HELD = frozenset({"whose browser holds the worksheet"})
"""Not by role: by a worksheet that was opened in this browser. Whoever has none gets 404."""

SEES = roles_with(Right.SEE)

ROUTES: dict[str, frozenset[str]] = {
    "GET /sign-in": EVERYBODY,
    "GET /sign-in/callback": EVERYBODY,
    "POST /sign-in/local": EVERYBODY,
    "POST /sign-out": EVERYBODY,
    "GET /signed-out": EVERYBODY,
    "GET /start": SIGNED_IN,
    # launches: the EHR says who it is
    "GET /smart/launch": EVERYBODY,
    "GET /smart/callback": EVERYBODY,
    "GET /smart/trial/<ident>": EVERYBODY,
    "POST /smart/trial/<ident>": EVERYBODY,
    # worksheets: an id that is not held, and a link that is over, are nobody's
    "GET /worksheet/<ident>": HELD,
    "GET /worksheet/<ident>/chart/<mark>": HELD,
    "POST /worksheet/<ident>/answers": HELD,
    "POST /worksheet/<ident>/strikes": HELD,
    "POST /worksheet/<ident>/refer": HELD,
    "GET /worksheet/links/<link>": EVERYBODY,
    "GET /trials/<trial>": EVERYBODY,
    # the worklist
    "GET /worklist": SEES,
    "POST /worklist/search": SEES,
    "GET /worklist/export.csv": roles_with(Right.EXPORT),
    "GET /worklist/funnel": SEES,
    "GET /worklist/<ident>": SEES,
    "POST /worklist/<ident>/move": roles_with(Right.MOVE),
    "POST /worklist/<ident>/note": roles_with(Right.NOTE),
    "POST /worklist/<ident>/looked": roles_with(Right.NOTE),
    "GET /worklist/possible/<ident>": SEES,
    "POST /worklist/possible/<ident>/refer": roles_with(Right.MOVE),
    "POST /worklist/possible/<ident>/set-aside": roles_with(Right.MOVE),
    "GET /administration": roles_with(Right.ADMINISTER),
    "POST /administration/retry": roles_with(Right.ADMINISTER),
}

NOT_PAGES = {
    "/.well-known/jwks.json",
    "/cds-services",
    "/cds-services/<service_id>",
    "/cds-services/<service_id>/feedback",
    "/fhir-notifications/<client_id>",
    "/healthz",
    "/metrics",
    "/openapi.json",
    "/readyz",
    "/static/<digest>/<name>",
}
"""Paths for programs, and files that anybody may have. They bring rules of their own."""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    made = demo_app(tmp_path_factory.mktemp("roles"), demo_smart=True, public_url="http://localhost")
    yield made
    close(made)


@pytest.fixture(scope="module")
def browsers(app: Flask) -> dict[str, Browser]:
    """One for each role, signed in, and one that is not."""
    return {NOBODY: Browser(app), **{role.value: Browser(app).sign_in(role.value) for role in Role}}


def page_rules(app: Flask) -> dict[str, Rule]:
    """The routes of pages, by method and path."""
    return {
        f"{method} {rule.rule}": rule
        for rule in app.url_map.iter_rules()
        if isinstance(app.blueprints.get(rule.endpoint.partition(".")[0]), PageBlueprint)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    }


def test_every_route_of_a_page_has_its_row_and_each_row_its_route(app: Flask) -> None:
    assert sorted(ROUTES) == sorted(page_rules(app))


def test_what_is_no_page_is_known(app: Flask) -> None:
    pages = {rule.rule for rule in page_rules(app).values()}
    assert {rule.rule for rule in app.url_map.iter_rules()} - pages == NOT_PAGES


@pytest.mark.parametrize("who", sorted(EVERYBODY))
@pytest.mark.parametrize("route", ROUTES)
def test_a_route_opens_for_its_roles_only(
    app: Flask, browsers: dict[str, Browser], route: str, who: str
) -> None:
    method, path = route.split()
    browser = Browser(app) if path in ("/sign-out", "/sign-in/local") else browsers[who]
    answer = opened(browser, method, re.sub(r"<[^>]+>", "A" * 43, path))
    if ROUTES[route] == HELD:
        assert answer.status_code == 404
    elif who in ROUTES[route]:
        assert answer.status_code not in (401, 403, 405, 500), answer.text
        assert not leads_to_sign_in(answer)
    elif who == NOBODY:
        # what a form carried cannot be sent again after a sign-in
        assert leads_to_sign_in(answer) if method == "GET" else answer.status_code == 401, answer.text
    else:
        assert answer.status_code == 403, answer.text


def opened(browser: Browser, method: str, path: str) -> TestResponse:
    """The answer to a route with ids that stand for nothing, and a good form token."""
    return browser.get(path) if method == "GET" else browser.post(path)


def leads_to_sign_in(answer: TestResponse) -> bool:
    return answer.status_code == 303 and answer.headers["Location"].startswith("/sign-in?next=")


@pytest.mark.parametrize("route", [route for route in ROUTES if not route.startswith("GET")])
@pytest.mark.parametrize("who", [NOBODY, "coordinator", "clinician"])
def test_without_a_form_token_nothing_is_done(browsers: dict[str, Browser], route: str, who: str) -> None:
    answer = browsers[who].post(re.sub(r"<[^>]+>", "A" * 43, route.split()[1]), with_token=False)
    assert answer.status_code == 403
    assert answer.mimetype == "text/html"
    assert "This form can no longer be used" in answer.text


def test_the_rights_of_roles_are_as_designed() -> None:
    assert {right.value: sorted(roles_with(right)) for right in Right} == {
        "see": ["coordinator", "investigator", "read-only"],
        "note": ["coordinator", "investigator"],
        "move": ["coordinator", "investigator"],
        "export": ["coordinator"],
        "refer": ["clinician", "coordinator", "investigator"],
        "answer": ["clinician"],
        "administer": ["administrator"],
    }
