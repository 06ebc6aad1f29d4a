"""The authorization code flow with PKCE, as SMART App Launch 2 and OpenID Connect have it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri  # type: ignore[import-untyped]
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]

from cds_service.oauth.endpoints import Endpoints
from cds_service.oauth.exchange import Exchange
from cds_service.oauth.faults import OAuthError
from cds_service.oauth.id_tokens import Expected, IssuerKeys, verify
from cds_service.oauth.token_requests import Registration, Token, request_token
from cds_service.outbound.sessions import Rule

OPENID = "openid"


class Begun(NamedTuple):
    """A flow that has begun. ``payload`` is secret JSON: keep it encrypted, under the ``state``."""

    endpoints: Endpoints
    parameters: Mapping[str, str]
    payload: dict[str, Any]

    def url(self, state: str) -> str:
        """Where to send the browser."""
        return str(prepare_grant_uri(self.endpoints.authorization, state=state, **self.parameters))

    def __repr__(self) -> str:
        return "Begun()"


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a finished flow brought. ``claims`` are those of a verified id token, {} without one.

    ``extras``: all else that the token response held, unchecked.
    """

    access_token: str = field(repr=False)
    expires_at: float
    scope: tuple[str, ...]
    refresh_token: str = field(default="", repr=False)
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False)
    extras: Mapping[str, Any] = field(default_factory=dict, repr=False)


def begin(
    us: Registration,
    endpoints: Endpoints,
    redirect_uri: str,
    scopes: Sequence[str],
    extra: Mapping[str, str] | None = None,
) -> Begun:
    """Begins a flow. ``extra``: parameters beside the usual ones (``aud``, ``launch``)."""
    verifier, nonce = secrets.token_urlsafe(64), secrets.token_urlsafe(24)
    if not endpoints.authorization:
        raise OAuthError("incomplete")
    if not (OPENID in scopes and endpoints.signs_in):
        nonce = ""  # no id token, or one that nobody could check
    parameters = {
        "response_type": "code",
        "client_id": us.client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(scopes),
        "code_challenge": str(create_s256_code_challenge(verifier)),
        "code_challenge_method": "S256",
        **({"nonce": nonce} if nonce else {}),
        **(extra or {}),
    }
    payload = {
        "verifier": verifier,
        "nonce": nonce,
        "redirect_uri": redirect_uri,
        "scope": " ".join(scopes),
        "endpoints": endpoints.kept(),
    }
    return Begun(endpoints, parameters, payload)


class CodeFlow:
    """The end of the flow: the code for tokens, and who signed in."""

    def __init__(self, exchange: Exchange | None = None, keys: IssuerKeys | None = None) -> None:
        self._exchange = exchange or Exchange()
        self._keys = keys or IssuerKeys(self._exchange)

    def finish(
        self, us: Registration, payload: Mapping[str, Any], rule: Rule, arguments: Mapping[str, str]
    ) -> Tokens:
        """What the code in the query of the redirect URI brings. Raises OAuthError.

        The endpoints are those with which the flow began. ``arguments`` with ``error`` are "denied".
        """
        endpoints = Endpoints.of_kept(payload["endpoints"], rule)
        code = _code(arguments, endpoints)
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": payload["redirect_uri"],
            "code_verifier": payload["verifier"],
        }
        token = request_token(self._exchange, us, endpoints, form)
        claims: Mapping[str, Any] = {}
        if payload["nonce"]:
            expected = Expected(endpoints.issuer, us.client_id, payload["nonce"])
            claims = verify(
                token.extras.get("id_token"),
                expected,
                lambda kid: self._keys.find(endpoints.jwks, rule, kid),
            )
        return _tokens(token, str(payload["scope"]), claims)

    def refresh(self, us: Registration, endpoints: Endpoints, refresh_token: str, scope: str = "") -> Tokens:
        """New tokens for a refresh token. Raises OAuthError."""
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return _tokens(request_token(self._exchange, us, endpoints, form), scope, {})


def _code(arguments: Mapping[str, str], endpoints: Endpoints) -> str:
    """The code; what else the server sent there is never shown nor logged."""
    if "error" in arguments:
        raise OAuthError("denied")
    says = arguments.get("iss")  # RFC 9207: a code of one server is not handed to another
    if endpoints.issuer and (says is not None or endpoints.says_issuer) and says != endpoints.issuer:
        raise OAuthError("other_issuer")
    code = arguments.get("code", "")
    if not code or len(code) > 8192:
        raise OAuthError("grant_refused")
    return code


def _tokens(token: Token, asked: str, claims: Mapping[str, Any]) -> Tokens:
    return Tokens(
        token.access_token,
        token.expires_at,
        tuple((token.scope or asked).split()),
        token.refresh_token,
        claims,
        {name: value for name, value in token.extras.items() if name != "id_token"},
    )
