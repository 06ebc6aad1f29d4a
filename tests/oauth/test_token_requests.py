"""Token requests: how we prove who we are, and what comes of every answer."""

from __future__ import annotations

import time
from base64 import b64decode
from typing import Any

import jwt
import pytest

from cds_service.authentication.public_keys import read_key_set
from cds_service.oauth.endpoints import Endpoints
from cds_service.oauth.exchange import Exchange
from cds_service.oauth.faults import OAuthError
from cds_service.oauth.signing_keys import SigningKeys
from cds_service.oauth.token_requests import (
    ASSERTION_TYPE,
    LIFETIME_NOT_SAID,
    LONGEST_LIFETIME,
    Registration,
    Token,
    request_token,
)
from tests.oauth.scripted import HERE, Scripted

GOOD = {"access_token": "abc", "token_type": "Bearer", "expires_in": 3600, "scope": "a b"}
KEYS = SigningKeys.new("ec", SigningKeys.new("rsa"))


def ask(server: Scripted, us: Registration | None = None, **endpoints: Any) -> Token:
    found = Endpoints(token=f"{server.base}/token", rule=HERE, **endpoints)
    return request_token(Exchange(), us or Registration("our app"), found, {"grant_type": "x"})


def fault(server: Scripted, body: Any, status: int = 200, **headers: str) -> OAuthError:
    server.says("/token", body, status, **headers)
    with pytest.raises(OAuthError) as caught:
        ask(server)
    return caught.value


def test_a_public_client_names_itself(server: Scripted) -> None:
    server.says("/token", GOOD)
    ask(server)
    [asked] = server.asked
    assert (asked.method, asked.form) == ("POST", {"grant_type": "x", "client_id": "our app"})
    assert "Authorization" not in asked.headers


@pytest.mark.parametrize("methods", [(), ("client_secret_basic", "client_secret_post")])
def test_a_secret_goes_into_the_header_form_encoded_first(server: Scripted, methods: tuple[str, ...]) -> None:
    server.says("/token", GOOD)
    ask(server, Registration("our app", "s:e%c/r t"), auth_methods=frozenset(methods))
    [asked] = server.asked
    scheme, _, pair = asked.headers["Authorization"].partition(" ")
    assert (scheme, b64decode(pair)) == ("Basic", b"our+app:s%3Ae%25c%2Fr+t")
    assert asked.form == {"grant_type": "x"}


def test_a_secret_goes_into_the_form_only_where_the_header_is_not_taken(server: Scripted) -> None:
    server.says("/token", GOOD)
    ask(server, Registration("app", "secret"), auth_methods=frozenset({"client_secret_post"}))
    [asked] = server.asked
    assert asked.form == {"grant_type": "x", "client_id": "app", "client_secret": "secret"}
    assert "Authorization" not in asked.headers


@pytest.mark.parametrize(("accepted", "algorithm"), [((), "ES384"), (("RS384",), "RS384")])
def test_an_assertion_is_for_this_endpoint_short_and_never_the_same(
    server: Scripted, accepted: tuple[str, ...], algorithm: str
) -> None:
    server.says("/token", GOOD)
    for _ in range(2):
        ask(server, Registration("app", keys=KEYS), algorithms=frozenset(accepted))
    found = [asked.form for asked in server.asked]
    assert {form["client_assertion_type"] for form in found} == {ASSERTION_TYPE}
    assert all("client_secret" not in form for form in found)
    tokens = [form["client_assertion"] for form in found]
    public = read_key_set(KEYS.public()).keys
    read = []
    for token in tokens:
        key = public[jwt.get_unverified_header(token)["kid"]].verifiers[algorithm]
        read.append(jwt.decode(token, key, [algorithm], audience=f"{server.base}/token"))
    assert {(one["iss"], one["sub"]) for one in read} == {("app", "app")}
    assert all(0 < one["exp"] - time.time() <= 300 for one in read)
    assert read[0]["jti"] != read[1]["jti"]


def test_without_a_common_algorithm_nothing_is_sent(server: Scripted) -> None:
    with pytest.raises(OAuthError, match="no_common_algorithm"):
        ask(server, Registration("app", keys=KEYS), algorithms=frozenset({"PS256"}))
    assert server.asked == []


def test_a_good_answer_is_a_token_with_all_else_beside_it(server: Scripted) -> None:
    server.says("/token", {**GOOD, "refresh_token": "r", "patient": "p1", "id_token": "i"})
    before = time.time()
    token = ask(server)
    assert (token.access_token, token.scope, token.refresh_token) == ("abc", "a b", "r")
    assert before + 3595 < token.expires_at <= time.time() + 3600
    assert token.extras == {"patient": "p1", "id_token": "i"}
    assert "abc" not in repr(token)
    assert "p1" not in repr(token)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (60, 60.0),
        ("60", 60.0),
        (59.5, 59.5),
        (None, LIFETIME_NOT_SAID),
        ("soon", LIFETIME_NOT_SAID),
        (0, LIFETIME_NOT_SAID),
        (-1, LIFETIME_NOT_SAID),
        (True, LIFETIME_NOT_SAID),
        ([60], LIFETIME_NOT_SAID),
        (10**12, LONGEST_LIFETIME),
        ("9" * 30, LONGEST_LIFETIME),
    ],
)
def test_a_lifetime_is_taken_within_reason(server: Scripted, said: object, seconds: float) -> None:
    server.says("/token", {**GOOD, "expires_in": said})
    assert abs(ask(server).expires_at - time.time() - seconds) < 5


@pytest.mark.parametrize(
    "changed",
    [
        {"access_token": None},
        {"access_token": ""},
        {"access_token": 7},
        {"access_token": "two words"},
        {"access_token": "line\nbreak: smuggled"},
        {"access_token": "ü"},
        {"access_token": "x" * 20_000},
        {"token_type": None},
        {"token_type": "mac"},
        {"scope": ["a"]},
    ],
)
def test_a_token_that_cannot_be_used_is_none(server: Scripted, changed: dict[str, Any]) -> None:
    assert fault(server, {**GOOD, **changed}).word == "token_unusable"


@pytest.mark.parametrize(
    ("body", "status", "word", "retry"),
    [
        ({"error": "invalid_client"}, 401, "client_refused", False),
        ({"error": "invalid_client"}, 400, "client_refused", False),
        ({"error": "unauthorized_client"}, 400, "client_refused", False),
        ({"error": "invalid_grant", "error_description": "code abc of p1"}, 400, "grant_refused", False),
        ({"error": "invalid_scope"}, 400, "scope_refused", False),
        ({"error": "access_denied"}, 403, "denied", False),
        ({"error": "anything"}, 400, "refused", False),
        ({"error": ["invalid_grant"]}, 400, "refused", False),
        ({}, 401, "client_refused", False),
        (b"<html>p1</html>", 404, "refused", False),
        (b"<html>p1</html>", 200, "not_json", False),
        ([], 200, "not_json", False),
        ({}, 204, "refused", False),
        (b"", 429, "too_busy", True),
        (b"", 500, "server_failed", True),
        ({"error": "invalid_grant"}, 503, "server_failed", True),
    ],
)
def test_every_refusal_is_a_closed_word(
    server: Scripted, body: Any, status: int, word: str, retry: bool
) -> None:
    found = fault(server, body, status)
    assert (found.word, found.retry, str(found)) == (word, retry, word)


@pytest.mark.parametrize("status", [429, 503])
def test_a_hint_when_to_come_back_is_kept(server: Scripted, status: int) -> None:
    assert fault(server, b"", status, Retry_After="30").retry_after == 30.0


def test_a_redirect_gets_no_credentials(server: Scripted) -> None:
    assert fault(server, b"", 307, Location=f"{server.base}/elsewhere").word == "redirected"
    assert server.paths() == ["/token"]
