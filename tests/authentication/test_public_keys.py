"""Key sets: which keys can be used, for which algorithms, and what is said of the others."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import RSAAlgorithm

from cds_service.authentication.public_keys import MOST_KEYS, NotAKeySetError, read_key_set
from tests.authentication.minting import jwk, key_set, private_key

EC, RSA = jwk("P-384", "ec"), jwk("RSA 2048", "rsa")


def without(key: dict[str, Any], member: str) -> dict[str, Any]:
    return {name: value for name, value in key.items() if name != member}


def private(name: str, kid: str) -> dict[str, Any]:
    key = private_key(name)
    assert isinstance(key, rsa.RSAPrivateKey)
    return {**RSAAlgorithm.to_jwk(key, as_dict=True), "kid": kid}


def number(value: int) -> str:
    return urlsafe_b64encode(value.to_bytes((value.bit_length() + 7) // 8 or 1)).rstrip(b"=").decode()


RSA_ALL = {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}

USABLE = [
    ("P-384", EC, {"ES384"}),
    ("P-256", jwk("P-256", "k"), {"ES256"}),
    ("P-521", jwk("P-521", "k"), {"ES512"}),
    ("RSA goes with all of its family", RSA, RSA_ALL),
    ("RSA with an alg goes with that one", jwk("RSA 2048", "k", alg="PS384"), {"PS384"}),
    ("EC with its own alg", jwk("P-384", "k", alg="ES384"), {"ES384"}),
    ("said to be for signatures", jwk("P-384", "k", use="sig", key_ops=["verify"]), {"ES384"}),
    ("with certificates and the like beside", jwk("P-384", "k", x5c=["..."], x5t="...", ext=True), {"ES384"}),
]


@pytest.mark.parametrize(("key", "algorithms"), [c[1:] for c in USABLE], ids=[c[0] for c in USABLE])
def test_a_key_can_be_used(key: dict[str, Any], algorithms: set[str]) -> None:
    read = read_key_set(key_set(key))
    assert read.faults == ()
    assert set(read.keys[key["kid"]].verifiers) == algorithms


PASSED_OVER = [
    ("is for encryption", jwk("RSA 2048", "k", use="enc")),
    ("is for something unknown", jwk("RSA 2048", "k", use="?")),
    ("is for other operations", jwk("RSA 2048", "k", key_ops=["encrypt"])),
    ("has operations that are no list", jwk("RSA 2048", "k", key_ops="verify")),
]


@pytest.mark.parametrize("key", [case[1] for case in PASSED_OVER], ids=[case[0] for case in PASSED_OVER])
def test_a_key_is_passed_over_that(key: dict[str, Any]) -> None:
    assert read_key_set(key_set(key)) == ({}, ())


FAULTY = [
    ("is no mapping", "key", "a key is not a mapping"),
    ("is symmetric", {"kty": "oct", "k": "c2VjcmV0", "kid": "s"}, "the key 's' is symmetric"),
    ("holds a secret under another kty", {**EC, "k": "c2VjcmV0"}, "the key 'ec' is symmetric"),
    ("holds its private part", private("RSA 2048", "p"), "the key 'p' holds its private part"),
    (
        "holds its private part, for encryption",
        {**private("RSA 2048", "p"), "use": "enc"},
        "the key 'p' holds",
    ),
    ("holds one private number", {**EC, "d": "AQAB"}, "the key 'ec' holds its private part"),
    ("has no kid", without(EC, "kid"), "a key has no kid"),
    ("has an empty kid", {**EC, "kid": ""}, "a key has no kid"),
    ("has a kid that is a number", {**EC, "kid": 5}, "a key has no kid"),
    ("has a kid with a line break", {**EC, "kid": "a\nb"}, "a key has no kid"),
    ("has no kty", without(EC, "kty"), "the key 'ec' is of a kty that no accepted algorithm uses"),
    ("is of another kty", {**EC, "kty": "OKP", "crv": "Ed25519"}, "the key 'ec' is of a kty that no"),
    ("has a list as kty", {**EC, "kty": ["EC"]}, "the key 'ec' is of a kty that no"),
    ("has an unknown curve", {**EC, "crv": "secp256k1"}, "the key 'ec' fits no accepted algorithm"),
    ("has the alg of another curve", {**EC, "alg": "ES256"}, "the key 'ec' fits no accepted algorithm"),
    ("has the alg of another kind", {**EC, "alg": "RS384"}, "the key 'ec' fits no accepted algorithm"),
    ("has a symmetric alg", {**RSA, "alg": "HS256"}, "the key 'rsa' fits no accepted algorithm"),
    (
        "has 1024 bits",
        jwk("RSA 1024", "weak"),
        "the key 'weak' has 1024 bits; RSA keys must have 2048 to 8192",
    ),
    ("has too many bits", {**RSA, "n": number(2**9000 + 1)}, "the key 'rsa' has 9001 bits"),
    ("has no modulus", without(RSA, "n"), "the key 'rsa' has 0 bits"),
    ("has a modulus that is a number", {**RSA, "n": 2**3000}, "the key 'rsa' has 0 bits"),
    ("has the exponent 1", {**RSA, "e": number(1)}, "the key 'rsa' has an unusual public exponent"),
    ("has an even exponent", {**RSA, "e": number(65536)}, "the key 'rsa' has an unusual public exponent"),
    (
        "has a long exponent",
        {**RSA, "e": number(2**2000 + 1)},
        "the key 'rsa' has an unusual public exponent",
    ),
    ("is not on its curve", {**EC, "x": EC["y"]}, "the key 'ec' is not a valid public key"),
    ("lacks a coordinate", without(EC, "y"), "the key 'ec' is not a valid public key"),
    ("has numbers that are none", {**EC, "x": "!!"}, "the key 'ec' is not a valid public key"),
]


@pytest.mark.parametrize(("key", "message"), [case[1:] for case in FAULTY], ids=[case[0] for case in FAULTY])
def test_a_key_is_a_fault_that(key: Any, message: str) -> None:
    read = read_key_set({"keys": [key]})
    assert read.keys == {}
    assert [fault.position for fault in read.faults] == [0]
    assert read.faults[0].message.startswith(message)


@pytest.mark.parametrize("key", [case[1] for case in FAULTY], ids=[case[0] for case in FAULTY])
def test_the_others_can_be_used_beside_a_key_that(key: Any) -> None:
    read = read_key_set({"keys": [jwk("P-256", "good"), key]})
    assert list(read.keys) == ["good"]
    assert [fault.position for fault in read.faults] == [1]


def test_keys_with_one_kid_are_all_refused_for_nobody_knows_which_is_meant() -> None:
    read = read_key_set(key_set(EC, {**RSA, "kid": "ec"}, jwk("P-256", "good")))
    assert list(read.keys) == ["good"]
    assert [fault.message for fault in read.faults] == [
        "the kid 'ec' stands 2 times; give each key its own"
    ] * 2


def test_a_fault_shows_nothing_of_a_secret() -> None:
    secret = {"kty": "oct", "k": "c2VjcmV0", "kid": "s"}
    read = read_key_set(key_set(secret, private("RSA 2048", "p")))
    said = str(read.faults)
    assert "c2VjcmV0" not in said
    assert private("RSA 2048", "p")["d"] not in said


def test_of_too_many_keys_the_first_are_read() -> None:
    read = read_key_set({"keys": [without(EC, "kid")] * MOST_KEYS + [RSA]})
    assert read.keys == {}
    assert (read.faults[0].position, len(read.faults)) == (-1, MOST_KEYS + 1)


@pytest.mark.parametrize("document", [None, [], "keys", {}, {"keys": None}, {"keys": {}}, {"key": []}])
def test_what_is_no_key_set_is_refused_as_a_whole(document: object) -> None:
    with pytest.raises(NotAKeySetError):
        read_key_set(document)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(
    st.lists(
        st.dictionaries(st.sampled_from([*EC, *RSA, "alg", "use", "key_ops", "d"]), ANYTHING), max_size=3
    )
)
def test_members_of_any_shape_never_raise(changed: list[dict[str, Any]]) -> None:
    read_key_set({"keys": [{**base, **members} for members in changed for base in (EC, RSA, {})]})


@pytest.mark.parametrize("algorithm", ["ES256", "RS384", "none", "HS256", ""])
def test_a_key_verifies_nothing_under_an_algorithm_that_it_does_not_go_with(algorithm: str) -> None:
    assert not read_key_set(key_set(EC)).keys["ec"].verifies(algorithm, b"message", b"signature")
