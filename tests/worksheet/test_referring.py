"""From the worksheet to a referral: one for a patient and a trial, however often somebody clicks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from fhir.resources.R4B.servicerequest import ServiceRequest
from sqlalchemy import select

from cds_service.clients.registered import ReferralTerms
from cds_service.recruitment.states import RecruitmentStates, TrialState
from cds_service.referrals.records import Referral, Who
from cds_service.referrals.states import State
from cds_service.storage.database import Database
from cds_service.storage.records import StorageAwayError
from cds_service.storage.workflow_tables import outbox, trial_referral
from tests.pages.browser import Browser, words_of
from tests.worksheet.world import READ_ONLY, TRIAL, USER, World, world


def refer(browser: Browser, **fields: Any) -> str:
    """What the page is told to say after the button."""
    answer = browser.post("/worksheet/w1/refer", **fields)
    assert answer.status_code == 303, answer.text
    place = answer.headers["Location"].removeprefix("/worksheet/w1?said=")
    return place.removesuffix("#referral")


def only_referral(here: World) -> Referral:
    records = here.deployment.records
    assert records is not None
    with records.database.autocommit() as connection:
        [ident] = connection.execute(select(trial_referral.c.id)).scalars().all()
    found = records.book.get(ident)
    assert found is not None
    return found


def test_the_button_makes_one_referral_however_often_and_by_whomever_it_is_pressed(here: World) -> None:
    browser = here.opened()
    assert refer(browser, why="failed two drugs") == "referred"
    assert refer(browser) == "again"
    assert refer(here.opened(user="Practitioner/other", user_name="Dr Wu")) == "again"
    referral = only_referral(here)
    assert (referral.state, referral.source, referral.trial) == (State.REFERRED, "worksheet", TRIAL)
    assert referral.patient_name == "Mei Lin"
    assert referral.referrer == USER
    assert referral.outcome == "possible-candidate"
    assert len(referral.traces) == len(here.deployment.catalog.trial(TRIAL).criteria)


def test_the_history_says_who_referred_and_why(here: World) -> None:
    refer(here.opened(), why="failed two drugs")
    records = here.deployment.records
    assert records is not None
    first = records.book.history(only_referral(here).id)[0]
    assert (first.name, first.role, first.why) == ("Dr Chen", "clinician", "failed two drugs")


def test_why_is_kept_without_characters_that_nobody_sees(here: World) -> None:
    refer(here.opened(), why="failed\x00 two\x01\x1b[31m\u202e drugs\r\n\u2066twice \u738b ")
    records = here.deployment.records
    assert records is not None
    first = records.book.history(only_referral(here).id)[0]
    assert first.why == "failed two [31m drugs twice \u738b"


def test_afterwards_the_page_says_how_the_referral_stands_and_has_no_button(here: World) -> None:
    browser = here.opened()
    refer(browser)
    page = browser.get("/worksheet/w1?said=referred").text
    assert "The referral is made." in page
    assert "Referred on 15 June 2026." in words_of(page)
    assert "/worksheet/w1/refer" not in page


@pytest.mark.parametrize(
    ("zone", "hour", "day"),
    [
        ("Asia/Shanghai", 17, "16 June 2026"),
        ("Asia/Shanghai", 9, "15 June 2026"),
        ("America/Los_Angeles", 3, "14 June 2026"),
        ("America/Los_Angeles", 20, "15 June 2026"),
    ],
)
def test_the_day_of_the_referral_is_the_day_where_the_patient_is(
    tmp_path: Path, zone: str, hour: int, day: str
) -> None:
    with world(tmp_path, time_zone=zone) as there:
        then = datetime(2026, 6, 15, hour, tzinfo=UTC)
        there.clock.minutes = round((then - there.clock.now("")).total_seconds() / 60)
        browser = there.opened()
        refer(browser)
        page = words_of(browser.get("/worksheet/w1").text)
    assert f"Referred on {day}. Referred, since {day}." in page


def test_a_referral_that_was_left_is_not_reopened_but_asks_for_a_look(here: World) -> None:
    browser = here.opened()
    refer(browser)
    records, referral = here.deployment.records, only_referral(here)
    assert records is not None
    now = here.deployment.now("")
    records.book.move(referral.id, referral.version, State.DECLINED, Who(), now, reason="no-interest", why="")
    assert "This referral has ended." in browser.get("/worksheet/w1").text
    assert refer(browser) == "asked"
    assert only_referral(here).state is State.DECLINED
    assert "asked-again" in only_referral(here).attention


def test_what_is_not_answered_is_shown_and_blocks_nothing(here: World) -> None:
    browser = here.opened()
    page = words_of(browser.get("/worksheet/w1").text)
    box = page.partition("Not answered yet")[2].partition("Answer it below")[0]
    assert "Does the patient agree to be contacted by the study team?" in box
    assert "ECOG" not in box  # the record says it
    assert refer(browser) == "referred"


def test_a_patient_whom_the_record_rules_out_can_be_referred_with_a_warning(here: World) -> None:
    browser = here.opened("ma-jun")
    assert "The record rules the patient out." in browser.get("/worksheet/w1").text
    assert refer(browser) == "referred"
    assert only_referral(here).outcome == "ruled-out"


@pytest.mark.parametrize("why", ["full", "closed", "paused", "ended", "not_started"])
def test_a_trial_that_takes_nobody_has_no_button_and_takes_no_form(
    here: World, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    monkeypatch.setattr(RecruitmentStates, "of", lambda *_: TrialState(False, why, None))
    browser = here.opened()
    page = browser.get("/worksheet/w1").text
    assert "takes no referrals" in page
    assert "/worksheet/w1/refer" not in page
    answer = browser.post("/worksheet/w1/refer")
    assert answer.status_code == 409
    assert "Nothing was made." in answer.text


def test_a_reason_beyond_all_measure_is_refused(here: World) -> None:
    assert here.opened().post("/worksheet/w1/refer", why="x" * 501).status_code == 400


def test_while_the_database_is_away_nothing_is_referred_and_the_page_still_comes(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = here.opened()
    browser.token()
    records = here.deployment.records
    assert records is not None

    def away(*_: object) -> None:
        raise StorageAwayError

    monkeypatch.setattr(Database, "durable", away)
    answer = browser.post("/worksheet/w1/refer")
    assert answer.status_code == 503
    assert "Nothing was saved" in answer.text
    monkeypatch.setattr(type(records.book), "of_patient", away)
    page = browser.get("/worksheet/w1")
    assert page.status_code == 200
    assert "/worksheet/w1/refer" not in page.text


# --- the EHR


def test_without_a_backend_the_request_is_written_at_once_with_the_clinicians_token(here: World) -> None:
    browser = here.opened()
    refer(browser)
    [written] = here.store.all("ServiceRequest")
    ServiceRequest.model_validate_json(orjson.dumps(written))
    assert written["identifier"][0]["value"] == only_referral(here).identifier
    assert written["subject"] == {"reference": "Patient/lin-mei"}
    assert written["status"] == "draft"


@pytest.mark.parametrize("case", ["read only", "takes none"])
def test_no_request_is_written_where_it_is_not_taken(tmp_path: Path, case: str) -> None:
    with world(tmp_path) as here:
        access: dict[str, Any] = {"scope": READ_ONLY} if case == "read only" else {}
        if case == "takes none":
            offers = here.deployment.offers["demo"]
            client = replace(offers.client, referral=ReferralTerms(request="none"))
            dict_of(here.deployment.offers)["demo"] = replace(offers, client=client)
        assert refer(here.opened(**access)) == ("referred_here" if access else "referred")
        assert list(here.store.all("ServiceRequest")) == []


def dict_of(offers: Any) -> dict[str, Any]:
    assert isinstance(offers, dict)
    return offers


def test_with_a_backend_the_outbox_writes_it_and_nothing_is_written_twice(tmp_path: Path) -> None:
    with world(tmp_path, backend=True) as here:
        # The book knows the clients with which the service began.
        records = here.deployment.records
        assert records is not None
        assert refer(here.opened()) == "referred"
        assert list(here.store.all("ServiceRequest")) == []
        with records.database.autocommit() as connection:
            assert connection.execute(select(outbox.c.kind)).scalars().all() in (["ServiceRequest"], [])
