"""What a FHIR server does not take: whom it does not know, an older version, a resource as it is."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.referrals.records import Opening, Referral, Who
from cds_service.referrals.states import State
from cds_service.smart.issue_types import issue_of
from cds_service.storage.records import Subject
from cds_service.synchronising.cursors import WRITING, Place
from cds_service.synchronising.faults import IN_WORDS, OTHER, in_words
from cds_service.worksheet.kept_answers import new_id
from tests.synchronising.fhir_server import Fault
from tests.synchronising.world import BASE, TRIAL, World

LAM = Who("Practitioner/lam", "Kim Lam", "clinician")
SIGNED_IN = Who("https://sign-in.example|lam", "Kim Lam", "coordinator")
FATAL = {"severity": "fatal", "code": "too-long"}
NAMING = ("ServiceRequest", "Task")


def refer(world: World, who: Who = LAM) -> Referral:
    """Somebody refers a patient."""
    subject = Subject("ehr", "north", BASE, "p1")
    return world.book.open(Opening(subject, TRIAL.id, who, "worksheet", world.clock()))


def requesters(world: World) -> list[dict[str, Any] | None]:
    """Whom the resources name."""
    return [world.ehr.only(kind).get("requester") for kind in NAMING]


# --- whom it does not know


def test_who_referred_is_named_by_their_reference(world: World) -> None:
    refer(world)
    world.turn()
    assert requesters(world) == [{"reference": "Practitioner/lam"}] * 2


@pytest.mark.parametrize("status", [400, 422])
def test_who_referred_is_left_out_where_the_server_refuses_it(world: World, status: int) -> None:
    referral = refer(world)
    world.ehr.faults.extend(Fault(status, only="POST", about=f"/{kind}") for kind in NAMING)
    world.turn()
    assert requesters(world) == [None, None]
    assert world.outbox.waiting() == {}
    assert world.now(referral).attention == ()


def test_what_is_refused_for_another_reason_is_refused(world: World) -> None:
    refer(world)
    world.ehr.faults.extend([Fault(422, only="POST", about="/Task")] * 2)
    world.turn()
    assert {(one.kind, one.attempts) for one in world.outbox.stuck()} == {("Task", 1)}


def test_a_person_known_by_their_sign_in_with_us_is_never_named_to_the_ehr(world: World) -> None:
    refer(world, SIGNED_IN)
    world.turn()
    assert requesters(world) == [None, None]


def test_it_is_not_asked_a_second_time_without_a_person(world: World) -> None:
    refer(world, SIGNED_IN)
    world.ehr.faults.append(Fault(422, only="POST", about="/Task"))
    world.turn()
    assert [one.kind for one in world.outbox.stuck()] == ["Task"]


def test_a_change_reaches_what_names_nobody(world: World) -> None:
    referral = refer(world)
    world.ehr.faults.extend(Fault(400, only="POST", about=f"/{kind}") for kind in NAMING)
    world.turn()
    world.move(referral, State.CONTACTED)
    # What is sent names the person again, for the server may know them by now.
    world.ehr.faults.extend(Fault(400, only="PUT", about=f"/{kind}/") for kind in NAMING)
    world.turn()
    assert (world.state_there(), requesters(world)) == ("contacted", [None, None])
    assert list(world.ehr.faults) == []


def answer(world: World, author: dict[str, Any]) -> None:
    """Somebody answers."""
    ident, now = new_id(), world.clock()
    response: dict[str, Any] = {
        "resourceType": "QuestionnaireResponse",
        "id": ident,
        "identifier": {"system": "https://trialhook.example/fhir/answers", "value": ident},
        "status": "completed",
        "author": author,
    }
    world.answers.keep(Subject("ehr", "north", BASE, "p1"), TRIAL.id, response, now, now)


@pytest.mark.parametrize(
    ("author", "written"),
    [
        (
            {"reference": "Practitioner/lam", "display": "Kim Lam"},
            {"type": "Practitioner", "display": "Kim Lam"},
        ),
        ({"reference": f"{BASE}/PractitionerRole/7"}, {"type": "PractitionerRole", "display": "?"}),
    ],
)
def test_who_answered_is_named_in_words_where_the_server_refuses_the_reference(
    world: World, author: dict[str, Any], written: dict[str, Any]
) -> None:
    answer(world, author)
    world.ehr.faults.append(Fault(400, only="POST"))
    world.turn()
    expected = written | ({"display": author["reference"]} if written["display"] == "?" else {})
    assert world.ehr.only("QuestionnaireResponse")["author"] == expected


def test_an_answer_without_a_reference_is_refused_as_it_is(world: World) -> None:
    answer(world, {"identifier": {"system": "https://sign-in.example", "value": "lam"}})
    world.ehr.faults.append(Fault(400, only="POST"))
    world.turn()
    assert [one.kind for one in world.outbox.stuck()] == ["QuestionnaireResponse"]


# --- an older version


@pytest.mark.parametrize("status", [409, 412])
def test_a_version_that_is_not_current_is_read_again_at_once(world: World, status: int) -> None:
    referral = world.refer()
    world.turn()
    world.move(referral, State.CONTACTED)
    world.ehr.faults.append(Fault(status, only="PUT", about="/Task/"))
    world.turn()
    assert world.state_there() == "contacted"
    assert world.outbox.waiting() == {}


# --- why


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        ({"issue": [{"severity": "error", "code": "invariant"}]}, "invariant"),
        (
            {"issue": [{"severity": "warning", "code": "value"}, {"severity": "fatal", "code": "too-long"}]},
            "too-long",
        ),
        ({"issue": [{"severity": "error", "code": "Anna Smith"}]}, ""),
        ({"issue": [{"severity": "error"}, "x", {"severity": "error", "code": ["value"]}]}, ""),
        ({"issue": {"severity": "error", "code": "value"}}, ""),
        ({}, ""),
    ],
)
def test_the_code_of_an_issue_is_kept_and_nothing_else(outcome: dict[str, Any], code: str) -> None:
    assert issue_of(outcome) == code


def test_a_fault_with_a_code_is_told_in_the_same_words() -> None:
    assert in_words("invalid/invariant") == IN_WORDS["invalid"] != OTHER


# --- by hand


def test_a_server_that_is_left_alone_is_asked_at_once_on_demand(world: World) -> None:
    world.refer()
    world.ehr.faults.extend([Fault()] * 40)
    world.turn(6, minutes=20)
    world.ehr.faults.clear()
    now = world.clock()
    place = Place.at("ehr", BASE, WRITING)
    assert world.cursors.get(place, now).due > now
    assert world.outbox.retry(now, client="nobody") == 0
    assert world.cursors.get(place, now).due > now
    assert world.outbox.retry(now) > 0
    world.turn(seconds=0)
    assert len(world.ehr.all("Task")) == 1
