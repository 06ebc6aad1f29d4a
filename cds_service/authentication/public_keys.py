"""JSON Web Key Sets, key by key: what can be used, and what is wrong with the rest."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from jwt import PyJWK

from cds_service.authentication.algorithms import ALGORITHMS, KeyKind

MOST_KEYS = 100
LEAST_RSA_BITS = 2048
MOST_RSA_BITS = 8192
_LONGEST_KEY_ID = 256
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_KTYS = ("EC", "RSA")


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key, made ready for each algorithm that it can go with. ``alg`` in the JWK leaves just one."""

    kid: str
    verifiers: Mapping[str, PyJWK] = field(repr=False)

    def verifies(self, algorithm: str, signing_input: bytes, signature: bytes) -> bool:
        """Whether the signature is this key's. False for an algorithm that the key does not go with."""
        verifier = self.verifiers.get(algorithm)
        return verifier is not None and bool(
            verifier.Algorithm.verify(signing_input, verifier.key, signature)
        )


class KeyFault(NamedTuple):
    """A key that cannot be used: its position from 0 (-1: the set itself), and ``what; what to do``."""

    position: int
    message: str


class KeysRead(NamedTuple):
    """The usable keys by ``kid``, and the faults of the others. Encryption keys are passed over silently."""

    keys: Mapping[str, PublicKey]
    faults: tuple[KeyFault, ...]


class NotAKeySetError(Exception):
    """The document is not a JSON Web Key Set at all."""


def read_key_set(document: object) -> KeysRead:
    """The keys of a JWKS. Raises NotAKeySetError; a faulty key never takes another one down."""
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise NotAKeySetError
    keys: dict[str, PublicKey] = {}
    faults: list[KeyFault] = []
    if len(listed) > MOST_KEYS:
        faults.append(KeyFault(-1, f"holds {len(listed)} keys; only the first {MOST_KEYS} are read"))
    listed = listed[:MOST_KEYS]
    names = Counter(kid for kid in map(_kid, listed) if kid)
    for position, jwk in enumerate(listed):
        fault = _fault(jwk, names)
        if fault:
            faults.append(KeyFault(position, fault))
        elif _is_for_signatures(jwk):
            try:
                keys[_kid(jwk)] = PublicKey(_kid(jwk), _verifiers(jwk))
            except Exception:  # noqa: BLE001 -- a stranger's numbers, and messages that quote the key
                faults.append(KeyFault(position, f"{_name(jwk)} is not a valid public key; copy it again"))
    return KeysRead(keys, tuple(faults))


def _verifiers(jwk: Mapping[str, Any]) -> dict[str, PyJWK]:
    public = {name: jwk[name] for name in ("kty", "crv", "x", "y", "n", "e") if name in jwk}
    return {name: PyJWK(public, algorithm=name) for name in _algorithms(jwk)}


def _algorithms(jwk: Mapping[str, Any]) -> list[str]:
    """The algorithms that fit the key's kind; of these only its own, if it names one."""
    kind = KeyKind(jwk.get("kty", ""), jwk.get("crv", ""))
    fitting = [name for name, wanted in ALGORITHMS.items() if wanted == kind]
    return [name for name in fitting if jwk.get("alg", name) == name]


def _kid(jwk: object) -> str:
    kid = jwk.get("kid") if isinstance(jwk, dict) else None
    usable = isinstance(kid, str) and kid.isprintable() and len(kid) <= _LONGEST_KEY_ID
    return str(kid) if usable else ""


def _name(jwk: object) -> str:
    return f"the key {_kid(jwk)!r}" if _kid(jwk) else "a key"


def _is_for_signatures(jwk: Mapping[str, Any]) -> bool:
    operations = jwk.get("key_ops", ["verify"])
    return jwk.get("use", "sig") == "sig" and isinstance(operations, list) and "verify" in operations


def _fault(jwk: object, names: Mapping[str, int]) -> str:
    if not isinstance(jwk, dict):
        return "a key is not a mapping; write kty, kid and its numbers"
    name = _name(jwk)
    if jwk.get("kty") == "oct" or "k" in jwk:
        return f"{name} is symmetric, a secret that both sides would know; only public keys are accepted"
    if not _PRIVATE.isdisjoint(jwk):
        return f"{name} holds its private part; count it as stolen, make a new pair and give the public part"
    if not _is_for_signatures(jwk):
        return ""
    kid = _kid(jwk)
    if not kid:
        return "a key has no kid; every key needs one, by which tokens name it"
    if names[kid] > 1:
        return f"the kid {kid!r} stands {names[kid]} times; give each key its own"
    return _fault_of_kind(jwk, name)


def _fault_of_kind(jwk: Mapping[str, Any], name: str) -> str:
    if jwk.get("kty") not in _KTYS:
        return f"{name} is of a kty that no accepted algorithm uses; make one of kty EC or RSA"
    if not _algorithms(jwk):
        return (
            f"{name} fits no accepted algorithm by its crv and alg; make an EC key with P-384 or an RSA key"
        )
    if jwk["kty"] != "RSA":
        return ""
    bits, exponent = _number(jwk.get("n")).bit_length(), _number(jwk.get("e"))
    if not LEAST_RSA_BITS <= bits <= MOST_RSA_BITS:
        return f"{name} has {bits} bits; RSA keys must have {LEAST_RSA_BITS} to {MOST_RSA_BITS}"
    if exponent % 2 == 0 or not 2 < exponent < 2**32:
        return f"{name} has an unusual public exponent; make a key with 65537"
    return ""


def _number(text: object) -> int:
    """A base64url number; 0 for what is none."""
    if not isinstance(text, str) or len(text) > MOST_RSA_BITS:
        return 0
    try:
        return int.from_bytes(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        return 0
