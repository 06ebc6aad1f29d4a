"""A hospital whose FHIR server is HAPI, behind a gate that wants tokens; and services registered there."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests
from fhir.resources.R4B import get_fhir_model_class
from flask import Flask, Response, request

from cds_service.app import application
from cds_service.demo.authorization.authority import Authority
from cds_service.demo.authorization.parties import App, Grant
from cds_service.demo.authorization.protecting import protect_fhir
from cds_service.demo.authorization.routes import authorization_routes
from cds_service.demo.servers import in_thread
from cds_service.deployment import Deployment, deploy
from cds_service.oauth.signing_keys import SigningKeys
from cds_service.referrals.book import Book
from cds_service.referrals.identity import REFERRAL_SYSTEM
from cds_service.referrals.records import Opening, Referral, Who
from cds_service.referrals.states import State
from cds_service.settings import Settings
from cds_service.storage.records import Subject
from cds_service.synchronising.starting import Synchronising, synchronising_of
from tests.browser.ehr_key import EhrKey
from tests.browser.gate import gate_to
from tests.cli.test_serve import free_port
from tests.hapi.run_data import TIMEOUT, FhirServerError, Json, search
from tests.synchronising.hospital import SERVICE_ID, TRIAL, environment_of

KINDS = ("ServiceRequest", "Task", "ResearchSubject")
RESPONSE = "QuestionnaireResponse"
DELETED_FIRST = ("ResearchSubject", "Task", "ServiceRequest")
"""What refers before what is referred to."""

ANNA = Who("local|anna", "Anna", "coordinator")
SCOPE = ("patient/*.rs",)


@dataclass
class Hospital:
    """``lose``: method and type of requests whose answer is lost once HAPI has done what they ask.

    ``before``: what somebody else does just before such a request is passed on.
    """

    hapi: str
    base: str
    folder: Path
    authority: Authority
    keys: SigningKeys
    signs: EhrKey
    lose: list[tuple[str, str]] = field(default_factory=list)
    before: dict[tuple[str, str], Callable[[], object]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    made: list[str] = field(default_factory=list)

    def put(self, resource: Mapping[str, Any]) -> Json:
        """Somebody at the hospital writes a resource; with an id of theirs, or one that HAPI gives."""
        kind, ident = resource["resourceType"], resource.get("id")
        method, url = ("PUT", f"{self.hapi}/{kind}/{ident}") if ident else ("POST", f"{self.hapi}/{kind}")
        found: Json = self._accepted(requests.request(method, url, json=resource, timeout=TIMEOUT)).json()
        self.made.append(f"{kind}/{found['id']}")
        return found

    def patient(self) -> str:
        """A new patient, of whom nothing is on record."""
        return str(self.put({"resourceType": "Patient", "gender": "female"})["id"])

    def change(self, kind: str, referral: Referral, **changes: Any) -> Json:
        """Somebody at the hospital changes the resource of a referral."""
        return self.put({**self.only(kind, referral), **changes})

    def ours(self, kind: str, referral: Referral) -> list[Json]:
        """What there is of a kind with the identifier of a referral."""
        return search(self.hapi, kind, {"identifier": f"{REFERRAL_SYSTEM}|{referral.identifier}"})

    def only(self, kind: str, referral: Referral) -> Json:
        """The one there is."""
        [found] = self.ours(kind, referral)
        return found

    def delete(self, reference: str) -> None:
        """Somebody deletes a resource."""
        self._accepted(requests.delete(f"{self.hapi}/{reference}", timeout=TIMEOUT))

    def faults(self, resource: Json) -> list[str]:
        """What HAPI's validator finds wrong; raises where a second parser does not take it."""
        kind = resource["resourceType"]
        get_fhir_model_class(kind).model_validate({k: v for k, v in resource.items() if k != "meta"})
        answer = requests.post(f"{self.hapi}/{kind}/$validate", json=resource, timeout=TIMEOUT)
        issues = answer.json()["issue"]
        return [str(one) for one in issues if one["severity"] in ("error", "fatal")]

    def token_for(self, patient: str) -> str:
        """An access token for one chart, as it comes with a hook call."""
        until = time.time() + 300
        return self.authority.tokens.put(Grant("hooks", SCOPE, until, patient=patient), until)

    def clean(self) -> None:
        """Deletes what was written by us and by those at the hospital: a server may be shared."""
        for reference in reversed(self.made):
            for kind in (*DELETED_FIRST, RESPONSE) if reference.startswith("Patient/") else ():
                for one in search(self.hapi, kind, {"patient": reference}):
                    requests.delete(f"{self.hapi}/{kind}/{one['id']}", timeout=TIMEOUT)
            requests.delete(f"{self.hapi}/{reference}", timeout=TIMEOUT)

    def watch(self) -> None:
        """Before each request of the service is passed on."""
        what = request.method, request.path.removeprefix("/fhir/").partition("/")[0]
        self.asked.append((request.method, request.full_path))
        action = self.before.pop(what, None)
        if action is not None:
            action()

    def answered(self, response: Response) -> Response:
        """Before an answer goes back."""
        what = request.method, request.path.removeprefix("/fhir/").partition("/")[0]
        if what in self.lose:
            self.lose.remove(what)
            with suppress(OSError):
                request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        return response

    @staticmethod
    def _accepted(response: requests.Response) -> requests.Response:
        if not response.ok:
            raise FhirServerError(response)
        return response


@contextmanager
def hapi_hospital(hapi: str, folder: Path) -> Iterator[Hospital]:
    """Open until the block ends."""
    app, keys = Flask("hospital", static_folder=None), SigningKeys.new()
    authority = Authority({SERVICE_ID: App(jwks=keys.public(), backend=True)}, ())
    there = Hospital(hapi, "", folder, authority, keys, EhrKey("https://ehr.example/oauth2"))
    app.before_request(there.watch)
    app.after_request(there.answered)
    app.register_blueprint(authorization_routes(authority))
    protect_fhir(app, authority, required=True)
    app.register_blueprint(gate_to(hapi, authority))
    with in_thread(app, 0) as url:
        there.base = f"{url}/fhir"
        try:
            yield there
        finally:
            there.clean()


@dataclass
class Service:
    """A service as it is deployed, with its endpoints on a port. Synchronising goes turn by turn."""

    hospital: Hospital
    url: str
    environment: Mapping[str, str]
    deployment: Deployment
    everything: Synchronising

    @property
    def book(self) -> Book:
        """Its referrals."""
        assert self.deployment.records is not None
        return self.deployment.records.book

    def refer(self, patient: str, who: Who = ANNA) -> Referral:
        """Somebody refers a patient."""
        subject = Subject("ehr", "", self.hospital.base, patient)
        return self.book.open(Opening(subject, TRIAL, who, "worksheet", datetime.now(UTC)))

    def now(self, referral: Referral) -> Referral:
        """As it stands."""
        current = self.book.get(referral.id)
        assert current is not None
        return current

    def move(self, referral: Referral, to: State, reason: str = "") -> Referral:
        """The study team moves it."""
        version, at = self.now(referral).version, datetime.now(UTC)
        return self.book.move(referral.id, version, to, ANNA, at, reason=reason, why="so")

    def turn(self) -> None:
        """One turn: every look is due, and what is to be written unless it failed."""
        now = datetime.now(UTC)
        for cursor in self.everything.cursors.all():
            self.everything.cursors.keep(replace(cursor, due=now, attempts=0, fault=""))
        self.everything.turn(lambda: True)

    def turn_again(self) -> None:
        """The same once a person has asked for what failed."""
        self.everything.outbox.retry(datetime.now(UTC))
        self.turn()

    def faults(self) -> set[tuple[str, str]]:
        """What failed and still waits: kind and fault."""
        return {(one.kind, one.fault) for one in self.everything.outbox.stuck()}

    def fires(self, patient: str) -> Json:
        """The chart of a patient is opened: the one card that comes."""
        token = self.hospital.token_for(patient)
        opens = {"access_token": token, "token_type": "Bearer", "expires_in": 300}
        body: Json = {
            "hook": "patient-view",
            "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
            "context": {"userId": "Practitioner/of-the-call", "patientId": patient},
            "fhirServer": self.hospital.base,
            "fhirAuthorization": {**opens, "scope": SCOPE[0], "subject": "hooks", "patient": patient},
        }
        url = f"{self.url}/cds-services/trial-match-patient-view"
        answer = requests.post(url, json=body, auth=self.hospital.signs, timeout=TIMEOUT)
        answer.raise_for_status()
        [card] = answer.json()["cards"]
        return dict(card)


@contextmanager
def service_at(hospital: Hospital, name: str, **referral: str) -> Iterator[Service]:
    """A service with a database of its own, until the block ends."""
    port = free_port()
    terms = {"request": "active", "task": "yes", "research_subject": "yes", "poll_seconds": "1"}
    environment = environment_of(
        hospital.folder / name,
        hospital.base,
        hospital.keys,
        issuer=hospital.signs.issuer,
        keys={"jwks": hospital.signs.jwks()},
        smart={"client_id": "worksheet"},
        referral=terms | referral,
    )
    environment |= {"TRIALHOOK_PUBLIC_URL": f"http://127.0.0.1:{port}", "TRIALHOOK_DEADLINE": "60"}
    deployment = deploy(Settings.from_environment(environment))
    everything = synchronising_of(deployment)
    try:
        with in_thread(application(deployment), port) as url:
            yield Service(hospital, url, environment, deployment, everything)
    finally:
        everything.close()
        deployment.close()


def by_identifier(resource: Mapping[str, Any]) -> str:
    """The condition under which a referral's resource is made."""
    [identifier] = resource["identifier"]
    return f"identifier={quote('{system}|{value}'.format(**identifier), safe='')}"
