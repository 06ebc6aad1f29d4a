"""CORS: which pages may read answers, and what a preflight is told."""

from __future__ import annotations

import pytest
from flask import Flask, Response, abort, request
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from cds_service.clients.registered import Client, Clients
from cds_service.web.cross_origin import SANDBOX, Origins, allow_origin, preflight

EPIC, CERNER = "https://ehr.example", "https://apps.other.example:8443"
REGISTERED = Clients((Client("a", origins=(EPIC,)), Client("b", origins=(CERNER, "https://[2a00::1]"))))
DEMO = Clients((Client("demo", origins=(SANDBOX,)),), demo=True)
STATUSES = (200, 400, 401, 403, 404, 405, 412, 413, 415, 429, 500, 503)


def browser(clients: Clients) -> FlaskClient:
    """A service that answers every status, wired as the real one is."""
    app = Flask("test")
    origins = Origins.of(clients)

    @app.before_request
    def begin() -> Response | None:
        return preflight() if request.method == "OPTIONS" else None

    @app.after_request
    def end(response: Response) -> Response:
        allow_origin(request, response, origins)
        return response

    @app.get("/status/<int:code>")
    def status(code: int) -> Response:
        return Response(status=code)

    @app.get("/abort/<int:code>")
    def refuse(code: int) -> Response:
        abort(code)

    return app.test_client()


def cors(response: TestResponse) -> set[str]:
    return {name for name, _ in response.headers if name.startswith("Access-Control")}


def ask(client: FlaskClient, path: str, origin: str, **headers: str) -> TestResponse:
    """A preflight as a browser sends it, without a token."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.options(
        path,
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type",
            **sent,
        },
    )


@pytest.mark.parametrize("origin", [EPIC, CERNER, "https://[2a00::1]"])
@pytest.mark.parametrize(
    "path",
    ["/cds-services", "/cds-services/x", "/cds-services/x/feedback", "/status/404", "/no/such//path", "/"],
)
def test_a_preflight_is_answered_on_any_path_for_the_pages_of_any_client(path: str, origin: str) -> None:
    answer = ask(browser(REGISTERED), path, origin)
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == origin
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, POST, OPTIONS"
    assert answer.headers["Access-Control-Allow-Headers"] == "Authorization, Content-Type, Accept"
    assert int(answer.headers["Access-Control-Max-Age"]) == 600
    assert answer.headers["Vary"] == "Origin"
    assert answer.data == b""


@pytest.mark.parametrize("code", STATUSES)
def test_a_page_can_read_answers_and_errors_of_any_status(code: int) -> None:
    client = browser(REGISTERED)
    paths = [f"/status/{code}", *([f"/abort/{code}"] if code >= 400 else [])]
    for path in paths:
        answer = client.get(path, headers={"Origin": EPIC})
        assert answer.status_code == code
        assert answer.headers["Access-Control-Allow-Origin"] == EPIC
        assert answer.headers["Access-Control-Expose-Headers"] == "Retry-After"
        assert "Origin" in answer.headers["Vary"]


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "*",
        "",
        "https://EHR.example",  # no browser writes it so
        "http://ehr.example",
        "https://ehr.example:443",
        "https://ehr.example/",
        "https://ehr.example.evil.example",
        "https://evil.example https://ehr.example",
        f"{EPIC}, {CERNER}",
        "https://apps.other.example",
        SANDBOX,
        "http://localhost:8080",
        "http://127.0.0.1",
    ],
)
def test_other_pages_may_not_read_anything(origin: str) -> None:
    client = browser(REGISTERED)
    for answer in (
        ask(client, "/cds-services", origin),
        client.get("/status/200", headers={"Origin": origin}),
    ):
        assert cors(answer) == set()
        assert answer.headers["Vary"] == "Origin"


@pytest.mark.parametrize("clients", [REGISTERED, DEMO, Clients(())])
@pytest.mark.parametrize("origin", [EPIC, SANDBOX, "http://localhost:3000", "https://evil.example", None])
def test_there_is_never_a_wildcard_and_never_leave_to_send_cookies(
    clients: Clients, origin: str | None
) -> None:
    client, headers = browser(clients), {"Origin": origin} if origin else {}
    for answer in (client.options("/x", headers=headers), client.get("/status/200", headers=headers)):
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert "*" not in answer.headers.get("Access-Control-Allow-Origin", "")


@pytest.mark.parametrize(
    ("origin", "may"),
    [
        (SANDBOX, True),
        ("http://localhost:8080", True),
        ("https://localhost", True),
        ("http://127.0.0.1:3000", True),
        ("http://[::1]:3000", True),
        ("http://sandbox.cds-hooks.org", False),
        ("http://localhost.evil.example", False),
        ("http://localhost:80@evil.example", False),
        ("http://127.0.0.2", False),
        ("null", False),
        (EPIC, False),
    ],
)
def test_in_demo_mode_pages_of_this_machine_and_of_the_public_sandbox_may(origin: str, may: bool) -> None:
    answer = ask(browser(DEMO), "/cds-services", origin)
    assert (answer.headers.get("Access-Control-Allow-Origin") == origin) is may


@pytest.mark.parametrize(
    ("clients", "origin", "asked", "told"),
    [
        (DEMO, SANDBOX, "true", True),
        (DEMO, SANDBOX, "false", False),
        (DEMO, "https://evil.example", "true", False),
        (REGISTERED, EPIC, "true", False),
    ],
)
def test_a_private_network_is_opened_in_demo_mode_only_and_where_it_is_asked_for(
    clients: Clients, origin: str, asked: str, told: bool
) -> None:
    answer = ask(browser(clients), "/x", origin, Access_Control_Request_Private_Network=asked)
    assert (answer.headers.get("Access-Control-Allow-Private-Network") == "true") is told
    assert "Access-Control-Allow-Private-Network" not in ask(browser(clients), "/x", origin).headers


def test_a_call_that_no_page_makes_gets_no_such_headers() -> None:
    answer = browser(REGISTERED).get("/status/200")
    assert cors(answer) == set()
    assert answer.headers["Vary"] == "Origin"
