"""Everything that synchronises, made from a deployment.

It has a database connection, HTTP sessions and threads of its own: the calls that the same process answers
wait for none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from cds_service.audit.key_ring import KeyRing
from cds_service.clients.registered import Client
from cds_service.deployment import Deployment
from cds_service.referrals import forms
from cds_service.referrals.book import Book
from cds_service.referrals.identity import terms_of
from cds_service.referrals.records import Referral
from cds_service.smart.backend_services import Backend
from cds_service.smart.resources import FhirWriter
from cds_service.storage.database import Database
from cds_service.storage.engines.location import database_url
from cds_service.synchronising.cursors import Cursors
from cds_service.synchronising.cycle import Cycle, Parts
from cds_service.synchronising.exchange.learning import Learner
from cds_service.synchronising.exchange.looking import Lookout
from cds_service.synchronising.exchange.remotes import Remote, Remotes
from cds_service.synchronising.exchange.subscriptions import Wish
from cds_service.synchronising.exchange.writing import NoTrialError, Scribe
from cds_service.synchronising.lease import Lease
from cds_service.synchronising.loop import Loop
from cds_service.synchronising.notifications import notification_path, notification_token
from cds_service.synchronising.outbox import Outbox
from cds_service.synchronising.reassessing import Reassessment
from cds_service.worksheet.kept_answers import KeptAnswers
from mappings.results import TrialFacts

DATABASE_WAIT = 5.0
"""Seconds for one statement: nobody's chart waits for it. Ours."""


@dataclass(frozen=True, slots=True)
class Connected:
    """The FHIR servers, by Backend Services."""

    backend: Backend

    def writer(self, client: Client, base: str) -> FhirWriter | None:
        """See ``cycle.Servers``."""
        access = self.backend.access(client, base)
        return FhirWriter(access) if access is not None else None

    def forget(self, client: Client, base: str) -> None:
        """See ``cycle.Servers``."""
        self.backend.forget(client, base)


@dataclass(frozen=True, slots=True)
class Synchronising:
    """What a process runs. ``turn`` is one turn; it asks before each step whether to go on."""

    loop: Loop
    turn: Callable[[Callable[[], bool]], None]
    outbox: Outbox
    cursors: Cursors
    lease: Lease
    database: Database

    def close(self) -> None:
        """Ends the thread, if there is one, and closes the connections."""
        self.loop.close()
        self.database.close()


class InWorker:
    """What a worker process of the service does of it: a thread, unless another process is set to do it."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._running: Synchronising | None = None

    def begin(self) -> None:
        """Called as the worker begins, after the fork."""
        if self._deployment.settings.sync and is_wanted(self._deployment):
            self._running = synchronising_of(self._deployment)
            self._running.loop.begin()

    def close(self) -> None:
        """Called as the worker ends: another process may go on at once."""
        if self._running is not None:
            self._running.close()
            self._running = None


def is_wanted(deployment: Deployment) -> bool:
    """Whether there is anything to synchronise: a database, and a client that gave us access."""
    return deployment.records is not None and any(one.backend is not None for one in deployment.clients)


def synchronising_of(deployment: Deployment) -> Synchronising:
    """Everything, not yet started. Of a deployment for which it ``is_wanted``."""
    records = deployment.records
    assert records is not None  # noqa: S101 -- whoever calls has asked
    database = Database(database_url(deployment.settings), wait=DATABASE_WAIT)
    terms = {client.id: terms_of(client) for client in deployment.clients}
    places = partial(_places, deployment)
    book = Book(database, deployment.ring, terms=terms, places=places, tell=records.trail.referral)
    outbox, cursors, answers = Outbox(database), Cursors(database), KeptAnswers(database, deployment.ring)
    cycle = Cycle(_parts(deployment, database, book, Connected(deployment.backend)))
    again = Reassessment(deployment, deployment.backend, database, book, answers)

    def turn(go_on: Callable[[], bool]) -> None:
        cycle.run(go_on)
        again.run(go_on)

    lease = Lease(database)
    return Synchronising(Loop(turn, lease), turn, outbox, cursors, lease, database)


def _places(deployment: Deployment, trial_id: str) -> int | None:
    trial = next((one for one in deployment.catalog.trials if one.id == trial_id), None)
    return deployment.states.places(trial) if trial else None


def _parts(deployment: Deployment, database: Database, book: Book, servers: Connected) -> Parts:
    ring = deployment.ring
    remotes = Remotes(database, ring)
    learner = Learner(book, remotes)
    return Parts(
        clients=deployment.clients,
        servers=servers,
        book=book,
        answers=KeptAnswers(database, ring),
        outbox=Outbox(database),
        cursors=Cursors(database),
        lookout=Lookout(book, remotes, learner),
        scribe=Scribe(book, remotes, learner, partial(form, deployment)),
        now=partial(deployment.now, "UTC"),
        wish=partial(wish_of, deployment.settings.public_url, ring),
    )


def wish_of(public_url: str, ring: KeyRing, client: Client) -> Wish:
    """Where a client's FHIR server shall send notifications."""
    endpoint = f"{public_url.rstrip('/')}{notification_path(client.id)}"
    return Wish(endpoint, notification_token(ring, client.id))


def form(
    deployment: Deployment, kind: str, referral: Referral, remotes: Mapping[str, Remote]
) -> dict[str, Any]:
    """The resource of a kind for a referral as it stands. NoTrialError, UnreadableError."""
    facts = _facts(deployment, referral)
    if kind == "ServiceRequest":
        client = deployment.clients.by_id(referral.client)
        assert client is not None  # noqa: S101 -- nothing is written of a client that is not registered
        return forms.service_request(referral, facts, client.referral)
    if kind == "ResearchSubject":
        return forms.research_subject(referral, facts)
    request = remotes.get("ServiceRequest")
    focus = f"ServiceRequest/{request.id}" if request is not None and request.id else ""
    return forms.task(referral, facts, focus=focus)


def _facts(deployment: Deployment, referral: Referral) -> TrialFacts:
    offers = deployment.offers.get(referral.client)
    offered = [one.trial for one in offers.offered] if offers else []
    for trial in (*offered, *deployment.catalog.trials):
        if trial.id == referral.trial:
            return trial.facts
    raise NoTrialError
