"""Who signed in: an id token of OpenID Connect, checked (OpenID Connect Core 3.1.3.7)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hmac import compare_digest
from time import monotonic
from typing import Any, NamedTuple

import jwt
from jwt.exceptions import (
    ExpiredSignatureError,
    ImmatureSignatureError,
    InvalidAudienceError,
    InvalidIssuerError,
    InvalidSignatureError,
    MissingRequiredClaimError,
    PyJWTError,
)

from cds_service.authentication.algorithms import ALGORITHMS
from cds_service.authentication.public_keys import NotAKeySetError, PublicKey, read_key_set
from cds_service.oauth.exchange import Asked, Exchange
from cds_service.oauth.faults import OAuthError, Word
from cds_service.outbound.sessions import Rule

LEEWAY = 60
"""Seconds by which the server's clock may differ from ours."""

KEPT_SECONDS = 3600.0
FETCHED_AT_MOST_EVERY = 30.0
"""Seconds between two fetches of one key set, whatever tokens name. Ours."""

_LONGEST = 16 * 1024
_REQUIRED = ["iss", "sub", "aud", "exp", "iat"]


class Expected(NamedTuple):
    """What an id token must say."""

    issuer: str
    client_id: str
    nonce: str


@dataclass(slots=True)
class _Kept:
    keys: Mapping[str, PublicKey] = field(default_factory=dict)
    fetched: float = float("-inf")
    tried: float = float("-inf")
    lock: threading.Lock = field(default_factory=threading.Lock)


class IssuerKeys:
    """The public keys of authorization servers, by the URLs that their discovery documents name."""

    def __init__(self, exchange: Exchange | None = None, clock: Callable[[], float] = monotonic) -> None:
        self._exchange, self._clock = exchange or Exchange(), clock
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, Rule], _Kept] = {}

    def find(self, url: str, rule: Rule, kid: str) -> PublicKey:
        """The key with this id; with kid "" the only one there is. Raises OAuthError."""
        with self._lock:
            kept = self._kept.setdefault((url, rule), _Kept())
        with kept.lock:
            now = self._clock()
            stale = now - kept.fetched > KEPT_SECONDS
            if (stale or _named(kept.keys, kid) is None) and now - kept.tried > FETCHED_AT_MOST_EVERY:
                kept.tried = now
                kept.keys, kept.fetched = self._fetched(url, rule), self._clock()
            found = _named(kept.keys, kid)
        if found is None:
            raise OAuthError("id_token_key")
        return found

    def _fetched(self, url: str, rule: Rule) -> Mapping[str, PublicKey]:
        answer = self._exchange.send(Asked("GET", url, again=True), rule)
        if answer.status != 200:
            raise OAuthError("server_failed" if answer.status >= 500 else "id_token_key")
        try:
            return read_key_set(answer.document()).keys
        except NotAKeySetError:
            raise OAuthError("id_token_key") from None


def _named(keys: Mapping[str, PublicKey], kid: str) -> PublicKey | None:
    if kid:
        return keys.get(kid)
    return next(iter(keys.values())) if len(keys) == 1 else None


def verify(token: object, expected: Expected, find: Callable[[str], PublicKey]) -> dict[str, Any]:
    """The claims of an id token that is this server's, for us, for this flow. Raises OAuthError.

    Only asymmetric algorithms, and only one that goes with the key which the token names: what the token
    says of its algorithm never decides how the key is used.
    """
    if not isinstance(token, str) or not token:
        raise OAuthError("id_token_missing")
    algorithm, kid = _header(token)
    key = find(kid)
    if algorithm not in key.verifiers:
        raise OAuthError("id_token_algorithm")
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key.verifiers[algorithm],
            algorithms=[algorithm],
            audience=expected.client_id,
            issuer=expected.issuer,
            leeway=LEEWAY,
            options={"require": _REQUIRED},
        )
    except PyJWTError as error:
        raise OAuthError(_word_of(error)) from None
    return _checked(claims, expected)


def _header(token: str) -> tuple[str, str]:
    if len(token) > _LONGEST:
        raise OAuthError("id_token_malformed")
    try:
        header = jwt.get_unverified_header(token)
    except PyJWTError:
        raise OAuthError("id_token_malformed") from None
    algorithm, kid = header.get("alg"), header.get("kid", "")
    if algorithm not in ALGORITHMS:
        raise OAuthError("id_token_algorithm")
    if not isinstance(kid, str) or "crit" in header or "b64" in header:
        raise OAuthError("id_token_malformed")
    return str(algorithm), kid


_WORDS: tuple[tuple[type[PyJWTError], Word], ...] = (
    (InvalidSignatureError, "id_token_signature"),
    (ExpiredSignatureError, "id_token_expired"),
    (ImmatureSignatureError, "id_token_expired"),
    (InvalidIssuerError, "id_token_issuer"),
    (InvalidAudienceError, "id_token_audience"),
    (MissingRequiredClaimError, "id_token_malformed"),
)


def _word_of(error: PyJWTError) -> Word:
    return next((word for kind, word in _WORDS if isinstance(error, kind)), "id_token_malformed")


def _checked(claims: dict[str, Any], expected: Expected) -> dict[str, Any]:
    audiences = claims["aud"]
    if isinstance(audiences, list) and len(audiences) > 1 and claims.get("azp") != expected.client_id:
        raise OAuthError("id_token_audience")
    if "azp" in claims and claims["azp"] != expected.client_id:
        raise OAuthError("id_token_audience")
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not compare_digest(nonce.encode(), expected.nonce.encode()):
        raise OAuthError("id_token_nonce")
    if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 255:
        raise OAuthError("id_token_malformed")
    return claims
