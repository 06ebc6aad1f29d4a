"""Where an authorization server's endpoints are, by its discovery document."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from cds_service.clients.registered import FhirServer
from cds_service.fhir.allow_list import parse_base
from cds_service.oauth.exchange import Answer, Asked, Exchange
from cds_service.oauth.faults import OAuthError, Word
from cds_service.outbound.sessions import PUBLIC, Rule

KEPT_SECONDS = 600.0
"""How long a discovery document is used. Ours: short enough that a move of the server is noticed."""

FAILURE_KEPT_SECONDS = 10.0
"""How long a failure is remembered, so that not every launch waits for a server that is down. Ours."""

MOST_BELOW = 256
"""Bases below registered ones whose documents are kept at once. Ours: more than a server has tenants."""

_QUERY = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*")


@dataclass(frozen=True, slots=True)
class Endpoints:
    """What a discovery document says, checked. ``rule`` is that of the server that named them.

    ``issuer`` and ``jwks`` "": it signs nobody in (no id tokens).
    """

    token: str
    authorization: str = ""
    issuer: str = ""
    jwks: str = ""
    auth_methods: frozenset[str] = frozenset()
    algorithms: frozenset[str] = frozenset()
    capabilities: frozenset[str] = frozenset()
    says_issuer: bool = False
    rule: Rule = PUBLIC

    @property
    def signs_in(self) -> bool:
        """Whether its id tokens can be checked."""
        return bool(self.issuer and self.jwks)

    def kept(self) -> dict[str, Any]:
        """As JSON, for the time of one flow; the rule comes from the registration each time."""
        return {
            "token": self.token,
            "authorization": self.authorization,
            "issuer": self.issuer,
            "jwks": self.jwks,
            "auth_methods": sorted(self.auth_methods),
            "algorithms": sorted(self.algorithms),
            "capabilities": sorted(self.capabilities),
            "says_issuer": self.says_issuer,
        }

    @classmethod
    def of_kept(cls, kept: Mapping[str, Any], rule: Rule) -> Endpoints:
        """What ``kept`` gave."""
        sets = {name: frozenset(kept[name]) for name in ("auth_methods", "algorithms", "capabilities")}
        return cls(**{**kept, **sets}, rule=rule)


def rule_of(server: FhirServer) -> Rule:
    """Where the endpoints that a FHIR server names may be: where it may be itself."""
    return Rule(server.networks, server.insecure_http, server.ca_file)


@dataclass(slots=True)
class _Kept:
    until: float = 0.0
    found: Endpoints | None = None
    fault: Word | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


class Discovery:
    """Discovery documents, each fetched by one thread at a time and kept for a while."""

    def __init__(self, exchange: Exchange | None = None, clock: Callable[[], float] = monotonic) -> None:
        self._exchange, self._clock = exchange or Exchange(), clock
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, Rule], _Kept] = {}
        self._kept_below: OrderedDict[tuple[str, Rule], _Kept] = OrderedDict()
        self._looking_below: set[str] = set()

    def smart(self, server: FhirServer, below: str = "") -> Endpoints:
        """What a FHIR server's ``.well-known/smart-configuration`` says. Raises OAuthError.

        Call it with registered servers only: this is a request to them. ``below``: the registered base below
        which this one lies, where a stranger named it. There are as many of these as strangers like, so for
        each registered base one is looked for at a time ("too_busy" for the others), and few are kept.
        """
        rule = rule_of(server)
        key = f"{server.base.url}/.well-known/smart-configuration", rule
        if not below:
            return self._of(key, self._kept_of(key), _smart)
        kept = self._kept_of_below(key)
        if kept.found is not None:
            return self._of(key, kept, _smart)
        with self._alone(below):
            return self._of(key, kept, _smart)

    def openid(self, issuer: str, rule: Rule = PUBLIC) -> Endpoints:
        """What an issuer's ``.well-known/openid-configuration`` says. Raises OAuthError."""

        def read(document: Mapping[str, Any], rule: Rule) -> Endpoints:
            return _openid(document, rule, issuer)

        key = f"{issuer.rstrip('/')}/.well-known/openid-configuration", rule
        return self._of(key, self._kept_of(key), read)

    def _kept_of(self, key: tuple[str, Rule]) -> _Kept:
        with self._lock:
            return self._kept.setdefault(key, _Kept())

    def _kept_of_below(self, key: tuple[str, Rule]) -> _Kept:
        """Where there are too many the oldest failure goes, and without one the oldest document."""
        with self._lock:
            kept = self._kept_below.setdefault(key, _Kept())
            self._kept_below.move_to_end(key)
            if len(self._kept_below) > MOST_BELOW:
                failures = [
                    one for one, what in self._kept_below.items() if what.found is None and one != key
                ]
                del self._kept_below[failures[0] if failures else next(iter(self._kept_below))]
            return kept

    @contextmanager
    def _alone(self, below: str) -> Iterator[None]:
        """The only one who looks below a registered base; OAuthError for a second one."""
        with self._lock:
            if below in self._looking_below:
                raise OAuthError("too_busy")
            self._looking_below.add(below)
        try:
            yield
        finally:
            with self._lock:
                self._looking_below.discard(below)

    def _of(
        self, key: tuple[str, Rule], kept: _Kept, read: Callable[[Mapping[str, Any], Rule], Endpoints]
    ) -> Endpoints:
        with kept.lock:
            if self._clock() >= kept.until:
                self._renew(kept, *key, read)
            if kept.found is None:
                raise OAuthError(kept.fault or "unreachable")
            return kept.found

    def _renew(
        self, kept: _Kept, url: str, rule: Rule, read: Callable[[Mapping[str, Any], Rule], Endpoints]
    ) -> None:
        try:
            kept.found, kept.fault = read(self._document(url, rule), rule), None
            kept.until = self._clock() + KEPT_SECONDS
        except OAuthError as error:
            kept.found, kept.fault = None, error.word
            kept.until = self._clock() + FAILURE_KEPT_SECONDS

    def _document(self, url: str, rule: Rule) -> Mapping[str, Any]:
        answer = self._exchange.send(Asked("GET", url, again=True), rule)
        if answer.status != 200:
            raise _fault_of_status(answer)
        return answer.document()


def _fault_of_status(answer: Answer) -> OAuthError:
    if answer.status >= 500:
        return OAuthError("server_failed")
    return OAuthError("too_busy" if answer.status == 429 else "not_offered")


def _smart(document: Mapping[str, Any], rule: Rule) -> Endpoints:
    return _endpoints(document, rule, issuer=_url(document, "issuer", rule, needed=False))


def _openid(document: Mapping[str, Any], rule: Rule, issuer: str) -> Endpoints:
    if document.get("issuer") != issuer:
        raise OAuthError("other_issuer")
    found = _endpoints(document, rule, issuer=issuer)
    if not found.jwks:
        raise OAuthError("incomplete")
    return found


def _endpoints(document: Mapping[str, Any], rule: Rule, issuer: str) -> Endpoints:
    methods = document.get("code_challenge_methods_supported")
    if methods is not None and "S256" not in _texts(methods):
        raise OAuthError("no_pkce")
    return Endpoints(
        token=_url(document, "token_endpoint", rule),
        authorization=_url(document, "authorization_endpoint", rule),
        issuer=issuer,
        jwks=_url(document, "jwks_uri", rule, needed=False),
        auth_methods=_texts(document.get("token_endpoint_auth_methods_supported")),
        algorithms=_texts(document.get("token_endpoint_auth_signing_alg_values_supported")),
        capabilities=_texts(document.get("capabilities")),
        says_issuer=document.get("authorization_response_iss_parameter_supported") is True,
        rule=rule,
    )


def _texts(value: object) -> frozenset[str]:
    listed = value if isinstance(value, list) else []
    return frozenset(one for one in listed if isinstance(one, str))


def _url(document: Mapping[str, Any], name: str, rule: Rule, *, needed: bool = True) -> str:
    """A URL of the document as it stands there; "" for one that is not there and not needed."""
    text = document.get(name)
    if text is None and not needed:
        return ""
    if text is None:
        raise OAuthError("incomplete")
    if not is_endpoint(text, rule):
        raise OAuthError("endpoint_refused")
    return str(text)


def is_endpoint(text: object, rule: Rule) -> bool:
    """Whether this is a plain https URL, or http where the rule allows that; a query may follow."""
    if not isinstance(text, str):
        return False
    address, _, query = text.partition("?")
    base = parse_base(address)
    if base is None or not _QUERY.fullmatch(query):
        return False
    return base.scheme == "https" or rule.insecure_http
