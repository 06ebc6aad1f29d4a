"""A test that is ordered from a card is no referral; a card that was held back is recorded with its why."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from sqlalchemy import select

from cds_service.audit.rows import read_events
from cds_service.storage.records import Subject
from cds_service.storage.tables import shown
from tests.registered.conftest import hospital, new_hospital
from tests.registered.hospital import Hospital
from tests.service import charts

__all__ = ["hospital", "new_hospital"]

PATIENT = Subject("hospital", "", "https://ehr.example/fhir", charts.PATIENT_ID)


WITHOUT_RESULT = charts.full_prefetch(observations_1=charts.bundle())
FEEDBACK = f"{charts.SERVICE}/feedback"


def accept(hospital: Hospital, card: dict[str, Any], which: str) -> None:
    """Accepts the first suggestion that refers, or the first that does not."""
    refers = [one for one in card["suggestions"] if "screening" in one["label"]]
    chosen = refers if which == "refer" else [one for one in card["suggestions"] if one not in refers]
    accepted = {"outcome": "accepted", "acceptedSuggestions": [{"id": chosen[0]["uuid"]}]}
    item = {"card": card["uuid"], "outcomeTimestamp": "2026-06-15T10:00:00Z", **accepted}
    answer = hospital.post(FEEDBACK, {"feedback": [item]}, hospital.token(FEEDBACK))
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(("which", "referrals"), [("refer", 1), ("order", 0)])
def test_only_a_suggestion_that_refers_opens_a_referral(
    hospital: Hospital, which: str, referrals: int
) -> None:
    [card] = hospital.cards(prefetch=WITHOUT_RESULT)
    accept(hospital, card, which)
    assert len(hospital.records.book.of_patient(PATIENT)) == referrals


def test_a_test_that_was_ordered_brings_the_card_back_with_its_result(hospital: Hospital) -> None:
    [card] = hospital.cards(prefetch=WITHOUT_RESULT)
    accept(hospital, card, "order")
    assert hospital.cards(prefetch=WITHOUT_RESULT) == []
    assert len(hospital.cards()) == 1


def test_why_a_card_was_held_back_is_recorded(hospital: Hospital) -> None:
    [card] = hospital.cards()
    assert hospital.answer(card, "not-now").status_code == 200
    assert hospital.cards() == []
    hospital.records.trail.close()
    calls = [event for event in read_events(hospital.records.database) if event.kind == "call"]
    assert [orjson.loads(one.body)["trials"][0].get("silenced", "") for one in calls] == ["", "not_now"]
    with hospital.records.database.autocommit() as connection:
        kept = connection.execute(select(shown.c.silenced).order_by(shown.c.id)).scalars().all()
    assert kept == ["", "not_now"]
