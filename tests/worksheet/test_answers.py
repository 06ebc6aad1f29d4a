"""What a clinician answers: kept, written to the EHR, counted from then on, never overwriting data."""

from __future__ import annotations

from html import unescape
from typing import Any

import orjson
import pytest
from fhir.resources.R4B.questionnaireresponse import QuestionnaireResponse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from werkzeug.test import TestResponse

from cds_service.storage.database import Database
from cds_service.storage.records import StorageAwayError
from cds_service.storage.workflow_tables import outbox, worksheet_answer
from cds_service.worksheet.forms import version_of
from cds_service.worksheet.writing import may_create
from tests.pages.browser import Browser, words_of
from tests.worksheet.test_page import article
from tests.worksheet.world import READ_ONLY, TRIAL, USER, World, world

SEVERAL = settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])


def version(here: World) -> str:
    return version_of(here.deployment.catalog.trial(TRIAL))


def answered(here: World, browser: Browser, **answers: str) -> TestResponse:
    """Sends the form: ``ecog="1"`` or ``ecog_note="..."``."""
    fields: dict[str, Any] = {}
    for name, value in answers.items():
        question = name.removesuffix("_note").replace("_", "-")
        fields[f"{'note' if name.endswith('_note') else 'answer'}.{question}"] = value
    return browser.post("/worksheet/w1/answers", definition=version(here), **fields)


def struck(here: World, browser: Browser, **fields: str) -> TestResponse:
    usual: dict[str, Any] = {
        "score": "sledai-2k",
        "item": "haematuria",
        "cause": "infection",
        "definition": version(here),
    }
    return browser.post("/worksheet/w1/strikes", **{**usual, **fields})


def rows(here: World, table: Any) -> list[Any]:
    records = here.deployment.records
    assert records is not None
    with records.database.autocommit() as connection:
        return list(connection.execute(select(table)))


def in_ehr(here: World) -> list[dict[str, Any]]:
    return list(here.store.all("QuestionnaireResponse"))


# --- kept and written


def test_an_answer_is_written_to_the_chart_with_who_and_when(here: World) -> None:
    browser = here.opened("zhou-yan")
    answer = answered(here, browser, ecog="1", ecog_note="walks by herself")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/worksheet/w1?said=written#answers"
    [written] = in_ehr(here)
    QuestionnaireResponse.model_validate_json(orjson.dumps(written))
    assert written["author"] == {"reference": USER, "display": "Dr Chen"}
    assert written["subject"] == {"reference": "Patient/zhou-yan"}
    assert written["authored"].startswith("2026-06-15T12:00:00")
    assert written["status"] == "completed"


def test_an_answer_decides_what_the_record_leaves_open_on_the_very_next_page(here: World) -> None:
    browser = here.opened("zhou-yan")
    assert "to check" in article(browser.get("/worksheet/w1").text, "ecog")
    answered(here, browser, ecog="1", ecog_note="walks by herself")
    page = browser.get("/worksheet/w1?said=written").text
    part = article(page, "ecog")
    assert "ECOG 0 or 1 met" in part
    assert "1, answered by Dr Chen" in part
    assert "walks by herself" in part
    assert "Your answers are saved here and in the chart." in page
    assert "15 Jun 2026, Dr Chen" in words_of(page)
    assert "Kept here and written to the chart." in page


def test_an_answer_never_overwrites_what_the_record_says(here: World) -> None:
    browser = here.opened("lin-mei")
    answered(here, browser, ecog="3")
    part = article(browser.get("/worksheet/w1").text, "ecog")
    assert part.startswith("ECOG 0 or 1 met")
    assert "3, answered by Dr Chen" in part


def test_unsure_takes_an_earlier_answer_back(here: World) -> None:
    browser = here.opened("zhou-yan")
    answered(here, browser, contraception_agreed="yes")
    assert "Contraception met" in article(browser.get("/worksheet/w1").text, "contraception")
    here.clock.minutes += 1
    answered(here, browser, contraception_agreed="unsure")
    assert "only you can say" in article(browser.get("/worksheet/w1").text, "contraception")


def test_a_question_left_alone_keeps_its_answer(here: World) -> None:
    browser = here.opened("zhou-yan")
    answered(here, browser, ecog="1")
    answered(here, browser, contact_agreed="yes")
    page = browser.get("/worksheet/w1").text
    assert "ECOG 0 or 1 met" in article(page, "ecog")
    assert len(rows(here, worksheet_answer)) == 2


def test_what_is_kept_is_encrypted(here: World) -> None:
    answered(here, here.opened("zhou-yan"), ecog="1", ecog_note="walks by herself")
    [row] = rows(here, worksheet_answer)
    assert "zhou-yan" not in str(row)
    assert "walks" not in str(row)


PLACES: dict[str, tuple[dict[str, Any], bool, str, int, int]] = {
    "a token that may write": ({}, False, "written", 1, 0),
    "a token that may only read": ({"scope": READ_ONLY}, False, "here", 0, 0),
    "a token that may only read, and a backend": ({"scope": READ_ONLY}, True, "queued", 0, 1),
    "a token that may write, and a backend": ({}, True, "written", 1, 0),
}


@pytest.mark.parametrize("case", PLACES)
def test_where_an_answer_goes(tmp_path: Any, case: str) -> None:
    access, backend, place, in_the_ehr, waiting = PLACES[case]
    with world(tmp_path, backend=backend) as here:
        browser = here.opened("zhou-yan", **access)
        assert f"said={place}" in answered(here, browser, ecog="1").headers["Location"]
        assert len(in_ehr(here)) == in_the_ehr
        assert len([row for row in rows(here, outbox) if row.done is None]) == waiting
        assert "ECOG 0 or 1 met" in article(browser.get("/worksheet/w1").text, "ecog")


SCOPES = {
    "patient/QuestionnaireResponse.c": True,
    "patient/QuestionnaireResponse.cruds": True,
    "user/QuestionnaireResponse.write": True,
    "patient/*.cud": True,
    "patient/*.*": True,
    "launch openid patient/*.rs patient/QuestionnaireResponse.cs": True,
    "patient/QuestionnaireResponse.rs": False,
    "patient/QuestionnaireResponse.u": False,
    "patient/Observation.c": False,
    "patient/QuestionnaireResponse.c?status=draft": False,
    "system/QuestionnaireResponse.c": False,
    "patient/QuestionnaireResponse.create": False,
    "": False,
}


@pytest.mark.parametrize("scope", SCOPES)
def test_nothing_is_written_that_the_scopes_do_not_allow(scope: str) -> None:
    assert may_create(scope, "QuestionnaireResponse") is SCOPES[scope]


def test_an_ehr_that_refuses_costs_no_answer(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(here.store), "create", refuse)
    browser = here.opened("zhou-yan")
    assert "said=here" in answered(here, browser, ecog="1").headers["Location"]
    assert "Kept here only" in browser.get("/worksheet/w1").text


def refuse(*_: object, **__: object) -> None:
    raise ValueError


def test_the_answers_of_one_patient_are_not_anothers(here: World) -> None:
    answered(here, here.opened("zhou-yan"), ecog="1")
    assert "to check" in article(here.page("guo-li").text, "ecog")


# --- refused


REFUSED: dict[str, tuple[dict[str, Any], int]] = {
    "no answer at all": ({}, 400),
    "out of range": ({"answer.ecog": "6"}, 400),
    "a word that is none": ({"answer.contraception-agreed": "maybe"}, 400),
    "a note without an answer": ({"note.ecog": "later"}, 400),
    "a note beyond all measure": ({"answer.ecog": "1", "note.ecog": "x" * 501}, 400),
    "a form of another version": ({"answer.ecog": "1", "definition": "old"}, 409),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_was_not_offered_is_refused_and_nothing_is_kept(here: World, case: str) -> None:
    fields, status = REFUSED[case]
    sent: dict[str, Any] = {"definition": version(here), **fields}
    answer = here.opened("zhou-yan").post("/worksheet/w1/answers", **sent)
    assert answer.status_code == status
    assert "This was not saved" in answer.text
    assert 'href="/worksheet/w1">Back to the worksheet' in answer.text
    assert rows(here, worksheet_answer) == []
    assert in_ehr(here) == []


def test_a_database_that_is_away_is_said_and_nothing_goes_to_the_ehr(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise StorageAwayError

    browser = here.opened("zhou-yan")
    browser.token()
    monkeypatch.setattr(Database, "durable", away)
    assert answered(here, browser, ecog="1").status_code == 503
    assert in_ehr(here) == []


@SEVERAL
@given(note=st.text(max_size=80) | st.sampled_from(["<script>alert(1)</script>", "'\"><svg onload=x>"]))
def test_no_note_becomes_markup(here: World, note: str) -> None:
    browser = here.opened("zhou-yan")
    assert answered(here, browser, ecog="1", ecog_note=note).status_code == 303
    page = browser.get("/worksheet/w1").text
    assert page.count("<script") == 1
    assert "<svg onload" not in page
    line = " ".join(note.split())
    if line.isascii() and line.isprintable():
        assert line in unescape(words_of(page)) or not line


# --- strikes


def test_a_struck_item_counts_no_more_and_says_by_whom_and_why(here: World) -> None:
    browser = here.opened("lin-mei")
    item = counting(here, browser)
    assert struck(here, browser, item=item, words="urine infection").status_code == 303
    here.clock.minutes += 1
    page = browser.get("/worksheet/w1").text
    assert "infection (urine infection), struck by Dr Chen" in article(page, "sledai-2k")
    assert "infection, urine infection" in words_of(page).partition("Struck: ")[2][:60]
    struck(here, browser, item=item, withdraw="1")
    after = article(browser.get("/worksheet/w1").text, "sledai-2k")
    assert "taken back" in after


def counting(here: World, browser: Browser) -> str:
    """An item that counts in the patient's SLEDAI-2K and may have another cause."""
    html = browser.get("/worksheet/w1").text
    catalog = here.deployment.catalog
    return next(
        item.id for item in catalog.scores["sledai-2k"].items if f'id="cause-sledai-2k-{item.id}"' in html
    )


STRIKES: dict[str, tuple[dict[str, Any], int]] = {
    "without a cause": ({"cause": ""}, 400),
    "a cause that is none": ({"cause": "weather"}, 400),
    "an item that may not be struck": ({"item": "proteinuria"}, 400),
    "an item that there is not": ({"item": "nothing"}, 400),
    "a score that there is not": ({"score": "x"}, 400),
    "a form of another version": ({"definition": "old"}, 409),
}


@pytest.mark.parametrize("case", STRIKES)
def test_a_strike_needs_an_item_and_a_cause(here: World, case: str) -> None:
    fields, status = STRIKES[case]
    assert struck(here, here.opened(), **fields).status_code == status
    assert rows(here, worksheet_answer) == []
