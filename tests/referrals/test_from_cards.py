"""From a card to a referral and on, in a service as a hospital runs it."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from fhir.resources.R4B.servicerequest import ServiceRequest

from cards.service_requests import REFERRAL_SYSTEM
from cds_service.audit.rows import read_events
from cds_service.oauth.signing_keys import SigningKeys
from cds_service.referrals.book import Book
from cds_service.referrals.records import Referral
from cds_service.referrals.states import State
from cds_service.storage.records import CallRecord, StorageAwayError, Subject
from tests.referrals.samples import COORDINATOR, later, moved, on_the_path, queued
from tests.registered.conftest import NewHospital, hospital, new_hospital
from tests.registered.hospital import ISSUER, OTHER_ISSUER, Hospital, candidate, registered
from tests.service import charts
from tests.service.definitions import TRIAL, catalog

__all__ = ["hospital", "new_hospital"]

BASE = "https://ehr.example/fhir"
PATIENT = Subject("hospital", "", BASE, charts.PATIENT_ID)
COLLEAGUE = "Practitioner/dr2"


def the_only(hospital: Hospital) -> Referral:
    [referral] = book(hospital).of_patient(PATIENT)
    return referral


def book(hospital: Hospital) -> Book:
    return hospital.records.book


def refer(hospital: Hospital) -> Referral:
    """By the card's suggestion."""
    [card] = hospital.cards()
    assert hospital.answer(card).status_code == 200
    return the_only(hospital)


def settle(hospital: Hospital) -> None:
    """Waits for what is recorded after a call."""
    hospital.records.trail.close()


def test_a_suggestion_that_is_accepted_opens_the_referral(hospital: Hospital) -> None:
    referral = refer(hospital)
    assert (referral.state, referral.source, referral.trial) == (State.REFERRED, "card", TRIAL.id)
    assert (referral.gate, referral.outcome) == ("met", "possible-candidate")
    assert {trace.id for trace in referral.traces} == {"age", "proteinuria", "activity", "steroid"}
    [event] = book(hospital).history(referral.id)
    assert (event.role, event.from_state, event.to_state) == ("clinician", "", "referred")


def test_feedback_that_is_sent_again_or_by_another_opens_no_second_one(hospital: Hospital) -> None:
    [card] = hospital.cards()
    for _ in range(3):
        hospital.answer(card)
    referral = the_only(hospital)
    assert len(book(hospital).history(referral.id)) == 1


def test_old_feedback_that_is_sent_again_is_no_new_wish(hospital: Hospital) -> None:
    [card] = hospital.cards()
    hospital.answer(card)
    left = moved(book(hospital), the_only(hospital), State.DECLINED)
    hospital.answer(card)
    assert the_only(hospital) == left


def test_the_draft_on_the_card_bears_the_identifier_of_the_referral(hospital: Hospital) -> None:
    [card] = hospital.cards()
    [again] = hospital.cards(user=COLLEAGUE)
    drafts = [one["suggestions"][0]["actions"][0]["resource"] for one in (card, again)]
    identifiers = [draft["identifier"] for draft in drafts]
    for draft in drafts:
        ServiceRequest.model_validate(draft)
    hospital.answer(card)
    expected = [{"system": REFERRAL_SYSTEM, "value": the_only(hospital).identifier}]
    assert identifiers == [expected, expected]
    orders = [action["resource"] for one in card["suggestions"][1:] for action in one["actions"]]
    assert all("identifier" not in order for order in orders)


def test_a_call_that_names_the_server_and_one_that_does_not_speak_of_one_patient(hospital: Hospital) -> None:
    def identifier(**members: Any) -> str:
        body = charts.request_body(prefetch=candidate(), **members)
        [card] = hospital.post(charts.SERVICE, body).get_json()["cards"]
        found: str = card["suggestions"][0]["actions"][0]["resource"]["identifier"][0]["value"]
        return found

    assert identifier() == identifier(fhirServer=BASE)


def test_feedback_that_overtakes_its_card_opens_the_referral_when_the_record_comes(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = hospital.records.store
    record = store.record_shown
    waiting: list[CallRecord] = []
    monkeypatch.setattr(hospital.records.trail._writer._shown, "_record", waiting.extend)
    [card] = hospital.cards()
    hospital.answer(card)
    assert book(hospital).of_patient(PATIENT) == ()
    settle(hospital)
    record(waiting)
    assert the_only(hospital).state is State.REFERRED


# --- no card for whom the study team has in hand


@pytest.mark.parametrize("policy", [True, False])
def test_nobody_at_that_hospital_is_asked_about_who_is_referred(
    new_hospital: NewHospital, policy: bool
) -> None:
    hospital = new_hospital(settings={"policy": policy})
    referral = refer(hospital)
    assert hospital.cards() == hospital.cards(user=COLLEAGUE) == []
    assert len(hospital.cards(iss=OTHER_ISSUER)) == 1
    assert len(hospital.cards(patient="p2")) == 1
    now = hospital.deployment.now("")
    moved(book(hospital), referral, State.DECLINED, at=now)
    assert hospital.cards() == []


@pytest.mark.parametrize("policy", [True, False])
def test_while_the_database_is_away_cards_come_as_before(
    new_hospital: NewHospital, policy: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    hospital = new_hospital(settings={"policy": policy})
    refer(hospital)

    def away(*_: object) -> None:
        raise StorageAwayError("away")

    monkeypatch.setattr(hospital.records.store, "history", away)
    monkeypatch.setattr(hospital.records.store, "referred", away)
    assert len(hospital.cards()) == 1


def full_after(places: int) -> Any:
    definitions = catalog()
    [trial] = definitions.trials
    assert trial.recruitment is not None
    smaller = replace(trial, recruitment=replace(trial.recruitment, places=places))
    return replace(definitions, trials=(smaller,))


def test_a_trial_whose_places_are_taken_shows_no_card_to_anybody(new_hospital: NewHospital) -> None:
    hospital = new_hospital(definitions=full_after(1))
    enrolled = on_the_path(book(hospital), refer(hospital), State.ENROLLED)
    assert hospital.cards(patient="p2") == hospital.cards(patient="p2", iss=OTHER_ISSUER) == []
    moved(book(hospital), enrolled, State.WITHDRAWN)
    assert len(hospital.cards(patient="p2")) == 1


# --- a chart that is opened again


def test_a_referred_patient_is_assessed_again_when_the_chart_is_opened(hospital: Hospital) -> None:
    referral = refer(hospital)
    assert hospital.cards(prefetch=candidate(upcr=0.2, day="2026-06-14")) == []
    settle(hospital)
    found = the_only(hospital)
    assert found.outcome == "ruled-out"
    assert found.attention == ("no-longer-meets",)
    assert [(change.id, change.value, change.date) for change in found.changes if change.id] == [
        ("proteinuria", "0.2 g/g", "2026-06-14")
    ]
    assert hospital.cards() == []
    settle(hospital)
    assert the_only(hospital).attention == ("meets-again",)
    assert [event.kind for event in book(hospital).history(referral.id)] == ["moved", "assessed", "assessed"]


def test_of_nobody_else_what_was_found_is_kept(hospital: Hospital) -> None:
    refer(hospital)
    hospital.cards(patient="p2", prefetch=candidate("p2", upcr=0.2))
    settle(hospital)
    assert the_only(hospital).attention == ()


# --- what is written down of it


def test_a_client_with_backend_access_gets_what_it_keeps(new_hospital: NewHospital, tmp_path: Path) -> None:
    entry = registered(
        "hospital",
        ISSUER,
        backend={"client_id": "trialhook"},
        referral={"task": "yes", "research_subject": "yes"},
    )
    hospital = new_hospital(clients=[entry], settings={"signing_keys": str(signing_keys(tmp_path))})
    refer(hospital)
    kinds = [one.kind for one in queued(hospital.records.database)]
    assert kinds == ["ServiceRequest", "Task", "ResearchSubject"]


def signing_keys(folder: Path) -> Path:
    path = folder / "signing-keys.json"
    path.write_bytes(SigningKeys.new().private())
    path.chmod(0o600)
    return path


def test_each_change_stands_in_the_audit_trail_without_a_name(
    hospital: Hospital, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    referral = refer(hospital)
    moved(book(hospital), referral, State.RECEIVED)
    book(hospital).note(referral.id, "MARKED note", COORDINATOR, later(2))
    settle(hospital)
    bodies = [
        orjson.loads(event.body)
        for event in read_events(hospital.records.database)
        if event.kind == "referral"
    ]
    assert [(one["change"], one.get("from"), one["to"]) for one in bodies] == [
        ("moved", "referred", "received"),
        ("noted", "received", "received"),
    ]
    assert {one["referral"] for one in bodies} == {referral.id}
    assert all(one["staff"] and one["patient"] and one["roles"] == ["coordinator"] for one in bodies)
    written = orjson.dumps(bodies).decode() + caplog.text
    assert "Rosa" not in written
    assert "MARKED" not in written
