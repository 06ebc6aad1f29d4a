"""The signature algorithms that can be allowed, and the one kind of key that each goes with (RFC 7518).

``none`` and the symmetric HS* are not here: they are refused before any key is looked for (CDS Hooks J6).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class KeyKind(NamedTuple):
    """``kty`` of a JWK and, for elliptic curves, its ``crv``."""

    kty: str
    crv: str = ""


_RSA = KeyKind("RSA")

ALGORITHMS: Mapping[str, KeyKind] = {
    "ES384": KeyKind("EC", "P-384"),
    "RS384": _RSA,
    "ES256": KeyKind("EC", "P-256"),
    "ES512": KeyKind("EC", "P-521"),
    "RS256": _RSA,
    "RS512": _RSA,
    "PS256": _RSA,
    "PS384": _RSA,
    "PS512": _RSA,
}
