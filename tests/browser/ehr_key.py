"""The key by which an EHR of these tests signs its calls."""

from __future__ import annotations

import time
import uuid
from typing import Any

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric import ec

ALGORITHM, KID = "ES384", "of-the-tests"


class EhrKey:
    """A key pair, and whose it is. As `auth` of a session it signs each request for the address called."""

    def __init__(self, issuer: str) -> None:
        """A new pair."""
        self.issuer = issuer
        self._secret = ec.generate_private_key(ec.SECP384R1())

    def jwks(self) -> dict[str, Any]:
        """The public part, as clients.yaml takes it."""
        public = jwt.algorithms.ECAlgorithm.to_jwk(self._secret.public_key(), as_dict=True)
        return {"keys": [{**public, "kid": KID, "alg": ALGORITHM, "use": "sig"}]}

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The request with a token of its own."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": request.url,
            "iat": now,
            "exp": now + 60,
            "jti": str(uuid.uuid4()),
        }
        token = jwt.encode(claims, self._secret, ALGORITHM, headers={"kid": KID})
        request.headers["Authorization"] = f"Bearer {token}"
        return request
