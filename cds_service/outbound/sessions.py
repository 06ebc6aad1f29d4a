"""Sessions for requests, one for each rule about where it may connect. They keep nothing of a caller's."""

from __future__ import annotations

import ssl
import threading
from functools import lru_cache
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any, NamedTuple

import requests
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.util.ssl_ import create_urllib3_context

from cds_service.outbound.addresses import Network
from cds_service.outbound.connections import Dialler, GuardedAdapter
from cds_service.outbound.resolving import Resolver

_MOST_HOSTS = 64


class Rule(NamedTuple):
    """Where and how a server may be connected to.

    Without ``networks`` at public addresses only. ``ca_file``: the certificate authorities that count for
    it, *instead* of the public ones.
    """

    networks: tuple[Network, ...] = ()
    insecure_http: bool = False
    ca_file: Path | None = None


PUBLIC = Rule()


class Sessions:
    """One per process. Sessions of different rules share no connection."""

    def __init__(self, resolver: Resolver | None = None, connections: int = 32) -> None:
        self._resolver, self._connections = resolver or Resolver(), connections
        self._lock = threading.Lock()
        self._sessions: dict[Rule, requests.Session] = {}

    def of(self, rule: Rule) -> requests.Session:
        """The session for a rule. OSError if its ``ca_file`` cannot be read."""
        with self._lock:
            session = self._sessions.get(rule)
            if session is None:
                session = self._sessions[rule] = self._new(rule)
            return session

    def _new(self, rule: Rule) -> requests.Session:
        session = _Session()
        session.trust_env = False  # no proxies, no .netrc, no certificates that the environment names
        session.headers.clear()
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        session.adapters.clear()
        dialler = Dialler(self._resolver, rule.networks)
        context = _context(str(rule.ca_file or DEFAULT_CA_BUNDLE_PATH))
        adapter = GuardedAdapter(dialler, context, _MOST_HOSTS, self._connections)
        session.mount("https://", adapter)
        if rule.insecure_http:
            session.mount("http://", adapter)
        return session


@lru_cache(maxsize=64)
def _context(ca_file: str) -> ssl.SSLContext:
    """Made once: to read some hundred certificates for each connection takes longer than a handshake."""
    context = create_urllib3_context(ssl_minimum_version=ssl.TLSVersion.TLSv1_2)
    context.load_verify_locations(cafile=ca_file)
    return context


class _Session(requests.Session):
    def get_redirect_target(self, resp: Any) -> None:  # noqa: ARG002 -- requests' signature
        """Redirects lead nowhere. To find out where, requests would read their whole body, of any size."""
        return
