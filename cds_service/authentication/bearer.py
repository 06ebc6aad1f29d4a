"""From the Authorization header to a JWT's parts, and what its own header may say. Nothing is true yet."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import orjson
from jwt import PyJWS
from jwt.exceptions import PyJWTError

from cds_service.authentication.algorithms import ALGORITHMS
from cds_service.authentication.refusal import UnauthenticatedError

LONGEST_HEADER = 8 * 1024
"""Characters of an Authorization header, its scheme included."""

# One token in one header: servers join repeated headers with a comma, which no token holds.
_BEARER = re.compile(r"bearer +([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+){2})", re.ASCII | re.IGNORECASE)
_SCHEME = re.compile(r"bearer(?: |$)", re.IGNORECASE)
_JWS = PyJWS(algorithms=list(ALGORITHMS))
_EXTENSIONS = frozenset({"crit", "b64"})
_UNVERIFIED: Any = {"verify_signature": False}


@dataclass(frozen=True, slots=True)
class OpenedToken:
    """A JWT taken apart, its signature not yet checked. Shows nothing of itself."""

    algorithm: str
    kid: str = field(repr=False)
    jku: str | None = field(repr=False)
    claims: dict[str, Any] = field(repr=False)
    signing_input: bytes = field(repr=False)
    signature: bytes = field(repr=False)


def open_token(authorization: str | None) -> OpenedToken:
    """The one token of an Authorization header. Raises UnauthenticatedError."""
    token = _token(authorization)
    parts = _parts(token)
    if parts is None:
        raise UnauthenticatedError("malformed")
    header, claims, signature = parts
    algorithm, kid = _checked(header)
    jku = header.get("jku")
    if "jku" in header and not isinstance(jku, str):
        raise UnauthenticatedError("key_url")
    signing_input = token.rpartition(".")[0].encode("ascii")
    return OpenedToken(algorithm, kid, jku, claims, signing_input, signature)


def _token(authorization: str | None) -> str:
    if not authorization or not _SCHEME.match(authorization):
        raise UnauthenticatedError("no_token")
    if len(authorization) > LONGEST_HEADER:
        raise UnauthenticatedError("malformed")
    match = _BEARER.fullmatch(authorization)
    if match is None:
        raise UnauthenticatedError("malformed")
    return match[1]


def _parts(token: str) -> tuple[dict[str, Any], dict[str, Any], bytes] | None:
    """Header, claims and signature. Errors end here: their messages, and their chain, quote the token."""
    try:
        opened = _JWS.decode_complete(token, options=_UNVERIFIED)
        header, claims = opened["header"], orjson.loads(opened["payload"])
    except (PyJWTError, ValueError, RecursionError):
        return None
    if not _EXTENSIONS.isdisjoint(header) or not isinstance(claims, dict):
        return None
    return header, claims, opened["signature"]


def _checked(header: dict[str, Any]) -> tuple[str, str]:
    """Algorithm and key id. Keys that a token brings along (``jwk``, ``x5c``) are never looked at."""
    algorithm, kind, kid = header.get("alg"), header.get("typ"), header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise UnauthenticatedError("algorithm")
    if not isinstance(kind, str) or kind.upper() != "JWT":
        raise UnauthenticatedError("type")
    if not isinstance(kid, str) or not kid:
        raise UnauthenticatedError("key_id")
    return algorithm, kid
