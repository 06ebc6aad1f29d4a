"""The token of a launch: renewed in time, by one request at a time.

A refresh token may be good for one use, and a server that sees it twice may take back all that came of it
(RFC 9700, 4.14.2). Several tabs and several processes are therefore one after the other: who comes second
finds what the first has put into the session.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from time import monotonic, sleep

from cds_service.clients.registered import Client
from cds_service.deployment import Deployment
from cds_service.fhir.allow_list import AllowList
from cds_service.oauth.code_flow import CodeFlow
from cds_service.oauth.endpoints import Discovery
from cds_service.oauth.exchange import Exchange
from cds_service.oauth.faults import OAuthError
from cds_service.oauth.signing_keys import signing_keys_of
from cds_service.signing_in.one_time import OneTime
from cds_service.signing_in.sessions import WorksheetAccess, current_sessions
from cds_service.smart.launching import registration_of

RENEWED_BEFORE = 20.0
"""Seconds before its end at which an access token is renewed. Ours."""

_PURPOSE = "smart-renewal"
_LONGEST = timedelta(seconds=20)
"""For one renewal, which asks at most two addresses; who takes longer has died. Ours."""

_WAIT, _PAUSE = 12.0, 0.1
"""Seconds for which the renewal of another request is waited for, and between two looks. Ours."""


class Renewals:
    """Living tokens for all worksheets of a process."""

    def __init__(self, deployment: Deployment) -> None:
        assert deployment.records is not None  # noqa: S101 -- without a database there are no pages
        exchange = Exchange()
        self._discovery, self._flow = Discovery(exchange), CodeFlow(exchange)
        self._keys = signing_keys_of(deployment.settings)
        self._one_time = OneTime(deployment.records.database, deployment.ring)

    def live(self, access: WorksheetAccess, client: Client) -> WorksheetAccess | None:
        """The access of a launch with a token that lives, renewed if need be; None if it is over."""
        access = current_sessions().worksheet(access.id) or access
        if _lives(access, RENEWED_BEFORE):
            return access
        if not access.refresh_token:
            return access if _lives(access) else None
        held = self._one_time.hold(_PURPOSE, access.id, _LONGEST, current_sessions().clock())
        if held is None:
            return self._of_another(access.id)
        try:
            return self._ours(access.id, client)
        finally:
            self._one_time.let_go(_PURPOSE, access.id, held)

    def _ours(self, ident: str, client: Client) -> WorksheetAccess | None:
        access = current_sessions().worksheet_anew(ident)
        if access is None or _lives(access, RENEWED_BEFORE):
            return access  # it was closed, or renewed, after this request looked
        renewed = self._renewed(access, client)
        if renewed is not None:
            current_sessions().put_worksheet(renewed)
            return renewed
        return access if _lives(access) else None

    def _of_another(self, ident: str) -> WorksheetAccess | None:
        """What another request brings that is renewing it just now."""
        until = monotonic() + _WAIT
        while True:
            over = monotonic() >= until or not self._one_time.held(
                _PURPOSE, ident, current_sessions().clock()
            )
            # asked after that: who let go has put it there before
            access = current_sessions().worksheet_anew(ident)
            if access is None or _lives(access, RENEWED_BEFORE):
                return access
            if over or monotonic() >= until:
                return access if _lives(access) else None
            sleep(_PAUSE)

    def _renewed(self, access: WorksheetAccess, client: Client) -> WorksheetAccess | None:
        server = AllowList(client.fhir_servers).find(access.subject.fhir_base)
        if client.smart is None or server is None:
            return None
        try:
            us = registration_of(client.smart, self._keys)
            endpoints = self._discovery.smart(server)
            tokens = self._flow.refresh(us, endpoints, access.refresh_token, access.scope)
        except OAuthError:
            return None
        return replace(
            access,
            access_token=tokens.access_token,
            refresh_token=tokens.refresh_token or access.refresh_token,
            scope=" ".join(tokens.scope) or access.scope,
            expires_at=tokens.expires_at,
        )


def _lives(access: WorksheetAccess, seconds: float = 0.0) -> bool:
    """Whether its token will live for so long."""
    return access.expires_at > current_sessions().clock().timestamp() + seconds
