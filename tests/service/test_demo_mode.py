"""Demo mode answers this machine only; CORS lets known pages read the answers."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.service import charts
from tests.service.conftest import call, cards_of, faults_of

PATHS = ("/cds-services", charts.SERVICE, "/healthz", "/no-such-path")
SANDBOX = "https://sandbox.cds-hooks.org"


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8090", "127.0.0.1:8090", "[::1]", "[::1]:8090"])
def test_this_machine_is_answered_by_any_of_its_names(client: FlaskClient, peer: str, host: str) -> None:
    answer = client.get("/cds-services", environ_overrides={"REMOTE_ADDR": peer, "HTTP_HOST": host})
    assert answer.status_code == 200


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "peer", ["10.0.0.1", "203.0.113.7", "::ffff:10.0.0.1", "fe80::1", "", "unix", "0.0.0.0"]
)
def test_another_machine_is_refused_everywhere(client: FlaskClient, path: str, peer: str) -> None:
    assert faults_of(client.get(path, environ_overrides={"REMOTE_ADDR": peer}), 403) == [""]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "host",
    [
        "trialhook.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evil.example:127",
        "localhost@evil.example",
        "localhost, evil.example",
        "localhost:8090:1",
        "[::2]",
        "[::1",
        "10.0.0.1",
        "0.0.0.0",
        "2130706433",
        "",
    ],
)
def test_another_host_header_is_refused_everywhere(client: FlaskClient, path: str, host: str) -> None:
    answer = client.get(path, environ_overrides={"HTTP_HOST": host})
    assert faults_of(answer, 403) == [""]


def test_a_request_without_host_is_refused(client: FlaskClient) -> None:
    assert client.get("/cds-services", environ_overrides={"HTTP_HOST": ""}).status_code == 403


@pytest.mark.parametrize(
    "header",
    ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Anything"],
)
def test_a_request_that_came_through_a_proxy_is_refused(client: FlaskClient, header: str) -> None:
    for value in ("127.0.0.1", "", "for=127.0.0.1"):
        assert faults_of(client.get("/cds-services", headers={header: value}), 403) == [""]


def test_the_refusal_says_how_to_call(client: FlaskClient) -> None:
    text = client.get("/cds-services", headers={"Forwarded": "x"}).text
    assert "not through a proxy" in text
    assert "localhost" in text


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_has_the_security_headers(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "Origin" in headers["Vary"]


def test_an_answer_with_cards_is_not_to_be_stored(client: FlaskClient) -> None:
    answer = call(client)
    assert cards_of(answer)
    assert answer.headers["Cache-Control"] == "no-store"
    assert call(client, b"{").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "origin", [SANDBOX, "http://localhost:8080", "http://127.0.0.1:3000", "https://[::1]"]
)
@pytest.mark.parametrize("path", ["/cds-services", charts.SERVICE])
def test_a_preflight_from_a_known_page_needs_no_token(client: FlaskClient, path: str, origin: str) -> None:
    answer = client.options(
        path,
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type",
            "Access-Control-Request-Private-Network": "true",
        },
    )
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == origin
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    assert answer.headers["Access-Control-Allow-Private-Network"] == "true"
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "http://sandbox.cds-hooks.org",
        "https://sandbox.cds-hooks.org.evil.example",
        "http://localhost.evil.example",
        "http://localhost:80@evil.example",
        "https://evil.example/http://localhost",
    ],
)
def test_another_page_may_not_read_the_answers(client: FlaskClient, origin: str) -> None:
    for answer in (
        client.get("/cds-services", headers={"Origin": origin}),
        client.options(charts.SERVICE, headers={"Origin": origin, "Access-Control-Request-Method": "POST"}),
    ):
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]


def test_a_known_page_can_read_errors_too(client: FlaskClient) -> None:
    for status, answer in (
        (
            400,
            client.post(
                charts.SERVICE, data=b"{", content_type="application/json", headers={"Origin": SANDBOX}
            ),
        ),
        (404, client.get("/no-such-path", headers={"Origin": SANDBOX})),
        (403, client.get("/cds-services", headers={"Origin": SANDBOX, "Forwarded": "x"})),
        (415, client.post(charts.SERVICE, data=b"{", content_type="text/plain", headers={"Origin": SANDBOX})),
    ):
        assert answer.status_code == status
        assert answer.headers["Access-Control-Allow-Origin"] == SANDBOX
