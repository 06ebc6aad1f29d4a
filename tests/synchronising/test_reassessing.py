"""An open referral is held against the record again by the clock, and what is not met any more is said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, request

from cds_service.answering.offers import offers_of
from cds_service.assessing import definitions
from cds_service.clients.registered import BackendAccess, Client, Clients, FhirServer
from cds_service.demo import samples
from cds_service.demo.fhir_server import create_fhir_server, store_of
from cds_service.demo.servers import in_thread
from cds_service.deployment import Deployment, Records, deploy
from cds_service.fhir.allow_list import parse_base
from cds_service.fhir.fetching import Access
from cds_service.oauth.faults import OAuthError
from cds_service.referrals.records import SERVICE, Opening, Referral
from cds_service.settings import Settings
from cds_service.storage.records import Subject
from cds_service.synchronising.reassessing import AT_ONCE, PEEK_EVERY, READ_EVERY, Reassessment
from cds_service.worksheet.kept_answers import KeptAnswers
from mappings.units import load_ucum

CANDIDATE = next(sample for sample in samples.ALL if sample.expects_card)
TRIAL = definitions().trials[0].id


@dataclass
class Ehr:
    """The demo's FHIR server, the service beside it, and what time it is."""

    app: Flask
    client: Client
    deployment: Deployment
    records: Records
    times: list[datetime]
    asked: list[str]
    fault: OAuthError | None = None

    def access(self, client: Client, base: str) -> Access | None:
        """As ``Backend`` gives it."""
        if self.fault is not None:
            raise self.fault
        return Access.to(client.fhir_servers[0]) if base else None

    def refer(self, patient: str = CANDIDATE.id) -> Referral:
        subject = Subject("ehr", "", self.client.fhir_servers[0].base.url, patient)
        return self.records.book.open(Opening(subject, TRIAL, SERVICE, "worksheet", self.times[-1]))

    def again(self) -> Reassessment:
        ours = self.records
        answers = KeptAnswers(ours.database, self.deployment.ring)
        return Reassessment(self.deployment, self, ours.database, ours.book, answers)  # type: ignore[arg-type]

    def later(self, much: timedelta) -> datetime:
        self.times.append(self.times[-1] + much)
        return self.times[-1]

    def now(self, referral: Referral) -> Referral:
        current = self.records.book.get(referral.id)
        assert current is not None
        return current


@pytest.fixture
def ehr(tmp_path: Path) -> Iterator[Ehr]:
    load_ucum()
    today = datetime.now(UTC)
    samples.write_folder(tmp_path / "charts", today.date())
    app, times, asked = create_fhir_server(tmp_path / "charts"), [today], list[str]()
    app.before_request(lambda: asked.append(request.full_path))
    settings = Settings(policy=True, state_dir=str(tmp_path / "state"), storage_wait=20)
    with in_thread(app, 0) as url:
        base = parse_base(f"{url}/fhir")
        assert base is not None
        server = FhirServer(base, (IPv4Network("127.0.0.0/8"),), insecure_http=True)
        client = Client("ehr", fhir_servers=(server,), time_zone="UTC", backend=BackendAccess("us"))
        made = deploy(settings, now=lambda _zone: times[-1])
        offers = {"ehr": offers_of(client, made.catalog, serve_drafts=True)}
        ours = replace(made, clients=Clients((client,)), offers=offers)
        assert ours.records is not None
        yield Ehr(app, client, ours, ours.records, times, asked)
        ours.close()


def run(again: Reassessment) -> None:
    again.run(lambda: True)


def bedridden(ehr: Ehr) -> None:
    """A new result, by which the patient is not well enough for the trial any more."""
    store = store_of(ehr.app)
    latest: dict[str, Any] = next(
        one for one in store.all("Observation") if one["id"] == f"{CANDIDATE.id}-ecog"
    )
    store.create({**latest, "valueInteger": 4, "effectiveDateTime": ehr.times[-1].isoformat()}, ehr.times[-1])


def test_a_referral_that_was_never_assessed_is_read_at_once_and_then_rests(ehr: Ehr) -> None:
    referral, again = ehr.refer(), ehr.again()
    run(again)
    assert ehr.now(referral).assessed == ehr.times[0]
    assert ehr.now(referral).outcome == "possible-candidate"
    count = len(ehr.asked)
    ehr.later(timedelta(minutes=59))
    run(again)
    assert len(ehr.asked) == count


def test_after_an_hour_one_search_asks_whether_there_is_something_new(ehr: Ehr) -> None:
    referral, again = ehr.refer(), ehr.again()
    ehr.later(timedelta(minutes=10))
    run(again)
    count = len(ehr.asked)
    ehr.later(PEEK_EVERY)
    run(again)
    assert len(ehr.asked) == count + 1
    assert ehr.now(referral).assessed == ehr.times[1]


def test_a_new_result_is_seen_and_what_is_not_met_any_more_is_said(ehr: Ehr) -> None:
    referral, again = ehr.refer(), ehr.again()
    run(again)
    ehr.later(timedelta(minutes=30))
    bedridden(ehr)
    ehr.later(PEEK_EVERY)
    run(again)
    current = ehr.now(referral)
    assert current.assessed == ehr.times[-1]
    assert "no-longer-meets" in current.attention
    assert [(change.id, change.value) for change in current.changes] == [("ecog", "4")]
    assert [event.kind for event in ehr.records.book.history(referral.id)] == ["moved", "assessed"]


def test_after_some_hours_everything_is_read_in_any_case(ehr: Ehr) -> None:
    referral, again = ehr.refer(), ehr.again()
    run(again)
    ehr.later(READ_EVERY)
    run(again)
    assert ehr.now(referral).assessed == ehr.times[-1]


def test_without_a_token_or_a_patient_it_is_left_for_an_hour(ehr: Ehr) -> None:
    referral, gone, again = ehr.refer(), ehr.refer("nobody"), ehr.again()
    ehr.fault = OAuthError("unreachable")
    run(again)
    ehr.fault = None
    run(again)
    assert ehr.asked == []
    ehr.later(PEEK_EVERY)
    run(again)
    assert ehr.now(referral).assessed == ehr.times[-1]
    assert ehr.now(gone).assessed is None


def test_a_turn_takes_a_few_and_those_that_fail_keep_nobody_waiting(ehr: Ehr) -> None:
    for number in range(2 * AT_ONCE):
        ehr.refer(f"nobody-{number}")
    ehr.later(timedelta(minutes=1))
    referral, again = ehr.refer(), ehr.again()
    run(again)
    assert ehr.now(referral).assessed is None
    run(again)
    run(again)
    assert ehr.now(referral).assessed == ehr.times[-1]


def test_it_stops_when_it_is_told_to(ehr: Ehr) -> None:
    ehr.refer()
    ehr.again().run(lambda: False)
    assert ehr.asked == []
