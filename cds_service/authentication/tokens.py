"""Who calls, by the JWT of the call. The order of the checks is that of CDS Hooks' best practices (J10)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from time import time

from cds_service.authentication.bearer import OpenedToken, open_token
from cds_service.authentication.claims import (
    LEEWAY,
    audience_fits,
    fault_of_times,
    tenant_of,
    times_of,
    token_id_of,
)
from cds_service.authentication.key_sets import KeySets
from cds_service.authentication.refusal import Cause, UnauthenticatedError
from cds_service.authentication.replay import ReplayGuard
from cds_service.clients.caller import Caller
from cds_service.clients.registered import Client, Clients
from cds_service.failures import describe

__all__ = ["Authenticator", "UnauthenticatedError"]

_LOG = logging.getLogger("trialhook.authentication")


class Authenticator:
    """Checks tokens against the registered clients. ``clock`` gives seconds since 1970."""

    def __init__(
        self,
        clients: Clients,
        replay: ReplayGuard,
        key_sets: KeySets,
        public_url: str,
        clock: Callable[[], float] = time,
    ) -> None:
        self._clients = {client.issuer: client for client in clients if client.issuer}
        self._replay, self._key_sets, self._clock = replay, key_sets, clock
        self._public_url = public_url.rstrip("/")

    def urls(self, service: str = "", *, feedback: bool = False, slash: bool = False) -> tuple[str, ...]:
        """The audiences of discovery, of a service, or of its feedback, where clients use either form.

        ``slash``: the URL that was called ends in one, and then an audience may as well.
        """
        url = f"{self._public_url}/cds-services" + (f"/{service}" if service else "")
        forms = (url, f"{url}/feedback") if service and feedback else (url,)
        return (*forms, *(f"{one}/" for one in forms)) if slash else forms

    def authenticate(self, authorization: str | None, urls: Sequence[str]) -> Caller:
        """The caller by its Authorization header, for the endpoint with these URLs, compared exactly.

        Raises UnauthenticatedError; StorageAwayError where replay is strict and the database is away.
        """
        token = open_token(authorization)
        issuer = token.claims.get("iss")
        client = self._clients.get(issuer) if isinstance(issuer, str) else None
        if client is None:
            raise UnauthenticatedError("issuer")
        fault = _fault_of_header(token, client)
        if fault is None and not audience_fits(token.claims, client, urls):
            fault = "audience"
        if fault is not None:
            raise UnauthenticatedError(fault, client.id)
        return self._admit(token, client)

    def _admit(self, token: OpenedToken, client: Client) -> Caller:
        """The rest, for a token that is for us: its times, tenant, signature and first use."""
        times = times_of(token.claims)
        if times is None:
            raise UnauthenticatedError("times", client.id)
        fault = fault_of_times(token.claims, times, client, self._clock())
        if fault is not None:
            raise UnauthenticatedError(fault, client.id)
        tenant, jti = tenant_of(token.claims, client), token_id_of(token.claims)
        if tenant is None:
            raise UnauthenticatedError("tenant", client.id)
        if jti is None:
            raise UnauthenticatedError("token_id", client.id)
        self._check_signature(token, client)
        # Remembered last: a token that is not the client's must not use up the id of one that is.
        if not self._first_use(client, jti, times.expires_at + LEEWAY, times.issued_at):
            raise UnauthenticatedError("replayed", client.id)
        return Caller(client, tenant)

    def _check_signature(self, token: OpenedToken, client: Client) -> None:
        key = self._key_sets.find(client, token.kid)
        if token.algorithm not in key.verifiers:
            raise UnauthenticatedError("key", client.id)
        try:
            good = key.verifies(token.algorithm, token.signing_input, token.signature)
        except Exception as error:  # noqa: BLE001 -- closed, whatever a signature does to the library
            _LOG.error("a signature of client %s could not be checked: %s", client.id, describe(error))
            good = False
        if not good:
            raise UnauthenticatedError("signature", client.id)

    def _first_use(self, client: Client, jti: str, expires_at: float, issued_at: float) -> bool:
        try:
            return self._replay.first_use(client.issuer, jti, expires_at, issued_at)
        except UnauthenticatedError as refusal:
            refusal.client = client.id
            raise


def _fault_of_header(token: OpenedToken, client: Client) -> Cause | None:
    if token.algorithm not in client.algorithms:
        return "algorithm"
    # Never fetched, only compared: with the URL that is registered, "" where none is.
    if token.jku is not None and token.jku != client.keys.url:
        return "key_url"
    return None
