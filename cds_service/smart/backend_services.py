"""SMART Backend Services: access to an EHR's FHIR server that this service has by itself."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import time

from cds_service.answering.offers import ClientOffers
from cds_service.clients.registered import BackendAccess, Client, FhirServer
from cds_service.fhir.allow_list import AllowList
from cds_service.fhir.fetching import Access
from cds_service.oauth.endpoints import Discovery, Endpoints, rule_of
from cds_service.oauth.exchange import Exchange
from cds_service.oauth.faults import OAuthError
from cds_service.oauth.signing_keys import SigningKeys
from cds_service.oauth.token_requests import Registration, Token, request_token
from cds_service.smart.scopes import backend_scopes

USED_SHARE = 0.8
"""Share of a token's lifetime for which it is used: what begins with it shall also end with it. Ours."""

FIRST_PAUSE = 5.0
LONGEST_PAUSE = 300.0
"""Seconds without another try after a failure, doubled each time up to the longest. Ours."""

_LOG = logging.getLogger("trialhook.smart")


@dataclass(slots=True)
class _Kept:
    """The token for one client and base, or why there is none. Times in seconds since 1970."""

    token: Token | None = field(default=None, repr=False)
    use_until: float = 0.0
    failure: OAuthError | None = None
    no_try_before: float = 0.0
    pause: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Backend:
    """Access tokens of this process, each fetched by one thread at a time and used while they live.

    ``offers`` by client: what there is to be read. Without ``keys`` nothing can be signed: there is no token.
    """

    def __init__(
        self,
        offers: Mapping[str, ClientOffers],
        keys: SigningKeys | None,
        exchange: Exchange | None = None,
        clock: Callable[[], float] = time,
    ) -> None:
        self._offers, self._keys, self._clock = offers, keys, clock
        self._exchange = exchange or Exchange()
        self._discovery = Discovery(self._exchange)
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, str], _Kept] = {}

    def access(self, client: Client, fhir_base: str) -> Access | None:
        """Access with a live token; None where the client has no backend, or no such FHIR server.

        Raises OAuthError while no token can be had; a failure is remembered for a while.
        """
        server = AllowList(client.fhir_servers).find(fhir_base)
        if client.backend is None or server is None:
            return None
        kept = self._kept_of(client, server)
        with kept.lock:
            now = self._clock()
            if kept.token is None or now >= kept.use_until:
                if kept.failure is not None and now < kept.no_try_before:
                    raise OAuthError(kept.failure.word, kept.no_try_before - now)
                self._renew(kept, client, client.backend, server)
            assert kept.token is not None  # noqa: S101 -- _renew raises where it gets none
            return Access.to(server, kept.token.access_token)

    def forget(self, client: Client, fhir_base: str) -> None:
        """Drops the token: the FHIR server refuses it although it should live."""
        server = AllowList(client.fhir_servers).find(fhir_base)
        if server is not None:
            kept = self._kept_of(client, server)
            with kept.lock:
                kept.token = None

    def _kept_of(self, client: Client, server: FhirServer) -> _Kept:
        with self._lock:
            return self._kept.setdefault((client.id, server.base.url), _Kept())

    def _renew(self, kept: _Kept, client: Client, backend: BackendAccess, server: FhirServer) -> None:
        kept.token = None
        try:
            token = self._fetched(client, backend, server)
        except OAuthError as error:
            kept.pause = min(max(FIRST_PAUSE, kept.pause * 2), LONGEST_PAUSE)
            kept.failure = error
            kept.no_try_before = self._clock() + max(kept.pause, error.retry_after or 0.0)
            _LOG.warning("no backend token for client %s: %s", client.id, error.word)
            raise
        now = self._clock()
        kept.token, kept.failure, kept.pause = token, None, 0.0
        kept.use_until = now + USED_SHARE * (token.expires_at - now)

    def _fetched(self, client: Client, backend: BackendAccess, server: FhirServer) -> Token:
        if backend.token_url:
            endpoints = Endpoints(backend.token_url, rule=rule_of(server))
        else:
            endpoints = self._discovery.smart(server)
        types = self._offers[client.id].needs.resource_types
        scopes = backend.scopes or backend_scopes(endpoints, types, client.referral)
        form = {"grant_type": "client_credentials", "scope": " ".join(scopes)}
        if self._keys is None:
            raise OAuthError("no_signing_keys")
        return request_token(
            self._exchange, Registration(backend.client_id, keys=self._keys), endpoints, form
        )
