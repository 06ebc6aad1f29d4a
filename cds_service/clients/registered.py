"""What is registered of a client, checked and typed. ``clients/reading.py`` makes these from clients.yaml."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any, Literal

from cds_service.fatigue.policy import Policy
from cds_service.fhir.allow_list import FhirBase
from mappings.definitions.sites import Site

Network = IPv4Network | IPv6Network

FROM_REQUEST = "from-request"
"""Instead of a client's language: the one that each request asks for."""


@dataclass(frozen=True, slots=True)
class FhirServer:
    """A FHIR server that may be called for a client, with all paths below its base.

    Without ``networks`` only public addresses are connected to. ``insecure_http`` allows plain http.
    ``ca_file``: the authorities that its certificate must come from, instead of the public ones.
    """

    base: FhirBase
    networks: tuple[Network, ...] = ()
    insecure_http: bool = False
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True)
class KeySource:
    """Where a client's public keys are: at a URL, or given here. ``jku`` in a token must be that URL.

    ``ca_file``: the authorities that the server's certificate must come from, instead of the public ones.
    """

    url: str = ""
    networks: tuple[Network, ...] = ()
    inline: Mapping[str, Any] | None = None
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True)
class TrialOffer:
    """A trial that a client is offered, whom to contact there, and when to be quiet about it.

    ``silent``: assessed and recorded, never shown to the clinician.
    """

    trial: str
    contact: str = ""
    silent: bool = False
    policy: Policy = field(default_factory=Policy)


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a client can do with an answer. ``prefetch`` is the style of the templates that it is given."""

    cds_hooks: Literal["1.0", "2.0", "3.0"] = "2.0"
    suggestions: bool = True
    action_types: frozenset[str] = frozenset({"create"})
    smart_links: bool = False
    prefetch: Literal["codes", "categories", "none"] = "codes"
    fhirpath_prefetch: bool = False
    action_selection: bool = False
    context_may_be_missing: bool = False


@dataclass(frozen=True, slots=True)
class SmartApp:
    """How the worksheet is registered at the EHR as a SMART app. ``signs``: it proves itself with
    ``TRIALHOOK_SIGNING_KEYS``. With neither that nor a secret it is a public client (PKCE alone).
    ``scopes``: instead of those that the worksheet asks for by itself.
    """

    client_id: str
    secret: str = field(default="", repr=False)
    scopes: tuple[str, ...] = ()
    signs: bool = False


@dataclass(frozen=True, slots=True)
class BackendAccess:
    """How this service is registered for SMART Backend Services. It signs with ``TRIALHOOK_SIGNING_KEYS``.

    ``token_url`` "": the one that the FHIR server's smart-configuration names. ``scopes``: instead of ours.
    """

    client_id: str
    token_url: str = ""
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReferralTerms:
    """What of a referral this client's FHIR server keeps, and how changes made there are learnt.

    ``request``: status of the ServiceRequest; "none" where the EHR takes none from us. ``task`` and
    ``research_subject``: whether it takes these. ``poll_seconds``: between two looks; 0 never looks.
    ``subscription``: whether an R4 Subscription (rest-hook) is asked for as well.
    """

    request: Literal["draft", "active", "none"] = "draft"
    task: bool = False
    research_subject: bool = False
    poll_seconds: int = 300
    subscription: bool = False


@dataclass(frozen=True, slots=True)
class Client:
    """One registered EHR. ``id`` is our name for it: it appears in logs and metrics.

    ``audiences`` are accepted beside the address of the endpoint called. An empty ``tenants`` accepts any.
    ``time_zone`` decides which day it is. ``trials`` None: every trial that is served, no local contacts.
    ``language`` is a tag of ``mappings.language.LANGUAGES``, or FROM_REQUEST.
    ``site``: its own codes and units, laid over the definitions with which the register was read.
    ``smart`` None: it launches no worksheet. ``backend`` None: nothing is read or written there but in the
    course of a hook call or of a worksheet.
    """

    id: str
    issuer: str = ""
    keys: KeySource = KeySource()
    algorithms: tuple[str, ...] = ("ES384", "RS384")
    audiences: tuple[str, ...] = ()
    tenants: tuple[str, ...] = ()
    fhir_servers: tuple[FhirServer, ...] = ()
    origins: tuple[str, ...] = ()
    time_zone: str = ""
    language: str = FROM_REQUEST
    trials: tuple[TrialOffer, ...] | None = None
    abilities: Abilities = Abilities()
    site: Site | None = None
    calls_per_minute: int | None = None
    token_lifetime: int = 300
    smart: SmartApp | None = None
    backend: BackendAccess | None = None
    referral: ReferralTerms = ReferralTerms()


@dataclass(frozen=True, slots=True)
class Clients:
    """All registered clients. ``demo``: none is registered, and only this machine is answered."""

    registered: tuple[Client, ...]
    demo: bool = False

    def __iter__(self) -> Iterator[Client]:
        return iter(self.registered)

    def by_id(self, ident: str) -> Client | None:
        """The client of this id."""
        return next((client for client in self.registered if client.id == ident), None)

    @property
    def origins(self) -> frozenset[str]:
        """The web origins of all clients: a preflight does not say whose it is."""
        return frozenset(origin for client in self.registered for origin in client.origins)
