"""Whatever comes in the Authorization header, one thing comes out: a refusal."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cds_service.authentication.tokens import UnauthenticatedError
from tests.authentication.minting import SERVICE_URL, claims, encoded, header, jwk, token
from tests.authentication.registrations import World

WORLD = World()
GOOD = token(body=claims(aud="nobody"))
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
PART = st.text("ABCxyz019-_=.+/ \n\0é", max_size=60) | st.binary(max_size=60).map(encoded)


def refused(authorization: str | None) -> None:
    with pytest.raises(UnauthenticatedError):
        WORLD.authenticator.authenticate(authorization, [SERVICE_URL])


@given(st.text())
@example("Bearer \ud800.a.b")
def test_any_text_is_refused(text: str) -> None:
    refused(text)
    refused(f"Bearer {text}")


@given(PART, PART, PART)
def test_any_three_parts_are_refused(first: str, second: str, third: str) -> None:
    refused(f"Bearer {first}.{second}.{third}")


@given(st.dictionaries(st.sampled_from(["alg", "typ", "kid", "jku", "jwk", "crit", "b64", "x5c"]), ANYTHING))
@example({"alg": "ES384", "typ": "JWT", "kid": "\ud800"})
def test_any_header_is_refused(changed: dict[str, Any]) -> None:
    head = json.dumps({**header(), **changed}).encode()
    refused(f"Bearer {encoded(head)}.{GOOD.split('.')[1]}.{GOOD.split('.')[2]}")


@given(st.dictionaries(st.sampled_from(["iss", "aud", "exp", "iat", "nbf", "jti", "tenant"]), ANYTHING))
@example({"exp": float("inf")})
@example({"exp": 10**30, "iat": -(10**30)})
@example({"aud": [[], {}, None, SERVICE_URL]})
def test_any_claims_under_a_wrong_signature_are_refused(changed: dict[str, Any]) -> None:
    body = encoded(json.dumps({**claims(), **changed}).encode())
    refused(f"Bearer {GOOD.split('.')[0]}.{body}.{GOOD.split('.')[2]}")


@given(st.integers(0, len(GOOD) - 1), st.characters())
def test_any_character_changed_is_refused(place: int, character: str) -> None:
    good = token_for_us()
    if good[place : place + 1] not in ("", character):
        refused(f"Bearer {good[:place]}{character}{good[place + 1 :]}")


def token_for_us(cache: list[str] = []) -> str:  # noqa: B006 -- made once: signing is slow
    if not cache:
        cache.append(token())
    return cache[0]


def test_the_token_that_is_changed_is_good_as_it_is() -> None:
    assert World().authenticator.authenticate(f"Bearer {token_for_us()}", [SERVICE_URL])


@given(ANYTHING)
def test_an_embedded_key_of_any_shape_changes_nothing(value: object) -> None:
    forged = token(header(jwk=value, x5c=value, x5u=value), key="P-384 attacker")
    refused(f"Bearer {forged}")


def test_an_embedded_key_that_signed_changes_nothing() -> None:
    refused(f"Bearer {token(header(kid='new', jwk=jwk('P-384 attacker', 'new')), key='P-384 attacker')}")
