"""What bears our identifier and is about another patient: never taken for ours nor written to, and told."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.referrals.records import Referral
from cds_service.referrals.states import State
from cds_service.synchronising.faults import ANOTHER_PATIENT, OTHER, in_words
from tests.synchronising.fhir_server import Resource
from tests.synchronising.world import ANNA, World, saying

KINDS = ("ServiceRequest", "Task", "ResearchSubject")
WHOSE = {"ServiceRequest": "subject", "Task": "for", "ResearchSubject": "individual"}
MINIMAL: dict[str, dict[str, Any]] = {
    "ServiceRequest": {"status": "active", "intent": "order"},
    "Task": {"status": "requested", "intent": "order"},
    "ResearchSubject": {"status": "candidate", "study": {"display": "a study"}},
}


def about(kind: str, reference: str) -> Resource:
    """The element that says whose it is."""
    return {WHOSE[kind]: {"reference": reference}}


def filed(world: World, referral: Referral, kind: str, reference: str, ident: str = "theirs") -> Resource:
    """Somebody at the EHR files one with our identifier; "": without saying whose it is."""
    value = {"system": "https://trialhook.example/fhir/referral", "value": referral.identifier}
    whose = about(kind, reference) if reference else {}
    resource = {"resourceType": kind, "id": ident, "identifier": [value], **MINIMAL[kind], **whose}
    return world.ehr.put_there(resource)


def of(world: World, kind: str, patient: str) -> list[Resource]:
    """What there is about a patient."""
    return [one for one in world.ehr.all(kind) if one.get(WHOSE[kind]) == {"reference": f"Patient/{patient}"}]


def written_to(world: World, ident: str) -> bool:
    """Whether we have sent anything to it."""
    return any(path.endswith(f"/{ident}") for _, path in world.ehr.writes())


# --- filed in another chart before we write


@pytest.mark.parametrize("knows_if_none_exist", [True, False])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("reference", ["Patient/p2", "https://ehr.example/fhir/Patient/p2", "Group/p1", ""])
def test_the_patient_gets_one_of_their_own_and_the_other_is_left_alone(
    world: World, kind: str, reference: str, knows_if_none_exist: bool
) -> None:
    world.ehr.takes_if_none_exist = knows_if_none_exist
    referral = world.refer()
    theirs = filed(world, referral, kind, reference)
    world.turn()
    world.move(referral, State.RECEIVED)
    world.turn()
    world.move(referral, State.WITHDRAWN)
    world.turn()
    assert [len(of(world, one, "p1")) for one in KINDS] == [1, 1, 1]
    assert world.ehr.kept[kind, "theirs"] == [theirs]
    assert not written_to(world, "theirs")
    request = of(world, "ServiceRequest", "p1")[0]
    assert request["status"] == "revoked"
    assert of(world, "Task", "p1")[0]["focus"]["reference"] == f"ServiceRequest/{request['id']}"


def test_people_are_told_of_it_until_somebody_has_looked(world: World) -> None:
    referral = world.refer()
    filed(world, referral, "ServiceRequest", "Patient/p2")
    world.turn()
    assert world.now(referral).attention == ("differs-in-ehr",)
    assert [one.reason for one in world.book.history(referral.id) if one.kind == "refused"] == [
        ANOTHER_PATIENT
    ]
    world.book.looked(referral.id, ["differs-in-ehr"], ANNA, world.clock())
    world.turn(5, hours=13)
    assert world.now(referral).attention == ()


def test_beside_one_of_another_patient_the_patients_own_is_found(world: World) -> None:
    referral = world.refer()
    filed(world, referral, "ServiceRequest", "Patient/p2", "older")
    world.clock.forward(seconds=1)
    filed(world, referral, "ServiceRequest", "https://ehr.example/fhir/Patient/p1", "own")
    world.turn()
    assert world.ehr.only("Task")["focus"]["reference"] == "ServiceRequest/own"
    assert len(world.ehr.all("ServiceRequest")) == 2
    assert not written_to(world, "older")


def test_a_server_that_finds_the_other_one_itself_gives_us_nothing_to_write_to(world: World) -> None:
    """Its search does not show it yet, and its conditional create finds it."""
    referral = world.refer()
    filed(world, referral, "Task", "Patient/p2")
    search = world.ehr._search
    world.ehr._search = (  # type: ignore[method-assign]
        lambda kind, query: search("Task" if kind != "Task" else "Nothing", query)
    )
    world.turn()
    assert [(one.kind, one.fault) for one in world.outbox.stuck()] == [("Task", ANOTHER_PATIENT)]
    assert "not-written" in world.now(referral).attention
    world.ehr._search = search  # type: ignore[method-assign]
    world.settle()
    assert len(of(world, "Task", "p1")) == 1
    assert not written_to(world, "theirs")
    assert "not-written" not in world.now(referral).attention


# --- ours, and then about somebody else


@pytest.mark.parametrize("kind", KINDS)
def test_ours_that_was_given_to_another_patient_is_written_to_no_more(world: World, kind: str) -> None:
    referral = world.refer()
    world.turn()
    theirs = world.at_ehr(kind, **about(kind, "Patient/p2"))
    world.move(referral, State.CONTACTED)
    world.turn()
    world.move(referral, State.WITHDRAWN)
    world.turn(8, hours=3)
    assert world.ehr.only(kind) == theirs
    stuck = {(one.kind, one.fault, one.given_up) for one in world.outbox.stuck()}
    assert stuck == {(kind, ANOTHER_PATIENT, True)}
    assert "not-written" in world.now(referral).attention
    assert world.state(referral) is State.WITHDRAWN


@pytest.mark.parametrize("kind", ["ServiceRequest", "Task"])
def test_once_it_was_put_right_there_it_is_written_on_demand(world: World, kind: str) -> None:
    referral = world.refer()
    world.turn()
    world.at_ehr(kind, **about(kind, "Patient/p2"))
    world.move(referral, State.WITHDRAWN)
    world.turn(8, hours=3)
    world.at_ehr(kind, **about(kind, "Patient/p1"))
    world.outbox.retry(world.clock())
    world.turn()
    assert world.ehr.only(kind)["status"] in ("revoked", "cancelled")
    assert "not-written" not in world.now(referral).attention


def test_what_is_written_well_does_not_hide_what_is_not(world: World) -> None:
    referral = world.refer()
    world.turn()
    world.at_ehr("ServiceRequest", **about("ServiceRequest", "Patient/p2"))
    world.move(referral, State.WITHDRAWN)
    world.turn()
    assert world.ehr.only("Task")["status"] == "cancelled"
    assert "not-written" in world.now(referral).attention


# --- the ordinary neighbours


@pytest.mark.parametrize(
    "reference", ["Patient/p1", "https://elsewhere.example/r4/Patient/p1", "Patient/p1/_history/3"]
)
def test_the_same_patient_named_in_another_way_is_the_patient(world: World, reference: str) -> None:
    referral = world.refer()
    filed(world, referral, "ServiceRequest", reference)
    world.turn()
    world.move(referral, State.WITHDRAWN)
    world.turn()
    assert world.ehr.only("ServiceRequest")["status"] == "revoked"
    assert world.now(referral).attention == ()


def test_ours_in_which_the_server_names_nobody_stays_ours(world: World) -> None:
    referral = world.refer()
    world.turn()
    logical = {"identifier": {"system": "urn:mrn", "value": "7"}}
    world.at_ehr("Task", **{"for": logical})
    world.move(referral, State.CONTACTED)
    world.turn()
    assert (world.state_there(), world.now(referral).attention) == ("contacted", ())


def test_the_first_write_asks_as_it_always_did(world: World) -> None:
    world.refer()
    world.turn()
    assert [path for _, path in world.ehr.asked if "patient=" in path] == []


def test_a_copy_in_another_chart_after_ours_was_written_changes_nothing(world: World) -> None:
    referral = world.refer()
    world.turn()
    copy = {**world.ehr.only("Task"), "id": "copy", **about("Task", "Patient/p2"), **saying(State.SCREENING)}
    world.ehr.put_there(copy)
    world.move(referral, State.CONTACTED)
    world.turn()
    assert not written_to(world, "copy")
    assert world.state(referral) is State.CONTACTED


def test_the_fault_is_told_in_words() -> None:
    assert in_words(ANOTHER_PATIENT) not in ("", OTHER)
