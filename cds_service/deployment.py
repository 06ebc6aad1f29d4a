"""Everything that a running service is made of, made once from its settings."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from cds_service.answering.flow import Answering
from cds_service.answering.offers import ClientOffers, offers_of
from cds_service.answering.showing import Showing
from cds_service.assessing import definitions, served_trials
from cds_service.audit.key_ring import KeyRing
from cds_service.audit.spool import SPOOL_FOLDER
from cds_service.audit.trail import Trail
from cds_service.authentication.key_sets import KeySets
from cds_service.authentication.replay import ProcessReplay, SharedReplay
from cds_service.authentication.tokens import Authenticator
from cds_service.clients.reading import demo_clients, load_clients
from cds_service.clients.registered import Clients
from cds_service.clock import now_in
from cds_service.fhir.fetching import FhirFetcher
from cds_service.oauth.signing_keys import signing_keys_of
from cds_service.observing import metrics
from cds_service.outbound.key_fetch import fetch_keys
from cds_service.recruitment.states import RecruitmentStates
from cds_service.referrals.book import Book
from cds_service.referrals.identity import terms_of
from cds_service.referrals.places import Enrolled
from cds_service.referrals.records import ReferralRecord, Terms
from cds_service.referrals.states import State
from cds_service.settings import Settings
from cds_service.smart.backend_services import Backend
from cds_service.storage.database import Database
from cds_service.storage.engines.location import database_url, state_folder
from cds_service.storage.records import StorageAwayError
from cds_service.storage.store import Store
from cds_service.web.rate_limit import RateLimits
from mappings.needs import Needs, needs_of
from mappings.trial_definition import Catalog

NONE_SERVED = (
    "No trial is served: there are only drafts that no physician has reviewed. "
    "TRIALHOOK_SERVE_DRAFTS=1 serves them, and every card says so."
)
_LOG = logging.getLogger("trialhook.deployment")


@dataclass(frozen=True, slots=True)
class Records:
    """What is kept: the database behind ``store``, the referrals, and the audit trail."""

    database: Database
    store: Store
    trail: Trail
    book: Book

    def close(self) -> None:
        """Writes what waits, and closes the connections."""
        self.trail.close()
        self.database.close()


@dataclass(frozen=True, slots=True)
class Deployment:
    """The parts of one service. Demo mode has no ``authenticator``, and no ``records`` if it keeps nothing.

    ``everybodys_needs``: what discovery tells callers that do not say who they are. ``now``: the time in a
    time zone. ``fetcher`` reads from FHIR servers, within the time of one hook call. ``backend``: the access
    that the service has by itself.
    """

    settings: Settings
    catalog: Catalog
    ring: KeyRing
    now: Callable[[str], datetime]
    clients: Clients
    fetcher: FhirFetcher
    offers: Mapping[str, ClientOffers]
    backend: Backend
    answering: Answering
    states: RecruitmentStates
    limits: RateLimits | None
    records: Records | None
    authenticator: Authenticator | None
    key_sets: KeySets
    everybodys_needs: Needs

    def begin(self) -> None:
        """Called as a worker begins: fetches the clients' keys before the first call asks for them."""
        for client in self.clients if self.authenticator is not None else ():
            self.key_sets.begin(client)

    def close(self) -> None:
        """Called as a worker ends."""
        if self.records is not None:
            self.records.close()


def deploy(
    settings: Settings,
    catalog: Catalog | None = None,
    now: Callable[[str], datetime] = now_in,
) -> Deployment:
    """The parts for these settings. Raises what a bad setting, register, key, file or definition raises.

    A database that is away does not stop the start: cards come without it.
    """
    catalog = catalog or definitions()
    clients = load_clients(Path(settings.clients), catalog) if settings.clients else demo_clients(settings)
    if not served_trials(catalog, settings.serve_drafts):
        _LOG.warning("%s", NONE_SERVED)
    ring = KeyRing.parse(settings.keys) if settings.keys else KeyRing.random()
    database = _database(settings)
    enrolled = Enrolled(database) if database else None
    states = RecruitmentStates(
        Path(settings.recruitment) if settings.recruitment else None,
        trials=[trial.id for trial in catalog.trials],
        enrolled=enrolled.of if enrolled else None,
    )
    records = (
        _records(settings, ring, database, _Register(clients, catalog, states, enrolled))
        if database and enrolled
        else None
    )
    showing = Showing(ring, records.store if records else None, policy=settings.policy)
    key_sets = KeySets(fetch_keys)
    fetcher = FhirFetcher(settings)
    offers = {one.id: offers_of(one, catalog, settings.serve_drafts) for one in clients}
    return Deployment(
        settings=settings,
        catalog=catalog,
        ring=ring,
        now=now,
        clients=clients,
        fetcher=fetcher,
        offers=offers,
        backend=Backend(offers, signing_keys_of(settings)),
        answering=Answering(fetcher, showing, states, now, settings.deadline),
        states=states,
        limits=RateLimits.of(settings, clients),
        records=records,
        authenticator=None if clients.demo else _authenticator(settings, clients, key_sets, records),
        key_sets=key_sets,
        everybodys_needs=needs_of(served_trials(catalog, settings.serve_drafts), catalog),
    )


def _database(settings: Settings) -> Database | None:
    """None in demo mode, unless a database or the policy is asked for."""
    if not (settings.clients or settings.database or settings.policy):
        return None
    state_folder(settings).mkdir(mode=0o700, parents=True, exist_ok=True)
    database = Database(database_url(settings), wait=settings.storage_wait)
    try:
        database.upgrade()
    except StorageAwayError as error:
        _LOG.error("%s; cards come without it until it is back", error)
    return database


@dataclass(frozen=True, slots=True)
class _Register:
    """What referrals need to know of clients and trials."""

    clients: Clients
    catalog: Catalog
    states: RecruitmentStates
    enrolled: Enrolled

    def terms(self) -> dict[str, Terms]:
        return {client.id: terms_of(client) for client in self.clients}

    def places(self, trial: str) -> int | None:
        known = next((one for one in self.catalog.trials if one.id == trial), None)
        return self.states.places(known) if known else None

    def tell(self, trail: Trail, record: ReferralRecord) -> None:
        """The audit trail of a change; and whoever asks next counts, if it took a place or gave one back."""
        if State.ENROLLED in (record.from_state, record.to_state):
            self.enrolled.forget()
        trail.referral(record)


def _records(settings: Settings, ring: KeyRing, database: Database, register: _Register) -> Records:
    folder, terms = state_folder(settings), register.terms()
    store = Store(database, ring, terms)
    trail = Trail(
        database,
        ring,
        folder / SPOOL_FOLDER,
        settings.storage_wait,
        record_shown=store.record_shown,
        report=metrics.count_audit,
    )
    # The workers make connections of their own.
    database.close()
    book = Book(database, ring, terms=terms, places=register.places, tell=partial(register.tell, trail))
    return Records(database, store, trail, book)


def _authenticator(
    settings: Settings, clients: Clients, key_sets: KeySets, records: Records | None
) -> Authenticator:
    assert records is not None  # noqa: S101 -- registered clients always have a database
    replay = SharedReplay(records.store, ProcessReplay(), settings.replay == "strict")
    return Authenticator(clients, replay, key_sets, settings.public_url)
