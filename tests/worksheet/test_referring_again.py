"""Who refers somebody again: there is a way to, and no word that was typed is lost."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cards.service_requests import study_reference
from cds_service.referrals.forms import research_subject
from cds_service.referrals.reasons import reasons_for
from cds_service.referrals.records import Event, Who
from cds_service.referrals.states import State
from tests.worksheet.test_referring import only_referral, refer
from tests.worksheet.world import TRIAL, USER_NAME, World


def end(here: World, to: State = State.DECLINED, reason: str = "no-interest") -> None:
    """The study team ends the referral."""
    records, referral = here.deployment.records, only_referral(here)
    assert records is not None
    now = here.deployment.now("")
    records.book.move(referral.id, referral.version, to, Who(), now, reason=reason, why="")


def in_study(here: World, status: str = "") -> None:
    """The ResearchSubject of the referral stands in the chart, as we write it or with another status."""
    trial = here.deployment.catalog.trial(only_referral(here).trial).facts
    subject = research_subject(only_referral(here), trial)
    here.store.create({**subject, **({"status": status} if status else {})}, datetime.now(UTC))


def history(here: World) -> list[Event]:
    records = here.deployment.records
    assert records is not None
    return list(records.book.history(only_referral(here).id))


def typed(here: World) -> list[tuple[str, str]]:
    """What stands in the history with words."""
    return [(event.kind, event.why) for event in history(here) if event.why]


def has_button(here: World) -> bool:
    return "/worksheet/w1/refer" in here.page().text


# --- the button


def test_after_a_referral_has_ended_the_button_is_there_whatever_we_wrote_to_the_ehr(here: World) -> None:
    browser = here.opened()
    refer(browser)
    end(here)
    in_study(here)
    page = browser.get("/worksheet/w1").text
    assert "This referral has ended." in page
    assert "/worksheet/w1/refer" in page
    assert "Refer again" in page
    assert refer(browser, why="asks for it herself") == "asked"


@pytest.mark.parametrize("status", ["candidate", "on-study", "screening"])
def test_who_is_referred_and_in_the_study_has_no_button(here: World, status: str) -> None:
    refer(here.opened())
    in_study(here, status)
    assert not has_button(here)


def test_who_is_in_the_study_without_a_referral_has_no_button(here: World) -> None:
    trial = here.deployment.catalog.trial(TRIAL).facts
    subject = {
        "resourceType": "ResearchSubject",
        "status": "on-study",
        "study": study_reference(trial),
        "individual": {"reference": "Patient/lin-mei"},
    }
    assert has_button(here)
    here.store.create(subject, datetime.now(UTC))
    assert not has_button(here)


# --- the words


def test_words_of_a_second_click_are_kept(here: World) -> None:
    browser = here.opened()
    assert refer(browser, why="FIRST") == "referred"
    assert refer(browser, why="FIRST") == "again"
    assert refer(browser) == "again"
    assert refer(browser, why="FOURTH") == "noted"
    assert typed(here) == [("moved", "FIRST"), ("noted", "FOURTH")]
    assert history(here)[-1].name == USER_NAME


def test_words_of_each_click_after_the_end_are_kept(here: World) -> None:
    browser = here.opened()
    refer(browser, why="FIRST")
    end(here)
    assert refer(browser, why="SECOND") == "asked"
    assert refer(browser, why="THIRD") == "asked"
    assert refer(browser, why="THIRD") == "asked"
    assert refer(browser) == "asked"
    assert typed(here) == [("moved", "FIRST"), ("asked", "SECOND"), ("noted", "THIRD")]
    assert only_referral(here).attention == ("asked-again",)


def test_words_typed_before_it_was_opened_again_are_kept(here: World) -> None:
    browser = here.opened()
    refer(browser)
    end(here)
    records, referral = here.deployment.records, only_referral(here)
    assert records is not None
    reason = reasons_for(State.DECLINED, State.REFERRED)[0].code
    now = here.deployment.now("")
    records.book.move(referral.id, referral.version, State.REFERRED, Who(), now, reason=reason, why="so")
    assert refer(browser, why="FOURTH") == "noted"
    assert ("noted", "FOURTH") in typed(here)
