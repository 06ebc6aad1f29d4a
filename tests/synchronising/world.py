"""A service and an EHR: a database, a FHIR server in memory, and everything that synchronises between them.

Only the network is left out: the requests that ``FhirWriter`` makes go straight to the FHIR server.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import orjson

from cds_service.assessing import definitions
from cds_service.clients.registered import BackendAccess, Client, Clients, ReferralTerms
from cds_service.clients.registered import FhirServer as Registered
from cds_service.fhir.allow_list import parse_base
from cds_service.fhir.fetching import Access
from cds_service.oauth.exchange import Answer, Asked, Exchange
from cds_service.oauth.faults import OAuthError
from cds_service.outbound.sessions import Rule
from cds_service.referrals import forms
from cds_service.referrals.book import Book
from cds_service.referrals.identity import terms_of
from cds_service.referrals.reasons import reasons_for
from cds_service.referrals.records import Opening, Referral, Who
from cds_service.referrals.states import SYSTEM, State, in_fhir
from cds_service.smart.resources import FhirWriter
from cds_service.storage.database import Database
from cds_service.storage.records import Subject
from cds_service.synchronising.cursors import Cursors
from cds_service.synchronising.cycle import Cycle, Parts
from cds_service.synchronising.exchange.learning import Learner
from cds_service.synchronising.exchange.looking import Lookout
from cds_service.synchronising.exchange.remotes import Remote, Remotes
from cds_service.synchronising.exchange.subscriptions import Wish
from cds_service.synchronising.exchange.writing import Scribe
from cds_service.synchronising.outbox import Outbox
from cds_service.worksheet.kept_answers import KeptAnswers
from tests.storage.conftest import PATIENCE
from tests.storage.samples import NEW_RING
from tests.synchronising.fhir_server import Clock, DroppedError, FhirServer, Resource

BASE = "https://ehr.example/fhir"
TRIAL = definitions().trials[0].facts
ANNA = Who("local|anna", "Anna", "coordinator")
EVERYTHING = ReferralTerms(request="active", task=True, research_subject=True, poll_seconds=60)
WISH = Wish("https://trialhook.example/fhir-notifications/ehr", "t0k3n")


def client(terms: ReferralTerms = EVERYTHING) -> Client:
    """An EHR that gave us access."""
    base = parse_base(BASE)
    assert base is not None
    return Client("ehr", fhir_servers=(Registered(base),), backend=BackendAccess("us"), referral=terms)


class Wire(Exchange):
    """Brings requests to the FHIR server, and its answers back."""

    def __init__(self, server: FhirServer) -> None:
        super().__init__()
        self._server = server

    def send(self, asked: Asked, rule: Rule) -> Answer:
        """As over the network."""
        url = urlsplit(asked.url)
        target = url.path + (f"?{url.query}" if url.query else "")
        try:
            answer = self._server.handle(asked.method, target, asked.headers, asked.body or b"")
        except DroppedError:
            raise OAuthError("broken_off") from None
        return Answer(answer.status, answer.headers, orjson.dumps(answer.body))


@dataclass
class Direct:
    """Access without an authorization server. ``fault``: no token can be had."""

    exchange: Exchange
    fault: OAuthError | None = None
    forgotten: int = 0

    def writer(self, client: Client, base: str) -> FhirWriter | None:
        """See ``cycle.Servers``."""
        if self.fault is not None:
            raise self.fault
        where = next((one for one in client.fhir_servers if one.base.url == base), None)
        return FhirWriter(Access.to(where, "token"), self.exchange) if where else None

    def forget(self, client: Client, base: str) -> None:
        """See ``cycle.Servers``."""
        self.forgotten += 1


def form(terms: ReferralTerms, kind: str, referral: Referral, remotes: Mapping[str, Remote]) -> Resource:
    """As the service makes it."""
    if kind == "ServiceRequest":
        return forms.service_request(referral, TRIAL, terms)
    if kind == "ResearchSubject":
        return forms.research_subject(referral, TRIAL)
    request = remotes.get("ServiceRequest")
    return forms.task(referral, TRIAL, focus=f"ServiceRequest/{request.id}" if request else "")


@dataclass
class World:
    """``url`` is the database's. A new ``World`` on the same one is a process that was started again."""

    url: str
    terms: ReferralTerms = EVERYTHING
    clock: Clock = field(default_factory=Clock)
    ehr: FhirServer = field(default_factory=FhirServer)
    exchange: Exchange | None = None

    def __post_init__(self) -> None:
        self.ehr.now = self.clock
        self.start()

    def start(self) -> None:
        """Makes everything anew on the database as it is."""
        self.client = client(self.terms)
        self.database = Database(self.url, wait=PATIENCE)
        self.servers = Direct(self.exchange or Wire(self.ehr))
        self.book = Book(self.database, NEW_RING, terms={"ehr": terms_of(self.client)})
        self.remotes, self.outbox = Remotes(self.database, NEW_RING), Outbox(self.database)
        self.cursors, self.answers = Cursors(self.database), KeptAnswers(self.database, NEW_RING)
        learner = Learner(self.book, self.remotes)
        self.parts = Parts(
            clients=Clients((self.client,)),
            servers=self.servers,
            book=self.book,
            answers=self.answers,
            outbox=self.outbox,
            cursors=self.cursors,
            lookout=Lookout(self.book, self.remotes, learner),
            scribe=Scribe(self.book, self.remotes, learner, partial(form, self.terms)),
            now=self.clock,
            wish=lambda _client: WISH,
        )
        self.cycle = Cycle(self.parts)

    def restart(self) -> None:
        """The process ends and another begins."""
        self.database.close()
        self.start()

    # --- what happens

    def refer(self, patient: str = "p1") -> Referral:
        """A clinician refers a patient."""
        subject = Subject("ehr", "north", BASE, patient)
        return self.book.open(Opening(subject, TRIAL.id, ANNA, "worksheet", self.clock()))

    def move(self, referral: Referral, to: State) -> Referral:
        """A coordinator moves the referral as it is now."""
        current = self.book.get(referral.id)
        assert current is not None
        choices = reasons_for(current.state, to)
        reason = choices[0].code if choices else ""
        return self.book.move(current.id, current.version, to, ANNA, self.clock(), reason=reason, why="so")

    def turn(self, times: int = 1, **later: float) -> None:
        """Turns of synchronising, some time apart (default: until everything is due again)."""
        for _ in range(times):
            self.clock.forward(**(later or {"seconds": 90}))
            self.cycle.run(lambda: True)

    def settle(self) -> None:
        """Lets all trouble pass: whatever was put off is due again."""
        self.ehr.faults.clear()
        for _ in range(3):
            self.turn(hours=2)

    def at_ehr(self, kind: str = "Task", **changes: Any) -> Resource:
        """Somebody at the EHR changes the only resource of a kind."""
        return self.ehr.put_there(self.ehr.only(kind), **changes)

    # --- how it stands

    def state(self, referral: Referral) -> State:
        """Here."""
        return self.now(referral).state

    def now(self, referral: Referral) -> Referral:
        """As it stands."""
        current = self.book.get(referral.id)
        assert current is not None
        return current

    def state_there(self) -> str:
        """What the only Task says."""
        return business(self.ehr.only("Task"))

    def kinds(self, referral: Referral) -> list[str]:
        """The kinds of the events of its history."""
        return [event.kind for event in self.book.history(referral.id)]


def business(task: Resource) -> str:
    """The code in a Task's businessStatus."""
    return str(task["businessStatus"]["coding"][0]["code"])


def saying(state: State, status: str = "") -> dict[str, Any]:
    """What a Task says of a state, for a change at the EHR."""

    coding = {"system": SYSTEM, "code": state.value}
    return {"status": status or in_fhir(state).task, "businessStatus": {"coding": [coding]}}


def with_terms(world: World, **changes: Any) -> World:
    """The same with other terms."""
    world.terms = replace(world.terms, **changes)
    world.restart()
    return world
