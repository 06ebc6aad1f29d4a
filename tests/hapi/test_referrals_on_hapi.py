"""Referrals on a real FHIR server: what is written there, and what is learnt from it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner

from cds_service.assessing import assess_resources, definitions, served_trials
from cds_service.cli import main
from cds_service.demo.samples import ALL
from cds_service.referrals.reasons import reasons_for
from cds_service.referrals.records import Referral, Who
from cds_service.referrals.states import State
from cds_service.smart.resources import FhirWriteError, FhirWriter
from cds_service.storage.records import Subject
from cds_service.synchronising.cursors import Place
from cds_service.worksheet.kept_answers import KeptAnswers, new_id
from mappings.attesting.responses import Answered, Author, Filled, response_of
from mappings.results import Assessment
from tests.deployment.running import until
from tests.hapi.candidate_facts import as_loaded
from tests.hapi.referral_hospital import (
    KINDS,
    RESPONSE,
    Hospital,
    Service,
    by_identifier,
    hapi_hospital,
    service_at,
)
from tests.hapi.run_data import Json, load_bundle, search
from tests.hapi.service_under_test import TODAY, counts_in_summary, counts_of
from tests.synchronising.hospital import TRIAL
from tests.synchronising.world import business, saying

pytestmark = [pytest.mark.hapi, pytest.mark.timeout(1200)]

CANDIDATE = next(sample for sample in ALL if sample.expects_card)


@pytest.fixture(scope="module")
def hospital(
    hapi_base_url: str, run_tag: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Hospital]:
    with hapi_hospital(hapi_base_url, tmp_path_factory.mktemp(run_tag)) as found:
        yield found


@pytest.fixture(scope="module")
def service(hospital: Hospital) -> Iterator[Service]:
    with service_at(hospital, "first") as found:
        yield found


@pytest.fixture
def patient(hospital: Hospital) -> str:
    return hospital.patient()


# --- writing


def test_a_referral_becomes_one_of_each_kind_and_all_are_valid(
    hospital: Hospital, service: Service, patient: str
) -> None:
    referral = service.refer(patient)
    service.turn()
    there = all_valid(hospital, referral)
    for state in (State.CONTACTED, State.SCREENING, State.ENROLLED):
        service.move(referral, state)
        service.turn()
        there = all_valid(hospital, referral)
    assert there["Task"]["focus"]["reference"] == f"ServiceRequest/{there['ServiceRequest']['id']}"
    about = [there["ServiceRequest"]["subject"], there["Task"]["for"], there["ResearchSubject"]["individual"]]
    assert [one["reference"] for one in about] == [f"Patient/{patient}"] * 3
    assert [there[kind]["status"] for kind in KINDS] == ["completed", "completed", "on-study"]
    assert service.everything.outbox.waiting() == {}


def all_valid(hospital: Hospital, referral: Referral) -> dict[str, Json]:
    """The resources of a referral, by kind."""
    there = {kind: hospital.only(kind, referral) for kind in KINDS}
    assert [hospital.faults(one) for one in there.values()] == [[], [], []]
    return there


@pytest.mark.parametrize("reason", ["declined", "not-eligible", "withdrawn"])
def test_every_way_of_leaving_is_valid_too(
    hospital: Hospital, service: Service, patient: str, reason: str
) -> None:
    referral = service.refer(patient)
    service.turn()
    to = State(reason)
    why = reasons_for(State.REFERRED, to)[0].code
    service.move(referral, to, why)
    service.turn()
    there = all_valid(hospital, referral)
    assert there["Task"]["statusReason"]["coding"][0]["code"] == why


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_that_is_lost_makes_no_second_resource(
    hospital: Hospital, service: Service, patient: str, kind: str
) -> None:
    referral = service.refer(patient)
    hospital.lose.append(("POST", kind))
    service.turn()
    assert hospital.lose == []
    assert (kind, "broken_off") in service.faults()
    service.turn_again()
    service.move(referral, State.CONTACTED)
    service.turn()
    assert [len(hospital.ours(one, referral)) for one in KINDS] == [1, 1, 1]
    assert business(hospital.only("Task", referral)) == "contacted"
    assert service.now(referral).state is State.CONTACTED
    assert "not-written" not in service.now(referral).attention


def writer_of(service: Service) -> FhirWriter:
    """What the service writes with."""
    client = service.deployment.clients.by_id("ehr")
    assert client is not None
    access = service.deployment.backend.access(client, service.hospital.base)
    assert access is not None
    return FhirWriter(access)


def test_a_conditional_create_finds_what_is_there(hospital: Hospital, service: Service, patient: str) -> None:
    referral = service.refer(patient)
    service.turn()
    task, fhir = hospital.only("Task", referral), writer_of(service)
    copy = {name: value for name, value in task.items() if name not in ("id", "meta")}
    again = fhir.create(copy, by_identifier(task))
    assert (again.id, again.created, again.version) == (task["id"], False, "1")
    hospital.put(copy)
    with pytest.raises(FhirWriteError) as raised:
        fhir.create(copy, by_identifier(task))
    assert raised.value.word == "several"


def test_a_stale_version_is_refused(hospital: Hospital, service: Service, patient: str) -> None:
    referral = service.refer(patient)
    service.turn()
    task, fhir = hospital.only("Task", referral), writer_of(service)
    hospital.change("Task", referral, description="seen")
    with pytest.raises(FhirWriteError) as raised:
        fhir.update(task, if_match="1")
    assert raised.value.word == "conflict"  # HAPI says 409 where FHIR's own word is 412
    assert hospital.only("Task", referral)["description"] == "seen"


def test_a_change_made_in_the_midst_of_our_writing_is_learnt_and_not_lost(
    hospital: Hospital, service: Service, patient: str
) -> None:
    referral = service.refer(patient)
    service.turn()
    service.move(referral, State.RECEIVED)
    theirs = saying(State.PRE_SCREENING)
    hospital.before["PUT", "Task"] = lambda: hospital.change("Task", referral, **theirs, priority="asap")
    service.turn()
    assert hospital.before == {}
    assert service.faults() == set()
    service.turn()  # what follows from it for the others
    task = hospital.only("Task", referral)
    assert service.now(referral).state is State.PRE_SCREENING
    assert (business(task), task["priority"]) == ("pre-screening", "asap")
    assert hospital.only("ResearchSubject", referral)["status"] == "screening"


# --- whom it names


@pytest.mark.parametrize(
    ("who", "named"),
    [
        (Who("Practitioner/known", "Kim Lam", "clinician"), "Practitioner/known"),
        (Who("Practitioner/nobody", "Eve", "clinician"), ""),
        (Who("https://sign-in.example|kim", "Kim Lam", "coordinator"), ""),
    ],
    ids=["on the server", "not on the server", "signed in at the study"],
)
def test_who_referred_is_named_where_the_server_knows_them(
    hospital: Hospital, service: Service, patient: str, who: Who, named: str
) -> None:
    hospital.put({"resourceType": "Practitioner", "id": "known"})
    referral = service.refer(patient, who)
    service.turn()
    service.move(referral, State.CONTACTED)
    service.turn()
    there = [hospital.only(kind, referral) for kind in ("ServiceRequest", "Task")]
    assert [one.get("requester", {}).get("reference", "") for one in there] == [named, named]
    assert business(there[1]) == "contacted"
    assert service.everything.outbox.waiting() == {}
    assert service.now(referral).attention == ()


def test_once_nothing_changes_nothing_is_written(hospital: Hospital, service: Service, patient: str) -> None:
    referral = service.refer(patient, Who("Practitioner/nobody", "Eve", "clinician"))
    service.turn()
    versions = [hospital.only(kind, referral)["meta"]["versionId"] for kind in KINDS]
    for _ in range(3):
        service.turn()
    assert [hospital.only(kind, referral)["meta"]["versionId"] for kind in KINDS] == versions


def test_a_refusal_says_why_in_a_code_and_names_nobody(hospital: Hospital, service: Service) -> None:
    nobody = f"nobody-{new_id()[:8]}"
    referral = service.refer(nobody)
    service.turn()
    assert service.faults() == {(kind, "invalid/processing") for kind in KINDS}
    said = CliRunner().invoke(main, ["sync", "status"], env=dict(service.environment), terminal_width=200)
    assert said.exit_code == 0
    assert "invalid/" in re.sub(r"\s", "", said.output)
    for private in (nobody, referral.identifier, referral.id, hospital.base):
        assert private not in said.output
    assert "not-written" in service.now(referral).attention
    hospital.put({"resourceType": "Patient", "id": nobody})
    service.turn_again()
    assert "not-written" not in service.now(referral).attention
    assert len(hospital.ours("Task", referral)) == 1


# --- learning


def test_a_change_by_others_is_found_by_when_it_was_made(
    hospital: Hospital, service: Service, patient: str
) -> None:
    referral = service.refer(patient)
    service.turn()
    service.turn()
    hospital.change("Task", referral, status="in-progress")
    hospital.asked.clear()
    service.turn()
    assert service.now(referral).state is State.PRE_SCREENING
    searches = [path for method, path in hospital.asked if method == "GET" and path.startswith("/fhir/Task?")]
    assert any("_lastUpdated=ge" in path for path in searches)
    assert business(hospital.only("Task", referral)) == "pre-screening"
    assert hospital.only("ResearchSubject", referral)["status"] == "screening"


def test_who_accepts_the_task_at_the_hospital_finds_it_accepted(
    hospital: Hospital, service: Service, patient: str
) -> None:
    referral = service.refer(patient)
    service.turn()
    hospital.change("Task", referral, status="accepted")
    service.turn()
    assert service.now(referral).state is State.RECEIVED
    task = hospital.only("Task", referral)
    assert (task["status"], business(task)) == ("accepted", "received")


def test_a_subject_on_study_at_the_hospital_enrols_nobody_by_itself(
    hospital: Hospital, service: Service, patient: str
) -> None:
    referral = service.refer(patient)
    service.turn()
    hospital.change("ResearchSubject", referral, status="on-study")
    service.turn()
    current = service.now(referral)
    assert (current.state, "differs-in-ehr" in current.attention) == (State.REFERRED, True)
    assert hospital.only("ResearchSubject", referral)["status"] == "on-study"


def test_a_deleted_task_is_missed_and_made_again_on_demand(
    hospital: Hospital, service: Service, patient: str
) -> None:
    referral = service.refer(patient)
    service.turn()
    hospital.delete(f"Task/{hospital.only('Task', referral)['id']}")
    service.turn()
    assert "gone-in-ehr" not in service.now(referral).attention  # nothing says so before all is looked at
    cursors, place = service.everything.cursors, Place.at("ehr", hospital.base, "Task")
    cursor = cursors.get(place, datetime.now(UTC))
    long_ago = (datetime.now(UTC) - timedelta(hours=25)).isoformat()
    cursors.keep(replace(cursor, note={**cursor.note, "swept": long_ago}))
    service.turn()
    assert "gone-in-ehr" in service.now(referral).attention
    service.move(referral, State.CONTACTED)
    service.turn()
    assert service.faults() == {("Task", "gone")}
    assert hospital.ours("Task", referral) == []
    service.turn_again()
    assert business(hospital.only("Task", referral)) == "contacted"
    assert service.faults() == set()


# --- answers


def answered(service: Service, patient: str, author: Author, base: str) -> Json:
    """A clinician's answer on the worksheet, queued for the EHR."""
    catalog, records = definitions(), service.deployment.records
    [trial] = [one for one in served_trials(catalog, serve_drafts=True) if one.id == TRIAL]
    now = datetime.now(UTC)
    said = [Answered("contraception-agreed", "yes")]
    filled = Filled(f"Patient/{patient}", author, now, said, identity=new_id())
    response: dict[str, Any] = response_of(trial, catalog, filled)
    assert records is not None
    kept = KeptAnswers(records.database, service.deployment.ring)
    kept.keep(Subject("ehr", "", base, patient), TRIAL, response, now, now)
    return response


@pytest.mark.parametrize(
    ("author", "expected"),
    [
        (Author("Practitioner/known", "Kim Lam"), {"reference": "Practitioner/known", "display": "Kim Lam"}),
        (Author("Practitioner/nobody", "Kim Lam"), {"type": "Practitioner", "display": "Kim Lam"}),
        (Author("Practitioner/nobody"), {"type": "Practitioner", "display": "Practitioner/nobody"}),
        (
            Author("", "Kim Lam", "https://sign-in.example", "kim"),
            {"identifier": {"system": "https://sign-in.example", "value": "kim"}, "display": "Kim Lam"},
        ),
    ],
    ids=["on the server", "not on the server", "without a name", "signed in at the study"],
)
def test_an_answer_is_written_once_and_counts_wherever_it_is_read(
    hospital: Hospital, service: Service, run_tag: str, author: Author, expected: Json
) -> None:
    hospital.put({"resourceType": "Practitioner", "id": "known"})
    loaded = load_bundle(hospital.hapi, CANDIDATE.build(TODAY), run_tag)
    patient, chart = loaded.patients[CANDIDATE.id], as_loaded(CANDIDATE.build(TODAY), loaded)
    hospital.made.append(f"Patient/{patient}")
    before = counts_in_summary(service.fires(patient))
    assert before == counts_of(judged(patient, chart))
    response = answered(service, patient, author, hospital.base)
    hospital.lose.append(("POST", RESPONSE))
    service.turn()
    assert (RESPONSE, "broken_off") in service.faults()
    service.turn_again()
    [there] = search(hospital.hapi, RESPONSE, {"patient": patient})
    assert service.everything.outbox.waiting() == {}
    assert (there["identifier"], there["author"]) == (response["identifier"], expected)
    assert hospital.faults(there) == []
    after = counts_in_summary(service.fires(patient))
    assert after == counts_of(judged(patient, [*chart, there])) != before


def judged(patient: str, resources: list[Json]) -> Assessment:
    """What another service would make of a record."""
    [assessment] = assess_resources(resources, TODAY, patient_id=patient)
    return assessment


# --- Subscriptions


def subscriptions(hospital: Hospital, endpoint: str) -> list[Json]:
    """The Subscriptions that send there, once HAPI has taken them up."""
    there: list[Json] = []
    for _ in until("HAPI takes up the Subscriptions", 90):
        there = search(hospital.hapi, "Subscription", {"url": endpoint})
        if [one["status"] for one in there] == ["active"] * len(KINDS):
            break
    hospital.made += [f"Subscription/{one['id']}" for one in there]
    return there


def test_hapi_tells_us_of_a_change_and_we_look_at_once(hospital: Hospital, patient: str) -> None:
    with service_at(hospital, "told", poll_seconds="86400", subscription="yes") as service:
        referral = service.refer(patient)
        service.turn()
        there = subscriptions(hospital, f"{service.url}/fhir-notifications/ehr")
        service.turn()
        service.everything.turn(lambda: True)
        hospital.change("Task", referral, status="in-progress")
        for _ in until("the change is learnt", 60):
            service.everything.turn(lambda: True)
            if service.now(referral).state is State.PRE_SCREENING:
                break
        assert {one["criteria"].partition("?")[0] for one in there} == set(KINDS)
        assert [hospital.faults(one) for one in there] == [[], [], []]
