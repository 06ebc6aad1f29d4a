"""Tokens that the service has by itself: how they are had, kept, and not had."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jwt
import orjson
import pytest
from flask import Flask, Response

from cds_service.authentication.public_keys import read_key_set
from cds_service.clients.registered import Client
from cds_service.demo.authorization.authority import Authority
from cds_service.demo.authorization.parties import App
from cds_service.demo.authorization.routes import authorization_routes
from cds_service.demo.servers import in_thread
from cds_service.oauth.faults import OAuthError
from cds_service.oauth.signing_keys import SigningKeys, signing_keys_of
from cds_service.smart.backend_services import FIRST_PAUSE, LONGEST_PAUSE, Backend
from tests.oauth.scripted import HERE, Asked
from tests.outbound.places import Clock
from tests.registered.hospital import Hospital
from tests.smart.world import World, a_world, client

BACKEND = {"client_id": "trialhook-service"}
KEYS = SigningKeys.new()


@contextmanager
def a_backend(
    folder: Path, clock: Any = time.time, **members: Any
) -> Iterator[tuple[World, Backend, Client]]:
    """A service that is registered with these keys, its backend, and the client."""
    path = folder / "signing.json"
    path.write_bytes(KEYS.private())
    settings = {"signing_keys": str(path)}
    with a_world(folder, **{"backend": BACKEND, "settings": settings, **members}) as world:
        good = {"access_token": "secrettoken", "token_type": "bearer", "expires_in": 300, "scope": "s"}
        world.ehr.server.says("/oauth/token", good)
        deployment = world.hospital.deployment
        backend = Backend(deployment.offers, signing_keys_of(deployment.settings), clock=clock)
        yield world, backend, next(iter(deployment.clients))


def asked_for_tokens(world: World) -> list[Asked]:
    return [one for one in world.ehr.server.asked if one.path == "/oauth/token"]


def test_a_token_is_had_by_our_signature_and_gives_access_to_that_base(tmp_path: Path) -> None:
    with a_backend(tmp_path) as (world, backend, hospital):
        access = backend.access(hospital, world.ehr.base)
        assert access is not None
        assert (access.base.url, access.token, access.rule) == (world.ehr.base, "secrettoken", HERE)
        assert "secrettoken" not in repr(access)
        [asked] = asked_for_tokens(world)
        assert asked.form["grant_type"] == "client_credentials"
        assert {"system/Patient.rs", "system/ServiceRequest.crus"} <= set(asked.form["scope"].split())
        token = asked.form["client_assertion"]
        key = read_key_set(KEYS.public()).keys[jwt.get_unverified_header(token)["kid"]].verifiers["ES384"]
        claims = jwt.decode(token, key, ["ES384"], audience=f"{world.ehr.issuer}/token")
        assert (claims["iss"], claims["sub"]) == ("trialhook-service", "trialhook-service")


def test_a_client_without_backend_and_a_base_that_is_not_its_own_give_no_access(tmp_path: Path) -> None:
    with a_backend(tmp_path) as (world, backend, hospital):
        assert backend.access(hospital, "https://evil.example/fhir") is None
        assert backend.access(hospital, f"{world.ehr.server.base}/other") is None
    (tmp_path / "none").mkdir()
    with a_backend(tmp_path / "none", backend=None) as (world, backend, hospital):
        assert backend.access(hospital, world.ehr.base) is None
        assert world.ehr.server.asked == []


def test_a_token_is_used_for_most_of_its_life_and_then_fetched_again(tmp_path: Path) -> None:
    clock = Clock()
    clock.now = time.time()
    with a_backend(tmp_path, clock) as (world, backend, hospital):
        for later, fetches in ((0, 1), (230, 1), (15, 2), (10, 2)):
            clock.now += later
            backend.access(hospital, world.ehr.base)
            assert len(asked_for_tokens(world)) == fetches


def test_many_who_need_one_at_once_wait_for_one_fetch(tmp_path: Path) -> None:
    with a_backend(tmp_path) as (world, backend, hospital):

        def slowly(_: Asked) -> Response:
            time.sleep(0.2)
            return Response(b'{"access_token":"t","token_type":"bearer","expires_in":300}')

        world.ehr.server.answers["/oauth/token"] = slowly
        threads = [threading.Thread(target=backend.access, args=(hospital, world.ehr.base)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(asked_for_tokens(world)) == 1


def test_a_token_that_was_refused_is_dropped(tmp_path: Path) -> None:
    with a_backend(tmp_path) as (world, backend, hospital):
        backend.access(hospital, world.ehr.base)
        backend.forget(hospital, world.ehr.base)
        backend.access(hospital, world.ehr.base)
        assert len(asked_for_tokens(world)) == 2
        backend.forget(hospital, "https://evil.example/fhir")


def test_failures_back_off_and_are_over_when_it_works_again(tmp_path: Path) -> None:
    clock = Clock()
    clock.now = time.time()
    with a_backend(tmp_path, clock) as (world, backend, hospital):
        good = world.ehr.server.answers["/oauth/token"]
        world.ehr.server.says("/oauth/token", {"error": "invalid_client"}, 401)
        pause = FIRST_PAUSE
        for tries in range(1, 9):
            with pytest.raises(OAuthError, match="client_refused"):
                backend.access(hospital, world.ehr.base)
            clock.now += pause - 1
            with pytest.raises(OAuthError, match="client_refused") as caught:
                backend.access(hospital, world.ehr.base)
            assert caught.value.retry_after == pytest.approx(1, abs=0.1)
            assert len(asked_for_tokens(world)) == tries
            clock.now += 1.1
            pause = min(pause * 2, LONGEST_PAUSE)
        world.ehr.server.answers["/oauth/token"] = good
        assert backend.access(hospital, world.ehr.base) is not None
        backend.forget(hospital, world.ehr.base)
        world.ehr.server.says("/oauth/token", b"", 503)
        with pytest.raises(OAuthError, match="server_failed"):
            backend.access(hospital, world.ehr.base)
        clock.now += FIRST_PAUSE + 0.1  # from the beginning again
        world.ehr.server.answers["/oauth/token"] = good
        assert backend.access(hospital, world.ehr.base) is not None


def test_the_servers_hint_when_to_come_back_is_kept_to(tmp_path: Path) -> None:
    clock = Clock()
    clock.now = time.time()
    with a_backend(tmp_path, clock) as (world, backend, hospital):
        world.ehr.server.says("/oauth/token", b"", 429, Retry_After="120")
        with pytest.raises(OAuthError, match="too_busy"):
            backend.access(hospital, world.ehr.base)
        clock.now += 110
        with pytest.raises(OAuthError, match="too_busy"):
            backend.access(hospital, world.ehr.base)
        assert len(asked_for_tokens(world)) == 1


def test_one_client_in_trouble_holds_up_no_other(tmp_path: Path) -> None:
    with a_backend(tmp_path) as (world, backend, hospital):
        world.ehr.set_up(token_endpoint="ftp://x")
        with pytest.raises(OAuthError, match="endpoint_refused"):
            backend.access(hospital, world.ehr.base)
        other = client("other", world.ehr.base, backend={**BACKEND, "token_url": "https://127.0.0.1:1/t"})
        folder = tmp_path / "other"
        folder.mkdir()
        settings = {"signing_keys": str(tmp_path / "signing.json")}
        service = Hospital(folder, [other], settings=settings)
        with pytest.raises(OAuthError, match="unreachable"):  # where the registration says, unasked elsewhere
            service.deployment.backend.access(next(iter(service.deployment.clients)), world.ehr.base)
        service.close()


def test_without_signing_keys_nothing_is_asked_of_the_token_endpoint(tmp_path: Path) -> None:
    with a_backend(tmp_path, settings={}) as (world, backend, hospital):
        with pytest.raises(OAuthError) as caught:
            backend.access(hospital, world.ehr.base)
        assert (caught.value.word, caught.value.retry) == ("no_signing_keys", False)
        assert asked_for_tokens(world) == []


def test_neither_token_nor_assertion_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), a_backend(tmp_path) as (world, backend, hospital):
        backend.access(hospital, world.ehr.base)
        assertion = asked_for_tokens(world)[0].form["client_assertion"]
        backend.forget(hospital, world.ehr.base)
        world.ehr.server.says("/oauth/token", {"error": "invalid_scope", "error_description": "secret"}, 400)
        with pytest.raises(OAuthError):
            backend.access(hospital, world.ehr.base)
    ours = "\n".join(one.getMessage() for one in caplog.records if one.name.startswith("trialhook"))
    assert "no backend token for client hospital: scope_refused" in ours
    assert "secret" not in ours
    assert assertion not in caplog.text


def test_the_key_set_that_is_published_is_the_one_that_signs(tmp_path: Path) -> None:
    ehr = Flask("ehr")
    apps: dict[str, App] = {}
    ehr.register_blueprint(authorization_routes(Authority(apps, ())))
    with in_thread(ehr, 0) as base:
        (tmp_path / "signing.json").write_bytes(KEYS.private())
        settings = {"signing_keys": str(tmp_path / "signing.json")}
        service = Hospital(tmp_path, [client("hospital", f"{base}/fhir", backend=BACKEND)], settings=settings)
        with in_thread(service.http.application, 0) as address:
            apps["trialhook-service"] = App(jwks_url=f"{address}/.well-known/jwks.json", backend=True)
            access = service.deployment.backend.access(next(iter(service.deployment.clients)), f"{base}/fhir")
        published = service.http.get("/.well-known/jwks.json")
        service.close()
    assert access is not None
    assert access.token
    assert orjson.loads(published.data) == KEYS.public()
    assert published.headers["Cache-Control"] == "public, max-age=300"
    assert published.mimetype == "application/json"


def test_a_service_without_keys_publishes_an_empty_set(world: World) -> None:
    assert world.hospital.http.get("/.well-known/jwks.json").get_json() == {"keys": []}
