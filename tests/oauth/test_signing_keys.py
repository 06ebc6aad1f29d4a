"""Our own keys: made, kept, rotated, and never shown."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import jwt
import orjson
import pytest

from cds_service.authentication.public_keys import read_key_set
from cds_service.oauth.faults import OAuthError
from cds_service.oauth.signing_keys import KeyKind, SigningKeys, SigningKeysError, signing_keys_of
from cds_service.settings import Settings

PRIVATE_MEMBERS = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}


@pytest.mark.parametrize(("kind", "algorithm"), [("ec", "ES384"), ("rsa", "RS384")])
def test_what_a_key_signs_is_verified_by_its_public_part(kind: KeyKind, algorithm: str) -> None:
    keys = SigningKeys.new(kind)
    token = keys.sign({"sub": "us"})
    header = jwt.get_unverified_header(token)
    key = read_key_set(keys.public()).keys[header["kid"]]
    assert header == {"typ": "JWT", "alg": algorithm, "kid": keys.public()["keys"][0]["kid"]}
    assert jwt.decode(token, key.verifiers[algorithm], [algorithm]) == {"sub": "us"}


def test_the_public_set_holds_no_private_member_even_after_a_rotation() -> None:
    keys = SigningKeys.new("rsa", SigningKeys.new())
    listed = keys.public()["keys"]
    assert len(listed) == 2
    for key in listed:
        assert PRIVATE_MEMBERS.isdisjoint(key)
    private = orjson.loads(keys.private())["keys"]
    secrets = [key[name] for key in private for name in PRIVATE_MEMBERS & key.keys()]
    assert len(secrets) == 7  # d of the EC key; d, p, q, dp, dq, qi of the RSA key
    published = orjson.dumps(keys.public()).decode()
    assert [secret for secret in secrets if secret in published] == []


def test_a_file_gives_back_the_keys_in_their_order(tmp_path: Path) -> None:
    keys = SigningKeys.new("ec", SigningKeys.new("rsa"))
    path = tmp_path / "signing.json"
    path.write_bytes(keys.private())
    assert SigningKeys.load(path).public() == keys.public()
    assert SigningKeys.load(path).algorithms == ("ES384", "RS384")


def test_a_rotation_keeps_the_key_before_published_and_drops_the_one_before_that() -> None:
    first = SigningKeys.new()
    second = SigningKeys.new("ec", first)
    third = SigningKeys.new("ec", second)
    kids = [key["kid"] for key in third.public()["keys"]]
    assert kids[1] == second.public()["keys"][0]["kid"]
    assert len(kids) == 2
    assert jwt.get_unverified_header(third.sign({}))["kid"] == kids[0]


@pytest.mark.parametrize(
    ("accepted", "signed_with"),
    [((), "ES384"), (("RS384",), "RS384"), (("RS384", "ES384"), "ES384"), (("PS512", "ES384"), "ES384")],
)
def test_the_first_key_whose_algorithm_is_accepted_signs(accepted: tuple[str, ...], signed_with: str) -> None:
    keys = SigningKeys.new("ec", SigningKeys.new("rsa"))
    assert jwt.get_unverified_header(keys.sign({}, accepted))["alg"] == signed_with


def test_without_a_common_algorithm_nothing_is_signed() -> None:
    with pytest.raises(OAuthError) as caught:
        SigningKeys.new().sign({}, ("RS384",))
    assert caught.value.word == "no_common_algorithm"
    assert not caught.value.retry


def private_jwk(kind: KeyKind = "ec", **changed: Any) -> dict[str, Any]:
    key = orjson.loads(SigningKeys.new(kind).private())["keys"][0]
    return {name: value for name, value in {**key, **changed}.items() if value is not ...}


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        (b"", "not JSON"),
        (b"-----BEGIN PRIVATE KEY-----", "not JSON"),
        ([], "no list 'keys'"),
        ({"keys": []}, "no list 'keys'"),
        ({"keys": [1]}, "key number 1 is not a private"),
        ({"keys": [private_jwk(d=...)]}, "key number 1 is not a private"),
        ({"keys": [private_jwk(), private_jwk(kid=...)]}, "key number 2 has no kid"),
        ({"keys": [private_jwk(crv="P-256")]}, "key number 1 is not a private"),
        ({"keys": [private_jwk(d="AA")]}, "key number 1 is not a private"),
        ({"keys": [private_jwk(kty="oct", k="c2VjcmV0")]}, "key number 1 is not a private"),
        ({"keys": [private_jwk(kid="one"), private_jwk(kid="one")]}, "'one' stands 2 times"),
    ],
)
def test_a_file_that_cannot_be_used_is_said_without_its_content(document: Any, fault: str) -> None:
    content = document if isinstance(document, bytes) else orjson.dumps(document)
    with pytest.raises(SigningKeysError, match=fault) as caught:
        SigningKeys.parse(content)
    listed = document.get("keys", []) if isinstance(document, dict) else []
    secrets = [key["d"] for key in listed if isinstance(key, dict) and len(key.get("d", "")) > 4]
    assert [secret for secret in secrets if secret in str(caught.value)] == []


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SigningKeysError, match=r"nowhere\.json cannot be read"):
        SigningKeys.load(tmp_path / "nowhere.json")


def test_keys_are_neither_shown_nor_pickled_nor_copied() -> None:
    keys = SigningKeys.new()
    assert repr(keys) == "SigningKeys(1)"
    for writing in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            writing(keys)


def test_demo_mode_makes_one_key_that_stays_the_same() -> None:
    settings = Settings(public_url="http://127.0.0.1:1")
    assert signing_keys_of(settings) is signing_keys_of(Settings(public_url="http://127.0.0.1:1"))
    assert signing_keys_of(settings) is not None


def test_registered_clients_have_keys_from_the_file_or_none(tmp_path: Path) -> None:
    assert signing_keys_of(Settings(clients="clients.yaml")) is None
    path, keys = tmp_path / "signing.json", SigningKeys.new()
    path.write_bytes(keys.private())
    found = signing_keys_of(Settings(clients="clients.yaml", signing_keys=str(path)))
    assert found is not None
    assert found.public() == keys.public()
