"""What somebody changes at the EHR is learnt here: once, in whatever order we hear of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from cds_service.referrals.states import SYSTEM, State
from cds_service.synchronising.cursors import Place
from cds_service.synchronising.exchange.looking import OVERLAP
from tests.synchronising.fhir_server import Fault
from tests.synchronising.world import BASE, World, saying, with_terms

TASKS = Place.at("ehr", BASE, "Task")


def test_a_state_that_was_set_there_is_taken_over_and_written_to_the_others(world: World) -> None:
    referral = world.refer()
    world.turn()
    world.at_ehr(**saying(State.SCREENING))
    world.turn(2)
    assert world.state(referral) is State.SCREENING
    assert world.ehr.only("ResearchSubject")["status"] == "screening"
    assert "changed-in-ehr" in world.now(referral).attention
    assert world.kinds(referral).count("learned") == 1


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("accepted", State.RECEIVED),
        ("ready", State.RECEIVED),
        ("in-progress", State.PRE_SCREENING),
        ("entered-in-error", State.WITHDRAWN),
    ],
)
def test_a_status_that_says_the_same_stays_as_the_ehr_wrote_it(
    world: World, status: str, state: State
) -> None:
    referral = world.refer()
    world.turn()
    world.at_ehr(status=status)
    world.turn(4)
    assert (world.state(referral), world.state_there()) == (state, state)
    assert world.ehr.only("Task")["status"] == status
    written = len(world.ehr.writes())
    world.turn(4)
    assert len(world.ehr.writes()) == written
    assert world.now(referral).attention == ("changed-in-ehr",)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("received", State.RECEIVED),
        ("accepted", State.RECEIVED),
        ("in-progress", State.PRE_SCREENING),
        ("rejected", State.NOT_ELIGIBLE),
        ("cancelled", State.WITHDRAWN),
    ],
)
def test_a_page_of_the_ehr_that_changes_the_status_alone_is_understood(
    world: World, status: str, state: State
) -> None:
    """It leaves our businessStatus as it was, which then no longer fits."""
    referral = world.refer()
    world.turn()
    world.at_ehr(status=status)
    world.turn()
    assert world.state(referral) is state


def test_a_reason_that_was_given_there_comes_along(world: World) -> None:
    referral = world.refer()
    world.turn()
    world.at_ehr(status="rejected", statusReason={"text": "on dialysis"})
    world.turn()
    event = world.book.history(referral.id)[-1]
    assert (event.kind, event.to_state, event.why) == ("learned", "not-eligible", "on dialysis")


def test_a_reason_from_there_is_one_line_without_characters_that_nobody_sees(world: World) -> None:
    referral = world.refer()
    world.turn()
    world.at_ehr(status="rejected", statusReason={"text": "on\u202e dialysis\x1b[31m\n\x01 " + "x" * 5000})
    world.turn()
    why = world.book.history(referral.id)[-1].why
    assert why.startswith("on dialysis [31m xxx")
    assert (len(why), why[-1]) == (1000, "\u2026")


def test_what_may_not_follow_is_kept_for_a_person_and_not_written_over(world: World) -> None:
    referral = world.refer()
    world.turn()
    world.at_ehr(**saying(State.ENROLLED))
    world.turn(5)
    assert world.state(referral) is State.REFERRED
    assert world.state_there() == "enrolled"
    assert world.kinds(referral).count("refused") == 1
    assert "differs-in-ehr" in world.now(referral).attention
    world.move(referral, State.SCREENING)
    world.turn()
    assert world.state_there() == "screening"


@pytest.mark.parametrize("status", ["on-hold", "completed", "failed"])
def test_a_status_that_could_mean_several_things_is_for_a_person_to_settle(world: World, status: str) -> None:
    referral = world.refer()
    world.turn()
    world.at_ehr(status=status)
    world.turn()
    assert world.state(referral) is State.REFERRED
    assert "differs-in-ehr" in world.now(referral).attention


def test_a_request_that_is_revoked_there_withdraws_the_referral(world: World) -> None:
    referral = world.refer()
    world.turn()
    world.at_ehr("ServiceRequest", status="revoked")
    world.turn(2)
    assert world.state(referral) is State.WITHDRAWN
    assert world.ehr.only("Task")["status"] == "cancelled"


def test_a_study_participation_that_is_set_there_is_taken_over_if_it_may_follow(world: World) -> None:
    referral = world.refer()
    world.move(referral, State.SCREENING)
    world.turn()
    world.at_ehr("ResearchSubject", status="on-study")
    world.turn(2)
    assert world.state(referral) is State.ENROLLED
    assert world.state_there() == "enrolled"


def test_what_is_heard_twice_or_late_changes_nothing(world: World) -> None:
    referral = world.refer()
    world.turn()
    world.at_ehr(**saying(State.RECEIVED))
    world.at_ehr(**saying(State.SCREENING))
    world.turn()
    versions = [one for one in world.ehr.kept["Task", world.ehr.only("Task")["id"]] if one]
    spot_learner = world.parts.lookout._learner
    for one in [*reversed(versions), *versions]:
        spot_learner.take(world.now(referral), one, world.clock())
    assert world.state(referral) is State.SCREENING
    assert world.kinds(referral).count("learned") == 1


def test_a_change_of_something_else_is_no_news(world: World) -> None:
    referral = world.refer()
    world.turn()
    history = world.kinds(referral)
    world.at_ehr(note=[{"text": "rang twice"}], priority="urgent")
    world.turn(2)
    assert world.kinds(referral) == history
    assert len(world.ehr.writes()) == 3


def test_a_foreign_business_status_is_read_beside_ours(world: World) -> None:
    referral = world.refer()
    world.turn()
    coding = [{"system": "urn:ehr", "code": "7"}, {"system": SYSTEM, "code": "contacted"}]
    world.at_ehr(businessStatus={"coding": coding}, status="accepted")
    world.turn()
    assert world.state(referral) is State.CONTACTED


def test_time_is_the_servers_and_a_little_is_asked_for_again(world: World) -> None:
    """Their clock is three hours behind ours."""
    world.ehr.now = lambda: world.clock() - timedelta(hours=3)
    referral = world.refer()
    world.turn()
    world.turn()
    assert world.cursors.get(TASKS, world.clock()).since == world.ehr.now().replace(microsecond=0)
    world.at_ehr(**saying(State.RECEIVED))
    world.turn()
    assert world.state(referral) is State.RECEIVED
    asked = [path for method, path in world.ehr.asked if "Task?identifier" in path][-1]
    since = world.ehr.now() - timedelta(seconds=90) - OVERLAP
    assert f"_lastUpdated=ge{since:%Y-%m-%dT%H:%M:%SZ}" in asked


def test_without_a_date_the_newest_row_tells_how_far_it_is_known(world: World) -> None:
    world.ehr.says_date = False
    referral = world.refer()
    world.turn(2)
    updated = world.ehr.only("Task")["meta"]["lastUpdated"]
    assert world.cursors.get(TASKS, world.clock()).since.isoformat(timespec="milliseconds") == updated
    world.at_ehr(**saying(State.RECEIVED))
    world.turn()
    assert world.state(referral) is State.RECEIVED


def test_many_changes_come_in_pages(world: World) -> None:
    world.ehr.page = 7
    referrals = [world.refer(f"p{number}") for number in range(20)]
    world.turn(2)
    for task in world.ehr.all("Task"):
        world.ehr.put_there(task, **saying(State.RECEIVED))
    world.turn()
    assert {world.state(one) for one in referrals} == {State.RECEIVED}


def test_a_look_that_broke_off_is_repeated_from_where_it_was(world: World) -> None:
    with_terms(world, request="none", research_subject=False)
    world.ehr.page = 3
    referrals = [world.refer(f"p{number}") for number in range(8)]
    world.turn(2)
    before = world.cursors.get(TASKS, world.clock()).since
    for task in world.ehr.all("Task"):
        world.ehr.put_there(task, **saying(State.RECEIVED))
    world.ehr.faults.append(Fault(about="_from=3"))
    world.turn()
    assert world.cursors.get(TASKS, world.clock()).since == before
    world.settle()
    assert {world.state(one) for one in referrals} == {State.RECEIVED}
    assert sum(world.kinds(one).count("learned") for one in referrals) == 8


@pytest.mark.parametrize("refused", [{"takes_identifier_search": False}, {"takes_last_updated": False}])
def test_a_server_that_refuses_the_question_is_asked_by_ids(world: World, refused: dict[str, Any]) -> None:
    referral = world.refer()
    world.turn()
    for name, value in refused.items():
        setattr(world.ehr, name, value)
    world.at_ehr(**saying(State.RECEIVED))
    world.turn()
    assert world.state(referral) is State.RECEIVED


def test_what_is_gone_there_is_noticed_within_a_day(world: World) -> None:
    referral = world.refer()
    world.turn(2)
    world.ehr.delete("Task", world.ehr.only("Task")["id"])
    world.turn()
    assert "gone-in-ehr" not in world.now(referral).attention
    world.turn(hours=25)
    assert "gone-in-ehr" in world.now(referral).attention
    world.turn(3, hours=25)
    assert world.ehr.all("Task") == []


def test_a_resource_of_another_patient_with_our_identifier_moves_nobody(world: World) -> None:
    referral = world.refer()
    world.turn()
    world.at_ehr("Task", **{**saying(State.SCREENING), "for": {"reference": "Patient/other"}})
    world.turn()
    assert world.state(referral) is State.REFERRED
    assert "differs-in-ehr" in world.now(referral).attention


def test_a_second_resource_with_our_identifier_moves_nobody(world: World) -> None:
    referral = world.refer()
    world.turn()
    world.ehr.put_there({**world.ehr.only("Task"), "id": "twin"}, **saying(State.SCREENING))
    world.turn()
    assert world.state(referral) is State.REFERRED


def test_where_nothing_is_to_be_looked_for_nothing_is_asked(world: World) -> None:
    with_terms(world, poll_seconds=0)
    world.turn(3, hours=1)
    assert world.ehr.asked == []


def test_it_is_looked_as_often_as_the_client_says(world: World) -> None:
    with_terms(world, poll_seconds=600, request="none", research_subject=False)
    world.turn(60, minutes=1)
    assert len(world.ehr.asked) == 6


def test_after_a_backup_was_restored_the_ehr_is_believed(world: World) -> None:
    """What stands there and is not in our history was set while the lost part of it was written."""
    referral = world.refer()
    world.turn()
    world.at_ehr(**saying(State.CONTACTED))
    world.remotes.drop(referral.id, "Task")
    world.turn()
    assert world.state(referral) is State.CONTACTED


def test_what_we_wrote_and_have_no_note_of_is_no_news(world: World) -> None:
    """The key that encrypted our notes was taken out of the ring."""
    referral = world.refer()
    world.turn()
    world.remotes.drop(referral.id, "Task")
    world.move(referral, State.CONTACTED)
    world.turn()
    assert (world.state(referral), world.state_there()) == (State.CONTACTED, "contacted")
    assert "learned" not in world.kinds(referral)
