"""One request to a token endpoint, and how we prove who we are there."""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import time
from typing import Any
from urllib.parse import quote_plus, urlencode

from cds_service.oauth.endpoints import Endpoints
from cds_service.oauth.exchange import Answer, Asked, Exchange
from cds_service.oauth.faults import OAuthError, Word
from cds_service.oauth.signing_keys import SigningKeys

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_SECONDS = 240
"""Lifetime of an assertion; SMART allows five minutes, and clocks differ."""

LIFETIME_NOT_SAID = 300.0
"""Seconds for which a token is used whose server does not say how long it lives. Ours."""

LONGEST_LIFETIME = 24 * 3600.0
_LONGEST_TOKEN = 16 * 1024


@dataclass(frozen=True, slots=True)
class Registration:
    """How we are registered at an authorization server. With neither secret nor keys: a public client."""

    client_id: str
    secret: str = field(default="", repr=False)
    keys: SigningKeys | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token; ``expires_at`` in seconds since 1970. ``extras``: what else came, unchecked."""

    access_token: str = field(repr=False)
    expires_at: float
    scope: str = ""
    refresh_token: str = field(default="", repr=False)
    extras: Mapping[str, Any] = field(default_factory=dict, repr=False)


def request_token(
    exchange: Exchange, us: Registration, endpoints: Endpoints, form: Mapping[str, str]
) -> Token:
    """The token that a form brings. Raises OAuthError; never sends anything twice."""
    proof, headers = _proof(us, endpoints)
    body = urlencode({**form, **proof}).encode()
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    asked_at = time()
    answer = exchange.send(Asked("POST", endpoints.token, headers, body), endpoints.rule)
    if answer.status != 200:
        raise _refusal(answer)
    return _token(answer.document(), asked_at)


def client_assertion(us: Registration, endpoints: Endpoints) -> str:
    """A JWT by which we are us, for one request to this token endpoint (SMART, private_key_jwt)."""
    if us.keys is None:
        raise OAuthError("no_signing_keys")
    now = int(time())
    claims = {
        "iss": us.client_id,
        "sub": us.client_id,
        "aud": endpoints.token,
        "iat": now,
        "exp": now + ASSERTION_SECONDS,
        "jti": secrets.token_urlsafe(24),
    }
    return us.keys.sign(claims, endpoints.algorithms)


def _proof(us: Registration, endpoints: Endpoints) -> tuple[dict[str, str], dict[str, str]]:
    """Form members and headers that say who we are."""
    if (
        us.secret
        and "client_secret_basic" not in endpoints.auth_methods
        and ("client_secret_post" in endpoints.auth_methods)
    ):
        return {"client_id": us.client_id, "client_secret": us.secret}, {}
    if us.secret:
        pair = f"{quote_plus(us.client_id)}:{quote_plus(us.secret)}"  # encoded first: RFC 6749, 2.3.1
        return {}, {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}
    if us.keys is not None:
        assertion = client_assertion(us, endpoints)
        return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}, {}
    return {"client_id": us.client_id}, {}


_ERRORS: Mapping[str, Word] = {
    "invalid_client": "client_refused",
    "unauthorized_client": "client_refused",
    "invalid_grant": "grant_refused",
    "invalid_scope": "scope_refused",
    "access_denied": "denied",
}


def _refusal(answer: Answer) -> OAuthError:
    if answer.status == 429:
        return OAuthError("too_busy", answer.retry_after)
    if answer.status >= 500:
        return OAuthError("server_failed", answer.retry_after)
    try:
        error = answer.document().get("error")
    except OAuthError:
        error = None
    if isinstance(error, str) and error in _ERRORS:
        return OAuthError(_ERRORS[error])
    return OAuthError("client_refused" if answer.status == 401 else "refused")


def _token(document: dict[str, Any], asked_at: float) -> Token:
    access, kind, scope = document.get("access_token"), document.get("token_type"), document.get("scope", "")
    if not _is_token(access) or not isinstance(kind, str) or kind.lower() != "bearer":
        raise OAuthError("token_unusable")
    if not isinstance(scope, str):
        raise OAuthError("token_unusable")
    refresh = document.get("refresh_token", "")
    known = ("access_token", "token_type", "expires_in", "scope", "refresh_token")
    return Token(
        str(access),
        asked_at + _lifetime(document.get("expires_in")),
        scope,
        refresh if _is_token(refresh) else "",
        {name: value for name, value in document.items() if name not in known},
    )


def _is_token(value: object) -> bool:
    """What can stand in an Authorization header: visible ASCII, no line break to smuggle a header in."""
    return (
        isinstance(value, str)
        and 0 < len(value) <= _LONGEST_TOKEN
        and value.isascii()
        and all("!" <= one <= "~" for one in value)
    )


def _lifetime(value: object) -> float:
    """Seconds; some servers send the number as text."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:9])
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        return LIFETIME_NOT_SAID
    return min(float(value), LONGEST_LIFETIME)
