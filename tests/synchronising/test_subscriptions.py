"""The Subscription by which a FHIR server tells us of changes is made once, watched and renewed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from cds_service.referrals.states import State
from cds_service.synchronising.cursors import Place
from cds_service.synchronising.exchange.subscriptions import LASTS, RENEWED_BEFORE, Wish
from tests.synchronising.fhir_server import Fault
from tests.synchronising.world import BASE, WISH, World, saying, with_terms


@pytest.fixture
def asking(world: World) -> World:
    """A client whose server is asked for a Subscription, and is hardly ever looked at."""
    return with_terms(world, subscription=True, request="none", research_subject=False, poll_seconds=86400)


def test_a_rest_hook_without_payload_is_asked_for_once(asking: World) -> None:
    asking.turn(5, hours=1)
    made = asking.ehr.only("Subscription")
    assert made["criteria"] == "Task?identifier=https://trialhook.example/fhir/referral|"
    assert made["channel"] == {
        "type": "rest-hook",
        "endpoint": WISH.endpoint,
        "header": [f"Authorization: Bearer {WISH.token}"],
    }
    assert datetime.fromisoformat(made["end"]) - asking.clock() <= LASTS
    assert made["meta"]["versionId"] == "1"


@pytest.mark.parametrize("status", ["error", "off"])
def test_one_that_was_switched_off_is_asked_for_again(asking: World, status: str) -> None:
    asking.turn(hours=1)
    asking.at_ehr("Subscription", status=status)
    asking.turn(hours=1)
    assert asking.ehr.only("Subscription")["status"] == "requested"


def test_one_that_is_active_is_left_alone_until_it_is_about_to_end(asking: World) -> None:
    asking.turn(hours=1)
    asking.at_ehr("Subscription", status="active")
    asking.turn(20, hours=2)
    assert asking.ehr.only("Subscription")["meta"]["versionId"] == "2"
    asking.turn(seconds=(LASTS - RENEWED_BEFORE).total_seconds())
    renewed = asking.ehr.only("Subscription")
    assert renewed["meta"]["versionId"] == "3"
    assert datetime.fromisoformat(renewed["end"]) - asking.clock() > LASTS - timedelta(hours=1)


def test_one_that_was_deleted_is_made_again(asking: World) -> None:
    asking.turn(hours=1)
    asking.ehr.delete("Subscription", asking.ehr.only("Subscription")["id"])
    asking.turn(hours=1)
    assert len(asking.ehr.all("Subscription")) == 1


@pytest.mark.parametrize("knows_if_none_exist", [True, False])
def test_one_whose_answer_was_lost_is_found_again(asking: World, knows_if_none_exist: bool) -> None:
    asking.ehr.takes_if_none_exist = knows_if_none_exist
    asking.ehr.faults.append(Fault(only="POST", applied=True, about="Subscription"))
    asking.turn(3, hours=1)
    assert len(asking.ehr.all("Subscription")) == 1


def test_a_new_token_is_written_to_it(asking: World) -> None:
    asking.turn(hours=1)
    asking.restart()
    object.__setattr__(asking.parts, "wish", lambda _client: Wish(WISH.endpoint, "new"))
    asking.turn(hours=1)
    (header,) = asking.ehr.only("Subscription")["channel"]["header"]
    assert header == "Authorization: Bearer new"


@pytest.mark.parametrize("status", [403, 404, 405, 422, 501])
def test_a_server_that_takes_none_is_looked_at_all_the_same(asking: World, status: int) -> None:
    asking.ehr.faults.extend([Fault(status, about="Subscription")] * 3)
    asking.refer()
    asking.turn(hours=1)
    place = Place.at("ehr", BASE, "Subscription/Task")
    assert asking.cursors.get(place, asking.clock()).fault
    assert len(asking.ehr.all("Task")) == 1


def test_a_notification_brings_the_look_forward(asking: World) -> None:
    referral = asking.refer()
    asking.turn(2, minutes=1)
    asking.at_ehr(**saying(State.RECEIVED))
    asking.turn(3, minutes=1)
    assert asking.state(referral) is State.REFERRED
    assert asking.cursors.poke("ehr", ("Task",), asking.clock()) == 1
    asking.turn(seconds=2)
    assert asking.state(referral) is State.RECEIVED
    before = len(asking.ehr.asked)
    asking.turn(5, seconds=2)
    assert len(asking.ehr.asked) == before


def test_a_notification_that_comes_during_a_look_is_followed_by_another(asking: World) -> None:
    referral = asking.refer()
    asking.turn(2, minutes=1)
    asking.cursors.poke("ehr", ("Task",), asking.clock())
    answer = asking.ehr._search
    changed: list[Any] = []

    def and_then_it_changes(*arguments: Any) -> Any:
        found = answer(*arguments)
        if not changed:
            changed.append(asking.at_ehr(**saying(State.RECEIVED)))
            asking.cursors.poke("ehr", ("Task",), asking.clock())
        return found

    asking.ehr._search = and_then_it_changes  # type: ignore[assignment, method-assign]
    asking.turn(2, seconds=2)
    assert asking.state(referral) is State.RECEIVED


def test_a_server_in_trouble_is_not_asked_more_often_by_notifications(asking: World) -> None:
    asking.turn(minutes=1)
    asking.ehr.faults.extend([Fault(about="Task?")] * 100)
    asking.cursors.poke("ehr", ("Task",), asking.clock())
    for _ in range(50):
        asking.turn(seconds=1)
        asking.cursors.poke("ehr", ("Task",), asking.clock())
    assert 100 - len(asking.ehr.faults) <= 5
