"""A clinician's answers on a worksheet reach the EHR once, and are never changed there."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.storage.records import Subject
from cds_service.synchronising.outbox import Outbox
from cds_service.worksheet.kept_answers import new_id
from tests.synchronising.fhir_server import Fault, FhirServer
from tests.synchronising.world import BASE, TRIAL, World

KIND = "QuestionnaireResponse"


def answer(world: World, base: str = BASE) -> str:
    """Somebody answers; it is to be written from now on."""
    ident = new_id()
    resource: dict[str, Any] = {
        "resourceType": KIND,
        "id": ident,
        "identifier": {"system": "https://trialhook.example/fhir/answers", "value": ident},
        "status": "completed",
        "subject": {"reference": "Patient/p1"},
    }
    now = world.clock()
    world.answers.keep(Subject("ehr", "north", base, "p1"), TRIAL.id, resource, now, now)
    return ident


@pytest.mark.parametrize("base", [BASE, ""])
def test_an_answer_is_written_under_an_id_of_the_servers_own(world: World, base: str) -> None:
    ident = answer(world, base)
    world.turn(2)
    there = world.ehr.only(KIND)
    assert there["identifier"]["value"] == ident != there["id"]
    assert world.outbox.waiting() == {}
    (placed,) = world.answers.with_places(Subject("ehr", "north", base, "p1"))
    assert placed.place == "written"


@pytest.mark.parametrize("knows_if_none_exist", [True, False])
@pytest.mark.parametrize("fault", [Fault(only="POST", applied=True), Fault(only="POST"), Fault(500)], ids=str)
def test_no_fault_doubles_or_loses_it(world: World, fault: Fault, knows_if_none_exist: bool) -> None:
    world.ehr.takes_if_none_exist = knows_if_none_exist
    answer(world)
    world.ehr.faults.append(fault)
    world.turn()
    world.settle()
    assert len(world.ehr.all(KIND)) == 1
    assert world.outbox.waiting() == {}


def test_a_copy_in_another_patients_chart_does_not_stand_for_it(world: World) -> None:
    ident = answer(world)
    identifier = {"system": "https://trialhook.example/fhir/answers", "value": ident}
    copy = {"resourceType": KIND, "id": "copy", "identifier": identifier, "status": "completed"}
    world.ehr.put_there({**copy, "subject": {"reference": "Patient/p2"}})
    world.turn()
    assert [one["subject"]["reference"] for one in world.ehr.all(KIND)] == ["Patient/p2", "Patient/p1"]
    assert world.outbox.waiting() == {}


def test_one_that_is_there_is_not_made_again(world: World) -> None:
    ident = answer(world)
    identifier = {"system": "https://trialhook.example/fhir/answers", "value": ident}
    there = {"resourceType": KIND, "id": "there", "identifier": identifier, "status": "completed"}
    world.ehr.put_there({**there, "subject": {"reference": f"{BASE}/Patient/p1"}})
    world.turn()
    assert len(world.ehr.all(KIND)) == 1


def test_each_answer_is_one_of_its_own(world: World) -> None:
    for _ in range(3):
        answer(world)
    world.turn()
    assert len(world.ehr.all(KIND)) == 3


def test_one_that_is_refused_is_given_up_and_tried_again_on_demand(world: World) -> None:
    answer(world)
    world.ehr.faults.extend([Fault(403, only="POST")] * 9)
    for _ in range(9):
        world.turn(hours=3)
    (stuck,) = world.outbox.stuck()
    assert (stuck.kind, stuck.fault, stuck.given_up, stuck.referral_id) == (KIND, "forbidden", True, "")
    world.ehr.faults.clear()
    world.outbox.retry(world.clock())
    world.turn()
    assert len(world.ehr.all(KIND)) == 1


def test_one_that_was_forgotten_is_not_written(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(world)
    monkeypatch.setattr(type(world.answers), "get", lambda *_: None)
    world.turn()
    assert world.ehr.all(KIND) == []
    assert Outbox(world.database).waiting() == {}
    assert isinstance(world.ehr, FhirServer)
