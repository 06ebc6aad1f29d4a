"""The token endpoint: codes, refresh tokens, and apps that prove who they are."""

from __future__ import annotations

import time
from base64 import b64encode
from typing import Any

import jwt
import pytest

from cds_service.authentication.public_keys import read_key_set
from cds_service.oauth.signing_keys import SigningKeys
from cds_service.oauth.token_requests import ASSERTION_TYPE
from tests.demo.authorization.in_process import BASE, KEYS, REDIRECT, Running

TOKEN_URL = f"{BASE}/oauth/token"


def test_a_code_brings_a_token_with_its_context(running: Running) -> None:
    answer = running.spends(running.code())
    body = answer.get_json()
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert (body["token_type"], body["patient"], body["encounter"]) == ("Bearer", "p1", "e1")
    assert (body["appContext"], body["expires_in"]) == ('{"trial":"N"}', 3600)
    assert "refresh_token" not in body
    grant = running.authority.grant_of(f"Bearer {body['access_token']}")
    assert grant is not None
    assert (grant.patient, grant.client_id) == ("p1", "public")


def test_the_id_token_says_who_and_for_whom(running: Running) -> None:
    token = running.spends(running.code()).get_json()["id_token"]
    document = running.http.get("/oauth/jwks").get_json()
    key = read_key_set(document).keys[jwt.get_unverified_header(token)["kid"]].verifiers["ES384"]
    claims = jwt.decode(token, key, ["ES384"], audience="public", issuer=f"{BASE}/oauth")
    assert (claims["sub"], claims["name"], claims["nonce"]) == ("dr", "Dr Demo", "the-nonce")
    assert claims["fhirUser"] == f"{BASE}/fhir/Practitioner/dr"


def test_a_code_is_good_once_and_a_second_use_takes_its_token_back(running: Running) -> None:
    code = running.code()
    token = running.spends(code).get_json()["access_token"]
    assert running.authority.grant_of(f"Bearer {token}") is not None
    again = running.spends(code)
    assert (again.status_code, again.get_json()["error"]) == (400, "invalid_grant")
    assert running.authority.grant_of(f"Bearer {token}") is None


def test_a_code_is_over_after_a_minute_and_a_token_after_an_hour(running: Running) -> None:
    code = running.code()
    running.clock.now += 61
    assert running.spends(code).get_json()["error"] == "invalid_grant"
    token = running.spends(running.code()).get_json()["access_token"]
    running.clock.now += 3601
    assert running.authority.grant_of(f"Bearer {token}") is None


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"code": "forged"}, "invalid_grant"),
        ({"code": ...}, "invalid_grant"),
        ({"redirect_uri": f"{REDIRECT}?a=b"}, "invalid_grant"),
        ({"redirect_uri": ...}, "invalid_grant"),
        ({"code_verifier": ...}, "invalid_grant"),
        ({"code_verifier": "w" * 43}, "invalid_grant"),
        ({"code_verifier": "v" * 42}, "invalid_grant"),
        ({"client_id": "other"}, "invalid_grant"),
        ({"client_id": "nobody"}, "invalid_client"),
        ({"client_id": ...}, "invalid_client"),
        ({"client_id": "secret"}, "invalid_client"),
        ({"client_id": "signing-app"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": ...}, "unsupported_grant_type"),
    ],
)
def test_a_code_with_anything_wrong_brings_nothing(
    running: Running, changed: dict[str, Any], error: str
) -> None:
    answer = running.spends(running.code(), **changed)
    assert answer.status_code in (400, 401)
    assert answer.get_json()["error"] == error
    assert "access_token" not in answer.get_json()


def basic(ident: str, secret: str) -> str:
    return f"Basic {b64encode(f'{ident}:{secret}'.encode()).decode()}"


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (basic("secret", "a+secret%3A%25"), 200),
        (basic("secret", "wrong"), 401),
        (basic("secret", ""), 401),
        (basic("public", ""), 401),
        (basic("nobody", "x"), 401),
        ("Basic !!!", 401),
        ("Bearer abc", 401),
    ],
)
def test_an_app_with_a_secret_must_say_it(running: Running, header: str, status: int) -> None:
    form = {
        "grant_type": "authorization_code",
        "code": running.code(client_id="secret"),
        "redirect_uri": REDIRECT,
        "code_verifier": "v" * 43,
    }
    assert running.token(form, Authorization=header).status_code == status


def test_a_secret_may_stand_in_the_form(running: Running) -> None:
    code = running.code(client_id="secret")
    assert running.spends(code, client_id="secret", client_secret="a secret:%").status_code == 200
    code = running.code(client_id="secret")
    assert running.spends(code, client_id="secret", client_secret="wrong").status_code == 401


def test_a_refresh_token_comes_with_its_scope_and_is_good_once(running: Running) -> None:
    scope = "launch offline_access patient/*.rs"
    first = running.spends(running.code(scope=scope)).get_json()
    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"], "client_id": "public"}
    assert running.token({**form, "client_id": "other"}).get_json()["error"] == "invalid_grant"
    first = running.spends(running.code(scope=scope)).get_json()
    form["refresh_token"] = first["refresh_token"]
    second = running.token(form).get_json()
    assert (second["patient"], second["scope"]) == ("p1", scope)
    assert second["refresh_token"] != first["refresh_token"]
    assert running.token(form).get_json()["error"] == "invalid_grant"
    wider = {**form, "refresh_token": second["refresh_token"], "scope": "patient/*.cruds"}
    assert running.token(wider).get_json()["error"] == "invalid_scope"


# --- apps that sign


def assertion(running: Running, keys: SigningKeys = KEYS, **changed: Any) -> str:
    now = int(running.clock.now)
    good = {
        "iss": "service",
        "sub": "service",
        "aud": TOKEN_URL,
        "exp": now + 240,
        "jti": f"jti-{running.clock.now}",
    }
    return keys.sign({name: value for name, value in {**good, **changed}.items() if value is not ...})


def by_itself(running: Running, token: str, **changed: str) -> tuple[int, dict[str, Any]]:
    form = {
        "grant_type": "client_credentials",
        "scope": "system/*.rs",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": token,
        **changed,
    }
    answer = running.token(form)
    return answer.status_code, answer.get_json()


@pytest.fixture(autouse=True)
def real_time(running: Running) -> None:
    """PyJWT looks at the machine's clock."""
    running.clock.now = time.time()


def test_a_service_that_signs_has_a_token_of_its_own(running: Running) -> None:
    status, body = by_itself(running, assertion(running))
    assert (status, body["scope"], body["expires_in"]) == (200, "system/*.rs", 300)
    assert {"refresh_token", "id_token", "patient"}.isdisjoint(body)


def test_an_assertion_is_good_once(running: Running) -> None:
    token = assertion(running)
    assert by_itself(running, token)[0] == 200
    assert by_itself(running, token)[0] == 401


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "nobody", "sub": "nobody"},
        {"sub": "public"},
        {"iss": "public", "sub": "public"},
        {"aud": f"{BASE}/oauth"},
        {"aud": "https://evil.example/token"},
        {"exp": int(time.time()) - 60},
        {"exp": int(time.time()) + 3600},
        {"exp": ...},
        {"jti": ...},
        {"sub": ...},
    ],
)
def test_an_assertion_with_anything_wrong_is_nobodys(running: Running, changed: dict[str, Any]) -> None:
    status, body = by_itself(running, assertion(running, **changed))
    assert (status, body["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("token", ["", "junk", "a.b.c"])
def test_what_is_no_assertion_is_nobodys(running: Running, token: str) -> None:
    assert by_itself(running, token)[0] == 401


def test_a_signature_by_another_key_or_with_a_secret_is_nobodys(running: Running) -> None:
    assert by_itself(running, assertion(running, SigningKeys.new()))[0] == 401
    kid = KEYS.public()["keys"][0]["kid"]
    claims = jwt.decode(assertion(running), options={"verify_signature": False})
    forged = jwt.encode(claims, "s" * 48, "HS384", headers={"kid": kid})
    assert by_itself(running, forged)[0] == 401


def test_the_type_of_the_assertion_must_be_said(running: Running) -> None:
    assert by_itself(running, assertion(running), client_assertion_type="jwt")[0] == 401
    assert by_itself(running, assertion(running), client_id="public")[0] == 401


@pytest.mark.parametrize("scope", ["", "patient/*.rs", "system/*.rs openid"])
def test_a_service_asks_for_system_scopes_alone(running: Running, scope: str) -> None:
    assert by_itself(running, assertion(running), scope=scope)[1]["error"] == "invalid_scope"


def test_an_app_without_that_registration_has_no_token_of_its_own(running: Running) -> None:
    form = {"grant_type": "client_credentials", "scope": "system/*.rs", "client_id": "public"}
    assert running.token(form).get_json()["error"] == "unauthorized_client"
    token = assertion(running, iss="signing-app", sub="signing-app")
    assert by_itself(running, token)[1]["error"] == "unauthorized_client"


def test_an_app_that_signs_may_spend_a_code(running: Running) -> None:
    code = running.code(client_id="signing-app")
    token = assertion(running, iss="signing-app", sub="signing-app")
    answer = running.spends(
        code, client_id="signing-app", client_assertion_type=ASSERTION_TYPE, client_assertion=token
    )
    assert answer.status_code == 200
