"""Call a registered client's service by hand: a key pair, and a signed token for one call.

    python docs/samples/try_it.py key           make build/try-it.pem, print its public part for clients.yaml
    python docs/samples/try_it.py token URL     print a token for one call of URL, as `Authorization: Bearer`

For a machine with test data only: the private key lies unprotected in a file.
"""

from __future__ import annotations

import json
import os
import sys
import time
import uuid
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

KEY = Path(os.environ.get("TRY_IT_KEY", "build/try-it.pem"))
ISSUER = "https://try-it.example"


def public_part() -> str:
    """The `jwks` of an entry of clients.yaml. The private part is in KEY, and made if it is not there."""
    if not KEY.exists():
        KEY.parent.mkdir(parents=True, exist_ok=True)
        secret = ec.generate_private_key(ec.SECP384R1())
        KEY.touch(mode=0o600)
        KEY.write_bytes(secret.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public = jwt.algorithms.ECAlgorithm("ES384").prepare_key(KEY.read_bytes()).public_key()
    jwk = jwt.algorithms.ECAlgorithm.to_jwk(public, as_dict=True)
    return json.dumps({"keys": [{**jwk, "kid": "try-it", "alg": "ES384", "use": "sig"}]})


def token(url: str) -> str:
    """A token for one call: each call needs its own."""
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": url, "iat": now, "exp": now + 60, "jti": str(uuid.uuid4())}
    return jwt.encode(claims, KEY.read_bytes(), "ES384", headers={"kid": "try-it"})


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["key"]:
            sys.stdout.write(f"jwks: {public_part()}\n")
        case ["token", url]:
            sys.stdout.write(token(url))
        case _:
            sys.exit(__doc__)
