"""Sign-in of study staff at their organization's OpenID provider."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from cds_service.oauth.code_flow import CodeFlow, begin
from cds_service.oauth.endpoints import Discovery
from cds_service.oauth.exchange import Exchange
from cds_service.oauth.signing_keys import SigningKeys
from cds_service.oauth.token_requests import Registration
from cds_service.outbound.sessions import Rule
from cds_service.signing_in.one_time import OneTime
from cds_service.signing_in.staff import Identity, Provider

LIFETIME = timedelta(minutes=10)
"""Of a sign-in that has begun (ours): long enough for a second factor."""

_PURPOSE = "sign-in"
_LONGEST_NAME = 120
_MOST_GROUPS = 1000


class NotBegunHereError(Exception):
    """A sign-in that nobody began in this browser, or that is over or done."""


class OpenIdSignIn:
    """One provider, and this service as it is registered there."""

    def __init__(
        self,
        provider: Provider,
        public_url: str,
        one_time: OneTime,
        keys: SigningKeys | None = None,
        exchange: Exchange | None = None,
    ) -> None:
        self._provider, self._one_time = provider, one_time
        exchange = exchange or Exchange()
        self._discovery, self._flow = Discovery(exchange), CodeFlow(exchange)
        self._us = Registration(provider.client_id, provider.secret, keys)
        self._rule = Rule(provider.networks, provider.insecure_http, provider.ca_file)
        self._redirect_uri = f"{public_url}/sign-in/callback"

    def begin(self, browser: str, then: str, now: datetime) -> str:
        """Where to send the browser. ``then``: where it goes when it is back. Raises OAuthError."""
        endpoints = self._discovery.openid(self._provider.issuer, self._rule)
        begun = begin(self._us, endpoints, self._redirect_uri, self._provider.scopes)
        payload = {**begun.payload, "browser": browser, "next": then}
        return begun.url(self._one_time.give(_PURPOSE, payload, LIFETIME, now))

    def take(self, state: str, now: datetime) -> dict[str, Any]:
        """What was begun under a state; once. Raises NotBegunHereError."""
        payload = self._one_time.take(_PURPOSE, state, now)
        if payload is None:
            raise NotBegunHereError
        return payload

    def finish(self, payload: Mapping[str, Any], arguments: Mapping[str, str]) -> Identity:
        """Who came back. Raises OAuthError."""
        claims = self._flow.finish(self._us, payload, self._rule, arguments).claims
        return identity_of(self._provider, claims)


def identity_of(provider: Provider, claims: Mapping[str, Any]) -> Identity:
    """What the claims of a checked id token say. An e-mail counts only where they say it is verified."""
    verified = claims.get("email_verified") in (True, "true")
    groups = claims.get(provider.groups_claim)
    listed = [groups] if isinstance(groups, str) else groups if isinstance(groups, list) else []
    return Identity(
        issuer=provider.issuer,
        subject=str(claims["sub"]),
        name=_one_line(claims.get(provider.name_claim)) or _one_line(claims.get("preferred_username")),
        email=_one_line(claims.get("email")) if verified else "",
        groups=tuple(one for one in listed[:_MOST_GROUPS] if isinstance(one, str)),
    )


def _one_line(text: object) -> str:
    """A name as it may be shown: one line, not too long, without marks that turn text round."""
    if not isinstance(text, str):
        return ""
    printable = "".join(one if one.isprintable() else " " for one in text[: _LONGEST_NAME * 4])
    return " ".join(printable.split())[:_LONGEST_NAME]
