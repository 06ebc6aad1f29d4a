"""Where a card leads: the worksheet by the shortest way of its EHR, or a page without a patient."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from cds_service.signing_in.one_time import OneTime
from cds_service.storage.records import StorageAwayError
from cds_service.storage.workflow_tables import one_time
from cds_service.worksheet.kept_answers import KeptAnswers
from tests.worksheet.test_answers import answered
from tests.worksheet.world import PUBLIC_URL, TRIAL, World, world

SERVICE = "/cds-services/trial-match-patient-view"


def cards(here: World, patient: str = "lin-mei", **more: Any) -> list[dict[str, Any]]:
    body = {
        "hook": "patient-view",
        "hookInstance": str(uuid4()),
        "fhirServer": here.base,
        "context": {"userId": "Practitioner/dr-chen", "patientId": patient},
        **more,
    }
    answer = here.app.test_client().post(SERVICE, json=body)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.get_json()["cards"]
    return found


def links(here: World, patient: str = "lin-mei") -> list[dict[str, Any]]:
    [card] = cards(here, patient)
    found: list[dict[str, Any]] = card["links"]
    return found


def given(here: World) -> int:
    """How many one-time rows there are."""
    records = here.deployment.records
    assert records is not None
    with records.database.autocommit() as connection:
        return int(connection.execute(select(func.count()).select_from(one_time)).scalar() or 0)


def test_an_ehr_with_smart_gets_a_smart_link_with_the_trial_and_nothing_of_the_patient(here: World) -> None:
    first, registry = links(here)
    assert first["type"] == "smart"
    assert first["url"] == f"{PUBLIC_URL}/smart/launch"
    assert json.loads(first["appContext"]) == {"trial": TRIAL}
    assert registry["url"] == f"https://clinicaltrials.gov/study/{TRIAL}"
    assert given(here) == 0


def test_an_ehr_without_smart_gets_a_link_that_works_once(tmp_path: Path) -> None:
    with world(tmp_path, smart=False, backend=True) as here:
        first = links(here)[0]
        assert first["type"] == "absolute"
        assert "appContext" not in first
        assert first["url"].startswith(f"{PUBLIC_URL}/worksheet/links/")
        assert len(first["url"].rpartition("/")[2]) == 43
        assert given(here) == 1


def test_a_call_without_a_card_costs_no_link(tmp_path: Path) -> None:
    with world(tmp_path, smart=False, backend=True) as here:
        assert cards(here, "ma-jun") == []
        assert given(here) == 0


def test_an_ehr_with_neither_gets_the_page_about_the_trial(tmp_path: Path) -> None:
    with world(tmp_path, smart=False) as here:
        first = links(here)[0]
        assert (first["type"], first["url"]) == ("absolute", f"{PUBLIC_URL}/trials/{TRIAL}")
        assert here.app.test_client().get(f"/trials/{TRIAL}").status_code == 200


def test_without_a_public_address_there_is_only_the_registry(tmp_path: Path) -> None:
    with world(tmp_path, public_url="") as here:
        assert [one["url"] for one in links(here)] == [f"https://clinicaltrials.gov/study/{TRIAL}"]


def test_while_the_database_is_away_the_card_leads_to_the_trial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> str:
        raise StorageAwayError

    with world(tmp_path, smart=False, backend=True) as here:
        monkeypatch.setattr(OneTime, "give", away)
        assert links(here)[0]["url"] == f"{PUBLIC_URL}/trials/{TRIAL}"


# --- answers in hook calls


def detail(here: World, patient: str) -> str:
    [card] = cards(here, patient)
    return str(card["detail"])


def test_what_was_answered_on_the_worksheet_counts_on_the_next_card(here: World) -> None:
    assert "1, answered by Dr Chen" not in detail(here, "zhou-yan")
    answered(here, here.opened("zhou-yan"), ecog="1")
    assert "1, answered by Dr Chen" in detail(here, "zhou-yan")


def test_answers_that_cannot_be_read_are_missed_openly(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> list[object]:
        raise StorageAwayError

    monkeypatch.setattr(KeptAnswers, "of", away)
    said = detail(here, "zhou-yan")
    assert "answers given on worksheets could not be read" in said


def test_an_ehr_that_opens_no_worksheets_is_asked_for_no_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(*_: object) -> list[object]:
        raise AssertionError

    monkeypatch.setattr(KeptAnswers, "of", asked)
    with world(tmp_path, smart=False) as here:
        assert cards(here)
