"""The code flow from its beginning to its tokens."""

from __future__ import annotations

import time
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import jwt
import orjson
import pytest

from cds_service.oauth.code_flow import Begun, CodeFlow, Tokens, begin
from cds_service.oauth.endpoints import Endpoints
from cds_service.oauth.faults import OAuthError
from cds_service.oauth.token_requests import Registration
from tests.authentication.minting import encoded, jwk, key_set, private_key
from tests.oauth.scripted import HERE, Scripted

US = Registration("our-app")
REDIRECT = "https://cds.example.org/smart/callback"


def endpoints(server: Scripted, **changed: Any) -> Endpoints:
    usual: dict[str, Any] = {
        "token": f"{server.base}/token",
        "authorization": f"{server.base}/authorize?tenant=a",
        "issuer": "https://auth.example",
        "jwks": f"{server.base}/jwks",
        "rule": HERE,
    }
    return Endpoints(**{**usual, **changed})


def begun(server: Scripted, *scopes: str, **changed: Any) -> Begun:
    return begin(US, endpoints(server, **changed), REDIRECT, scopes or ("openid",), {"aud": "https://fhir/"})


def id_token(nonce: str, **changed: Any) -> str:
    now = int(time.time())
    said = {"iss": "https://auth.example", "sub": "s", "aud": "our-app", "iat": now, "exp": now + 60}
    claims = {**said, "nonce": nonce, **changed}
    return jwt.encode(claims, private_key("P-384"), "ES384", headers={"kid": "ec"})


def answers(server: Scripted, **more: Any) -> None:
    server.says("/token", {"access_token": "abc", "token_type": "bearer", "expires_in": 60, **more})
    server.says("/jwks", key_set(jwk("P-384", "ec")))


def finish(flow: Begun, **arguments: str) -> Tokens:
    return CodeFlow().finish(US, flow.payload, HERE, arguments or {"code": "the-code"})


def test_the_browser_is_sent_with_a_challenge_and_without_a_secret(server: Scripted) -> None:
    flow = begun(server, "openid", "launch/patient")
    address = urlsplit(flow.url("the-state"))
    query = dict(parse_qsl(address.query))
    challenge = encoded(sha256(flow.payload["verifier"].encode()).digest())
    assert f"{address.scheme}://{address.netloc}{address.path}" == f"{server.base}/authorize"
    assert query == {
        "tenant": "a",
        "response_type": "code",
        "client_id": "our-app",
        "redirect_uri": REDIRECT,
        "scope": "openid launch/patient",
        "state": "the-state",
        "aud": "https://fhir/",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "nonce": flow.payload["nonce"],
    }
    assert flow.payload["verifier"] not in flow.url("s")
    assert 43 <= len(flow.payload["verifier"]) <= 128
    assert repr(flow) == "Begun()"


def test_no_two_flows_have_a_secret_in_common(server: Scripted) -> None:
    one, other = begun(server).payload, begun(server).payload
    assert one["verifier"] != other["verifier"]
    assert one["nonce"] != other["nonce"]


@pytest.mark.parametrize(
    ("scopes", "changed"), [(("launch",), {}), (("openid",), {"issuer": ""}), (("openid",), {"jwks": ""})]
)
def test_nobody_is_asked_who_they_are_if_it_could_not_be_checked(
    server: Scripted, scopes: tuple[str, ...], changed: dict[str, str]
) -> None:
    flow = begun(server, *scopes, **changed)
    assert "nonce" not in parse_qs(urlsplit(flow.url("s")).query)
    answers(server, id_token="junk")
    tokens = finish(flow)
    assert tokens.claims == {}
    assert tokens.extras == {}


def test_a_code_becomes_tokens_and_somebody_signed_in(server: Scripted) -> None:
    flow = begun(server, "openid", "patient/*.rs")
    flow = Begun(flow.endpoints, flow.parameters, orjson.loads(orjson.dumps(flow.payload)))  # as it is kept
    answers(server, id_token=id_token(flow.payload["nonce"]), patient="p1", scope="openid patient/*.r")
    tokens = finish(flow)
    assert (tokens.access_token, tokens.scope) == ("abc", ("openid", "patient/*.r"))
    assert tokens.claims["sub"] == "s"
    assert tokens.extras == {"patient": "p1"}
    [sent] = [asked.form for asked in server.asked if asked.path == "/token"]
    assert sent == {
        "grant_type": "authorization_code",
        "code": "the-code",
        "redirect_uri": REDIRECT,
        "code_verifier": flow.payload["verifier"],
        "client_id": "our-app",
    }
    assert "abc" not in repr(tokens)
    assert "p1" not in repr(tokens)


def test_a_scope_that_is_not_said_is_what_was_asked_for(server: Scripted) -> None:
    answers(server)
    assert finish(begun(server, "launch", "patient/*.rs")).scope == ("launch", "patient/*.rs")


def test_an_id_token_of_another_flow_is_refused(server: Scripted) -> None:
    flow, other = begun(server), begun(server)
    answers(server, id_token=id_token(other.payload["nonce"]))
    with pytest.raises(OAuthError, match="id_token_nonce"):
        finish(flow)


def test_openid_without_an_id_token_is_refused(server: Scripted) -> None:
    answers(server)
    with pytest.raises(OAuthError, match="id_token_missing"):
        finish(begun(server))


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"error": "access_denied", "error_description": "<script>"}, "denied"),
        ({"error": "server_error", "code": "c"}, "denied"),
        ({"state": "s"}, "grant_refused"),
        ({"code": ""}, "grant_refused"),
        ({"code": "c" * 9000}, "grant_refused"),
        ({"code": "c", "iss": "https://other.example"}, "other_issuer"),
        ({"code": "c", "iss": ""}, "other_issuer"),
    ],
)
def test_what_is_no_code_of_this_server_is_never_sent_to_it(
    server: Scripted, arguments: dict[str, str], word: str
) -> None:
    answers(server)
    with pytest.raises(OAuthError) as caught:
        finish(begun(server), **arguments)
    assert caught.value.word == word
    assert server.asked == []


def test_a_server_that_promises_to_name_itself_must_do_so(server: Scripted) -> None:
    answers(server)
    flow = begun(server, "launch", says_issuer=True)
    with pytest.raises(OAuthError, match="other_issuer"):
        finish(flow)
    assert finish(flow, code="c", iss="https://auth.example").access_token == "abc"


def test_a_refresh_token_brings_new_tokens(server: Scripted) -> None:
    answers(server, refresh_token="next")
    tokens = CodeFlow().refresh(US, endpoints(server), "before", "launch")
    assert (tokens.access_token, tokens.refresh_token, tokens.scope) == ("abc", "next", ("launch",))
    [asked] = server.asked
    assert asked.form == {"grant_type": "refresh_token", "refresh_token": "before", "client_id": "our-app"}


def test_a_server_without_a_place_to_sign_in_cannot_begin(server: Scripted) -> None:
    with pytest.raises(OAuthError, match="incomplete"):
        begun(server, authorization="")
