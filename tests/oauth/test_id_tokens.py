"""Id tokens: the one that is good, and every way in which one is not."""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cds_service.authentication.public_keys import PublicKey, read_key_set
from cds_service.oauth.faults import OAuthError
from cds_service.oauth.id_tokens import FETCHED_AT_MOST_EVERY, KEPT_SECONDS, Expected, IssuerKeys, verify
from tests.authentication.minting import encoded, jwk, key_set, private_key
from tests.oauth.scripted import HERE, Scripted
from tests.outbound.places import Clock

EXPECTED = Expected("https://auth.example", "our-app", "the-nonce")
KEYS = read_key_set(key_set(jwk("P-384", "ec"), jwk("RSA 2048", "rsa"))).keys


def find(kid: str) -> PublicKey:
    if kid not in KEYS:
        raise OAuthError("id_token_key")
    return KEYS[kid]


def claims(**changed: Any) -> dict[str, Any]:
    now = int(time.time())
    good = {
        "iss": "https://auth.example",
        "sub": "somebody",
        "aud": "our-app",
        "iat": now,
        "exp": now + 300,
        "nonce": "the-nonce",
    }
    return {name: value for name, value in {**good, **changed}.items() if value is not ...}


def minted(key: str = "P-384", algorithm: str = "ES384", kid: str = "ec", **changed: Any) -> str:
    return jwt.encode(claims(**changed), private_key(key), algorithm, headers={"kid": kid})


def word_of(token: object, expected: Expected = EXPECTED) -> str:
    with pytest.raises(OAuthError) as caught:
        verify(token, expected, find)
    assert str(caught.value) == caught.value.word  # nothing of the token
    return caught.value.word


@pytest.mark.parametrize(
    ("key", "algorithm", "kid"),
    [("P-384", "ES384", "ec"), ("RSA 2048", "RS256", "rsa"), ("RSA 2048", "RS384", "rsa")],
)
def test_a_good_token_gives_its_claims(key: str, algorithm: str, kid: str) -> None:
    found = verify(minted(key, algorithm, kid, name="Dr Who"), EXPECTED, find)
    assert (found["sub"], found["name"]) == ("somebody", "Dr Who")


def test_several_audiences_need_the_authorized_party_to_be_us() -> None:
    both = ["our-app", "another"]
    assert verify(minted(aud=both, azp="our-app"), EXPECTED, find)["aud"] == both
    assert word_of(minted(aud=both)) == "id_token_audience"
    assert word_of(minted(aud=both, azp="another")) == "id_token_audience"
    assert word_of(minted(azp="another")) == "id_token_audience"


def forged(head: bytes, secret: bytes | None = None) -> str:
    """Good claims under a header of the forger's, signed with a secret of theirs, or not at all."""
    content = f"{encoded(head)}.{encoded(json.dumps(claims()).encode())}"
    signature = hmac.digest(secret, content.encode(), "sha256") if secret else b""
    return f"{content}.{encoded(signature)}"


def unsigned() -> str:
    return forged(b'{"alg":"none","typ":"JWT","kid":"ec"}')


def signed_with_the_public_key_as_a_secret() -> str:
    public = private_key("RSA 2048").public_key()
    secret = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return forged(b'{"alg":"HS256","typ":"JWT","kid":"rsa"}', secret)


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda: None, "id_token_missing"),
        (lambda: "", "id_token_missing"),
        (lambda: {"a": 1}, "id_token_missing"),
        (lambda: "not.a.token", "id_token_malformed"),
        (lambda: "x" * 20_000, "id_token_malformed"),
        (unsigned, "id_token_algorithm"),
        (signed_with_the_public_key_as_a_secret, "id_token_algorithm"),
        (lambda: jwt.encode(claims(), "s" * 64, "HS512"), "id_token_algorithm"),
        (lambda: minted(kid="unknown"), "id_token_key"),
        (lambda: minted(kid="rsa"), "id_token_algorithm"),
        (lambda: minted("P-384 other"), "id_token_signature"),
        (lambda: minted()[:-8] + "AAAAAAAA", "id_token_signature"),
        (lambda: minted(iss="https://other.example"), "id_token_issuer"),
        (lambda: minted(iss="https://auth.example/"), "id_token_issuer"),
        (lambda: minted(aud="another-app"), "id_token_audience"),
        (lambda: minted(aud=...), "id_token_malformed"),
        (lambda: minted(exp=int(time.time()) - 61), "id_token_expired"),
        (lambda: minted(iat=int(time.time()) + 120), "id_token_expired"),
        (lambda: minted(nbf=int(time.time()) + 120), "id_token_expired"),
        (lambda: minted(exp=...), "id_token_malformed"),
        (lambda: minted(iat=...), "id_token_malformed"),
        (lambda: minted(sub=...), "id_token_malformed"),
        (lambda: minted(sub=""), "id_token_malformed"),
        (lambda: minted(sub="s" * 256), "id_token_malformed"),
        (lambda: minted(nonce="another"), "id_token_nonce"),
        (lambda: minted(nonce=...), "id_token_nonce"),
        (lambda: minted(nonce=None), "id_token_nonce"),
        (lambda: minted(nonce=["the-nonce"]), "id_token_nonce"),
    ],
)
def test_a_token_that_is_not_for_this_flow_is_refused(make: Callable[[], object], word: str) -> None:
    assert word_of(make()) == word


def test_a_token_with_extensions_that_nobody_understands_is_refused() -> None:
    headers = {"kid": "ec", "crit": ["b64"], "b64": True}
    token = jwt.encode(claims(), private_key("P-384"), "ES384", headers=headers)
    assert word_of(token) == "id_token_malformed"


# --- the keys of an issuer


def test_keys_are_fetched_once_and_again_for_a_new_key(server: Scripted) -> None:
    clock = Clock()
    keys, url = IssuerKeys(clock=clock), f"{server.base}/jwks"
    server.says("/jwks", key_set(jwk("P-384", "one")))
    for _ in range(3):
        assert keys.find(url, HERE, "one").kid == "one"
    assert len(server.asked) == 1
    server.says("/jwks", key_set(jwk("P-384", "two")))
    clock.now += FETCHED_AT_MOST_EVERY + 1
    assert keys.find(url, HERE, "two").kid == "two"
    with pytest.raises(OAuthError, match="id_token_key"):
        keys.find(url, HERE, "one")


def test_unknown_keys_do_not_make_us_fetch_at_every_turn(server: Scripted) -> None:
    keys, url = IssuerKeys(clock=Clock()), f"{server.base}/jwks"
    server.says("/jwks", key_set(jwk("P-384", "one")))
    for number in range(5):
        with pytest.raises(OAuthError, match="id_token_key"):
            keys.find(url, HERE, f"unknown-{number}")
    assert len(server.asked) == 1


def test_keys_that_grew_old_are_fetched_again(server: Scripted) -> None:
    clock = Clock()
    keys, url = IssuerKeys(clock=clock), f"{server.base}/jwks"
    server.says("/jwks", key_set(jwk("P-384", "one")))
    keys.find(url, HERE, "one")
    clock.now += KEPT_SECONDS + 1
    server.says("/jwks", key_set(jwk("P-384", "two")))
    with pytest.raises(OAuthError, match="id_token_key"):
        keys.find(url, HERE, "one")


def test_a_token_without_key_id_is_only_checked_where_there_is_one_key(server: Scripted) -> None:
    keys = IssuerKeys()
    server.says("/jwks", key_set(jwk("P-384", "one")))
    assert keys.find(f"{server.base}/jwks", HERE, "").kid == "one"
    server.says("/both", key_set(jwk("P-384", "one"), jwk("RSA 2048", "two")))
    with pytest.raises(OAuthError, match="id_token_key"):
        keys.find(f"{server.base}/both", HERE, "")


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        (b"<html>", 200, "not_json"),
        ({"no": "keys"}, 200, "id_token_key"),
        ({"keys": []}, 200, "id_token_key"),
        ({"keys": []}, 404, "id_token_key"),
        ({"keys": []}, 503, "server_failed"),
    ],
)
def test_a_key_set_that_cannot_be_had_verifies_nothing(
    server: Scripted, body: Any, status: int, word: str
) -> None:
    server.says("/jwks", body, status)
    with pytest.raises(OAuthError) as caught:
        IssuerKeys().find(f"{server.base}/jwks", HERE, "one")
    assert caught.value.word == word
