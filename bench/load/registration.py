"""A registered client of the bench's own: its register, its key, and its signed calls."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric import ec

from cds_service.audit.key_ring import KeyRing

ISSUER = "https://ehr.bench.example"
KEY_ID = "bench"


class Registration:
    """Writes clients.yaml into a folder, and signs as that client."""

    def __init__(self, folder: Path, public_url: str, fhir_base: str) -> None:
        self.public_url = public_url
        self._key = ec.generate_private_key(ec.SECP384R1())
        self.file = folder / "clients.yaml"
        self.file.write_text(_register(self._public(), fhir_base), encoding="utf-8")
        self._keys = KeyRing.new_key_text()

    def _public(self) -> str:
        public = jwt.algorithms.ECAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return orjson.dumps({**public, "kid": KEY_ID, "use": "sig", "alg": "ES384"}).decode()

    def environment(self, **settings: str) -> Mapping[str, str]:
        """What `trialhook serve` needs beside the database."""
        return {
            "TRIALHOOK_CLIENTS": str(self.file),
            "TRIALHOOK_PUBLIC_URL": self.public_url,
            "TRIALHOOK_KEYS": self._keys,
            "TRIALHOOK_SERVE_DRAFTS": "1",
            "TRIALHOOK_CALLS_PER_MINUTE": "1000000",
            **settings,
        }

    def token(self, path: str, lifetime: int = 240) -> str:
        """A token for one call of a path."""
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": f"{self.public_url}{path}",
            "iat": now,
            "exp": now + lifetime,
            "jti": str(uuid4()),
        }
        return jwt.encode(claims, self._key, "ES384", headers={"kid": KEY_ID})


def _register(jwk: str, fhir_base: str) -> str:
    return f"""\
schema: 1
clients:
  - id: bench
    issuer: {ISSUER}
    keys: {{jwks: {{"keys": [{jwk}]}}}}
    time_zone: UTC
    fhir_servers:
      - base: {fhir_base}
        networks: [127.0.0.0/8]
        insecure_http: true
"""
