"""What of a referral stands on the EHR's FHIR server, whatever goes wrong on the way there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cds_service.oauth.faults import OAuthError
from cds_service.referrals.states import State
from tests.synchronising.fhir_server import Fault
from tests.synchronising.world import World, saying, with_terms

KINDS = ("ServiceRequest", "Task", "ResearchSubject")


def test_a_referral_is_written_as_three_resources_tied_by_one_identifier(world: World) -> None:
    referral = world.refer()
    world.turn()
    written = [world.ehr.only(kind) for kind in KINDS]
    assert [one["identifier"][0]["value"] for one in written] == [referral.identifier] * 3
    assert [one["status"] for one in written] == ["active", "requested", "candidate"]
    assert world.ehr.only("Task")["focus"]["reference"] == f"ServiceRequest/{written[0]['id']}"


def test_a_move_is_written_to_what_is_there(world: World) -> None:
    referral = world.refer()
    world.turn()
    world.move(referral, State.CONTACTED)
    world.move(referral, State.SCREENING)
    world.turn()
    assert world.state_there() == "screening"
    assert [world.ehr.only(kind)["status"] for kind in KINDS] == ["active", "in-progress", "screening"]
    assert world.ehr.only("Task")["meta"]["versionId"] == "2"  # two moves, one write
    assert world.outbox.waiting() == {}


def test_nothing_is_written_where_nothing_is_to_be_said(world: World) -> None:
    world.refer()
    world.turn()
    before = world.ehr.writes()
    world.turn(5)
    assert world.ehr.writes() == before


def test_a_second_referral_of_the_same_patient_writes_nothing_more(world: World) -> None:
    first = world.refer()
    world.turn()
    assert world.refer().id == first.id
    world.turn()
    assert [len(world.ehr.all(kind)) for kind in KINDS] == [1, 1, 1]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "fault",
    [
        Fault(only="POST"),
        Fault(only="POST", applied=True),
        Fault(500, only="POST"),
        Fault(500, only="POST", applied=True),
        Fault(429, only="POST", retry_after="30"),
        Fault(503, only="POST", applied=True, retry_after="30"),
    ],
    ids=str,
)
@pytest.mark.parametrize("knows_if_none_exist", [True, False])
def test_no_fault_while_it_is_created_doubles_it_or_loses_it(
    world: World, kind: str, fault: Fault, knows_if_none_exist: bool
) -> None:
    world.ehr.takes_if_none_exist = knows_if_none_exist
    world.refer()
    world.ehr.faults.append(replace(fault, about=kind))
    world.turn()
    world.settle()
    assert [len(world.ehr.all(one)) for one in KINDS] == [1, 1, 1]
    assert world.outbox.waiting() == {}
    assert world.outbox.stuck() == []


@pytest.mark.parametrize("applied", [True, False])
@pytest.mark.parametrize("status", [0, 500, 503])
def test_no_fault_while_it_is_changed_loses_the_change(world: World, status: int, applied: bool) -> None:
    referral = world.refer()
    world.turn()
    world.move(referral, State.RECEIVED)
    world.ehr.faults.extend([Fault(status, only="PUT", applied=applied)])
    world.turn()
    world.settle()
    assert world.state_there() == "received"
    assert "learned" not in world.kinds(referral)


def test_a_write_whose_answer_was_lost_is_no_change_of_theirs(world: World) -> None:
    """We wrote "contacted" and heard nothing; somebody went on here; the EHR still shows "contacted"."""
    referral = world.refer()
    world.turn()
    world.move(referral, State.CONTACTED)
    world.ehr.faults.append(Fault(only="PUT", applied=True))
    world.turn()
    world.move(referral, State.SCREENING)
    world.turn(minutes=30)  # looks first, then writes
    world.settle()
    assert (world.state(referral), world.state_there()) == (State.SCREENING, "screening")
    assert not {"learned", "refused"} & set(world.kinds(referral))


def test_what_the_ehr_added_stays_when_we_write(world: World) -> None:
    referral = world.refer()
    world.turn()
    note = [{"text": "call after four"}]
    world.at_ehr(note=note, owner={"display": "Team B"})
    world.move(referral, State.CONTACTED)
    world.turn()
    task = world.ehr.only("Task")
    assert (task["note"], task["owner"]["display"], world.state_there()) == (note, "Team B", "contacted")


def test_a_draft_that_was_signed_there_stays_signed(world: World) -> None:
    with_terms(world, request="draft")
    referral = world.refer()
    world.turn()
    assert world.ehr.only("ServiceRequest")["status"] == "draft"
    world.at_ehr("ServiceRequest", status="active", intent="order")
    world.move(referral, State.CONTACTED)
    world.turn()
    assert world.ehr.only("ServiceRequest")["status"] == "active"
    world.move(referral, State.WITHDRAWN)
    world.turn()
    assert world.ehr.only("ServiceRequest")["status"] == "revoked"


def test_a_request_that_the_ehr_made_of_our_card_is_taken_over(world: World) -> None:
    referral = world.refer()
    theirs = {
        "resourceType": "ServiceRequest",
        "status": "active",
        "intent": "order",
        "identifier": [{"system": "https://trialhook.example/fhir/referral", "value": referral.identifier}],
        "subject": {"reference": "Patient/p1"},
    }
    for ident in ("older", "newer"):
        world.ehr.put_there({**theirs, "id": ident})
        world.clock.forward(seconds=1)
    world.turn()
    known = world.remotes.get(referral.id, "ServiceRequest")
    assert known is not None
    assert known.id == "older"
    assert len(world.ehr.all("ServiceRequest")) == 2
    assert world.ehr.only("Task")["focus"]["reference"] == "ServiceRequest/older"


def test_a_change_made_there_between_our_reading_and_writing_is_learnt_first(world: World) -> None:
    referral = world.refer()
    world.turn()
    world.move(referral, State.CONTACTED)
    answer = world.ehr._answer

    def meanwhile(method: str, *rest: object) -> object:
        if method == "PUT" and world.ehr.only("Task")["meta"]["versionId"] == "1":
            world.at_ehr(**saying(State.SCREENING))
        return answer(method, *rest)  # type: ignore[arg-type]

    world.ehr._answer = meanwhile  # type: ignore[assignment, method-assign]
    world.turn()
    world.settle()
    assert (world.state(referral), world.state_there()) == (State.SCREENING, "screening")
    assert world.kinds(referral).count("learned") == 1


def test_a_refusal_is_given_up_shown_and_tried_again_on_demand(world: World) -> None:
    referral = world.refer()
    world.ehr.faults.extend([Fault(422, only="POST")] * 30)
    for _ in range(12):
        world.turn(hours=3)
    stuck = world.outbox.stuck()
    assert {(one.kind, one.fault, one.attempts, one.given_up) for one in stuck} == {
        (kind, "invalid/processing", 5, True) for kind in KINDS
    }
    assert "not-written" in world.now(referral).attention
    world.ehr.faults.clear()
    world.turn(hours=30)
    assert world.ehr.all("Task") == []
    assert world.outbox.retry(world.clock(), client="ehr") == 3
    world.turn()
    assert [len(world.ehr.all(kind)) for kind in KINDS] == [1, 1, 1]
    assert "not-written" not in world.now(referral).attention


def test_a_server_in_trouble_is_asked_less_and_less_often(world: World) -> None:
    world.refer()
    world.refer("p2")
    world.ehr.faults.extend([Fault()] * 1000)
    world.turn(120, seconds=30)
    asked = 1000 - len(world.ehr.faults)
    assert 5 <= asked <= 60  # four places, an hour, pauses that double
    world.settle()
    assert len(world.ehr.all("Task")) == 2


def test_a_server_is_left_alone_as_long_as_it_asks_for(world: World) -> None:
    world.refer()
    world.turn()
    world.refer("p2")
    world.ehr.faults.extend([Fault(503, retry_after="1800")] * 4)
    world.turn()
    asked = len(world.ehr.asked)
    world.turn(10, minutes=2)
    assert len(world.ehr.asked) - asked <= 3  # what is looked at has pauses of its own
    world.turn(minutes=15)
    assert len(world.ehr.all("Task")) == 2


def test_one_resource_that_makes_the_server_fail_holds_up_no_other(world: World) -> None:
    world.refer()
    world.ehr.faults.append(Fault(500, only="POST"))
    world.turn()
    assert [len(world.ehr.all(kind)) for kind in KINDS] == [0, 1, 1]


def test_without_a_token_nothing_is_asked_and_nothing_is_lost(world: World) -> None:
    world.servers.fault = OAuthError("unreachable")
    referral = world.refer()
    world.turn(5, hours=1)
    assert world.ehr.asked == []
    assert {one.fault for one in world.outbox.stuck()} == {"no_token"}
    assert "not-written" in world.now(referral).attention
    world.servers.fault = None
    world.settle()
    assert len(world.ehr.all("Task")) == 1


def test_a_refused_token_is_forgotten_and_the_writing_tried_again(world: World) -> None:
    world.refer()
    world.ehr.faults.append(Fault(401))
    world.turn()
    assert world.servers.forgotten == 1
    world.settle()
    assert len(world.ehr.all("Task")) == 1


def test_what_was_deleted_there_is_made_again_only_on_demand(world: World) -> None:
    referral = world.refer()
    world.turn()
    world.ehr.delete("Task", world.ehr.only("Task")["id"])
    world.move(referral, State.CONTACTED)
    world.turn()
    world.settle()
    assert world.ehr.all("Task") == []
    (stuck,) = world.outbox.stuck()
    assert (stuck.kind, stuck.fault, stuck.given_up) == ("Task", "gone", True)
    assert world.outbox.retry(world.clock(), row=stuck.row) == 1
    world.turn()
    assert world.state_there() == "contacted"


def test_kinds_that_the_client_does_not_take_are_not_written(world: World) -> None:
    with_terms(world, request="none", research_subject=False)
    world.refer()
    world.turn()
    assert [len(world.ehr.all(kind)) for kind in KINDS] == [0, 1, 0]
    assert "focus" in world.ehr.only("Task")


def test_what_is_no_longer_taken_is_no_longer_waited_for(world: World) -> None:
    world.refer()
    with_terms(world, task=False)
    world.turn()
    assert world.ehr.all("Task") == []
    assert world.outbox.waiting() == {}
