"""clients.yaml to registered clients, or everything that is wrong with it. docs/clients.md has the keys."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import orjson
from pydantic import ValidationError

from cds_service.assessing import definitions
from cds_service.authentication.public_keys import NotAKeySetError, PublicKey, read_key_set
from cds_service.clients.faults import ClientFault, ClientsError
from cds_service.clients.in_words import in_words, line_of
from cds_service.clients.private_files import mind
from cds_service.clients.registered import (
    Abilities,
    BackendAccess,
    Client,
    Clients,
    FhirServer,
    KeySource,
    ReferralTerms,
    SmartApp,
    TrialOffer,
)
from cds_service.clients.schema import ClientEntry, TrialEntry
from cds_service.fatigue.policy import Policy
from cds_service.fhir.allow_list import parse_base
from cds_service.settings import Settings
from mappings.definitions import DefinitionError
from mappings.definitions.faults import Report, suggestion
from mappings.definitions.parsing.fields import Fields
from mappings.definitions.parsing.source import MapNode, Node, TextNode, plain, read_source
from mappings.definitions.sites import Site, load_site
from mappings.trial_definition import Catalog

__all__ = ["ClientFault", "ClientsError", "demo_clients", "load_clients"]

SANDBOX = "https://sandbox.cds-hooks.org"
"""The public CDS Hooks sandbox, as issuer and as origin. The private key of this issuer is public."""

_NOT_FOR_ALL = ("id", "issuer", "keys")
_LARGEST_KEYS_FILE = 256 * 1024
_DEFAULTS = "defaults"
_SITES_FOLDER = "sites"


def load_clients(path: Path, catalog: Catalog | None = None) -> Clients:
    """The clients that a file registers. ``catalog`` has the trials that they may be offered (default: ours).

    Files that it names are looked for beside it. Nothing is fetched. Raises ClientsError with every fault.
    """
    reading = _Reading(path, catalog or definitions())
    clients = reading.clients()
    if reading.faults:
        raise ClientsError(reading.faults)
    return Clients(clients)


def demo_clients(settings: Settings) -> Clients:
    """The one client of demo mode, which answers this machine only, and reads the settings' FHIR servers."""
    everywhere = (ip_network("0.0.0.0/0"), ip_network("::/0"))
    bases = [base for host in settings.fhir_hosts if (base := parse_base(host))]
    client = Client(
        id="demo",
        fhir_servers=tuple(FhirServer(base, everywhere, insecure_http=True) for base in bases),
        origins=(SANDBOX,),
        time_zone=settings.time_zone,
        abilities=Abilities(context_may_be_missing=True, smart_links=settings.demo_smart),
        smart=SmartApp("trialhook-worksheet") if settings.demo_smart else None,
        backend=BackendAccess("trialhook-service") if settings.demo_smart else None,
        referral=ReferralTerms(task=True, research_subject=True, poll_seconds=2)
        if settings.demo_smart
        else ReferralTerms(),
    )
    return Clients((client,), demo=True)


@dataclass(slots=True)
class _Reading:
    """One file on its way to clients."""

    path: Path
    catalog: Catalog
    faults: list[ClientFault] = field(default_factory=list)
    sites: dict[str, Site | None] = field(default_factory=dict)

    def clients(self) -> tuple[Client, ...]:
        report = Report(self.path.as_posix())
        root = read_source(self.path, report)
        items: tuple[Node, ...] = ()
        defaults: MapNode | None = None
        if root is not None:
            fields = Fields(root, report)
            fields.choice("schema", ("1",), needed=True)
            defaults = self._defaults(fields.fields(_DEFAULTS))
            items = fields.items("clients", needed=True)
            if not items and "clients" in root.entries and not report.faults:
                self.add(root.lines["clients"], "", "registers no client; add one, or run in demo mode")
            fields.close()
        self.faults += map(ClientFault.of_definition, report.faults)
        self._check_distinct(items, "id")
        self._check_distinct(items, "issuer")
        found = [self._client(item, number, defaults) for number, item in enumerate(items, 1)]
        return tuple(client for client in found if client is not None)

    def _defaults(self, fields: Fields | None) -> MapNode | None:
        if fields is None:
            return None
        for key in _NOT_FOR_ALL:
            if key in fields.node.entries:
                self.add(fields.line(key), _DEFAULTS, f"{key!r} is each client's own; move it there")
        return fields.node

    def _check_distinct(self, items: tuple[Node, ...], key: str) -> None:
        """An id names one client in logs, an issuer one in tokens."""
        lines: dict[str, int] = {}
        for item in items:
            text = item.entries.get(key) if isinstance(item, MapNode) else None
            if not isinstance(text, TextNode) or not text.value:
                continue
            name = text.value.strip()
            if name in lines:
                message = (
                    f"the {key} {name!r} is that of the client on line {lines[name]} too; give each its own"
                )
                self.add(text.line, _where(item, 0), message)
            lines.setdefault(name, text.line)

    def site(self, name: str, path: Path) -> Site | None:
        """The site of this name, read once for all its clients: they share what is prepared for it."""
        if name not in self.sites:
            self.sites[name] = None
            try:
                self.sites[name] = load_site(path, self.catalog)
            except DefinitionError as error:
                self.faults += map(ClientFault.of_definition, error.faults)
        return self.sites[name]

    def _client(self, item: Node, number: int, defaults: MapNode | None) -> Client | None:
        if not isinstance(item, MapNode):
            self.add(
                item.line, f"client {number}", "a client must be a mapping of keys; indent them below it"
            )
            return None
        node, where = _merged(item, defaults), _where(item, number)
        try:
            entry = ClientEntry.model_validate(plain(node))
        except ValidationError as error:
            for line, key, message in in_words(error, node):
                own = not key or key in item.entries or key not in node.entries
                self.add(line, where if own else _DEFAULTS, message)
            return None
        return _Registration(self, entry, node, where).client()

    def add(self, line: int, where: str, message: str, path: Path | None = None) -> None:
        name = (path or self.path).as_posix()
        self.faults.append(ClientFault.of_message(name, line, where, message))


@dataclass(slots=True)
class _Registration:
    """One client whose entry has the right shape: what it names must exist and fit together."""

    reading: _Reading
    entry: ClientEntry
    node: MapNode
    where: str

    def client(self) -> Client:
        entry = self.entry
        return Client(
            id=entry.id,
            issuer=entry.issuer,
            keys=self._keys(),
            algorithms=entry.algorithms,
            audiences=entry.audiences,
            tenants=entry.tenants,
            fhir_servers=self._fhir_servers(),
            origins=entry.origins,
            time_zone=entry.time_zone,
            language=entry.language,
            trials=self._trials(),
            abilities=_abilities(entry),
            site=self._site(entry.site) if entry.site else None,
            calls_per_minute=entry.calls_per_minute,
            token_lifetime=entry.token_lifetime,
            smart=self._smart(),
            backend=_backend(entry),
            referral=ReferralTerms(**entry.referral.model_dump()),
        )

    def _site(self, name: str) -> Site | None:
        path = self.reading.path.parent / _SITES_FOLDER / f"{name}.yaml"
        try:
            path.open("rb").close()
        except OSError as error:
            what = f"{path.as_posix()} cannot be read: {error.strerror}"
            self._fault(
                ("site",), f"{what}; a site's file is looked for in {_SITES_FOLDER}/ beside this file"
            )
            return None
        return self.reading.site(name, path)

    def _smart(self) -> SmartApp | None:
        smart = self.entry.smart
        if smart is None:
            return None
        if not smart.client_secret_file:
            return SmartApp(smart.client_id, scopes=smart.scopes, signs=smart.signs)
        path, place = self.reading.path.parent / smart.client_secret_file, ("smart", "client_secret_file")
        try:
            secret = path.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            self._fault(place, f"{path.as_posix()} cannot be read; it is looked for beside this file")
            return None
        mind(path)
        if not secret:
            self._fault(place, f"{path.as_posix()} is empty; it must hold the app's secret")
        return SmartApp(smart.client_id, secret, smart.scopes)

    def _fault(self, place: tuple[int | str, ...], message: str) -> None:
        self.reading.add(line_of(self.node, place), self.where, message)

    def _fhir_servers(self) -> tuple[FhirServer, ...]:
        servers: dict[str, FhirServer] = {}
        for number, one in enumerate(self.entry.fhir_servers):
            if one.base.url in servers:
                self._fault(("fhir_servers", number, "base"), "this base is listed twice; take one out")
            authorities = self._ca_file(("fhir_servers", number, "ca_file"), one.ca_file)
            servers[one.base.url] = FhirServer(one.base, one.networks, one.insecure_http, authorities)
        return tuple(servers.values())

    def _trials(self) -> tuple[TrialOffer, ...] | None:
        if self.entry.trials is None:
            return None
        known = [trial.id for trial in self.reading.catalog.trials]
        offers: dict[str, TrialOffer] = {}
        for number, trial in enumerate(self.entry.trials):
            place = ("trials", number, "id")
            if trial.id not in known:
                listed = suggestion(trial.id, known) or f"; known: {', '.join(known)}"
                self._fault(place, f"unknown trial {trial.id!r}{listed}")
            elif trial.id in offers:
                self._fault(place, f"the trial {trial.id!r} is listed twice; take one out")
            offers[trial.id] = _offer(trial)
        return tuple(offers.values())

    def _keys(self) -> KeySource:
        entry = self.entry.keys
        document: Any = entry.jwks
        if entry.jwks_file:
            document = self._keys_of_file(self.reading.path.parent / entry.jwks_file)
        elif document is not None:
            self._check_keys(document, None)
        authorities = self._ca_file(("keys", "ca_file"), entry.ca_file)
        return KeySource(entry.jwks_url, entry.networks, document, authorities)

    def _ca_file(self, place: tuple[int | str, ...], name: str) -> Path | None:
        """The file, after a look into it: an unreadable one would only be noticed by the first call."""
        if not name:
            return None
        path = self.reading.path.parent / name
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=str(path))
        except OSError:  # ssl.SSLError is one
            what = "is not a file of certificates in PEM; it is looked for beside this file"
            self._fault(place, f"{path.as_posix()} {what}")
        return path

    def _keys_of_file(self, path: Path) -> object:
        try:
            content = path.read_bytes()
        except OSError as error:
            message = f"{path.as_posix()} cannot be read: {error.strerror}; it is looked for beside this file"
            self._fault(("keys", "jwks_file"), message)
            return {}
        try:
            document = orjson.loads(content if len(content) <= _LARGEST_KEYS_FILE else b"")
        except ValueError:
            self.reading.add(0, self.where, "is not JSON, or too large; save the key set as it is", path)
            return {}
        self._check_keys(document, path)
        return document

    def _check_keys(self, document: object, path: Path | None) -> None:
        """All keys of a registered set must be sound; of one that is fetched, those that are used."""
        try:
            read = read_key_set(document)
        except NotAKeySetError:
            self._key_fault(-1, "is not a key set; it must hold a list 'keys'", path)
            return
        for fault in read.faults:
            self._key_fault(fault.position, fault.message, path)
        algorithms = ", ".join(self.entry.algorithms)
        for key in read.keys.values():
            if not _serves(key, self.entry):
                message = f"the key {key.kid!r} goes with none of the client's algorithms ({algorithms}); "
                self._key_fault(-1, f"{message}add {' or '.join(key.verifiers)} to them", path)
        if not read.keys and not read.faults:
            self._key_fault(-1, "holds no key for signatures; add one", path)

    def _key_fault(self, position: int, message: str, path: Path | None) -> None:
        if path is not None:
            self.reading.add(0, self.where, message, path)
            return
        place = ("keys", "jwks", "keys", position) if position >= 0 else ("keys", "jwks")
        self._fault(place, message)


def _serves(key: PublicKey, entry: ClientEntry) -> bool:
    return not set(entry.algorithms).isdisjoint(key.verifiers)


def _where(item: Node, number: int) -> str:
    name = item.entries.get("id") if isinstance(item, MapNode) else None
    return f"client {name.value!r}" if isinstance(name, TextNode) and name.value else f"client {number}"


def _merged(item: MapNode, defaults: MapNode | None) -> MapNode:
    """A client's keys, with those of ``defaults`` that it lacks."""
    if defaults is None:
        return item
    return MapNode({**defaults.entries, **item.entries}, {**defaults.lines, **item.lines}, item.line)


def _offer(trial: TrialEntry) -> TrialOffer:
    return TrialOffer(trial.id, trial.contact, trial.silent, Policy(**trial.policy.model_dump()))


def _backend(entry: ClientEntry) -> BackendAccess | None:
    return BackendAccess(**entry.backend.model_dump()) if entry.backend else None


def _abilities(entry: ClientEntry) -> Abilities:
    said = entry.abilities.model_dump()
    return Abilities(**{**said, "action_types": frozenset(said["action_types"])})
