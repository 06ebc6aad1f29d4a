"""Where a launch comes from: a registered EHR, found before anything is asked of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from cds_service.clients.registered import Client, Clients, FhirServer, SmartApp
from cds_service.fhir.allow_list import AllowList, FhirBase
from cds_service.oauth.faults import OAuthError
from cds_service.oauth.signing_keys import SigningKeys
from cds_service.oauth.token_requests import Registration


class LaunchError(Exception):
    """A launch that ends here. ``cause`` is a key of ``words.BY_CAUSE``."""

    def __init__(self, cause: str) -> None:
        self.cause = cause
        super().__init__(cause)


def registration_of(app: SmartApp, keys: SigningKeys | None) -> Registration:
    """How our app proves itself at the EHR. ``keys``: those of this service.

    Raises OAuthError where it has to sign and there are none: it must not pass for a public app.
    """
    if app.signs and keys is None:
        raise OAuthError("no_signing_keys")
    return Registration(app.client_id, app.secret, keys if app.signs else None)


class Place(NamedTuple):
    """A registered EHR where our app is registered too. ``iss`` is the FHIR base as it was named."""

    client: Client
    app: SmartApp
    server: FhirServer
    iss: str

    @property
    def registered(self) -> FhirBase:
        """The registered base that this one is, or below which it lies."""
        covering = [one.base for one in self.client.fhir_servers if one.base.covers(self.server.base)]
        return max(covering, key=lambda base: len(base.path))

    @property
    def below(self) -> str:
        """The registered base below which this one lies; "" where it is registered itself."""
        return "" if self.registered == self.server.base else self.registered.url


def place_of(clients: Clients, iss: str) -> Place | None:
    """The EHR whose FHIR base this is, with a SMART app of ours; None if none is registered so.

    Of several clients that it could be the one with the longest registered base counts, and of these the
    first in the register.
    """
    return max(_places(clients, iss), key=_length, default=None)


def place_at(clients: Clients, ident: str, iss: str) -> Place | None:
    """The same EHR and base again, in the middle of a launch; None if it is registered no more."""
    client = clients.by_id(ident)
    server = AllowList(client.fhir_servers).find(iss) if client else None
    return Place(client, client.smart, server, iss) if client and client.smart and server else None


def place_of_client(clients: Clients, ident: str) -> Place | None:
    """The EHR with this id of ours, at its first FHIR server."""
    client = clients.by_id(ident)
    if client is None or client.smart is None or not client.fhir_servers:
        return None
    server = client.fhir_servers[0]
    return Place(client, client.smart, server, server.base.url)


def launchable(clients: Clients) -> tuple[str, ...]:
    """The ids of the EHRs at which a user can begin here."""
    return tuple(client.id for client in clients if place_of_client(clients, client.id))


def _places(clients: Clients, iss: str) -> Iterator[Place]:
    for client in clients:
        server = AllowList(client.fhir_servers).find(iss) if client.smart else None
        if client.smart and server:
            yield Place(client, client.smart, server, iss)


def _length(place: Place) -> int:
    return len(place.registered.path)
