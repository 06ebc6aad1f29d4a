"""Keys and tokens made in the tests, good and forged, and a clock that stands still."""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

NOW = 1_780_000_000.0
ISSUER = "https://ehr.example/oauth2"
JKU = "https://ehr.example/jwks.json"
PUBLIC_URL = "https://cds.example.org"
SERVICE_URL = f"{PUBLIC_URL}/cds-services/trial-match-patient-view"

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
_CURVES: Mapping[str, type[ec.EllipticCurve]] = {
    "P-256": ec.SECP256R1,
    "P-384": ec.SECP384R1,
    "P-521": ec.SECP521R1,
    "secp256k1": ec.SECP256K1,
}


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@cache
def private_key(name: str) -> PrivateKey:
    """A key pair by the name of its kind, such as ``P-384``, ``P-384 other`` or ``RSA 2048``."""
    kind, _, rest = name.partition(" ")
    if kind == "RSA":
        return rsa.generate_private_key(65537, int(rest.split()[0]))
    return ec.generate_private_key(_CURVES[kind]())


def jwk(name: str, kid: str, **members: Any) -> dict[str, Any]:
    """The public JWK of a key pair."""
    public = private_key(name).public_key()
    made = (
        ECAlgorithm.to_jwk(public, as_dict=True)
        if isinstance(public, ec.EllipticCurvePublicKey)
        else RSAAlgorithm.to_jwk(public, as_dict=True)
    )
    made.pop("key_ops", None)
    return {**made, "kid": kid, **members}


def key_set(*keys: Mapping[str, Any]) -> dict[str, Any]:
    return {"keys": [dict(key) for key in keys]}


def claims(**changed: Any) -> dict[str, Any]:
    """Good claims, with some changed, or left out where they are changed to ``...``."""
    good = {
        "iss": ISSUER,
        "aud": SERVICE_URL,
        "iat": NOW,
        "exp": NOW + 300,
        "jti": "4f0f9a-the-nonce-of-this-token",
        "sub": "an-extra-claim",
    }
    return {name: value for name, value in {**good, **changed}.items() if value is not ...}


def header(algorithm: str = "ES384", kid: str = "ec", **changed: Any) -> dict[str, Any]:
    """A good header, with some members changed, or left out where they are ``...``."""
    good = {"alg": algorithm, "typ": "JWT", "kid": kid}
    return {name: value for name, value in {**good, **changed}.items() if value is not ...}


def encoded(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def token(
    head: Mapping[str, Any] | None = None,
    body: object = None,
    *,
    key: str = "P-384",
    signed_with: str | None = None,
    sign: Callable[[bytes], bytes] | None = None,
) -> str:
    """A token with any header and body. ``signed_with`` is the algorithm really used, if not the header's."""
    head = header() if head is None else head
    body = claims() if body is None else body
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    signing_input = f"{encoded(json.dumps(head).encode())}.{encoded(payload)}"
    if sign is None:
        algorithm = jwt.get_algorithm_by_name(signed_with or str(head["alg"]))
        signature = algorithm.sign(signing_input.encode(), private_key(key))
    else:
        signature = sign(signing_input.encode())
    return f"{signing_input}.{encoded(signature)}"


def signed_with_public_key_as_secret(name: str) -> Callable[[bytes], bytes]:
    """The classic: what everybody may know, used as the secret of an HMAC."""
    public = private_key(name).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return lambda message: hmac.digest(public, message, "sha384")
