"""An opened row: the patient as the FHIR server has them, whatever it does, and what was written before."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import requests
from sqlalchemy import update

from cds_service.audit.key_ring import KeyRing
from cds_service.referrals.records import Learned
from cds_service.referrals.states import State
from cds_service.smart.backend_services import Backend
from cds_service.storage.workflow_tables import outbox, trial_referral
from cds_service.synchronising.back_off import NEVER
from tests.pages.browser import words_of
from tests.service import charts
from tests.service.ehr import ehr, json_answer, urls
from tests.worklist.world import ONE, SOMEBODY, THERE, World

PATIENT = charts.patient(
    name=[{"use": "old", "family": "Li"}, {"use": "official", "family": "Wang", "given": ["Fang"]}],
    identifier=[{"system": "urn:mrn", "value": "MRN-42"}],
    telecom=[{"system": "phone", "value": "+86 571 1"}, {"system": "email", "value": "w@x.example"}],
)


def opened(world: World, ident: str, role: str = "coordinator", **answers: Any) -> str:
    """The text of an opened row, with an EHR that answers so."""
    with ehr(**{"Patient": json_answer(PATIENT), **answers}):
        answer = world.browser(role).get(f"/worklist/{ident}")
    assert answer.status_code == 200, answer.text
    return unescape(words_of(answer.text))


def test_a_row_shows_who_it_is_about_and_how_they_stand_today(world: World) -> None:
    text = opened(world, world.refer(days_ago=12).id)
    assert "Name Wang, Fang Born 1 May 1990 Sex female Identifiers MRN-42 Telephone +86 571 1" in text
    assert "Possible candidate · 3 met, 1 to check, 0 not met" in text
    assert "Proteinuria: urine protein/creatinine ratio 1.8 g/g (1 Jun 2026)" in text
    assert "Criteria not yet reviewed by a physician." in text
    assert "What changed since 3 Jun 2026" in text
    assert "Proteinuria: to check, now met" in text


def test_only_what_the_trial_needs_is_read_with_a_token_of_our_own(world: World) -> None:
    referral = world.refer()
    with ehr() as sent:
        world.browser().get(f"/worklist/{referral.id}")
    assert all(request.headers["Authorization"] == "Bearer a-token" for request in sent.requests)
    assert any(url.endswith("/fhir/Patient/p1") for url in urls(sent))


def test_each_opening_is_audited_before_it_is_answered(world: World) -> None:
    referral = world.refer()
    opened(world, referral.id)
    opened(world, referral.id, "read-only")
    views = world.audited("view")
    assert [view["page"] for view in views] == ["worklist-row"] * 2
    assert len({view["staff"] for view in views}) == 2
    assert len({view["patient"] for view in views}) == 1
    assert {view["trial"] for view in views} == {ONE}


def test_a_row_that_is_not_theirs_is_no_view(world: World) -> None:
    world.browser().get("/worklist/" + "0" * 32)
    assert world.audited("view") == []


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"Patient": requests.ConnectionError("away")}, "the FHIR server could not be read just now"),
        ({"Patient": json_answer({}, 500)}, "the FHIR server could not be read just now"),
        ({"Patient": json_answer({}, 401)}, "the FHIR server could not be read just now"),
        ({"Patient": json_answer({}, 404)}, "does not know this patient any more"),
        ({"Patient": json_answer({}, 410)}, "does not know this patient any more"),
        ({"Patient": json_answer(charts.patient("other"))}, "could not be read just now"),
        ({"Patient": json_answer(["nonsense"])}, "could not be read just now"),
    ],
)
def test_the_page_comes_when_the_patient_does_not(world: World, answers: dict[str, Any], said: str) -> None:
    referral = world.refer(patient_name="Wang Fang")
    text = opened(world, referral.id, **answers)
    assert said in text
    assert "Name when referred Wang Fang" in text
    assert "Missing then: Proteinuria, Activity." in text
    assert "Move on" in text


def test_what_could_not_be_read_of_the_record_is_said(world: World) -> None:
    text = opened(world, world.refer().id, Observation=json_answer({}, 500))
    assert "Name Wang, Fang" in text
    assert "Not read: Observation: the FHIR server failed (500)" in text
    assert "Proteinuria: met" not in text


def test_no_change_is_said_of_what_could_not_be_read(world: World) -> None:
    referral = world.refer()
    before = opened(world, referral.id)
    text = opened(world, referral.id, Observation=json_answer({}, 500))
    assert "Proteinuria: to check, now met" in before
    assert "Proteinuria: to check, now" not in text


def test_no_token_is_no_error_page(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from cds_service.oauth.faults import OAuthError

    def none(*_: object) -> None:
        raise OAuthError("unreachable")

    monkeypatch.setattr(Backend, "access", none)
    assert "the FHIR server could not be read just now" in opened(world, world.refer().id)


def test_a_site_without_access_of_its_own_is_said_to_be_one(world: World) -> None:
    text = opened(world, world.refer(client=THERE).id)
    assert "this service has no access of its own to this site" in text


def test_a_trial_that_is_served_no_more_still_shows_the_patient(world: World) -> None:
    text = opened(world, world.refer(trial="NCT09999999").id)
    assert "Name Wang, Fang" in text
    assert "this trial is not served any more" in text


def test_a_row_whose_key_is_gone_can_still_be_worked_with(world: World) -> None:
    referral = world.refer()
    with world.records.database.relaxed() as connection:
        gone = update(trial_referral).where(trial_referral.c.id == referral.id)
        connection.execute(gone.values(secret=KeyRing.random().encrypt(b"{}")))
    text = opened(world, referral.id)
    assert "its key is no longer in the key ring" in text
    assert "Move on" in text
    assert world.audited("view") == []


def test_what_the_record_says_is_text_and_nothing_else(world: World) -> None:
    evil = '<img src=x onerror="alert(1)">[a](javascript:b)\u202egnaF'
    patient = charts.patient(name=[{"text": evil}], identifier=[{"value": evil}], gender=evil)
    referral = world.refer(patient_name=evil)
    with ehr(Patient=json_answer(patient)):
        page = world.browser().get(f"/worklist/{referral.id}").text
    assert "<img" not in page
    assert 'href="javascript' not in page
    assert "\u202e" not in page
    assert "&lt;img src=x" in page


_NAMELESS = {"resourceType": "Patient", "id": "p1"}


@pytest.mark.parametrize(
    "patient",
    [
        _NAMELESS,
        {
            "resourceType": "Patient",
            "id": "p1",
            "name": "x",
            "identifier": {},
            "telecom": [7],
            "birthDate": 5,
        },
        {"resourceType": "Patient", "id": "p1", "name": [{"given": "x"}], "birthDate": "1990-13"},
    ],
)
def test_a_patient_resource_of_any_shape_is_shown_as_far_as_it_goes(
    world: World, patient: dict[str, Any]
) -> None:
    assert "no name on record" in opened(world, world.refer().id, Patient=json_answer(patient))


def test_who_is_dead_by_the_record_is_said_to_be(world: World) -> None:
    dead = charts.patient(deceasedDateTime="2026-06-01")
    text = opened(world, world.refer().id, Patient=json_answer(dead))
    assert "The record says that this patient has died." in text
    assert "Ruled out" in text


def test_history_tells_who_when_and_why_the_newest_first(world: World) -> None:
    referral = world.along(world.refer(days_ago=12), State.CONTACTED, days_ago=5)
    world.move(referral, State.DECLINED, days_ago=1)
    text = opened(world, referral.id)
    history = text[text.index("History Contacted") :]
    assert (
        "Contacted → Declined. Does not want to take part 14 Jun 2026, 12:00, Rosa Feld (coordinator)"
        in history
    )
    assert history.index("Received → Contacted") < history.index("Referred → Received")
    assert "Referred 3 Jun 2026, 12:00, Dr Wu (clinician)" in history


def test_a_change_in_the_ehr_that_was_not_taken_over_is_told_as_one(world: World) -> None:
    referral = world.refer()
    claimed = Learned("Task", "t1", "2", State.ENROLLED, words="Enrolled by the ward")
    assert world.records.book.learned(referral.id, claimed, world.now).what == "differs"
    text = opened(world, referral.id)
    history = text[text.index("History A change in the EHR") :]
    assert history.startswith(
        "History A change in the EHR was not taken over: Referred → Enrolled 15 Jun 2026, 12:00, EHR"
    )
    assert "Enrolled by the ward" in history
    assert "Not written to the EHR" not in text
    assert "It did not work out." not in text


def test_what_the_ehr_did_not_take_is_told_with_its_fault(world: World) -> None:
    referral = world.refer()
    world.records.book.attend(referral.id, "not-written", True, "invalid", world.now)
    text = opened(world, referral.id)
    assert "Not written to the EHR. The EHR's server refuses it." in text
    assert "was not taken over" not in text


def test_script_in_a_note_shows_as_text(world: World) -> None:
    referral = world.refer()
    note = "<script>alert(1)</script>\n\u738b\u5973\u58eb & co"
    world.records.book.note(referral.id, note, SOMEBODY, world.now)
    with ehr():
        page = world.browser().get(f"/worklist/{referral.id}").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\n\u738b\u5973\u58eb &amp; co" in page
    assert "<script>alert" not in page


def test_notes_are_kept_encrypted(world: World) -> None:
    referral = world.refer()
    world.records.book.note(referral.id, "a-very-private-note", SOMEBODY, world.now)
    world.close()
    for path in world.folder.glob("trialhook.db*"):
        assert b"a-very-private-note" not in path.read_bytes()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "Task: waiting to be written"),
        ({"done": "now"}, "Task: written 15 Jun 2026, 12:00"),
        (
            {"fault": "unreachable", "attempts": 3},
            "Tried 3 times; next try: 15 Jun 2026, 12:00.",
        ),
        (
            {"fault": "invalid", "attempts": 5, "next_at": NEVER},
            "next try: only when an administrator asks for it.",
        ),
    ],
)
def test_what_is_not_in_the_ehr_is_said(world: World, values: dict[str, Any], said: str) -> None:
    referral = world.refer()
    written = {"next_at": world.now, **values}
    if "done" in written:
        written["done"] = world.now
    with world.records.database.relaxed() as connection:
        which = update(outbox).where(outbox.c.kind == "Task")
        connection.execute(which.values(written))
    assert said in opened(world, referral.id)


def test_nothing_is_said_to_be_written_where_nothing_is(world: World) -> None:
    assert "Nothing is written to this site's EHR." in opened(world, world.refer(client=THERE).id)


def test_what_asked_for_a_look_is_gone_when_somebody_looked(world: World) -> None:
    referral = world.move(world.refer(), State.DECLINED)
    world.refer()  # asked again
    browser = world.browser()
    assert "referred again" in opened(world, referral.id)
    answer = browser.post(f"/worklist/{referral.id}/looked", word="asked-again")
    assert answer.status_code == 303
    after = opened(world, referral.id)
    assert "Needs a look referred again" not in after
    assert "Looked at. referred again" in after


@pytest.mark.parametrize("word", ["not-written", "trial-full", "nonsense", ""])
def test_what_is_not_mended_by_looking_stays(world: World, word: str) -> None:
    referral = world.refer()
    world.records.book.attend(referral.id, "not-written", True, "unreachable", world.now)
    before = world.records.book.history(referral.id)
    world.browser().post(f"/worklist/{referral.id}/looked", word=word)
    after = world.records.book.get(referral.id)
    assert after is not None
    assert after.attention == ("not-written",)
    assert world.records.book.history(referral.id) == before


def test_links_lead_to_the_patient_at_the_ehr_and_tell_it_nothing(world: World) -> None:
    referral = world.refer()
    with ehr():
        answer = world.browser().get(f"/worklist/{referral.id}")
    link = '<a href="https://ehr.example/fhir/Patient/p1" rel="noopener noreferrer" target="_blank">'
    assert link in answer.text
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"


def test_addresses_and_titles_name_nobody(world: World) -> None:
    referral = world.refer("secret-patient", patient_name="Wang Fang")
    with ehr():
        page = world.browser().get(f"/worklist/{referral.id}").text
    assert "<title>A row of the worklist" in page
    own = [part for part in page.split('href="')[1:] if part.startswith("/")]
    assert not any("secret-patient" in part.partition('"')[0] for part in own)


def test_a_row_of_yesterday_is_assessed_as_of_today(world: World) -> None:
    referral = world.refer()
    world.now += timedelta(days=400)
    text = opened(world, referral.id)
    assert "Proteinuria: urine protein/creatinine ratio 1.8 g/g of 1 Jun 2026 is older than 90 days" in text


def test_who_looked_at_what_stands_in_no_log(world: World, caplog: pytest.LogCaptureFixture) -> None:
    opened(world, world.refer("secret-patient").id)
    assert "secret-patient" not in caplog.text


_FULL = r"\u3002\uff0c\uff1b\uff1a"
HALF_WIDTH_BY_CHINESE = re.compile(
    rf"[\u4e00-\u9fff{_FULL}\uff09]\s*[,;:()]|[(]\s*[\u4e00-\u9fff]|[{_FULL}]\s"
)


def in_chinese(world: World, path: str, role: str = "coordinator") -> list[str]:
    """Each text of a page, as it stands between two tags, in which white space is one blank."""
    with ehr(Patient=json_answer(PATIENT)):
        answer = world.browser(role).get(f"{path}?language=zh-Hans")
    assert answer.status_code == 200
    main = answer.text.partition("<main")[2].partition("</main>")[0]
    inline = re.sub(r"</?(?:span|strong|a|em)\b[^>]*>", "", main)
    return [" ".join(unescape(text).split()) for text in re.split(r"<[^>]+>", inline) if text.strip()]


@pytest.mark.parametrize(
    ("place", "role"),
    [
        ("/worklist", "coordinator"),
        ("/worklist/ROW", "coordinator"),
        ("/worklist/funnel", "coordinator"),
        ("/administration", "administrator"),
    ],
)
def test_a_chinese_page_has_no_punctuation_of_another_language(world: World, place: str, role: str) -> None:
    referral = world.refer(days_ago=12)
    world.move(referral, State.RECEIVED)
    texts = in_chinese(world, place.replace("ROW", referral.id), role)
    assert [text for text in texts if HALF_WIDTH_BY_CHINESE.search(text)] == []


def test_a_chinese_row_says_when_and_who_in_chinese(world: World) -> None:
    referral = world.refer(days_ago=12)
    text = " ".join(in_chinese(world, f"/worklist/{referral.id}"))
    day = "2026\u5e746\u67083\u65e5"
    assert f"{day}\uff0812\u5929\uff09" in text
    assert re.search(rf"{day}\uff0c\d\d:\d\d\uff0c", text)
