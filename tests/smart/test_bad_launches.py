"""Launches that must not open anything: whatever is forged, reused, late, or answered badly."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Response

from cds_service.clock import now_utc
from cds_service.signing_in.sessions import EXTENSION
from cds_service.smart.words import BY_CAUSE
from tests.authentication.minting import encoded
from tests.registered.hospital import OTHER_ISSUER, Hospital
from tests.smart.world import CALLBACK, SMART, Browser, World, client

LAUNCH = "/smart/launch"
SECRETS = ("secret", "Secretname")


def begun(world: World, browser: Browser) -> dict[str, str]:
    return browser.asked({"iss": world.ehr.base, "launch": "secretlaunch"})


def refused(browser: Browser, query: dict[str, str], status: int = 400) -> str:
    """The page of a callback that opens nothing, checked to say nothing private."""
    answer = browser.get(CALLBACK, query)
    assert answer.status_code == status, answer.text
    assert "<h1" in answer.text
    assert [secret for secret in (*SECRETS, *filter(None, query.values())) if secret in answer.text] == []
    assert browser.worksheets() == []
    return answer.text


# --- the beginning: who may launch


def test_while_one_base_below_a_registered_one_is_looked_for_no_other_is(
    world: World, browser: Browser
) -> None:
    """Strangers may name as many as they like: each would hold a thread for as long as the EHR takes."""
    going, go_on = threading.Event(), threading.Event()

    def slowly(_: object) -> Response:
        going.set()
        go_on.wait(10)
        return Response("no", 404)

    world.ehr.server.answers["/fhir/1/.well-known/smart-configuration"] = slowly
    stranger = threading.Thread(
        target=Browser(world.hospital).get, args=(LAUNCH, {"iss": f"{world.ehr.base}/1"})
    )
    stranger.start()
    assert going.wait(10)
    asked = len(world.ehr.server.asked)
    for number in (1, 2, 3):
        assert browser.get(LAUNCH, {"iss": f"{world.ehr.base}/{number}"}).status_code == 502
    assert len(world.ehr.server.asked) == asked
    assert browser.asked({"iss": world.ehr.base, "launch": "x"})
    go_on.set()
    stranger.join()


@pytest.mark.parametrize(
    "iss",
    [
        "https://evil.example/fhir",
        "{base}.evil.example",
        "{base}@evil.example",
        "http://user@{host}/fhir",
        "{base}/../admin",
        "{base}/%2e%2e/admin",
        "{root}/other",
        "{base}?x=1",
        "{base}#x",
        "{base}\\@evil.example",
        "file:///etc/passwd",
        "<script>alert(1)</script>",
        "",
        " ",
    ],
)
def test_an_iss_that_is_not_registered_is_refused_without_any_request_and_without_echo(
    world: World, browser: Browser, iss: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = world.ehr.server.base
    given = iss.format(base=world.ehr.base, root=root, host=root.removeprefix("http://"))
    dialled: list[Any] = []

    def lookup(*asked: Any, **_: Any) -> list[Any]:
        dialled.append(asked)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    answer = browser.get("/smart/launch", {"iss": given, "launch": "secretlaunch"})
    assert answer.status_code == 400
    assert "evil" not in answer.text
    assert "secretlaunch" not in answer.text
    assert "alert(1)" not in answer.text
    assert (world.ehr.server.asked, dialled) == ([], [])


@pytest.mark.parametrize(
    "query",
    [
        {"launch": "abc"},
        {"client": "nobody"},
        {"client": ""},
        {"iss": "{base}", "launch": "x" * 3000},
    ],
)
def test_a_launch_that_says_too_little_or_too_much_is_refused(
    world: World, browser: Browser, query: dict[str, str]
) -> None:
    given = {name: value.format(base=world.ehr.base) for name, value in query.items()}
    assert browser.get("/smart/launch", given).status_code == 400
    assert world.ehr.server.asked == []


def test_a_parameter_that_stands_there_twice_is_refused(world: World, browser: Browser) -> None:
    answer = browser.get(f"/smart/launch?iss={world.ehr.base}&iss=https://evil.example&launch=a")
    assert answer.status_code == 400
    assert world.ehr.server.asked == []


def test_a_client_without_the_app_launches_nothing(tmp_path: Path) -> None:
    base = "https://ehr.example/fhir"
    hospital = Hospital(tmp_path, [client("hospital", base, smart=None)])
    browser = Browser(hospital)
    for query in ({"iss": base, "launch": "a"}, {"client": "hospital"}, {}):
        assert browser.get("/smart/launch", query).status_code == 400
    hospital.close()


def test_of_two_clients_at_one_base_the_first_with_the_app_counts(tmp_path: Path, world: World) -> None:
    folder = tmp_path / "two"
    folder.mkdir()
    clients = [
        client("without", world.ehr.base, smart=None),
        client("first", world.ehr.base, issuer=OTHER_ISSUER, smart={"client_id": "first-app"}),
        client("second", world.ehr.base, issuer="https://third.example", smart={"client_id": "second-app"}),
    ]
    hospital = Hospital(folder, clients)
    asked = Browser(hospital).asked({"iss": world.ehr.base, "launch": "a"})
    hospital.close()
    assert asked["client_id"] == "first-app"


def test_of_two_clients_the_one_with_the_longest_base_counts(tmp_path: Path, world: World) -> None:
    folder = tmp_path / "two"
    folder.mkdir()
    clients = [
        client("whole", world.ehr.server.base, smart={"client_id": "whole-app"}),
        client("part", world.ehr.base, issuer=OTHER_ISSUER, smart={"client_id": "part-app"}),
    ]
    hospital = Hospital(folder, clients)
    asked = Browser(hospital).asked({"iss": world.ehr.base, "launch": "a"})
    hospital.close()
    assert asked["client_id"] == "part-app"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"authorization_endpoint": ...}, 502),
        ({"code_challenge_methods_supported": ["plain"]}, 502),
        ({"token_endpoint": "http://169.254.169.254/token", "authorization_endpoint": "gopher://x"}, 502),
    ],
)
def test_a_smart_configuration_that_cannot_be_used_ends_the_launch(
    world: World, browser: Browser, change: dict[str, Any], status: int
) -> None:
    world.ehr.set_up(**change)
    answer = browser.get("/smart/launch", {"iss": world.ehr.base, "launch": "secretlaunch"})
    assert answer.status_code == status
    assert "secret" not in answer.text


def test_an_ehr_without_smart_is_said_in_words(world: World, browser: Browser) -> None:
    world.ehr.server.says(SMART, b"<html>no</html>", 404)
    answer = browser.get("/smart/launch", {"iss": world.ehr.base, "launch": "a"})
    assert (answer.status_code, answer.mimetype) == (502, "text/html")


# --- the state


def test_a_forged_state_brings_nothing_to_the_ehr(world: World, browser: Browser) -> None:
    begun(world, browser)
    for state in ("x" * 43, "", "forged", "a/../b", "\u0000" * 43):
        refused(browser, {"code": "secretcode", "state": state})
    refused(browser, {"code": "secretcode"})
    assert world.ehr.codes_sent() == []


def test_a_state_of_another_browser_is_refused_and_used_up(world: World, browser: Browser) -> None:
    asked = begun(world, browser)
    world.ehr.will_give(asked["nonce"])
    victim = world.browser()
    refused(victim, {"code": "secretcode", "state": asked["state"]})
    begun(world, victim)  # also with a cookie of its own
    refused(victim, {"code": "secretcode", "state": asked["state"]})
    refused(browser, {"code": "secretcode", "state": asked["state"]})
    assert world.ehr.codes_sent() == []


def test_a_state_is_good_once(world: World, browser: Browser) -> None:
    asked = begun(world, browser)
    world.ehr.will_give(asked["nonce"])
    query = {"code": "secretcode", "state": asked["state"]}
    assert browser.get(CALLBACK, query).status_code == 303
    again = browser.get(CALLBACK, query)
    assert again.status_code == 400
    assert len(browser.worksheets()) == 1
    assert world.ehr.codes_sent() == ["secretcode"]


def test_a_reused_code_is_the_ehrs_to_refuse_and_opens_nothing(world: World, browser: Browser) -> None:
    asked = begun(world, browser)
    world.ehr.server.says("/oauth/token", {"error": "invalid_grant", "error_description": "secretcode"}, 400)
    refused(browser, {"code": "secretcode", "state": asked["state"]})


def test_after_ten_minutes_a_state_is_over(
    world: World, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = begun(world, browser)
    world.ehr.will_give(asked["nonce"])
    sessions = browser.app.extensions[EXTENSION]
    monkeypatch.setattr(sessions, "clock", lambda: now_utc() + timedelta(minutes=10, seconds=1))
    refused(browser, {"code": "secretcode", "state": asked["state"]})
    assert world.ehr.codes_sent() == []


def test_a_session_that_is_over_ends_the_launch(world: World, browser: Browser) -> None:
    asked = begun(world, browser)
    world.ehr.will_give(asked["nonce"])
    browser.forget()
    refused(browser, {"code": "secretcode", "state": asked["state"]})


def test_a_state_of_something_else_is_no_state_of_a_launch(world: World, browser: Browser) -> None:
    from cds_service.signing_in.one_time import OneTime

    records = world.hospital.records
    once = OneTime(records.database, world.hospital.deployment.ring)
    state = once.give("sign-in", {"browser": "x"}, timedelta(minutes=1), now_utc())
    refused(browser, {"code": "secretcode", "state": state})


def test_an_error_of_the_ehr_is_told_in_our_words(world: World, browser: Browser) -> None:
    asked = begun(world, browser)
    query = {
        "error": "access_denied",
        "error_description": "<b>secret words</b>",
        "error_uri": "https://evil.example",
        "state": asked["state"],
    }
    refused(browser, query, 403)
    refused(browser, {**query, "code": "secretcode"})  # and the state is used up


def test_a_code_of_another_server_is_not_handed_on(world: World, browser: Browser) -> None:
    asked = begun(world, browser)
    world.ehr.will_give(asked["nonce"])
    refused(browser, {"code": "secretcode", "state": asked["state"], "iss": "https://evil.example"}, 502)
    assert world.ehr.codes_sent() == []


def test_the_endpoints_are_those_with_which_the_launch_began(world: World, browser: Browser) -> None:
    asked = begun(world, browser)
    world.ehr.will_give(asked["nonce"])
    world.ehr.set_up(token_endpoint="https://evil.example/token", issuer="https://evil.example")
    assert browser.get(CALLBACK, {"code": "c", "state": asked["state"]}).status_code == 303


# --- what the token endpoint answers


def html(_: Any) -> Response:
    return Response("<html>secretpatient</html>", 200, mimetype="text/html")


def redirect(_: Any) -> Response:
    return Response("", 307, {"Location": "https://evil.example/token"})


def failing(_: Any) -> Response:
    return Response("secretpatient", 503)


def slowly(_: Any) -> Response:
    time.sleep(6)
    return Response("{}")


@pytest.mark.parametrize("answer", [html, redirect, failing, slowly])
def test_a_token_endpoint_that_misbehaves_opens_nothing(
    world: World, browser: Browser, answer: Callable[[Any], Response]
) -> None:
    asked = begun(world, browser)
    world.ehr.server.answers["/oauth/token"] = answer
    began = time.monotonic()
    refused(browser, {"code": "secretcode", "state": asked["state"]}, 502)
    assert time.monotonic() - began < 6


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"access_token": ...}, 502),
        ({"token_type": "mac"}, 502),
        ({"patient": ...}, 400),
        ({"patient": None}, 400),
        ({"patient": ""}, 400),
        ({"patient": 7}, 400),
        ({"patient": ["secretpatient"]}, 400),
        ({"patient": "secret/patient"}, 400),
        ({"patient": ".."}, 400),
        ({"patient": "secret patient"}, 400),
        ({"patient": "x" * 65}, 400),
        ({"patient": "<secret>"}, 400),
        ({"patient": "p?_include=*"}, 400),
        ({"id_token": ...}, 502),
        ({"id_token": "secret.junk.token"}, 502),
    ],
)
def test_a_token_response_without_what_is_needed_opens_nothing(
    world: World, browser: Browser, changed: dict[str, Any], status: int
) -> None:
    asked = begun(world, browser)
    world.ehr.will_give(asked["nonce"], **changed)
    refused(browser, {"code": "secretcode", "state": asked["state"]}, status)


def unsigned(world: World, nonce: str) -> str:
    body = world.ehr.id_token(nonce).split(".")[1]
    head = encoded(b'{"alg":"none","kid":"ec"}')
    return f"{head}.{body}."


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"iss": "https://evil.example"}, 502),
        ({"aud": "another-app"}, 502),
        ({"nonce": "secretnonce"}, 502),
        ({"nonce": ...}, 502),
        ({"exp": int(time.time()) - 3600}, 502),
        ({"fhirUser": "Patient/secretpatient"}, 403),
        ({"fhirUser": "{base}/Patient/secretpatient"}, 403),
        ({"fhirUser": "RelatedPerson/secretmother"}, 403),
    ],
)
def test_an_id_token_of_somebody_else_opens_nothing(
    world: World, browser: Browser, claims: dict[str, Any], status: int
) -> None:
    asked = begun(world, browser)
    world.ehr.claims = {
        name: value.format(base=world.ehr.base) if isinstance(value, str) else value
        for name, value in claims.items()
    }
    world.ehr.will_give(asked["nonce"])
    refused(browser, {"code": "secretcode", "state": asked["state"]}, status)


def test_an_id_token_that_nobody_signed_opens_nothing(world: World, browser: Browser) -> None:
    asked = begun(world, browser)
    world.ehr.will_give(asked["nonce"], id_token=unsigned(world, asked["nonce"]))
    refused(browser, {"code": "secretcode", "state": asked["state"]}, 502)


# --- nothing private is written anywhere


def test_neither_a_good_nor_a_bad_launch_leaves_anything_private_in_logs_or_metrics(
    world: World, browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        asked = begun(world, browser)
        world.ehr.will_give(asked["nonce"])
        assert browser.get(CALLBACK, {"code": "secretcode", "state": asked["state"]}).status_code == 303
        asked = begun(world, browser)
        world.ehr.claims = {"nonce": "secretnonce"}
        world.ehr.will_give(asked["nonce"])
        assert browser.get(CALLBACK, {"code": "secretcode", "state": asked["state"]}).status_code == 502
        begun(world, browser)
        browser.get(CALLBACK, {"error": "secret", "state": "x" * 43})
        browser.get("/smart/launch", {"iss": "https://secret.example", "launch": "secretlaunch"})
    ours = [one for one in caplog.records if not one.name.startswith("werkzeug")]  # that is the EHR's own
    written = "\n".join(f"{one.getMessage()} {one.args} {one.exc_info} {one.exc_text}" for one in ours)
    assert '"cause":"id_token_nonce"' in written
    assert '"cause":"launch"' in written
    metrics = browser.app.test_client().get("/metrics").text
    assert "smart-launch" in metrics
    for private in ("secret", asked["state"], asked["nonce"], asked["code_challenge"]):
        assert private not in written
        assert private not in metrics


def test_what_is_kept_of_a_launch_is_encrypted(world: World, browser: Browser, tmp_path: Path) -> None:
    asked = begun(world, browser)
    world.launch_of(browser)
    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"web_session" in stored
    for private in (
        "secrettoken",
        "secretpatient",
        "secretuser",
        "Secretname",
        asked["nonce"],
        asked["state"],
    ):
        assert private.encode() not in stored


@pytest.mark.parametrize("cause", sorted(BY_CAUSE))
def test_every_cause_is_explained_to_whoever_runs_the_service(cause: str) -> None:
    text = (Path(__file__).parents[2] / "docs/smart.md").read_text(encoding="utf-8")
    assert f"`{cause}`" in text
