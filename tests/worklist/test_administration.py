"""The administrator's page: how the service does, and nothing about a patient."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from cds_service.referrals.states import State
from cds_service.storage.workflow_tables import lease, outbox
from cds_service.synchronising.back_off import NEVER
from cds_service.synchronising.cursors import Cursor, Cursors, Place
from tests.pages.browser import words_of
from tests.service.conftest import BASE
from tests.worklist.conftest import NewWorld
from tests.worklist.world import HERE, ONE, World


def page(world: World) -> str:
    answer = world.browser("administrator").get("/administration")
    assert answer.status_code == 200, answer.text
    return words_of(answer.text)


def fail(world: World, fault: str, *, given_up: bool = False) -> None:
    """Makes everything that waits have failed."""
    with world.records.database.relaxed() as connection:
        later = NEVER if given_up else world.now + timedelta(hours=1)
        connection.execute(update(outbox).values(fault=fault, attempts=3, next_at=later))


def test_nothing_on_it_is_about_a_patient(world: World) -> None:
    referral = world.refer("a-patient-id", patient_name="Wang Fang")
    fail(world, "unreachable")
    text = page(world)
    for private in ("a-patient-id", "Wang Fang", referral.id, BASE):
        assert private not in text
    assert referral.id[:6].upper() in text


def test_what_failed_is_listed_with_why_and_when_next(world: World) -> None:
    world.refer()
    fail(world, "unauthorized")
    text = page(world)
    assert "3 waiting to be written; 0 given up" in text
    why = "The EHR does not permit this service to write it. (unauthorized)"
    assert f"{HERE} Task {why} 3 15 Jun 2026, 13:00" in text


def test_what_waits_several_times_for_one_resource_is_listed_once(world: World) -> None:
    world.move(world.refer(), State.RECEIVED, State.CONTACTED)
    fail(world, "unreachable")
    assert page(world).count(f"{HERE} Task") == 1


def test_what_was_given_up_says_so(world: World) -> None:
    world.refer()
    fail(world, "invalid", given_up=True)
    text = page(world)
    assert "0 waiting to be written; 3 given up" in text
    assert "only when asked for" in text


def test_it_is_tried_again_when_asked_for(world: World) -> None:
    world.refer()
    fail(world, "invalid", given_up=True)
    browser = world.browser("administrator")
    answer = browser.post("/administration/retry")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/administration?again=3")
    assert "3 will be tried again now." in browser.get("/administration?again=3").text
    with world.records.database.autocommit() as connection:
        rows = connection.execute(select(outbox.c.next_at, outbox.c.attempts)).all()
    assert {(row.next_at, row.attempts) for row in rows} == {(world.now.astimezone(UTC), 0)}


@pytest.mark.parametrize("again", ["", "x", "-3", "99999999999", "%3Cscript%3E"])
def test_a_number_that_nobody_sent_is_not_said(world: World, again: str) -> None:
    answer = world.browser("administrator").get(f"/administration?again={again}")
    assert "will be tried again" not in answer.text


def test_without_faults_there_is_no_button(world: World) -> None:
    world.refer()
    assert "Try all of them again now" not in page(world)


@pytest.mark.parametrize(("ahead", "expired"), [(60, False), (-60, True)])
def test_who_synchronises_is_said_by_the_beginning_of_a_random_name(
    world: World, ahead: int, expired: bool
) -> None:
    until = datetime.now(UTC) + timedelta(seconds=ahead)
    with world.records.database.relaxed() as connection:
        connection.execute(insert(lease).values(name="synchronising", holder="abcdef0123456789", until=until))
    text = page(world)
    assert "abcdef01" in text
    assert "abcdef0123" not in text
    assert ("expired" in text) is expired


def test_how_far_each_server_is_known_is_said(world: World) -> None:
    cursors = Cursors(world.records.database)
    since, due = world.now - timedelta(minutes=5), world.now + timedelta(minutes=5)
    cursors.keep(Cursor(Place.at(HERE, BASE, "Task"), due, since, 2, "too_busy"))
    cursors.keep(Cursor(Place.at(HERE, BASE, "ServiceRequest"), due))
    text = unescape(page(world))
    assert "Task 15 Jun 2026, 11:55 15 Jun 2026, 12:05 The EHR's server is too busy." in text.replace(
        "&#39;", "'"
    )
    assert "ServiceRequest – 15 Jun 2026, 12:05" in text


def test_recruitment_says_whether_cards_are_shown_and_how_many_places_are_taken(
    new_world: NewWorld, tmp_path: Path
) -> None:
    file = tmp_path / "recruitment.yaml"
    entry = f"{ONE}: {{state: full, as_of: 2026-06-01, places: 18}}"
    file.write_text(f'schema: "1"\ntrials:\n  {entry}\n', encoding="utf-8")
    text = page(new_world(recruitment=str(file)))
    assert f"{ONE} full not shown: full 0 of 18 taken 2026-06-01" in text
    assert "NCT00000002 recruiting shown – 2025-11-14" in text


def test_a_coordinator_may_not_see_it_and_an_administrator_sees_no_row(world: World) -> None:
    referral = world.refer()
    assert world.browser("coordinator").get("/administration").status_code == 403
    browser = world.browser("administrator")
    for path in ("/worklist", f"/worklist/{referral.id}", "/worklist/funnel", "/worklist/export.csv"):
        assert browser.get(path).status_code == 403
