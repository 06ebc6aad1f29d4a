"""Who calls, for each request: authenticated, within its limits; or the one client of demo mode."""

from __future__ import annotations

from collections.abc import Callable

from flask import g, request

from cds_service.authentication.tokens import Authenticator, UnauthenticatedError
from cds_service.clients.caller import Caller
from cds_service.clients.registered import Clients
from cds_service.web.rate_limit import TOO_MANY_CALLS, TOO_MANY_FAILURES, RateLimits, too_many


class Callers:
    """Finds the caller of the request that is being answered."""

    def __init__(
        self,
        clients: Clients,
        authenticator: Authenticator | None,
        limits: RateLimits | None,
        refused: Callable[[str, int, str], None],
    ) -> None:
        """``refused`` is told of calls beyond a limit: cause, status, and our id of the client."""
        self._demo = Caller(clients.registered[0]) if clients.demo else None
        self._authenticator, self._limits, self._refused = authenticator, limits, refused

    def of_service(self, service_id: str, *, feedback: bool = False) -> Caller:
        """Who calls a service. UnauthenticatedError, RefusalError 429; StorageAwayError in strict replay."""
        if self._demo is not None or self._authenticator is None:
            return self._within_limits(self._demo)
        urls = self._authenticator.urls(service_id, feedback=feedback, slash=request.path.endswith("/"))
        return self._authenticated(urls)

    def of_discovery(self) -> Caller | None:
        """Who asks for discovery; None for somebody without a token, who sees what everybody sees."""
        if self._demo is not None or self._authenticator is None:
            return self._within_limits(self._demo)
        if "Authorization" not in request.headers:
            return None
        return self._authenticated(self._authenticator.urls(slash=request.path.endswith("/")))

    def _authenticated(self, urls: tuple[str, ...]) -> Caller:
        assert self._authenticator is not None  # noqa: S101
        limits, peer = self._limits, request.remote_addr
        wait = limits.held_back(peer) if limits else None
        if wait is not None:
            self._refused("too_many_failures", 429, "")
            raise too_many(TOO_MANY_FAILURES, wait)
        try:
            caller = self._authenticator.authenticate(request.headers.get("Authorization"), urls)
        except UnauthenticatedError:
            if limits:
                limits.failed(peer)
            raise
        if limits:
            limits.succeeded(peer)
        return self._within_limits(caller)

    def _within_limits(self, caller: Caller | None) -> Caller:
        assert caller is not None  # noqa: S101
        g.facts["client"] = caller.client.id
        wait = self._limits.check(caller.client) if self._limits else None
        if wait is not None:
            self._refused("rate", 429, caller.client.id)
            raise too_many(TOO_MANY_CALLS, wait)
        return caller
